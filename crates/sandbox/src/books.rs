//! The books: every request as it came, and the counts that tests and demos read.

use super::limits::{Limits, millis};
use super::routes::Change;
use super::world::Call;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// How many requests are kept.
const KEPT: usize = 10_000;

/// The number under which a request was entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry(u64);

#[derive(Debug)]
struct Recorded {
    entry: Entry,
    at: Duration,
    call: Call,
    answered: Option<u16>,
}

#[derive(Debug, Default)]
pub(super) struct Books {
    recorded: VecDeque<Recorded>,
    requests: u64,
    by_operation: BTreeMap<&'static str, u64>,
    by_status: BTreeMap<String, u64>,
    faults: BTreeMap<String, u64>,
    refreshes: u64,
    creates: u64,
    updates: u64,
    deletes: u64,
    publishes: u64,
    writes: BTreeMap<String, u64>,
}

fn add_one<K: Ord>(counts: &mut BTreeMap<K, u64>, key: K) {
    *counts.entry(key).or_default() += 1;
}

impl Books {
    /// Enters a request as it arrives. A request without an operation counts as `unknown`.
    pub(super) fn arrive(&mut self, at: Duration, call: Call, operation: Option<&'static str>) -> Entry {
        self.requests += 1;
        add_one(&mut self.by_operation, operation.unwrap_or("unknown"));
        if self.recorded.len() == KEPT {
            self.recorded.pop_front();
        }
        let entry = Entry(self.requests);
        self.recorded.push_back(Recorded { entry, at, call, answered: None });
        entry
    }

    /// Notes the status a request was answered with; none if its connection was dropped.
    pub(super) fn answer(&mut self, entry: Entry, status: Option<u16>) {
        add_one(&mut self.by_status, status.map_or_else(|| "dropped".to_owned(), |status| status.to_string()));
        if let Ok(place) = self.recorded.binary_search_by_key(&entry, |recorded| recorded.entry)
            && let Some(recorded) = self.recorded.get_mut(place)
        {
            recorded.answered = status;
        }
    }

    /// Notes that a fault befell a request.
    pub(super) fn fault(&mut self, name: String) {
        add_one(&mut self.faults, name);
    }

    /// Notes a token renewed.
    pub(super) fn refresh(&mut self) {
        self.refreshes += 1;
    }

    /// Notes a write that took effect.
    pub(super) fn change(&mut self, change: Change, id: String) {
        *match change {
            Change::Create => &mut self.creates,
            Change::Update => &mut self.updates,
            Change::Delete => &mut self.deletes,
            Change::Publish => &mut self.publishes,
        } += 1;
        add_one(&mut self.writes, id);
    }

    /// Forgets the recorded requests. The counts stay.
    pub(super) fn clear(&mut self) {
        self.recorded.clear();
    }

    /// The recorded requests, oldest first.
    pub(super) fn requests(&self) -> Value {
        self.recorded.iter().map(Recorded::to_json).collect()
    }

    /// All counts, with those of the quota.
    pub(super) fn stats(&self, limits: &Limits) -> Value {
        let mut stats = Map::new();
        stats.insert("requests".into(), self.requests.into());
        stats.insert("byOperation".into(), json!(self.by_operation));
        stats.insert("byStatus".into(), json!(self.by_status));
        stats.insert("refreshes".into(), self.refreshes.into());
        stats.insert("faults".into(), json!(self.faults));
        let effects = json!({
            "creates": self.creates,
            "updates": self.updates,
            "deletes": self.deletes,
            "publishes": self.publishes,
        });
        stats.insert("effects".into(), effects);
        stats.insert("writes".into(), json!(self.writes));
        if let Value::Object(quota) = limits.stats() {
            stats.extend(quota);
        }
        Value::Object(stats)
    }
}

impl Recorded {
    fn to_json(&self) -> Value {
        let Call { method, path, query, headers, body } = &self.call;
        let mut shown: Map<String, Value> = Map::new();
        for name in headers.keys() {
            let values = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
            shown.insert(name.as_str().to_owned(), values.collect::<Vec<_>>().join(", ").into());
        }
        json!({
            "method": method.as_str(),
            "path": path,
            "query": query,
            "headers": shown,
            "body": String::from_utf8_lossy(body),
            "status": self.answered,
            "at": millis(self.at),
        })
    }
}
