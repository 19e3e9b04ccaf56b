//! The elements of a JSON file, one by one: those of an array, or one a line.
//!
//! A streaming parser ends at the first mistake. The bounds of an element are found by its brackets here, so that a wrong
//! element costs one row.

use super::{
    Next,
    find::{Found, Place},
};
use crate::{Format, RowError, RowProblem, text::Decoded};
use serde_json::Value;
use std::io;

/// The largest element.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// One element: a value, where it begins, and its size.
pub(super) struct Element {
    pub(super) line: u64,
    pub(super) value: Value,
    pub(super) raw: String,
}

/// The elements of a JSON file.
pub(super) struct Elements {
    text: Decoded,
    buffer: String,
    start: usize,
    has_ended: bool,
    line: u64,
    layout: Layout,
    /// The member of a document that holds the rows.
    member: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// One a line.
    Lines,
    /// Those of an array, whose opening bracket is behind.
    Array,
    /// One after the other.
    Sequence,
    /// Nothing follows.
    End,
}

impl Elements {
    pub(super) fn of_lines(text: Decoded) -> Self {
        Self { text, buffer: String::new(), start: 0, has_ended: false, line: 1, layout: Layout::Lines, member: None }
    }

    pub(super) fn of_document(text: Decoded, found: Found) -> io::Result<Self> {
        let mut elements = Self::of_lines(text);
        match found {
            Found::Lines => {}
            Found::Sequence => elements.layout = Layout::Sequence,
            Found::Array(Place { offset, line, member }) => {
                elements.layout = Layout::Array;
                elements.member = member;
                elements.skip(offset)?;
                elements.line = line;
            }
        }
        Ok(elements)
    }

    pub(super) fn format(&self) -> Format {
        if self.layout == Layout::Array { Format::Json } else { Format::JsonLines }
    }

    pub(super) fn note(&self) -> Option<String> {
        self.member.as_ref().map(|member| format!("The rows are the list \"{member}\" of the document."))
    }

    fn skip(&mut self, mut offset: u64) -> io::Result<()> {
        while offset > 0 {
            self.buffer.clear();
            if !self.text.more(&mut self.buffer)? {
                self.has_ended = true;
                return Ok(());
            }
            let skipped = usize::try_from(offset).unwrap_or(usize::MAX).min(self.buffer.len());
            self.start = skipped;
            offset = offset.saturating_sub(skipped as u64);
        }
        Ok(())
    }

