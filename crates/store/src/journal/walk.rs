//! A walk along the chain: which events were altered, taken away or moved.

use super::chain::{ChainEvent, Head, START};
use serde_json::Value;
use std::{collections::BTreeMap, fmt};

/// Something that writing alone does not do to a journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// The event is not as it was written.
    Altered(u64),
    /// What stands at this position of the chain is no event.
    NoEvent(i64),
    /// A line of an older version's file, by file and line in the file, was no line of a journal.
    NoLine(String, u64),
    /// The events from the first to the second number are not there.
    Missing(u64, u64),
    /// The event does not stand where it was written.
    Moved(u64),
    /// The event does not follow from the one before: that one was written anew.
    Unlinked(u64),
    /// The head that was kept elsewhere is the hash of no event.
    NoSuchHead,
    /// The image is not the one that was stored under its digest.
    ImageAltered(String),
    /// The image of an event, by the event's number and member, is not there, and was not pruned.
    ImageMissing(u64, String),
    /// The attempt's place in the list of unfinished ones does not agree with the chain.
    Misfiled(u64),
    /// An older version has written this file since its files were taken over.
    OlderVersion(String),
    /// SQLite finds the file damaged.
    Damaged(String),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Altered(seq) => write!(f, "event {seq} was altered"),
            Self::NoEvent(position) => write!(f, "what stands at position {position} is no event"),
            Self::NoLine(file, line) => write!(f, "{file}:{line} is no line of a journal"),
            Self::Missing(from, to) if from == to => write!(f, "event {from} is missing"),
            Self::Missing(from, to) => write!(f, "events {from} to {to} are missing"),
            Self::Moved(seq) => write!(f, "event {seq} is out of order"),
            Self::Unlinked(seq) => {
                write!(f, "event {seq} does not follow from the event before it, which was written anew")
            }
            Self::NoSuchHead => {
                f.write_str("no event has the given head: the journal's tail was cut, or the journal was written anew")
            }
            Self::ImageAltered(digest) => write!(f, "image {digest} was altered"),
            Self::ImageMissing(seq, member) => write!(f, "the image `{member}` of event {seq} is missing"),
            Self::Misfiled(seq) => write!(f, "event {seq} is wrongly listed as finished or unfinished"),
            Self::OlderVersion(file) => write!(
                f,
                "{file} was written by an older version since the take-over; its writes are not in this journal"
            ),
            Self::Damaged(what) => write!(f, "the file is damaged: {what}"),
        }
    }
}

/// A walk along the events.
#[derive(Default)]
pub(super) struct Walk {
    pub(super) problems: Vec<Problem>,
    pub(super) events: u64,
    /// The numbers that were met, as ranges: the first of each with the last.
    seen: BTreeMap<u64, u64>,
    /// The first event's number and the hash that it follows.
    first: Option<(u64, String)>,
    /// The event with the highest number so far.
    last: Option<Head>,
    /// Lines that an older version has removed by its size limit, by the chain's own word.
    dropped: Vec<(u64, String)>,
}

impl Walk {
    pub(super) fn take(&mut self, event: &ChainEvent) {
        self.events += 1;
        if !event.is_sound {
            self.problems.push(Problem::Altered(event.seq));
        }
        match &self.last {
            None => self.first = Some((event.seq, event.prev.clone())),
            Some(last) if event.seq <= last.count => self.problems.push(Problem::Moved(event.seq)),
            // An altered event was reported; and across a gap nothing can be compared.
            Some(last) if event.is_sound && event.seq - 1 == last.count && event.prev != last.hash => {
                self.problems.push(Problem::Unlinked(event.seq));
            }
            Some(_) => {}
        }
        if event.kind() == "dropped"
            && let Some(through) = event.members.get("through").and_then(Value::as_u64)
            && let Some(hash) = event.members.get("throughHash").and_then(Value::as_str)
        {
            self.dropped.push((through, hash.to_owned()));
        }
        self.see(event.seq);
        if self.last.as_ref().is_none_or(|last| event.seq > last.count) {
            self.last = Some(event.head());
        }
    }

    /// Adds a number to the ranges.
    fn see(&mut self, seq: u64) {
        let before = self.seen.range_mut(..=seq).next_back();
        match before {
            Some((_, last)) if *last >= seq => {}
            Some((_, last)) if *last + 1 == seq => *last = seq,
            _ => drop(self.seen.insert(seq, seq)),
        }
    }

    /// Finds the gaps. What the size limit of an older version has removed is none.
    pub(super) fn missing(&mut self) {
        let Some((first, prev)) = self.first.clone() else { return };
        let dropped = self.dropped.iter().any(|(through, hash)| through.checked_add(1) == Some(first) && *hash == prev);
        let mut next = if dropped { first } else { 1 };
        if first == 1 && prev != START {
            self.problems.push(Problem::Unlinked(1));
        }
        for (from, to) in &self.seen {
            if *from > next {
                self.problems.push(Problem::Missing(next, *from - 1));
            }
            next = next.max(to.saturating_add(1));
        }
    }

    /// The hash that the first event follows. It counts as a head too: the chain goes on from there.
    pub(super) fn root(&self) -> &str {
        self.first.as_ref().map_or(START, |(_, prev)| prev)
    }

    /// The chain's end.
    pub(super) fn head(&self) -> Head {
        self.last.clone().unwrap_or_else(Head::start)
    }

    /// The number of the last line that an older version's size limit has removed; 0 if it has removed none.
    pub(super) fn dropped(&self) -> u64 {
        let first = self.first.as_ref().map_or(1, |(seq, _)| *seq);
        self.dropped.iter().map(|(seq, _)| *seq).filter(|seq| *seq < first).max().unwrap_or_default()
    }
}
