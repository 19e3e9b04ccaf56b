//! Creates that are sent once. If the answer is unclear, the account is searched until the object appears. The create
//! is never sent again.

mod again;
mod age;
mod identity;
mod likeness;
mod lookup;

use crate::api::{Adapter, Done};
pub(super) use again::look_again;
pub(super) use identity::{contact_key, emails, key_of, phones};

use age::Stamps;
use chrono::{DateTime, SecondsFormat, Utc};
use highlevel_api_client::{Fate, Moment, SendError};
use highlevel_catalog::{Effect, Invocation};
use highlevel_core::context::CallContext;
use highlevel_core::error::{Code, Error, Result};
use highlevel_store::WriteLock;
use identity::Identity;
use lookup::{IncompleteLookup, Lookup, LookupResult};
use serde_json::Value;
use std::{
    collections::HashSet,
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio::time::Instant;

/// The longest search for the object. Lists lag behind writes by seconds.
const SEARCH_TIME: Duration = Duration::from_secs(16);

/// The wait after the first look-up. Each later wait is twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// The first wait is at most this fraction of the search time, so that a short deadline leaves room for several
/// look-ups.
const MIN_WAITS: u32 = 16;

/// The fraction of the remaining time that is reserved for the answer.
const RESERVED: u32 = 10;

/// The most items that are listed for one create. No look-up starts after that.
const MAX_LISTED: usize = 10_000;

/// The number of objects that are listed before a send.
const LISTED_BEFORE: u64 = 100;

/// What earlier creates of the account have shown.
#[derive(Debug, Default)]
pub(super) struct Creates {
    stamps: Stamps,
}

/// A create that holds its turn. Until it is dropped, no other call creates the same object.
pub(super) struct Creation {
    identity: Option<Identity>,
    account: String,
    key: String,
    _turn: Option<WriteLock>,
}

impl Creation {
    /// Waits until no other call creates the same object, in all processes of the state directory.
    ///
    /// # Errors
    /// `timeout` or `cancelled` if the call ends before its turn; `unauthorized` without a credential. Nothing was
    /// sent.
    pub(super) async fn in_turn(api: &Adapter, create: &Invocation, context: &CallContext) -> Result<Self> {
        let identity = Identity::of(create);
        let key = identity.as_ref().map_or_else(|| create.spec.name.to_string(), |identity| identity.key(create));
        let account = api.account_or_address().await?;
        let turn = match &identity {
            Some(_) => Some(api.write_lock(&key, context).await?),
            None => None,
        };
        Ok(Self { identity, account, key, _turn: turn })
    }

    /// Sends the create once. If the answer is unclear, searches for the object.
    ///
    /// # Errors
    /// The failure before sending; the API's refusal; `outcome_unknown` with what to check.
    pub(super) async fn run(
        &self,
        creates: &Creates,
        api: &Adapter,
        create: &Invocation,
        context: &CallContext,
    ) -> Result<Value> {
        let store = api.store();
        let known = match &self.identity {
            Some(identity) if create.spec.effect == Effect::Send => listed_before(identity, api, create, context).await,
            _ => None,
        };
        let (recorded, sending) = self.recorded(api, context);
        let ran = api.run(create, &sending).await;
        let number = recorded.get().copied();
        let failed = match ran {
            Ok(Done { answer, sent_at }) => {
                let value = answer.into_json();
                creates.stamps.learn(&value, sent_at, Moment::now());
                store.end_creations(number, value.get("id").and_then(Value::as_str)).await;
                return Ok(value);
            }
            Err(failed) => failed,
        };
        let SendError { error, fate, sent_at } = failed;
        let (Some(sent_at), true) = (sent_at, fate != Fate::NotExecuted) else {
            store.end_creations(number, None).await;
            return Err(error);
        };
        let Some(identity) = &self.identity else {
            return Err(UnclearCreate::new(create, None, &error).unknown("objects of this type cannot be searched for"));
        };
        let lookup = Lookup { api, create, identity, stamps: &creates.stamps, sent_at, number, known: known.as_ref() };
        search(&lookup, UnclearCreate::new(create, Some(identity), &error), context).await
    }

    /// The same call, which records the create right before it is sent: one that was not sent leaves no record, whenever its
    /// process ends. Also returns where the record's number will be, if it can be written. Without it, a search cannot tell
    /// this call's object from those of other calls.
    fn recorded(&self, api: &Adapter, context: &CallContext) -> (Arc<OnceLock<i64>>, CallContext) {
        let number = Arc::<OnceLock<i64>>::default();
        let create = (Arc::clone(api.store()), self.account.clone(), self.key.clone(), Arc::clone(&number));
        let call = context.clone();
        let sending = context.clone().before_sending(move || {
            let ((store, account, key, number), call) = (create.clone(), call.clone());
            async move {
                if number.get().is_none() {
                    match store.begin_creation(&account, &key).await {
                        Ok(new) => drop(number.set(new)),
                        Err(error) => tracing::warn!("a create could not be recorded: {}", error.message),
                    }
                }
                call.prepare_to_send().await
            }
        });
        (number, sending)
    }
}

/// The ids of the latest objects that a later look-up could take for this one. `None` if they cannot be listed.
async fn listed_before(
    identity: &Identity,
    api: &Adapter,
    create: &Invocation,
    context: &CallContext,
) -> Option<HashSet<String>> {
    let mut ids = HashSet::new();
    for mut list in identity.lists(create, api.catalog()).ok()?.into_iter().flatten() {
        // Without texts, which would take a request each.
        list.arguments.set("fields", vec!["id"]);
        let page = api.page(&list, 0, LISTED_BEFORE, context).await.ok()?;
        ids.extend(page.items.iter().filter_map(|item| item.get("id")?.as_str().map(str::to_owned)));
    }
    Some(ids)
}

/// Repeats the look-up with growing waits until the object appears or the time is up.
async fn search(lookup: &Lookup<'_>, mut unclear: UnclearCreate<'_>, context: &CallContext) -> Result<Value> {
    context.report("no clear answer: searching for the created object");
    let left = context.deadline.saturating_duration_since(Instant::now());
    let time = SEARCH_TIME.min(left.saturating_sub(left / RESERVED));
    let end = Instant::now() + time;
    let mut wait = FIRST_WAIT.min(time / MIN_WAITS);
    let mut listed = 0;
    let why = loop {
        let (found, items) = lookup.look(context).await;
        unclear.looks += 1;
        unclear.until = Utc::now();
        listed += items;
        let why = match found {
            Ok(LookupResult::One(object)) => return Ok(object),
            Ok(LookupResult::None) => {
                unclear.candidates.clear();
                "no such object was found, although it may still appear".to_owned()
            }
            Ok(LookupResult::Unclear(why, candidates)) => {
                unclear.candidates = candidates;
                // The first look-up may have read a list that was still catching up, so there is a second one.
                if unclear.looks > 1 {
                    break why.to_owned();
                }
                why.to_owned()
            }
            Err(IncompleteLookup { why, candidates }) => {
                unclear.candidates = candidates;
                format!("the look-up could not be completed ({why})")
            }
        };
        let now = Instant::now();
        let next = (now + wait).min(end);
        // The last wait ends with the search time. It is skipped if it would be much shorter than planned.
        if next <= now || next - now < wait / 4 || listed > MAX_LISTED {
            break why;
        }
        wait *= 2;
        if let Err(ended) = context.bound(tokio::time::sleep_until(next)).await {
            break format!("{why}; {}", ended.message);
        }
    };
    Err(unclear.unknown(&why))
}

/// A create without a clear answer, and what the search has found.
struct UnclearCreate<'a> {
    create: &'a Invocation,
    identity: Option<&'a Identity>,
    /// The failure that made the answer unclear.
    failure: &'a Error,
    looks: u32,
    until: DateTime<Utc>,
    candidates: Vec<String>,
}

