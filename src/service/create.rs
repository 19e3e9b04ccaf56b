//! Creating: sent once. When the answer leaves a doubt, the account is looked at until the object shows, and the create is
//! never sent again.

mod age;
mod identity;
mod lookup;
mod same;

use crate::api::{Adapter, Done};
use age::Stamps;
use chrono::{DateTime, SecondsFormat, Utc};
use highlevel_api_client::{Fate, SendError};
use highlevel_catalog::Invocation;
use highlevel_core::context::CallContext;
use highlevel_core::error::{Code, Error, Result};
use highlevel_store::WriteTurn;
use identity::Identity;
use lookup::{Found, Incomplete, Lookup};
use serde_json::Value;
use std::time::Duration;
use tokio::time::Instant;

/// How long it is looked for at most. Lists have been seen to lag behind writes by seconds.
const LOOKING: Duration = Duration::from_secs(16);

/// The wait after the first look; each one after it is twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// The looks that a short deadline has room for all the same.
const LEAST_PARTS: u32 = 16;

/// The part of the time left that is kept for the answer.
const KEPT: u32 = 10;

/// No look begins after so many items were listed for one create.
const MOST_LISTED: usize = 10_000;

/// What the creates of an account have taught.
#[derive(Debug, Default)]
pub(super) struct Creates {
    stamps: Stamps,
}

/// A create whose turn it is: until this is dropped, no other call creates the same object.
pub(super) struct Creation {
    identity: Option<Identity>,
    account: String,
    key: String,
    _turn: Option<WriteTurn>,
}

impl Creation {
    /// Waits for the calls that create the same object, in all processes of the state directory.
    ///
    /// # Errors
    /// When the call ends before its turn comes: nothing was sent.
    pub(super) async fn in_turn(api: &Adapter, create: &Invocation, context: &CallContext) -> Result<Self> {
        let identity = Identity::of(create);
        let key = identity.as_ref().map_or_else(|| create.spec.name.to_string(), |identity| identity.key(create));
        let account = match api.account().await {
            // The journal says it in its own words, before anything is sent.
            Err(error) if error.code == Code::Internal => String::new(),
            account => account?,
        };
        let turn = match &identity {
            Some(_) => Some(api.in_turn(&key, context).await?),
            None => None,
        };
        Ok(Self { identity, account, key, _turn: turn })
    }

    /// Creates the object once, or says what is known.
    ///
    /// # Errors
    /// What kept it from being sent; the API's refusal; `outcome_unknown` with what to check.
    pub(super) async fn run(
        &self,
        creates: &Creates,
        api: &Adapter,
        create: &Invocation,
        context: &CallContext,
    ) -> Result<Value> {
        let store = api.store();
        let number = match store.begin_creation(&self.account, &self.key).await {
            Ok(number) => Some(number),
            // What a look-up finds then cannot be told from what other calls created.
            Err(error) => {
                tracing::warn!("a create is not written down: {}", error.message);
                None
            }
        };
        let failed = match api.run(create, context).await {
            Ok(Done { answer, sent_at }) => {
                let value = answer.into_json();
                creates.stamps.learn(&value, sent_at);
                end(api, number, value.get("id").and_then(Value::as_str)).await;
                return Ok(value);
            }
            Err(failed) => failed,
        };
        let SendError { error, fate, sent_at } = failed;
        let (Some(sent_at), true) = (sent_at, fate != Fate::NotExecuted) else {
            end(api, number, None).await;
            return Err(error);
        };
        let Some(identity) = &self.identity else {
            return Err(Doubt::new(create, None, &error).unknown("objects of this kind cannot be looked for"));
        };
        let lookup = Lookup { api, create, identity, stamps: &creates.stamps, sent_at, number };
        look(&lookup, Doubt::new(create, Some(identity), &error), context).await
    }
}

/// Writes down how the API answered.
async fn end(api: &Adapter, number: Option<i64>, object: Option<&str>) {
    let Some(number) = number else { return };
    if let Err(error) = api.store().end_creation(number, object.map(str::to_owned)).await {
        tracing::warn!("the end of a create is not written down: {}", error.message);
    }
}

/// Looks until the object shows, with growing waits, as long as there is time.
async fn look(lookup: &Lookup<'_>, mut doubt: Doubt<'_>, context: &CallContext) -> Result<Value> {
    context.report("no clear answer: looking whether it was created");
    let left = context.deadline.saturating_duration_since(Instant::now());
    let time = LOOKING.min(left.saturating_sub(left / KEPT));
    let end = Instant::now() + time;
    let mut wait = FIRST_WAIT.min(time / LEAST_PARTS);
    let mut listed = 0;
    let why = loop {
        let (found, items) = lookup.look(context).await;
        doubt.looks += 1;
        doubt.until = Utc::now();
        listed += items;
        let why = match found {
            Ok(Found::One(object)) => return Ok(object),
            Ok(Found::None) => {
                doubt.candidates.clear();
                "it does not show, and it may still land or show later".to_owned()
            }
            Ok(Found::Unclear(why, candidates)) => {
                doubt.candidates = candidates;
                // One more look: the first may have met a list on its way to show all.
                if doubt.looks > 1 {
                    break why.to_owned();
                }
                why.to_owned()
            }
            Err(Incomplete { why, candidates }) => {
                doubt.candidates = candidates;
                format!("the look-up could not be completed ({why})")
            }
        };
        let now = Instant::now();
        let next = (now + wait).min(end);
        // The last wait ends with the time, unless a look just was.
        if next <= now || next - now < wait / 4 || listed > MOST_LISTED {
            break why;
        }
        wait *= 2;
        if let Err(ended) = context.bound(tokio::time::sleep_until(next)).await {
            break format!("{why}; {}", ended.message);
        }
    };
    Err(doubt.unknown(&why))
}

/// What is known of a create that got no clear answer.
struct Doubt<'a> {
    create: &'a Invocation,
    identity: Option<&'a Identity>,
    /// What kept the answer from being clear.
    failure: &'a Error,
    looks: u32,
    until: DateTime<Utc>,
    candidates: Vec<String>,
}

impl<'a> Doubt<'a> {
    fn new(create: &'a Invocation, identity: Option<&'a Identity>, failure: &'a Error) -> Self {
        Self { create, identity, failure, looks: 0, until: Utc::now(), candidates: Vec::new() }
    }

    /// The error that tells what was looked for, where and until when, and whose decision a repetition is.
    fn unknown(self, why: &str) -> Error {
        let Self { create, identity, failure, looks, until, candidates } = self;
        let tool = &create.spec.name;
        let said = failure.message.trim_end_matches('.');
        let start = format!("It is not known whether {tool} took effect: {said}, and {why}.");
        let Some(identity) = identity else {
            return Error::new(
                Code::OutcomeUnknown,
                format!(
                    "{start} Look for it in HighLevel before you repeat this call: repeating may create a second one."
                ),
            );
        };
        let list = identity.list.as_str();
        let sent = identity.sent(create);
        let until = until.to_rfc3339_opts(SecondsFormat::Secs, true);
        let message = format!(
            "{start} Looks so far: {looks}, the last at {until}. Look again with {list} before you repeat this call; repeating is your decision and may create a second one."
        );
        let error = Error::new(Code::OutcomeUnknown, message)
            .with("check", list)
            .with("lookedFor", sent)
            .with("lookedIn", list)
            .with("lookedUntil", until);
        if candidates.is_empty() { error } else { error.with("candidates", candidates) }
    }
}
