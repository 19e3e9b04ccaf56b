//! The request log: the latest requests as they arrived, and the counts that tests read.

use crate::operation::WriteKind;
use crate::rate_limit::{RateLimiter, millis};
use crate::state::RawRequest;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// The number of requests that the log keeps.
const KEPT: usize = 10_000;

/// The number of a logged request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RequestId(u64);

#[derive(Debug)]
struct LoggedRequest {
    id: RequestId,
    at: Duration,
    raw: RawRequest,
    answered: Option<u16>,
}

/// The latest requests, and every count since the start.
#[derive(Debug, Default)]
pub(crate) struct RequestLog {
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
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Logs a request as it arrives. A request without an operation counts as `unknown`.
    pub(crate) fn arrived(&mut self, at: Duration, raw: &RawRequest, operation: Option<&'static str>) -> RequestId {
        self.requests += 1;
        add_one(&mut self.by_operation, operation.unwrap_or("unknown"));
        if self.latest.len() == KEPT {
            self.latest.pop_front();
        }
        let id = RequestId(self.requests);
        self.latest.push_back(LoggedRequest { id, at, raw: raw.clone(), answered: None });
        id
    }

    /// Logs the status of a request's answer; none if its connection was dropped.
    pub(crate) fn answered(&mut self, id: RequestId, status: Option<u16>) {
        add_one(&mut self.by_status, status.map_or_else(|| "dropped".to_owned(), |status| status.to_string()));
        if let Ok(index) = self.latest.binary_search_by_key(&id, |request| request.id)
            && let Some(request) = self.latest.get_mut(index)
        {
            request.answered = status;
        }
    }

    /// Counts an injected fault.
    #[cfg(feature = "faults")]
    pub(crate) fn fault(&mut self, name: String) {
        add_one(&mut self.faults, name);
    }

    /// Counts a token refresh.
    pub(crate) fn refreshed(&mut self) {
        self.refreshes += 1;
    }

    /// Counts a write that took effect.
    pub(crate) fn changed(&mut self, change: WriteKind, id: String) {
        *match change {
            WriteKind::Create => &mut self.creates,
            WriteKind::Update => &mut self.updates,
            WriteKind::Delete => &mut self.deletes,
            WriteKind::Publish => &mut self.publishes,
        } += 1;
        add_one(&mut self.writes, id);
    }

    /// Clears the logged requests. The counts stay.
    pub(crate) fn clear(&mut self) {
        self.latest.clear();
    }

    /// The logged requests, oldest first.
    pub(crate) fn requests(&self) -> Value {
        self.latest.iter().map(LoggedRequest::to_json).collect()
    }

    /// All counts, including the quota's.
    pub(crate) fn stats(&self, limits: &RateLimiter) -> Value {
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
        let RawRequest { method, path, query, headers, body } = &self.raw;
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
