//! The request log: the latest requests as they arrived, and the counts that tests read.

use crate::agency::{Agency, Owner};
use crate::operation::WriteKind;
use crate::rate_limit::millis;
use crate::state::RawRequest;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// The number of requests that the log keeps.
const KEPT: usize = 10_000;

/// The number of a logged request, and whose it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RequestId {
    number: u64,
    owner: Owner,
}

#[derive(Debug)]
struct LoggedRequest {
    id: RequestId,
    at: Duration,
    raw: RawRequest,
    answered: Option<u16>,
}

/// Every count since the start.
#[derive(Debug, Default)]
struct Counts {
    requests: u64,
    by_operation: BTreeMap<&'static str, u64>,
    by_status: BTreeMap<String, u64>,
    faults: BTreeMap<String, u64>,
    refreshes: u64,
    creates: u64,
    updates: u64,
    deletes: u64,
    publishes: u64,
    sends: u64,
    starts: u64,
    writes: BTreeMap<String, u64>,
}

/// The latest requests, and the counts: of all, and of each owner.
#[derive(Debug, Default)]
pub(crate) struct RequestLog {
    latest: VecDeque<LoggedRequest>,
    all: Counts,
    by_owner: BTreeMap<Owner, Counts>,
}

fn add_one<K: Ord>(counts: &mut BTreeMap<K, u64>, key: K) {
    *counts.entry(key).or_default() += 1;
}

impl RequestLog {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Counts something for its owner and for all.
    fn count(&mut self, owner: Owner, count: impl Fn(&mut Counts)) {
        count(&mut self.all);
        count(self.by_owner.entry(owner).or_default());
    }

    /// Logs a request as it arrives. A request without an operation counts as `unknown`.
    pub(crate) fn arrived(
        &mut self,
        at: Duration,
        raw: &RawRequest,
        operation: Option<&'static str>,
        owner: Owner,
    ) -> RequestId {
        self.count(owner, |counts| {
            counts.requests += 1;
            add_one(&mut counts.by_operation, operation.unwrap_or("unknown"));
        });
        if self.latest.len() == KEPT {
            self.latest.pop_front();
        }
        let id = RequestId { number: self.all.requests, owner };
        self.latest.push_back(LoggedRequest { id, at, raw: raw.clone(), answered: None });
        id
    }

    /// Logs the status of a request's answer; none if its connection was dropped.
    pub(crate) fn answered(&mut self, id: RequestId, status: Option<u16>) {
        let word = status.map_or_else(|| "dropped".to_owned(), |status| status.to_string());
        self.count(id.owner, |counts| add_one(&mut counts.by_status, word.clone()));
        if let Ok(index) = self.latest.binary_search_by_key(&id.number, |request| request.id.number)
            && let Some(request) = self.latest.get_mut(index)
        {
            request.answered = status;
        }
    }

    /// Counts an injected fault.
    #[cfg(feature = "faults")]
    pub(crate) fn fault(&mut self, owner: Owner, name: &str) {
        self.count(owner, |counts| add_one(&mut counts.faults, name.to_owned()));
    }

    /// Counts a token refresh.
    pub(crate) fn refreshed(&mut self, owner: Owner) {
        self.count(owner, |counts| counts.refreshes += 1);
    }

    /// Counts a write that took effect.
    pub(crate) fn changed(&mut self, owner: Owner, change: WriteKind, id: &str) {
        self.count(owner, |counts| {
            *match change {
                WriteKind::Create => &mut counts.creates,
                WriteKind::Update => &mut counts.updates,
                WriteKind::Delete => &mut counts.deletes,
                WriteKind::Publish => &mut counts.publishes,
                WriteKind::Send => &mut counts.sends,
                WriteKind::Start => &mut counts.starts,
            } += 1;
            add_one(&mut counts.writes, id.to_owned());
        });
    }

    /// Clears the logged requests, or those of one owner. The counts stay.
    pub(crate) fn clear(&mut self, owner: Option<Owner>) {
        self.latest.retain(|request| owner.is_some_and(|owner| owner != request.id.owner));
    }

    /// The logged requests, or those of one owner, oldest first.
    pub(crate) fn requests(&self, owner: Option<Owner>, agency: &Agency) -> Value {
        let asked = self.latest.iter().filter(|request| owner.is_none_or(|owner| owner == request.id.owner));
        asked.map(|request| request.to_json(agency)).collect()
    }

    /// The counts of all, or of one owner.
    pub(crate) fn stats(&self, owner: Option<Owner>) -> Map<String, Value> {
        let none = Counts::default();
        owner.map_or(&self.all, |owner| self.by_owner.get(&owner).unwrap_or(&none)).to_json()
    }
}

impl Counts {
    fn to_json(&self) -> Map<String, Value> {
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
            "sends": self.sends,
            "starts": self.starts,
        });
        stats.insert("effects".into(), effects);
        stats.insert("writes".into(), json!(self.writes));
        stats
    }
}

impl LoggedRequest {
    fn to_json(&self, agency: &Agency) -> Value {
        let RawRequest { method, path, query, headers, body } = &self.raw;
        let mut shown: Map<String, Value> = Map::new();
        for name in headers.keys() {
            let values = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
            shown.insert(name.as_str().to_owned(), values.collect::<Vec<_>>().join(", ").into());
        }
        let location = match self.id.owner {
            Owner::Agency => None,
            owner => Some(agency.owner_id(owner)),
        };
        json!({
            "method": method.as_str(),
            "path": path,
            "query": query,
            "headers": shown,
            "body": String::from_utf8_lossy(body),
            "status": self.answered,
            "at": millis(self.at),
            "location": location,
        })
    }
}
