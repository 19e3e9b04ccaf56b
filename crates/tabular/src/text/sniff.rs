//! The delimiter of a text, by its first records.

use super::scan::{Scan, scan};

/// The delimiters that are tried, the likelier first.
const CANDIDATES: [u8; 4] = [b',', b';', b'\t', b'|'];
/// How many records are looked at.
const MOST_RECORDS: usize = 100;

/// The delimiter that splits the first records most evenly. `hint` is preferred where nothing is even.
pub(super) fn delimiter(text: &str, is_end: bool, hint: u8) -> u8 {
    let mut best = (hint, 0.0);
    let hinted = std::iter::once(hint);
    for candidate in hinted.chain(CANDIDATES.into_iter().filter(|candidate| *candidate != hint)) {
        let score = evenness(text, is_end, candidate);
        if score > best.1 {
            best = (candidate, score);
        }
    }
    best.0
}

/// How evenly a delimiter splits the records: the share of records with the most frequent count of cells, and a little
/// more for more cells. Zero if that count is one.
fn evenness(text: &str, is_end: bool, delimiter: u8) -> f64 {
    let counts = counts(text, is_end, delimiter);
    let mode =
        counts.iter().copied().max_by_key(|count| (counts.iter().filter(|other| *other == count).count(), *count));
    let Some(mode) = mode.filter(|mode| *mode > 1) else { return 0.0 };
    let of_mode = counts.iter().filter(|count| **count == mode).count();
    // The header is the first record that the right delimiter splits, and is as wide as the rows.
    let is_split_header = counts.iter().find(|count| **count > 1).is_some_and(|first| *first == mode);
    let share = ratio(of_mode, counts.len());
    (if is_split_header { share } else { share / 2.0 }) + ratio(mode.min(1000), 100_000)
}

fn ratio(part: usize, whole: usize) -> f64 {
    let small = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    small(part) / small(whole.max(1))
}

/// The count of cells of each of the first records that is not blank.
fn counts(text: &str, is_end: bool, delimiter: u8) -> Vec<usize> {
    let mut counts = Vec::new();
    let mut rest = text;
    while counts.len() < MOST_RECORDS {
        let length = match scan(rest, delimiter, is_end) {
            Scan::Record(scanned) => {
                if scanned.cells.iter().any(|cell| !cell.trim().is_empty()) {
                    counts.push(scanned.cells.len());
                }
                scanned.length
            }
            // The wrong delimiter breaks quotes, so a broken record counts against it.
            Scan::Broken { .. } => {
                counts.push(0);
                rest.find('\n').map_or(rest.len(), |end| end.saturating_add(1))
            }
            Scan::NeedsMore | Scan::End => break,
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    counts
}

/// The delimiter that a first line `sep=;` names. Excel writes and reads such a line.
pub(super) fn declared(text: &str) -> Option<char> {
    let line = text.lines().next()?.trim_matches('"');
    let mut rest = line.get(..4).filter(|start| start.eq_ignore_ascii_case("sep=")).and(line.get(4..))?.chars();
    let delimiter = rest.next().filter(|delimiter| !delimiter.is_alphanumeric())?;
    rest.next().is_none().then_some(delimiter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delimiter_splits_evenly() {
        for (text, expected) in [
            ("a,b\n1,2\n", b','),
            ("a;b\n1,5;2,5\n3,1;4\n", b';'),
            ("a\tb\nx, y\tz\n", b'\t'),
            ("a|b|c\n1|2|3\n", b'|'),
            ("Name;Notes\nA;\"x, y, z\"\nB;\"one, two\nthree\"\n", b';'),
            ("Name,Betrag\n\"A;B\",\"1;2\"\n", b','),
            ("email\na@x.example\n", b','),
            ("Name\nMeier, Jan\nSchulz, Eva\n", b','),
            ("Report, all\n\na;b;c\n1;2;3\n4;5;6\n", b';'),
        ] {
            assert_eq!(delimiter(text, true, b','), expected, "{text:?}");
        }
        assert_eq!(delimiter("a\tb\n", true, b'\t'), b'\t');
    }

    #[test]
    fn a_sep_line_names_it() {
        assert_eq!(declared("sep=;\na;b"), Some(';'));
        assert_eq!(declared("\"sep=,\"\r\n"), Some(','));
        assert_eq!(declared("SEP=\t\n"), Some('\t'));
        assert_eq!(declared("sep=x\n"), None);
        assert_eq!(declared("separator\n"), None);
    }
}
