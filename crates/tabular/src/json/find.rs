//! Where the rows of a JSON document are.

use crate::text::Decoded;
use std::io;

/// How deep a list of rows may be within objects, such as `{"data": {"contacts": […]}}`.
const MOST_DEEP: usize = 3;
/// How much of a member's name is kept.
const MOST_NAME: usize = 100;

/// Where the rows of a document are.
#[derive(Debug, PartialEq)]
pub(super) enum Found {
    /// One object a line.
    Lines,
    /// Objects one after the other; one alone, too.
    Sequence,
    /// In an array.
    Array(Place),
}

/// The place behind an array's opening bracket.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Place {
    /// In bytes of the decoded text.
    pub(super) offset: u64,
    pub(super) line: u64,
    /// The name of the array, unless it is the document.
    pub(super) member: Option<String>,
}

/// Finds the rows: in the document if it is an array, else in the list of objects that is the least deep within it.
pub(super) fn rows(mut text: Decoded) -> io::Result<Found> {
    let mut search = Search::default();
    let mut buffer = String::new();
    while text.more(&mut buffer)? {
        for byte in buffer.bytes() {
            if let Some(found) = search.feed(byte) {
                return Ok(found);
            }
        }
        buffer.clear();
    }
    Ok(search.end())
}

#[derive(Default)]
struct Search {
    offset: u64,
    line: u64,
    /// The brackets that are open.
    open: Vec<u8>,
    in_text: bool,
    is_escaped: bool,
    /// The last text of an object, which is a member's name if a colon follows.
    name: Vec<u8>,
    /// An array that just began, and how deep it is.
    begun: Option<(usize, Place)>,
    /// The least deep list of objects so far.
    best: Option<(usize, Place)>,
    /// Where the first value began and ended.
    first: Option<u64>,
    ended: Option<u64>,
}

impl Search {
    fn feed(&mut self, byte: u8) -> Option<Found> {
        self.offset = self.offset.saturating_add(1);
        if byte == b'\n' {
            self.line = self.line.saturating_add(1);
        }
        if self.in_text {
            self.feed_text(byte);
            return None;
        }
        if byte.is_ascii_whitespace() {
            return None;
        }
        if let Some(ended) = self.ended {
            let is_line = self.first == Some(ended) && self.line > ended;
            return Some(if is_line { Found::Lines } else { Found::Sequence });
        }
        if let Some((deep, place)) = self.begun.take().filter(|_| byte == b'{')
            && self.best.as_ref().is_none_or(|(best, _)| deep < *best)
        {
            self.best = Some((deep, place));
        }
        self.first.get_or_insert(self.line);
        match byte {
            b'"' => {
                self.in_text = true;
                self.name.clear();
            }
            b'[' if self.open.is_empty() => return Some(Found::Array(self.place(None))),
            b'{' | b'[' => {
                let is_member = byte == b'[' && self.open.iter().all(|bracket| *bracket == b'{');
                if is_member && self.open.len() <= MOST_DEEP {
                    let name = String::from_utf8_lossy(&self.name).into_owned();
                    self.begun = Some((self.open.len(), self.place(Some(name))));
                }
                self.open.push(byte);
            }
            b'}' | b']' => {
                self.open.pop();
                if self.open.is_empty() {
                    self.ended = Some(self.line);
                }
            }
            _ if self.open.is_empty() => return Some(Found::Lines),
            _ => {}
        }
        None
    }

    fn feed_text(&mut self, byte: u8) {
        match byte {
            _ if self.is_escaped => self.is_escaped = false,
            b'\\' => self.is_escaped = true,
            b'"' => self.in_text = false,
            _ if self.name.len() < MOST_NAME => self.name.push(byte),
            _ => {}
        }
    }

    fn place(&self, member: Option<String>) -> Place {
        Place { offset: self.offset, line: self.line.saturating_add(1), member }
    }

    fn end(self) -> Found {
        match self.best {
            Some((_, place)) => Found::Array(place),
            None => Found::Sequence,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(text: &str) -> Found {
        let mut search = Search::default();
        text.bytes().find_map(|byte| search.feed(byte)).unwrap_or_else(|| search.end())
    }

    fn place(offset: u64, line: u64, member: Option<&str>) -> Found {
        Found::Array(Place { offset, line, member: member.map(str::to_owned) })
    }

    #[test]
    fn rows_are_found() {
        assert_eq!(find("\n [{}]"), place(3, 2, None));
        assert_eq!(find(r#"{"n": [1], "all": [ {"x": [{}]}], "y": 1}"#), place(19, 1, Some("all")));
        assert_eq!(find(r#"{"data": {"rows": [{}]}, "all": [{}]}"#), place(33, 1, Some("all")));
        assert_eq!(find(r#"{"a\"[{": "[{", "n": 1}"#), Found::Sequence);
        assert_eq!(find("{\"items\": [{}]}\n{\"items\": [{}]}"), Found::Lines);
        assert_eq!(find("{\n\"a\": 1}\n{\"a\": 2}"), Found::Sequence);
        assert_eq!(find("{\"a\": 1} {\"a\": 2}"), Found::Sequence);
        assert_eq!(find("name\nAnn"), Found::Lines);
    }
}