impl<'a> UnclearCreate<'a> {
    fn new(create: &'a Invocation, identity: Option<&'a Identity>, failure: &'a Error) -> Self {
        Self { create, identity, failure, looks: 0, until: Utc::now(), candidates: Vec::new() }
    }

    /// The `outcome_unknown` error: what was searched for, where and until when.
    fn unknown(self, why: &str) -> Error {
        let Self { create, identity, failure, looks, until, candidates } = self;
        let tool = &create.spec.name;
        let said = failure.message.trim_end_matches('.');
        let start = format!("It is not known whether {tool} took effect: {said}, and {why}.");
        let Some(identity) = identity else {
            return Error::new(
                Code::OutcomeUnknown,
                format!(
                    "{start} Check in HighLevel before you repeat this call: repeating it may create a second one."
                ),
            );
        };
        let list = identity.list.as_str();
        let sent = identity.sent(create);
        let until = until.to_rfc3339_opts(SecondsFormat::Secs, true);
        let message = format!(
            "{start} Searches so far: {looks}, the last at {until}. Search again with {list} before you repeat this call. Repeating it is your decision and may create a second one."
        );
        let error = Error::new(Code::OutcomeUnknown, message)
            .with("check", list)
            .with("lookedFor", sent)
            .with("lookedIn", list)
            .with("lookedUntil", until);
        if candidates.is_empty() { error } else { error.with("candidates", candidates) }
    }
}