    fn rest(&self) -> &str {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    fn fill(&mut self) -> io::Result<()> {
        self.buffer.drain(..self.start);
        self.start = 0;
        self.has_ended = !self.text.more(&mut self.buffer)?;
        Ok(())
    }

    fn consume(&mut self, length: usize) {
        let consumed = self.rest().as_bytes().get(..length).unwrap_or_default();
        let lines = consumed.iter().filter(|byte| **byte == b'\n').count();
        self.line = self.line.saturating_add(lines as u64);
        self.start = self.start.saturating_add(length);
    }

    /// The next element, None at the end.
    pub(super) fn next(&mut self) -> Option<Next> {
        let next = match self.layout {
            Layout::Lines => self.next_line(),
            Layout::Array | Layout::Sequence => self.next_value(),
            Layout::End => Ok(None),
        };
        next.unwrap_or_else(|error| Some(Err(self.end(&format!("The file cannot be read from here on: {error}.")))))
    }

    /// The last error: nothing is read behind it.
    fn end(&mut self, message: &str) -> RowError {
        self.layout = Layout::End;
        RowError::new(self.line, RowProblem::Unreadable, message)
    }

    fn next_line(&mut self) -> io::Result<Option<Next>> {
        loop {
            let end = self.rest().find('\n');
            if end.is_none() && !self.has_ended && self.rest().len() <= MOST_BYTES {
                self.fill()?;
                continue;
            }
            if end.is_none() && !self.has_ended {
                return self.too_large_line().map(|error| Some(Err(error)));
            }
            let length = end.map_or(self.rest().len(), |end| end.saturating_add(1));
            if length == 0 {
                return Ok(None);
            }
            let line = self.line;
            let raw = self.rest().get(..length).unwrap_or_default().trim().to_owned();
            self.consume(length);
            if !raw.is_empty() {
                return Ok(Some(self.parse(line, raw)));
            }
        }
    }

    /// Skips a line that is too large.
    fn too_large_line(&mut self) -> io::Result<RowError> {
        let line = self.line;
        loop {
            match self.rest().find('\n') {
                Some(end) => {
                    self.consume(end.saturating_add(1));
                    break;
                }
                None if self.has_ended => break,
                None => {
                    self.start = self.buffer.len();
                    self.fill()?;
                }
            }
        }
        Ok(RowError::new(line, RowProblem::TooLarge, "The line is larger than 4 MiB."))
    }

    fn next_value(&mut self) -> io::Result<Option<Next>> {
        loop {
            let blanks =
                self.rest().len().saturating_sub(self.rest().trim_start_matches([' ', '\t', '\r', '\n', ',']).len());
            self.consume(blanks);
            let is_closed = self.layout == Layout::Array && self.rest().starts_with(']');
            if is_closed || (self.rest().is_empty() && self.has_ended) {
                let is_cut_off = self.layout == Layout::Array && !is_closed;
                self.layout = Layout::End;
                let message = "The file ends within its list: it is cut off. Rows may be missing.";
                return Ok(is_cut_off.then(|| Err(self.end(message))));
            }
            if let Some(length) = value_length(self.rest(), self.has_ended) {
                let line = self.line;
                let raw = self.rest().get(..length).unwrap_or_default().to_owned();
                self.consume(length);
                return Ok(Some(self.parse(line, raw)));
            }
            if self.has_ended {
                let message =
                    "The file ends within this element: it is cut off, or a bracket or a quote is missing here.";
                let raw = self.rest().to_owned();
                return Ok(Some(Err(self.end(message).with_raw(&raw))));
            }
            if self.rest().len() > MOST_BYTES {
                let message = "This element is larger than 4 MiB: a bracket or a quote may be missing. Nothing is read \
                               behind it.";
                let raw = self.rest().to_owned();
                return Ok(Some(Err(self.end(message).with_raw(&raw))));
            }
            self.fill()?;
        }
    }

    fn parse(&self, line: u64, raw: String) -> Next {
        let wrong = |problem, message: String| Err(RowError::new(line, problem, message).with_raw(&raw));
        if self.text.is_malformed && raw.contains(char::REPLACEMENT_CHARACTER) {
            let message = "The row holds bytes that are no text in the file's encoding. Save the file as UTF-8.";
            return wrong(RowProblem::NotText, message.to_owned());
        }
        match serde_json::from_str(&raw) {
            Ok(value @ Value::Object(_)) => Ok(Element { line, value, raw }),
            Ok(value) => {
                let what = match value {
                    Value::Array(_) => "a list",
                    Value::String(_) => "a text",
                    Value::Number(_) => "a number",
                    Value::Bool(_) | Value::Null | Value::Object(_) => "a single value",
                };
                let message = format!("The row is {what}. Each row has to be an object such as {{\"email\": \"…\"}}.");
                wrong(RowProblem::NotAnObject, message)
            }
            Err(error) => wrong(RowProblem::NotJson, format!("The row is not valid JSON: {error}.")),
        }
    }
}

/// The length of the value at the beginning of a text, by its brackets. None if the text ends within it.
fn value_length(text: &str, is_end: bool) -> Option<usize> {
    let (mut depth, mut in_text, mut is_escaped) = (0_usize, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_text => is_escaped = true,
            b'"' => {
                in_text = !in_text;
                if !in_text && depth == 0 {
                    return Some(at.saturating_add(1));
                }
            }
            _ if in_text => {}
            b'{' | b'[' => depth = depth.saturating_add(1),
            b'}' | b']' if depth <= 1 => return Some(if depth == 0 { at.max(1) } else { at.saturating_add(1) }),
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' | b' ' | b'\t' | b'\r' | b'\n' if depth == 0 => return Some(at),
            _ => {}
        }
    }
    (is_end && depth == 0 && !in_text && !text.is_empty()).then_some(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_end_with_their_brackets() {
        for (text, length) in [
            ("{\"a\": \"}]\\\"\"}, 1", Some(13)),
            ("[1, [2]] x", Some(8)),
            ("\"a b\", 2", Some(5)),
            ("12, 3", Some(2)),
            ("true]", Some(4)),
            ("}{", Some(1)),
            ("{\"a\": [1", None),
            ("\"abc", None),
        ] {
            assert_eq!(value_length(text, false), length, "{text}");
        }
        assert_eq!((value_length("12", false), value_length("12", true)), (None, Some(2)));
    }
}
