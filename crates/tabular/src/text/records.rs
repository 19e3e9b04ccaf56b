//! The records of a decoded text, with their lines.

use super::{
    decode::Decoded,
    scan::{Scan, Scanned, scan},
};
use crate::{RowError, RowProblem};

/// The largest record. A quote that does not end must not take the whole file into memory.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// The records of a text.
pub(super) struct Records {
    text: Decoded,
    delimiter: u8,
    /// Text that is decoded and not yet consumed, from `start`.
    buffer: String,
    start: usize,
    has_ended: bool,
    /// The line of the next record.
    line: u64,
    /// Up to this line, records may be parts of a broken one.
    doubtful_until: u64,
    /// How many cells a record has that is no part of a broken one.
    pub(super) width: Option<usize>,
}

/// One record and its line.
pub(super) struct Record {
    pub(super) line: u64,
    pub(super) cells: Vec<String>,
}

impl Records {
    pub(super) fn new(text: Decoded) -> Self {
        Self {
            text,
            delimiter: b',',
            buffer: String::new(),
            start: 0,
            has_ended: false,
            line: 1,
            doubtful_until: 0,
            width: None,
        }
    }

    pub(super) fn set_delimiter(&mut self, delimiter: u8) {
        self.delimiter = delimiter;
    }

    /// The text ahead, at least `length` bytes unless the file ends before, and whether it does.
    pub(super) fn peek(&mut self, length: usize) -> std::io::Result<(&str, bool)> {
        while self.buffer.len().saturating_sub(self.start) < length && self.fill()? {}
        Ok((self.rest(), self.has_ended))
    }

    /// Skips the next line.
    pub(super) fn skip_line(&mut self) -> std::io::Result<()> {
        loop {
            let rest = self.rest().as_bytes();
            let end = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
            let is_whole = end.is_some_and(|end| end.saturating_add(1) < rest.len());
            if is_whole || self.has_ended {
                let length = match end {
                    None => rest.len(),
                    Some(end) if rest.get(end..).is_some_and(|rest| rest.starts_with(b"\r\n")) => end.saturating_add(2),
                    Some(end) => end.saturating_add(1),
                };
                self.consume(length, 1);
                return Ok(());
            }
            self.fill()?;
        }
    }

    fn rest(&self) -> &str {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    fn consume(&mut self, length: usize, lines: u64) {
        self.start = self.start.saturating_add(length);
        self.line = self.line.saturating_add(lines);
    }

    fn fill(&mut self) -> std::io::Result<bool> {
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        let has_more = self.text.more(&mut self.buffer)?;
        self.has_ended = !has_more;
        Ok(has_more)
    }

    fn unreadable(&mut self, error: &std::io::Error) -> RowError {
        self.has_ended = true;
        self.start = self.buffer.len();
        RowError::new(self.line, RowProblem::Unreadable, format!("The file cannot be read from here on: {error}."))
    }

    /// The next record, or why it cannot be read. A broken record ends with its first line; the lines behind it are
    /// records again.
    pub(super) fn next(&mut self) -> Option<Result<Record, RowError>> {
        loop {
            match scan(self.rest(), self.delimiter, self.has_ended) {
                Scan::End => return None,
                Scan::Record(scanned) if self.is_suspicious(&scanned) => {
                    return Some(Err(self.broken(scanned.lines.saturating_sub(1), false)));
                }
                Scan::Record(scanned) => return Some(self.accept(scanned)),
                Scan::Broken { lines, is_open } => return Some(Err(self.broken(lines, is_open))),
                Scan::NeedsMore if self.rest().len() > MOST_BYTES => return Some(Err(self.too_large())),
                Scan::NeedsMore => {
                    if let Err(error) = self.fill() {
                        return Some(Err(self.unreadable(&error)));
                    }
                }
            }
        }
    }

    /// Whether quotes hold several lines together that are too few cells: an opening quote is likely a stray one.
    fn is_suspicious(&self, scanned: &Scanned) -> bool {
        scanned.lines > 1 && self.width.is_some_and(|width| scanned.cells.len() < width)
    }

    fn accept(&mut self, scanned: Scanned) -> Result<Record, RowError> {
        let line = self.line;
        let raw = self.rest().get(..scanned.length).unwrap_or_default();
        let problem = if line <= self.doubtful_until && self.is_part(&scanned) {
            let message = "This line may be part of a record with broken quotes above it. Mend that record's quotes.";
            Some((RowProblem::BrokenQuotes, message))
        } else if raw.contains('\0') {
            Some((RowProblem::NotText, "The row holds a NUL character, which no text has. The file may be damaged."))
        } else if self.text.is_malformed && raw.contains(char::REPLACEMENT_CHARACTER) {
            let message = "The row holds bytes that are no text in the file's encoding. Save the file as UTF-8.";
            Some((RowProblem::NotText, message))
        } else {
            None
        };
        let error = problem.map(|(problem, message)| RowError::new(line, problem, message).with_raw(raw));
        self.consume(scanned.length, scanned.lines);
        match error {
            Some(error) => Err(error),
            None => Ok(Record { line, cells: scanned.cells }),
        }
    }

    /// Whether a record near a broken one is a part of it: it has quotes that do not belong, or too few cells.
    fn is_part(&self, scanned: &Scanned) -> bool {
        let is_blank = scanned.cells.iter().all(|cell| cell.trim().is_empty());
        scanned.has_stray_quote || (!is_blank && self.width.is_some_and(|width| scanned.cells.len() != width))
    }

    fn broken(&mut self, lines: u64, is_open: bool) -> RowError {
        let message = if is_open {
            "A quoted cell does not end. Close it with \", and write a quote within it as \"\"."
        } else {
            "The quotes of a cell do not match. Quote the whole cell, and write a quote within it as \"\"."
        };
        // The end of the file says nothing about how far the broken record goes.
        let until = if is_open { u64::MAX } else { self.line.saturating_add(lines) };
        self.doubtful_until = self.doubtful_until.max(until);
        self.reject_line(RowProblem::BrokenQuotes, message)
    }

    fn too_large(&mut self) -> RowError {
        let message = "The row is larger than 4 MiB. A quoted cell may not end.";
        self.doubtful_until = u64::MAX;
        self.reject_line(RowProblem::TooLarge, message)
    }

    /// Rejects what is left of the current line.
    fn reject_line(&mut self, problem: RowProblem, message: &str) -> RowError {
        let rest = self.rest();
        let end = rest.find(['\r', '\n']).unwrap_or(rest.len());
        let tail = rest.get(end..).unwrap_or_default();
        let length = if tail.starts_with("\r\n") { 2 } else { usize::from(!tail.is_empty()) };
        let raw = rest.get(..end).unwrap_or_default();
        let error = RowError::new(self.line, problem, message).with_raw(raw);
        let is_whole_line = !tail.is_empty();
        self.consume(end.saturating_add(length), u64::from(is_whole_line));
        error
    }
}
