//! The chain of hashes. An event's text holds the hash of the event before it, and the event's own hash is the SHA-256 of
//! that text. What is stored is what is hashed, so no canonical form has to be agreed on, and any tool can check it.

use super::Journal;
use crate::sha256_hex;
use chrono::{SecondsFormat, Utc};
use highlevel_core::error::Result;
use rusqlite::{Connection, OptionalExtension, params};
use serde_json::{Map, Value};

/// What stands before the first event.
pub(super) const START: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The end of the chain: the last event's number and hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The number of the last event; 0 for an empty journal.
    pub count: u64,
    /// Its hash.
    pub hash: String,
}

impl Journal {
    /// The end of the chain.
    ///
    /// # Errors
    /// `internal`, naming the directory.
    pub async fn head(&self) -> Result<Head> {
        self.read(Head::start, |db| Ok(Head::read(db)?)).await
    }
}

impl Head {
    /// The head of an empty journal.
    pub(super) fn start() -> Self {
        Self { count: 0, hash: START.to_owned() }
    }

    /// The head as it is stored.
    pub(super) fn read(db: &Connection) -> rusqlite::Result<Self> {
        let sql = "SELECT seq, hash FROM events ORDER BY position DESC LIMIT 1";
        let last = db.prepare_cached(sql)?.query_row([], |row| Ok(Self { count: row.get(0)?, hash: row.get(1)? }));
        Ok(last.optional()?.unwrap_or_else(Self::start))
    }

    /// The text of the next event, and the head that it makes.
    pub(super) fn next(&self, kind: &str, members: Map<String, Value>) -> (String, Self) {
        let count = self.count.saturating_add(1);
        let mut event = Map::new();
        event.insert("seq".into(), count.into());
        event.insert("time".into(), Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true).into());
        event.insert("event".into(), kind.into());
        event.extend(members);
        event.insert("prev".into(), self.hash.clone().into());
        let text = Value::Object(event).to_string();
        let hash = sha256_hex(text.as_bytes());
        (text, Self { count, hash })
    }
}

/// Adds an event at the end of the chain, and returns its number. The transaction has to be an immediate one.
pub(super) fn append(db: &Connection, kind: &str, members: Map<String, Value>) -> rusqlite::Result<u64> {
    let (text, head) = Head::read(db)?.next(kind, members);
    insert(db, &text, &head.hash)?;
    Ok(head.count)
}

/// Adds an event whose text and hash are known.
pub(super) fn insert(db: &Connection, text: &str, hash: &str) -> rusqlite::Result<()> {
    db.prepare_cached("INSERT INTO events (body, hash) VALUES (?1, ?2)")?.execute(params![text, hash]).map(drop)
}

/// An event as it was read, with its place in the chain.
#[derive(Debug, Clone)]
pub(super) struct ChainEvent {
    pub(super) seq: u64,
    pub(super) prev: String,
    pub(super) hash: String,
    /// Whether the hash is that of the text.
    pub(super) is_sound: bool,
    pub(super) members: Map<String, Value>,
}

impl ChainEvent {
    /// Reads an event from its text and hash. `None` for a text that is no event.
    pub(super) fn read(text: &str, hash: &str) -> Option<Self> {
        let members: Map<String, Value> = serde_json::from_str(text).ok()?;
        let seq = members.get("seq")?.as_u64()?;
        let prev = members.get("prev")?.as_str()?.to_owned();
        Some(Self { seq, prev, hash: hash.to_owned(), is_sound: sha256_hex(text.as_bytes()) == hash, members })
    }

    /// What happened: `attempt`, `outcome`, `pruned`, …
    pub(super) fn kind(&self) -> &str {
        self.members.get("event").and_then(Value::as_str).unwrap_or_default()
    }

    /// The head that this event makes.
    pub(super) fn head(&self) -> Head {
        Head { count: self.seq, hash: self.hash.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_reads_back_and_an_altered_one_shows() {
        let members = Map::from_iter([("tool".to_owned(), Value::from("create_contact"))]);
        let (text, head) = Head::start().next("attempt", members);
        let event = ChainEvent::read(&text, &head.hash).unwrap();
        assert!(event.is_sound && event.prev == START && event.head() == head && head.count == 1, "{text}");
        for (from, to) in [("create", "update"), (r#""seq":1"#, r#""seq":2"#), (",", ", ")] {
            let altered = text.replacen(from, to, 1);
            assert!(!ChainEvent::read(&altered, &head.hash).unwrap().is_sound, "{altered}");
        }
        for no_event in ["", "{}", "[]", &text[..text.len() - 1], r#"{"seq":-1,"prev":""}"#] {
            assert!(ChainEvent::read(no_event, &head.hash).is_none(), "{no_event}");
        }
    }
}
