//! Compares the journal with the sandbox's requests and objects.

use super::{entries, sound, stream::key};
use crate::support::{Account, stored_as};
use serde_json::Value;
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::Path,
};

/// The counts of a run of kills.
#[derive(Debug, Default)]
pub(super) struct Figures {
    pub(super) kills: usize,
    pub(super) renewals_killed: usize,
    pub(super) sessions_lost: usize,
    /// Attempts whose outcome was lost with the end of the log.
    pub(super) torn: Vec<u64>,
    pub(super) pruned: usize,
    /// Writes whose entry says that they are done.
    pub(super) done: usize,
    /// Unfinished writes that took effect, and that did not.
    pub(super) landed: usize,
    pub(super) absent: usize,
}

impl Figures {
    pub(super) fn and(mut self, other: Self) -> Self {
        self.kills += other.kills;
        self.renewals_killed += other.renewals_killed;
        self.sessions_lost += other.sessions_lost;
        self.torn.extend(other.torn);
        self.pruned += other.pruned;
        self.done += other.done;
        self.landed += other.landed;
        self.absent += other.absent;
        self
    }
}

/// All objects of the account, by kind.
struct Truth(BTreeMap<&'static str, Vec<Value>>);

impl Truth {
    async fn of(account: &Account) -> Self {
        let mut truth = BTreeMap::new();
        for kind in ["contacts", "opportunities", "campaigns", "pages", "webhooks"] {
            truth.insert(kind, account.objects(kind).await);
        }
        Self(truth)
    }

    fn with(&self, kind: &str, field: &str, value: &Value) -> Vec<&Value> {
        self.0[kind].iter().filter(|object| stored_as(field, &object[field], value)).collect()
    }

    /// The effects of this write: the objects that it created, or the object that it changed.
    fn effects(&self, tool: &str, entry: &Value) -> Vec<&Value> {
        let arguments = &entry["arguments"];
        let made = |kind, field| self.with(kind, field, &arguments[field]);
        match tool {
            "create_contact" => made("contacts", "email"),
            "create_opportunity" => made("opportunities", "name"),
            "create_campaign" => made("campaigns", "name"),
            "create_page" => made("pages", "slug"),
            "create_webhook" => made("webhooks", "url"),
            _ => {
                let kind = if tool == "update_contact" { "contacts" } else { "pages" };
                let mut there = self.with(kind, "id", &entry["object"]);
                there.retain(|object| match tool {
                    "update_contact" => stored_as("phone", &object["phone"], &arguments["phone"]),
                    "publish_page" => object["status"] == "published",
                    other => panic!("no such write: {other}"),
                });
                there
            }
        }
    }
}

/// The key of a write request; `None` for reads and refreshes.
fn arrived(request: &Value) -> Option<String> {
    let path: Vec<&str> = request["path"].as_str()?.trim_start_matches('/').split('/').collect();
    let body = serde_json::from_str(request["body"].as_str()?).unwrap_or_default();
    let of_object = |tool, id: &str| Some(key(tool, &Value::Null, &id.into()));
    match (request["method"].as_str()?, path.as_slice()) {
        ("POST", ["contact"]) => Some(key("create_contact", &body, &Value::Null)),
        ("POST", ["opportunity"]) => Some(key("create_opportunity", &body, &Value::Null)),
        ("POST", ["campaigns"]) => Some(key("create_campaign", &body, &Value::Null)),
        ("POST", ["page"]) => Some(key("create_page", &body, &Value::Null)),
        ("POST", ["webhook"]) => Some(key("create_webhook", &body, &Value::Null)),
        ("PUT", ["contact", id]) => of_object("update_contact", id),
        ("DELETE", ["page", id]) => of_object("delete_page", id),
        ("POST", ["page", id, "publish"]) => of_object("publish_page", id),
        ("GET", _) | ("POST", ["token", "update"]) => None,
        other => panic!("an unexpected request: {other:?}"),
    }
}

/// Compares the journal of a killed server with the account.
pub(super) async fn reconcile(
    account: &Account,
    state: &Path,
    reported: &BTreeMap<String, Value>,
    figures: &mut Figures,
) {
    // The requests are read before the journal: a request in flight at the kill may arrive in between.
    let requests = account.requests().await;
    sound(account, state).await;
    let all = entries(account, state, &[]).await;
    let truth = Truth::of(account).await;

    let by_key: HashMap<String, &Value> = all
        .iter()
        .map(|entry| (key(entry["tool"].as_str().unwrap(), &entry["arguments"], &entry["object"]), entry))
        .collect();
    assert_eq!(by_key.len(), all.len(), "a write has two attempts");

    // Every request has an entry, and no entry two requests. (A request with a 401 has no effect.)
    let sent: Vec<String> = requests.iter().filter(|request| request["status"] != 401).filter_map(arrived).collect();
    assert_eq!(sent.iter().collect::<HashSet<_>>().len(), sent.len(), "sent twice");
    for key in &sent {
        assert!(by_key.contains_key(key), "sent and not in the journal: {key}");
    }

    // A done write has exactly its effect, an unfinished one at most one.
    let deleted: HashSet<&Value> =
        all.iter().filter(|entry| entry["tool"] == "delete_page").map(|entry| &entry["object"]).collect();
    let mut effects = BTreeMap::from([("creates", 0), ("updates", 0), ("deletes", 0), ("publishes", 0)]);
    let (mut done, mut landed, mut absent, mut lost) = (0, 0, 0, Vec::new());
    for entry in &all {
        let tool = entry["tool"].as_str().unwrap();
        let gone = |id: &Value| deleted.contains(id) && truth.with("pages", "id", id).is_empty();
        // Where the outcome was lost with the end of the log, the host may still know the id, and has deleted the page since.
        let told = || reported.get(&key(tool, &entry["arguments"], &entry["object"])).map(|said| &said["id"]);
        let object = Some(&entry["object"]).filter(|id| !id.is_null()).or_else(told).unwrap_or(&Value::Null);
        let happened = if tool == "delete_page" {
            gone(&entry["object"])
        } else {
            let there = truth.effects(tool, entry);
            assert!(there.len() <= 1, "doubled: {entry}: {there:?}");
            if let (true, [only]) = (entry["outcome"] == "done", there.as_slice()) {
                assert_eq!(only["id"], entry["object"], "another object: {entry}");
            }
            !there.is_empty() || gone(object)
        };
        match entry["outcome"].as_str().unwrap() {
            "done" => {
                assert!(happened, "called done and it is not: {entry}");
                done += 1;
            }
            "unfinished" if happened => landed += 1,
            "unfinished" => {
                absent += 1;
                lost.push(entry);
            }
            other => panic!("{other}, without a fault: {entry}"),
        }
        let kind = match tool {
            "update_contact" => "updates",
            "delete_page" => "deletes",
            "publish_page" => "publishes",
            _ => "creates",
        };
        *effects.get_mut(kind).unwrap() += usize::from(happened);
    }
    // Every effect has an entry in the journal.
    let counted = &account.stats().await["effects"];
    for (kind, count) in effects {
        assert_eq!(
            counted[kind], count,
            "{kind} by the sandbox and by the journal: {counted}, without effect: {lost:?}"
        );
    }

    // The host's answers agree with the journal, unless the outcome was lost.
    for (key, said) in reported {
        let entry = by_key.get(key).unwrap_or_else(|| panic!("reported and not in the journal: {key}: {said}"));
        assert!(said.get("error").is_none(), "an error without a fault: {key}: {said}");
        let torn = figures.torn.iter().any(|attempt| entry["seq"] == *attempt);
        assert!(torn || entry["outcome"] == "done", "the answer said that it is done: {entry}");
    }
    (figures.done, figures.landed, figures.absent) = (done, landed, absent);
}
