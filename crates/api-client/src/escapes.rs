//! Finds a text in another that writes it with escapes: JSON's, a URL's, HTML's, and one within the other.

use memchr::memmem;
use std::ops::Range;

/// How often escapes are undone: an address in JSON that is a text of JSON.
const LEVELS: usize = 4;

/// A long run is looked at piece by piece, each with so much of the next that no token with escapes lies in neither.
const PIECE: usize = 256 * 1024;
const OVERLAP: usize = 64 * 1024;

/// Where one of `needles` is written with escapes in `text`.
pub(super) fn find(text: &str, needles: &[&str]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    // No escape sequence holds these, so a needle without them lies between two.
    for run in text.as_bytes().split(|byte| matches!(byte, b'"' | b'<' | b'>' | b'\n' | b'\r')) {
        if has_escapes(run) {
            for from in (0..run.len()).step_by(PIECE) {
                let piece = run.get(from..run.len().min(from + PIECE + OVERLAP)).unwrap_or_default();
                find_in(piece, start + from, needles, &mut found);
            }
        }
        start += run.len() + 1;
    }
    found.sort_unstable_by_key(|range: &Range<usize>| (range.start, std::cmp::Reverse(range.end)));
    let mut end = 0;
    found.retain(|range| {
        let apart = range.start >= end;
        end = end.max(range.end);
        apart
    });
    found
}

pub(super) fn has_escapes(bytes: &[u8]) -> bool {
    memchr::memchr3(b'\\', b'%', b'&', bytes).is_some()
}

fn find_in(piece: &[u8], start: usize, needles: &[&str], found: &mut Vec<Range<usize>>) {
    // Each byte as it reads, and where it is written; one place more for the end.
    let mut bytes = piece.to_vec();
    let mut places: Vec<usize> = (start..=start + piece.len()).collect();
    for _ in 0..LEVELS {
        let Some((undone, at)) = undo(&bytes, &places) else { return };
        (bytes, places) = (undone, at);
        for needle in needles {
            let ends = memmem::find_iter(&bytes, needle).map(|at| (at, at + needle.len()));
            found.extend(ends.filter_map(|(from, to)| Some(*places.get(from)?..*places.get(to)?)));
        }
    }
}

/// The bytes with one level of escapes undone; `None` if there are none.
fn undo(bytes: &[u8], places: &[usize]) -> Option<(Vec<u8>, Vec<usize>)> {
    let (mut undone, mut at) = (Vec::with_capacity(bytes.len()), Vec::with_capacity(places.len()));
    let (mut rest, mut next) = (bytes, 0);
    let mut changed = false;
    while let Some(first) = rest.first() {
        let (byte, length) = escape(rest).unwrap_or((*first, 1));
        changed |= length > 1;
        undone.push(byte);
        at.push(*places.get(next)?);
        next += length;
        rest = rest.get(length..)?;
    }
    at.push(*places.get(next)?);
    changed.then_some((undone, at))
}

/// The ASCII character that the escape sequence at the beginning stands for, and the sequence's length.
fn escape(bytes: &[u8]) -> Option<(u8, usize)> {
    let hex = |from: usize, length: usize| {
        let digits = std::str::from_utf8(bytes.get(from..from + length)?).ok()?;
        let number = digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16))?;
        u8::try_from(number.ok()?).ok().filter(u8::is_ascii)
    };
    match bytes {
        [b'\\', b'u' | b'U', ..] => Some((hex(2, 4)?, 6)),
        [b'\\', b'x' | b'X', ..] => Some((hex(2, 2)?, 4)),
        [b'\\', letter @ (b'/' | b'\\' | b'\''), ..] => Some((*letter, 2)),
        [b'%', ..] => Some((hex(1, 2)?, 3)),
        [b'&', ..] => entity(bytes),
        _ => None,
    }
}

fn entity(bytes: &[u8]) -> Option<(u8, usize)> {
    let name = bytes.get(1..)?.split(|byte| *byte == b';').next().filter(|name| name.len() < 9)?;
    // One without its end is none.
    bytes.get(name.len() + 1).filter(|end| **end == b';')?;
    let length = name.len() + 2;
    let number = |digits: &[u8], radix| {
        let number = u32::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok()?;
        u8::try_from(number).ok().filter(u8::is_ascii)
    };
    let byte = match name {
        b"amp" => b'&',
        b"lt" => b'<',
        b"gt" => b'>',
        b"quot" => b'"',
        b"apos" => b'\'',
        [b'#', b'x' | b'X', digits @ ..] => number(digits, 16)?,
        [b'#', digits @ ..] => number(digits, 10)?,
        _ => return None,
    };
    Some((byte, length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TOKEN: &str = "eyJ0/a+b=c&d.x-y_z";

    fn cut(text: &str) -> String {
        let mut kept = text.to_owned();
        for range in find(text, &[TOKEN]).into_iter().rev() {
            kept.replace_range(range, "_");
        }
        kept
    }

    fn unicode(text: &str) -> String {
        text.chars().map(|letter| format!("\\u{:04x}", u32::from(letter))).collect()
    }

    #[test]
    fn a_token_is_found_in_every_writing() {
        let percent: String = TOKEN.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let html: String = TOKEN.bytes().map(|byte| format!("&#{byte};")).collect();
        for written in [
            unicode(TOKEN),
            unicode(TOKEN).replace('\\', "\\\\"),
            unicode(TOKEN).replace('\\', "\\\\\\\\"),
            TOKEN.replace('e', "\\u0065"),
            TOKEN.replace('/', "\\/"),
            TOKEN.replace('/', "%2f"),
            TOKEN.replace('&', "&amp;"),
            TOKEN.replace('/', "&#x2F;"),
            unicode(&percent),
            percent.replace('%', "%25"),
            percent,
            html,
        ] {
            assert_eq!(cut(&format!("{{\"é\": \"a {written}, 5 % off\"}}")), "{\"é\": \"a _, 5 % off\"}", "{written}");
        }
        let filler = "%41".repeat(PIECE / 3);
        let long = format!("{filler}{}{filler}", unicode(TOKEN));
        assert_eq!(cut(&long), format!("{filler}_{filler}"), "across two pieces");
        assert_eq!(cut("nothing %41 \\u0041 here"), "nothing %41 \\u0041 here");
    }

    proptest! {
        #[test]
        fn whatever_is_given_what_is_found_lies_within_it(text in "(\\PC|[\\\\%&u0-9a-f;#\"]){0,60}", token in "[!-~]{1,4}") {
            let found = find(&text, &[&token]);
            prop_assert!(found.iter().all(|range| text.get(range.clone()).is_some()), "{found:?}");
            prop_assert!(found.windows(2).all(|pair| pair[0].end <= pair[1].start), "{found:?}");
        }
    }
}
