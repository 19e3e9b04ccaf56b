//! One line: an event, its place in the chain, and the hash that ties it to the line before.
//!
//! The hash is the SHA-256 of the line's own text without its last member, `hash`, so that no canonical form has to be
//! agreed on: what is written is what is hashed, and any tool can check it.

use crate::sha256_hex;
use serde_json::{Map, Value};

/// What stands before the first line.
pub(super) const START: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The end of the chain: the last line's number and hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// How many lines were ever written, those that the size bound has removed included.
    pub count: u64,
    /// The hash of the last of them.
    pub hash: String,
}

impl Head {
    /// The head of an empty journal.
    pub(super) fn start() -> Self {
        Self { count: 0, hash: START.to_owned() }
    }

    /// The next line, without its newline, and the head that it makes.
    pub(super) fn next(&self, event: &Map<String, Value>) -> (String, Self) {
        let count = self.count.saturating_add(1);
        let mut body = Map::new();
        body.insert("seq".into(), count.into());
        body.extend(event.clone());
        body.insert("prev".into(), self.hash.clone().into());
        let text = Value::Object(body).to_string();
        let hash = sha256_hex(text.as_bytes());
        let open = text.strip_suffix('}').unwrap_or(&text);
        (format!(r#"{open},"hash":"{hash}"}}"#), Self { count, hash })
    }
}

/// A line as it was read.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) seq: u64,
    pub(super) prev: String,
    pub(super) hash: String,
    /// Whether the hash is that of the text.
    pub(super) sound: bool,
    pub(super) event: Map<String, Value>,
}

impl Line {
    /// Reads a line without its newline; `None` for what is no line of a journal.
    pub(super) fn read(text: &[u8]) -> Option<Self> {
        let event: Map<String, Value> = serde_json::from_slice(text).ok()?;
        let member = |name: &str| event.get(name).and_then(Value::as_str).map(str::to_owned);
        let (seq, prev, hash) = (event.get("seq")?.as_u64()?, member("prev")?, member("hash")?);
        let end = format!(r#","hash":"{hash}"}}"#);
        let sound = text.strip_suffix(end.as_bytes()).is_some_and(|open| sha256_hex(&[open, b"}"].concat()) == hash);
        Some(Self { seq, prev, hash, sound, event })
    }

    /// The head that this line makes.
    pub(super) fn head(&self) -> Head {
        Head { count: self.seq, hash: self.hash.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_reads_back_and_an_altered_one_shows() {
        let event = Map::from_iter([("tool".to_owned(), Value::from("create_contact"))]);
        let (text, head) = Head::start().next(&event);
        let line = Line::read(text.as_bytes()).unwrap();
        assert!(line.sound && line.prev == START && line.head() == head && head.count == 1, "{text}");
        for (from, to) in [("create", "update"), (r#""seq":1"#, r#""seq":2"#), (",", ", ")] {
            let altered = text.replacen(from, to, 1);
            assert!(!Line::read(altered.as_bytes()).unwrap().sound, "{altered}");
        }
        for no_line in ["", "{}", "[]", &text[..text.len() - 1], r#"{"seq":-1,"prev":"","hash":""}"#] {
            assert!(Line::read(no_line.as_bytes()).is_none(), "{no_line}");
        }
    }
}
