//! Finds one record at the beginning of a text.
//!
//! The crate `csv` reads any text as some record: a quote that does not end takes the rest of the file into one cell. An
//! import has to tell that record from the others, so the scanner here is strict about quotes.

/// What is at the beginning of a text.
#[derive(Debug, PartialEq)]
pub(super) enum Scan {
    /// A whole record.
    Record(Scanned),
    /// The text ends within a record, and is not the end of the file.
    NeedsMore,
    /// A quoted cell goes on behind its closing quote, or the file ends within one.
    Broken {
        /// How many line ends come before the place.
        lines: u64,
        /// Whether the file ends within the quotes.
        is_open: bool,
    },
    /// The text is empty, and is the end of the file.
    End,
}

/// A whole record.
#[derive(Debug, PartialEq)]
pub(super) struct Scanned {
    pub(super) cells: Vec<String>,
    /// The length in bytes, with the line end.
    pub(super) length: usize,
    /// How many line ends it has, with the last one.
    pub(super) lines: u64,
    /// Whether a cell without quotes around it has a quote within.
    pub(super) has_stray_quote: bool,
}

/// Finds one record at the beginning of `text`. `is_end` says that nothing follows the text.
pub(super) fn scan(text: &str, delimiter: u8, is_end: bool) -> Scan {
    if text.is_empty() {
        return if is_end { Scan::End } else { Scan::NeedsMore };
    }
    let mut scanner = Scanner { text, delimiter, is_end, at: 0, lines: 0 };
    let mut scanned = Scanned { cells: Vec::new(), length: 0, lines: 0, has_stray_quote: false };
    loop {
        let cell = if scanner.opens_quotes() { scanner.quoted() } else { scanner.bare(&mut scanned.has_stray_quote) };
        match cell {
            Ok(cell) => scanned.cells.push(cell),
            Err(stop) => return stop,
        }
        match scanner.after_cell() {
            Ok(true) => {}
            Ok(false) => {
                scanned.length = scanner.at;
                scanned.lines = scanner.lines;
                return Scan::Record(scanned);
            }
            Err(stop) => return stop,
        }
    }
}

struct Scanner<'a> {
    text: &'a str,
    delimiter: u8,
    is_end: bool,
    at: usize,
    lines: u64,
}

