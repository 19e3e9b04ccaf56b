//! The encoding of a file of text.

use crate::{Result, TabularError, reader::Source};
use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{CoderResult, DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};
use std::io::Read;

/// How many bytes with letters beyond ASCII are enough to guess by.
const MOST_GUESSED: usize = 16 * 1024 * 1024;
const CHUNK: usize = 64 * 1024;

/// The encoding of a file of text.
pub(crate) struct TextEncoding {
    pub(crate) encoding: &'static Encoding,
    /// The length of the byte order mark.
    pub(crate) mark: u64,
    /// What a person calls it.
    pub(crate) name: String,
    pub(crate) note: Option<String>,
}

impl TextEncoding {
    fn new(encoding: &'static Encoding, mark: u64) -> Self {
        let name = match mark {
            0 => encoding.name().to_owned(),
            _ => format!("{} with BOM", encoding.name()),
        };
        Self { encoding, mark, name, note: None }
    }
}

/// The encoding of a file: the one asked for, or that of its byte order mark, or else the one that its bytes fit.
///
/// Reads the whole file unless the first bytes settle it: a file's first letter beyond ASCII can be anywhere.
pub(crate) fn detect(source: &Source, head: &[u8], asked: Option<&str>) -> Result<TextEncoding> {
    let marked = Encoding::for_bom(head);
    if let Some(label) = asked {
        let encoding = Encoding::for_label(label.as_bytes()).ok_or_else(|| {
            let examples = "utf-8, utf-16le, utf-16be, windows-1252, windows-1250, macintosh, shift_jis";
            TabularError::Option(format!("Unknown encoding \"{label}\"; examples of known ones are {examples}."))
        })?;
        let mark = marked.filter(|(of_mark, _)| *of_mark == encoding).map_or(0, |(_, length)| length);
        return Ok(TextEncoding::new(encoding, mark as u64));
    }
    if let Some((encoding, length)) = marked {
        return Ok(TextEncoding::new(encoding, length as u64));
    }
    if let Some(encoding) = unmarked_utf16(head) {
        return Ok(TextEncoding::new(encoding, 0));
    }
    if is_binary(head) {
        let what = "is not a file of text, nor a workbook";
        return Err(TabularError::Unreadable(format!("{} {what}. Save the rows as CSV or XLSX.", source.name())));
    }
    guess(source).map_err(|error| source.failed(error))
}

/// UTF-16 without a mark: in most scripts that CRMs see, every other byte is zero.
fn unmarked_utf16(head: &[u8]) -> Option<&'static Encoding> {
    let (mut even, mut odd) = (0_usize, 0_usize);
    for pair in head.chunks_exact(2) {
        even = even.saturating_add(usize::from(pair.first() == Some(&0)));
        odd = odd.saturating_add(usize::from(pair.last() == Some(&0)));
    }
    let most = head.len() / 5;
    let few = head.len() / 20;
    match (even, odd) {
        (even, odd) if odd > most && even <= few => Some(UTF_16LE),
        (even, odd) if even > most && odd <= few => Some(UTF_16BE),
        _ => None,
    }
}

/// Whether the bytes hold more control characters than any text.
fn is_binary(head: &[u8]) -> bool {
    let is_control = |byte: &&u8| **byte < 9 || (14..32).contains(*byte);
    head.iter().filter(is_control).count() > head.len() / 10
}

/// Counts what is UTF-8 in a file, and what is not.
struct Utf8Count {
    decoder: encoding_rs::Decoder,
    scratch: Vec<u8>,
    /// Characters beyond ASCII.
    letters: usize,
    /// Sequences that are not UTF-8.
    wrong: usize,
}

impl Utf8Count {
    fn new() -> Self {
        let decoder = UTF_8.new_decoder_without_bom_handling();
        Self { decoder, scratch: vec![0; CHUNK.saturating_mul(2)], letters: 0, wrong: 0 }
    }

