//! The check of the chain: which lines were altered, taken away or moved.

use super::{
    files::Part,
    line::{Head, Line, START},
};
use crate::read_file;
use serde_json::Value;
use std::{
    collections::{BTreeSet, HashSet},
    fmt,
    io::{self, BufRead, BufReader},
};

/// Something that writing alone does not do to a journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// The line is not as it was written.
    Altered(u64),
    /// What stands here, by file and line in the file, is no line of a journal.
    NoLine(String, usize),
    /// The lines from the first to the second number are not there.
    Missing(u64, u64),
    /// The line does not stand where it was written.
    Moved(u64),
    /// The line does not follow from the one before: that one was written anew.
    Unlinked(u64),
    /// The head that was kept elsewhere is the hash of no line.
    NoSuchHead,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Altered(seq) => write!(f, "line {seq} was altered"),
            Self::NoLine(file, line) => write!(f, "{file}:{line} is no line of a journal"),
            Self::Missing(from, to) if from == to => write!(f, "line {from} is missing"),
            Self::Missing(from, to) => write!(f, "lines {from} to {to} are missing"),
            Self::Moved(seq) => write!(f, "line {seq} is out of order"),
            Self::Unlinked(seq) => {
                write!(f, "line {seq} does not follow from the line before it, which was written anew")
            }
            Self::NoSuchHead => {
                f.write_str("no line has the given head: the journal's tail was cut, or the journal was written anew")
            }
        }
    }
}

/// What the check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// How many lines there are.
    pub lines: usize,
    /// The chain's end.
    pub head: Head,
    /// The number of the last line that the size bound has removed; 0 if it has removed none.
    pub dropped: u64,
    /// How many bytes at the end are a line that a kill tore; the next write mends it.
    pub torn: usize,
    /// What is wrong, in the order of the lines.
    pub problems: Vec<Problem>,
}

/// A walk along the lines.
#[derive(Default)]
struct Walk {
    problems: Vec<Problem>,
    seen: BTreeSet<u64>,
    hashes: HashSet<String>,
    /// The first line's number and the hash that it follows.
    first: Option<(u64, String)>,
    /// The line with the highest number so far.
    last: Option<Head>,
    /// Lines that the chain says the size bound has removed.
    dropped: Vec<(u64, String)>,
    lines: usize,
}

/// Checks every line of every file. `kept` is a head that was kept elsewhere.
pub(super) fn verify(parts: &[Part], kept: Option<&str>) -> io::Result<Report> {
    let mut walk = Walk::default();
    let mut torn = 0;
    for part in parts {
        let mut file = BufReader::new(read_file(&part.path)?);
        for number in 1.. {
            let mut text = Vec::new();
            if file.read_until(b'\n', &mut text)? == 0 {
                break;
            }
            let whole = text.pop_if(|byte| *byte == b'\n').is_some();
            match Line::read(&text) {
                Some(line) => walk.take(line),
                None if !whole => torn = text.len(),
                None => {
                    let name = part.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                    walk.problems.push(Problem::NoLine(name, number));
                }
            }
        }
    }
    walk.missing();
    // The hash before the first line counts too: the chain goes on from there. What `dropped` lines merely say does not.
    let root = walk.first.as_ref().map_or(START, |(_, prev)| prev);
    if let Some(kept) = kept
        && kept != root
        && !walk.hashes.contains(kept)
    {
        walk.problems.push(Problem::NoSuchHead);
    }
    let first = walk.first.map_or(1, |(seq, _)| seq);
    Ok(Report {
        lines: walk.lines,
        head: walk.last.unwrap_or_else(Head::start),
        dropped: walk.dropped.iter().map(|(seq, _)| *seq).filter(|seq| *seq < first).max().unwrap_or_default(),
        torn,
        problems: walk.problems,
    })
}

impl Walk {
    fn take(&mut self, line: Line) {
        self.lines += 1;
        if !line.sound {
            self.problems.push(Problem::Altered(line.seq));
        }
        match &self.last {
            None => self.first = Some((line.seq, line.prev.clone())),
            Some(last) if line.seq <= last.count => self.problems.push(Problem::Moved(line.seq)),
            // An altered line was reported; and across a gap nothing can be compared.
            Some(last) if line.sound && line.seq - 1 == last.count && line.prev != last.hash => {
                self.problems.push(Problem::Unlinked(line.seq));
            }
            Some(_) => {}
        }
        if line.event.get("event").and_then(Value::as_str) == Some("dropped")
            && let Some(through) = line.event.get("through").and_then(Value::as_u64)
            && let Some(hash) = line.event.get("throughHash").and_then(Value::as_str)
        {
            self.dropped.push((through, hash.to_owned()));
        }
        self.seen.insert(line.seq);
        self.hashes.insert(line.hash.clone());
        if self.last.as_ref().is_none_or(|last| line.seq > last.count) {
            self.last = Some(line.head());
        }
    }

    /// Finds the gaps. What the size bound has removed, by the chain's own word, is none.
    fn missing(&mut self) {
        let Some((first, prev)) = self.first.clone() else { return };
        let dropped = self.dropped.iter().any(|(through, hash)| through.checked_add(1) == Some(first) && *hash == prev);
        let mut next = if dropped { first } else { 1 };
        if first == 1 && prev != START {
            self.problems.push(Problem::Unlinked(1));
        }
        for seq in &self.seen {
            if *seq > next {
                self.problems.push(Problem::Missing(next, *seq - 1));
            }
            next = next.max(seq.saturating_add(1));
        }
    }
}
