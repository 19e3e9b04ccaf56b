//! The journal as it is read: attempts with what became of them.

use super::{files::Part, line::Line};
use crate::read_file;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use std::{
    collections::HashMap,
    io::{self, BufRead, BufReader},
};

/// What an attempt without an outcome shows as: the process may still be at it, or was ended on the way.
pub const UNFINISHED: &str = "unfinished";

/// Which attempts are wanted.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Only those since this moment.
    pub since: Option<DateTime<Utc>>,
    /// Only those of this tool.
    pub tool: Option<String>,
    /// Only those that are not known to be done: failed, cancelled, unknown and unfinished ones.
    pub failed: bool,
}

/// One attempt, with its outcome joined to it: the members of both lines, without their place in the chain.
#[derive(Debug, Clone, PartialEq)]
pub struct JournalEntry {
    /// `seq`, `time`, `tool`, `confirmation`, `object`, `arguments`, `before`, `outcome`, `finished`, `code`, `after`, …
    pub members: Map<String, Value>,
}

impl JournalEntry {
    /// A text member; empty if there is none.
    pub fn text(&self, name: &str) -> &str {
        self.members.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// The number of the attempt's line.
    pub fn seq(&self) -> u64 {
        self.members.get("seq").and_then(Value::as_u64).unwrap_or_default()
    }
}

impl Wanted {
    fn begins(&self, line: &Line) -> bool {
        let text = |name: &str| line.event.get(name).and_then(Value::as_str);
        let time = text("time").and_then(|time| DateTime::parse_from_rfc3339(time).ok());
        text("event") == Some("attempt")
            && self.tool.as_deref().is_none_or(|tool| text("tool") == Some(tool))
            && self.since.is_none_or(|since| time.is_some_and(|time| time >= since))
    }
}

/// The wanted attempts, in their order.
pub(super) fn entries(parts: &[Part], wanted: &Wanted) -> io::Result<Vec<JournalEntry>> {
    let mut entries: Vec<JournalEntry> = Vec::new();
    let mut open = HashMap::new();
    for part in parts {
        for text in BufReader::new(read_file(&part.path)?).split(b'\n') {
            // What is no line is for `verify` to report.
            let Some(line) = Line::read(&text?) else { continue };
            if wanted.begins(&line) {
                open.insert(line.seq, entries.len());
                entries.push(begun(line));
            } else if let Some(of) = line.event.get("attempt").and_then(Value::as_u64)
                && let Some(entry) = open.remove(&of).and_then(|place| entries.get_mut(place))
            {
                entry.finish(line);
            }
        }
    }
    entries.retain(|entry| !wanted.failed || entry.text("outcome") != "done");
    Ok(entries)
}

fn begun(line: Line) -> JournalEntry {
    let mut members = line.event;
    members.retain(|name, _| !["event", "prev", "hash"].contains(&name.as_str()));
    members.insert("outcome".into(), UNFINISHED.into());
    JournalEntry { members }
}

impl JournalEntry {
    fn finish(&mut self, line: Line) {
        for (name, value) in line.event {
            match name.as_str() {
                "seq" | "event" | "attempt" | "tool" | "prev" | "hash" => {}
                "time" => drop(self.members.insert("finished".into(), value)),
                _ => drop(self.members.insert(name, value)),
            }
        }
    }
}