    fn feed(&mut self, mut bytes: &[u8], last: bool) {
        loop {
            let (result, read, written) =
                self.decoder.decode_to_utf8_without_replacement(bytes, &mut self.scratch, last);
            let decoded = self.scratch.get(..written).unwrap_or_default();
            // Every character has one byte that does not continue another.
            let letters = decoded.iter().filter(|byte| **byte >= 0xC0).count();
            self.letters = self.letters.saturating_add(letters);
            bytes = bytes.get(read..).unwrap_or_default();
            match result {
                DecoderResult::InputEmpty => return,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => self.wrong = self.wrong.saturating_add(1),
            }
        }
    }
}

fn guess(source: &Source) -> std::io::Result<TextEncoding> {
    let mut file = source.rewound()?;
    let mut buffer = vec![0; CHUNK];
    let mut count = Utf8Count::new();
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    let mut guessed = 0_usize;
    loop {
        let length = file.read(&mut buffer)?;
        let bytes = buffer.get(..length).unwrap_or_default();
        count.feed(bytes, length == 0);
        if length == 0 {
            break;
        }
        if !bytes.is_ascii() && guessed < MOST_GUESSED {
            detector.feed(bytes, false);
            guessed = guessed.saturating_add(length);
        }
    }
    if count.wrong == 0 {
        return Ok(TextEncoding::new(UTF_8, 0));
    }
    // Rows of another encoding were appended to a UTF-8 file: those rows alone cannot be read.
    if count.letters >= count.wrong {
        let note =
            format!("{} places are not UTF-8, unlike the rest of the file. Their rows cannot be read.", count.wrong);
        return Ok(TextEncoding { note: Some(note), ..TextEncoding::new(UTF_8, 0) });
    }
    detector.feed(&[], true);
    let encoding = detector.guess(None, Utf8Detection::Deny);
    let note = format!("The encoding {} is a guess. Choose another one if letters look wrong.", encoding.name());
    Ok(TextEncoding { note: Some(note), ..TextEncoding::new(encoding, 0) })
}

/// Decodes one chunk, with U+FFFD for what is malformed. Returns how many bytes were read, how many sequences were
/// malformed, and whether more output is to come.
pub(super) fn decode(
    decoder: &mut encoding_rs::Decoder,
    bytes: &[u8],
    text: &mut String,
    last: bool,
) -> (usize, bool, bool) {
    let (result, read, had_errors) = decoder.decode_to_string(bytes, text, last);
    (read, had_errors, result == CoderResult::OutputFull)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(bytes: &[u8]) -> String {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        let source = Source::of(file.reopen().unwrap(), file.path());
        detect(&source, bytes, None).map_or_else(|error| error.to_string(), |found| found.name)
    }

    #[test]
    fn encodings_are_found_by_mark_by_zeros_and_by_letters() {
        let utf16 = |text: &str, big: bool| -> Vec<u8> {
            text.encode_utf16().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
        };
        assert_eq!(of(b"name,city\nA,B\n"), "UTF-8");
        assert_eq!(of("name,city\nJürgen,Köln\n".as_bytes()), "UTF-8");
        assert_eq!(of("\u{feff}name,city\n".as_bytes()), "UTF-8 with BOM");
        assert_eq!(of(&utf16("\u{feff}name,city\nJürgen,Köln\n", false)), "UTF-16LE with BOM");
        assert_eq!(of(&utf16("name,city\nJürgen,Köln\n", false)), "UTF-16LE");
        assert_eq!(of(&utf16("name,city\nJürgen,Köln\n", true)), "UTF-16BE");
        assert_eq!(of(b"name,city\nJ\xFCrgen M\xFCller,K\xF6ln\nFran\xE7ois,Besan\xE7on \x80 5\n"), "windows-1252");
        assert!(of(&[0, 1, 2, 3, 4, 5, 6, 200, 201, 0, 1, 7]).contains("is not a file of text"));
    }

    #[test]
    fn a_few_foreign_bytes_leave_a_file_utf8() {
        let mut bytes = "Jürgen,Köln,Straße\n".repeat(20).into_bytes();
        bytes.extend(b"Andr\xE9,Paris,x\n");
        assert_eq!(of(&bytes), "UTF-8");
    }
}