impl Scanner<'_> {
    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    fn is_blank(&self, byte: u8) -> bool {
        (byte == b' ' || byte == b'\t') && byte != self.delimiter
    }

    /// Skips blanks before a quote; without a quote they belong to the cell.
    fn opens_quotes(&mut self) -> bool {
        let mut at = self.at;
        while self.byte(at).is_some_and(|byte| self.is_blank(byte)) {
            at = at.saturating_add(1);
        }
        let opens = self.byte(at) == Some(b'"');
        if opens {
            self.at = at.saturating_add(1);
        }
        opens
    }

    fn quoted(&mut self) -> Result<String, Scan> {
        let mut cell = String::new();
        let mut from = self.at;
        loop {
            match self.byte(self.at) {
                None if self.is_end => return Err(Scan::Broken { lines: self.lines, is_open: true }),
                None => return Err(Scan::NeedsMore),
                Some(b'"') => {
                    cell.push_str(self.text.get(from..self.at).unwrap_or_default());
                    self.at = self.at.saturating_add(1);
                    match self.byte(self.at) {
                        Some(b'"') => {
                            from = self.at;
                            self.at = self.at.saturating_add(1);
                        }
                        None if !self.is_end => return Err(Scan::NeedsMore),
                        _ => break,
                    }
                }
                Some(byte @ (b'\n' | b'\r')) => {
                    self.at = self.at.saturating_add(1);
                    let is_half = byte == b'\r' && self.byte(self.at) == Some(b'\n');
                    self.lines = self.lines.saturating_add(u64::from(!is_half));
                }
                Some(_) => self.at = self.at.saturating_add(1),
            }
        }
        while self.byte(self.at).is_some_and(|byte| self.is_blank(byte)) {
            self.at = self.at.saturating_add(1);
        }
        match self.byte(self.at) {
            None if !self.is_end => Err(Scan::NeedsMore),
            None | Some(b'\r' | b'\n') => Ok(cell),
            Some(byte) if byte == self.delimiter => Ok(cell),
            Some(_) => Err(Scan::Broken { lines: self.lines, is_open: false }),
        }
    }

    fn bare(&mut self, has_stray_quote: &mut bool) -> Result<String, Scan> {
        let from = self.at;
        loop {
            match self.byte(self.at) {
                None if !self.is_end => return Err(Scan::NeedsMore),
                None | Some(b'\r' | b'\n') => break,
                Some(byte) if byte == self.delimiter => break,
                Some(byte) => {
                    *has_stray_quote |= byte == b'"';
                    self.at = self.at.saturating_add(1);
                }
            }
        }
        Ok(self.text.get(from..self.at).unwrap_or_default().to_owned())
    }

    /// Skips the delimiter or the line end behind a cell. Returns whether another cell follows.
    fn after_cell(&mut self) -> Result<bool, Scan> {
        let Some(byte) = self.byte(self.at) else { return Ok(false) };
        self.at = self.at.saturating_add(1);
        if byte == self.delimiter {
            return Ok(true);
        }
        self.lines = self.lines.saturating_add(1);
        if byte == b'\r' {
            match self.byte(self.at) {
                Some(b'\n') => self.at = self.at.saturating_add(1),
                None if !self.is_end => return Err(Scan::NeedsMore),
                _ => {}
            }
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(text: &str) -> Vec<String> {
        match scan(text, b',', true) {
            Scan::Record(scanned) => scanned.cells,
            other => panic!("{text:?}: {other:?}"),
        }
    }

    #[test]
    fn cells_are_split_and_unquoted() {
        assert_eq!(cells("a,b,c\nd"), ["a", "b", "c"]);
        assert_eq!(cells("a,,"), ["a", "", ""]);
        assert_eq!(cells("\"a,b\",\"say \"\"hi\"\"\",\"x\ny\"\r\n"), ["a,b", "say \"hi\"", "x\ny"]);
        assert_eq!(cells("a, \"b, c\" ,d\n"), ["a", "b, c", "d"]);
        assert_eq!(cells("5\" pipe,b"), ["5\" pipe", "b"]);
        assert_eq!(cells("\"\",\"\"\"\""), ["", "\""]);
        assert_eq!(cells("\n"), [""]);
    }

    #[test]
    fn lines_are_counted_for_every_line_end() {
        for (text, length, lines) in
            [("a\n", 2, 1), ("a\r\n", 3, 1), ("a\rb", 2, 1), ("\"x\r\ny\rz\n\"\n", 10, 4), ("a", 1, 0)]
        {
            let Scan::Record(scanned) = scan(text, b',', true) else { panic!("{text:?}") };
            assert_eq!((scanned.length, scanned.lines), (length, lines), "{text:?}");
        }
    }

    #[test]
    fn what_the_text_ends_within_needs_more() {
        for text in ["", "a", "a,b", "\"a", "\"a\"", "a\r", "\"a\" "] {
            assert_eq!(scan(text, b',', false), Scan::NeedsMore, "{text:?}");
        }
        assert_eq!(scan("", b',', true), Scan::End);
    }

    #[test]
    fn broken_quotes_say_where() {
        assert_eq!(scan("\"a\nb", b',', true), Scan::Broken { lines: 1, is_open: true });
        assert_eq!(scan("\"a\"b,c\n", b',', true), Scan::Broken { lines: 0, is_open: false });
        assert_eq!(scan("x,\"a\nb\"c\n", b',', true), Scan::Broken { lines: 1, is_open: false });
    }
}
