//! The request log: the latest requests as they arrived, and the counts that tests read.

use super::limits::{Limits, millis};
use super::routes::Change;
use super::world::Call;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// The number of requests that the log keeps.
const KEPT: usize = 10_000;

/// The number of a logged request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RequestId(u64);

#[derive(Debug)]
struct LoggedRequest {
    id: RequestId,
    at: Duration,
    call: Call,
    answered: Option<u16>,
}

/// The latest requests, and every count since the start.
#[derive(Debug, Default)]
pub(super) struct RequestLog {
    latest: VecDeque<LoggedRequest>,
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

impl RequestLog {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Logs a request as it arrives. A request without an operation counts as `unknown`.
    pub(super) fn arrived(&mut self, at: Duration, call: &Call, operation: Option<&'static str>) -> RequestId {
        self.requests += 1;
        add_one(&mut self.by_operation, operation.unwrap_or("unknown"));
        if self.latest.len() == KEPT {
            self.latest.pop_front();
        }
        let id = RequestId(self.requests);
        self.latest.push_back(LoggedRequest { id, at, call: call.clone(), answered: None });
        id
    }

    /// Logs the status of a request's answer; none if its connection was dropped.
    pub(super) fn answered(&mut self, id: RequestId, status: Option<u16>) {
        add_one(&mut self.by_status, status.map_or_else(|| "dropped".to_owned(), |status| status.to_string()));
        if let Ok(index) = self.latest.binary_search_by_key(&id, |request| request.id)
            && let Some(request) = self.latest.get_mut(index)
        {
            request.answered = status;
        }
    }

    /// Counts an injected fault.
    #[cfg(feature = "faults")]
    pub(super) fn fault(&mut self, name: String) {
        add_one(&mut self.faults, name);
    }

    /// Counts a token refresh.
    pub(super) fn refreshed(&mut self) {
        self.refreshes += 1;
    }

    /// Counts a write that took effect.
    pub(super) fn changed(&mut self, change: Change, id: String) {
        *match change {
            Change::Create => &mut self.creates,
            Change::Update => &mut self.updates,
            Change::Delete => &mut self.deletes,
            Change::Publish => &mut self.publishes,
        } += 1;
        add_one(&mut self.writes, id);
    }

    /// Clears the logged requests. The counts stay.
    pub(super) fn clear(&mut self) {
        self.latest.clear();
    }

    /// The logged requests, oldest first.
    pub(super) fn requests(&self) -> Value {
        self.latest.iter().map(LoggedRequest::to_json).collect()
    }

    /// All counts, including the quota's.
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

impl LoggedRequest {
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
