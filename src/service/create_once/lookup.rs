//! The look-up of the object that a create may have created.

use super::{
    age::{Age, Stamps},
    identity::Identity,
    likeness::{Likeness, likeness},
};
use crate::{
    api::Adapter,
    service::{objects, scan},
};
use highlevel_api_client::Moment;
use highlevel_catalog::{Id, Invocation, ReadBack, calendars::BookAppointment};
use highlevel_core::context::CallContext;
use highlevel_store::Claim;
use serde_json::Value;
use std::collections::HashSet;

/// The most objects that one look-up reads one by one. Lists may leave out the fields that identify an object.
const MAX_READS: usize = 20;

/// The number of items from which on a list's order is not a coincidence.
const MIN_FOR_ORDER: usize = 20;

/// The search for the object of one create.
pub(super) struct Lookup<'a> {
    pub(super) api: &'a Adapter,
    pub(super) create: &'a Invocation,
    pub(super) identity: &'a Identity,
    pub(super) stamps: &'a Stamps,
    /// When the create was sent.
    pub(super) sent_at: Moment,
    /// The number of the recorded create, if it could be recorded.
    pub(super) number: Option<i64>,
}

/// The result of a complete look-up.
pub(super) enum LookupResult {
    /// The one object that must be the one that was sent.
    One(Value),
    /// No object. Lists lag behind writes, so this proves nothing.
    None,
    /// Why it is unclear, and the ids of the objects that may be the sent one.
    Unclear(&'static str, Vec<String>),
}

/// A look-up that could not be completed.
pub(super) struct IncompleteLookup {
    pub(super) why: String,
    /// The ids found so far.
    pub(super) candidates: Vec<String>,
}

impl From<String> for IncompleteLookup {
    fn from(why: String) -> Self {
        Self { why, candidates: Vec::new() }
    }
}

/// The objects that may be the sent one.
#[derive(Default)]
struct Matches {
    sure: Vec<Value>,
    unsure: Vec<Value>,
    /// The number of objects that were read one by one.
    read: usize,
    /// The number of items that were listed.
    listed: usize,
    /// Why objects may be missing, if they may.
    incomplete: Option<String>,
}

impl Lookup<'_> {
    /// Looks once. Also returns the number of listed items.
    pub(super) async fn look(&self, context: &CallContext) -> (Result<LookupResult, IncompleteLookup>, usize) {
        let mut matches = Matches::default();
        let found = match self.collect(&mut matches, context).await {
            Ok(()) => self.judge(&mut matches).await,
            Err(why) => Err(IncompleteLookup { why, candidates: matches.ids() }),
        };
        (found, matches.listed)
    }

    async fn collect(&self, matches: &mut Matches, context: &CallContext) -> Result<(), String> {
        let mut ids = HashSet::new();
        for lists in self.identity.lists(self.create, self.api.catalog()).map_err(|error| error.message)? {
            for list in lists {
                let scan = scan::until(self.api, &list, context, |items| self.is_past(items)).await;
                let scan = scan.map_err(|failed| failed.error.message)?;
                matches.listed += scan.items.len();
                if !scan.complete {
                    matches.incomplete =
                        Some("the list changed while it was read, or the API does not show all of it".to_owned());
                }
                for item in scan.items {
                    let is_new = item.get("id").and_then(Value::as_str).is_none_or(|id| ids.insert(id.to_owned()));
                    if is_new {
                        self.consider(item, matches, context).await?;
                    }
                }
            }
            if !(matches.sure.is_empty() && matches.unsure.is_empty()) {
                break;
            }
        }
        Ok(())
    }

    /// Whether the rest of a list that begins with these items is too old.
    fn is_past(&self, items: &[Value]) -> bool {
        let is_old = |item: &Value| self.stamps.age(item, self.sent_at, self.api) == Age::Before;
        items.len() >= MIN_FOR_ORDER && items.last().is_some_and(is_old) && Stamps::newest_first(items)
    }

    /// Compares one item, and reads the full object if the list may have left out fields.
    async fn consider(&self, item: Value, matches: &mut Matches, context: &CallContext) -> Result<(), String> {
        match self.compare(&item) {
            Likeness::Different => return Ok(()),
            Likeness::Same | Likeness::Unclear => {}
        }
        let whole = match matches.read < MAX_READS {
            true => self.whole(&item, context).await?,
            false => None,
        };
        matches.read += 1;
        let object = whole.unwrap_or(item);
        match self.compare(&object) {
            Likeness::Same => matches.sure.push(object),
            Likeness::Unclear => matches.unsure.push(object),
            Likeness::Different => {}
        }
        Ok(())
    }

    fn compare(&self, object: &Value) -> Likeness {
        match (likeness(self.identity, self.create, object), self.stamps.age(object, self.sent_at, self.api)) {
            (Likeness::Different, _) | (_, Age::Before) => Likeness::Different,
            (Likeness::Same, Age::Since) => Likeness::Same,
            // A booking is only sent if the contact does not have it yet, whatever the clocks say.
            (Likeness::Same, Age::Unclear) if self.create.spec.is::<BookAppointment>() => Likeness::Same,
            _ => Likeness::Unclear,
        }
    }

    /// The full object of a list's item. Lists may leave out fields.
    async fn whole(&self, item: &Value, context: &CallContext) -> Result<Option<Value>, String> {
        let id = item.get("id").and_then(Value::as_str).and_then(|id| id.parse::<Id>().ok());
        match (id, &self.create.spec.read_back) {
            (Some(id), Some(ReadBack::Get(_))) => {
                objects::by_id(self.api, self.create, id, context).await.map_err(|error| error.message)
            }
            _ => Ok(None),
        }
    }

    async fn judge(&self, matches: &mut Matches) -> Result<LookupResult, IncompleteLookup> {
        self.exclude_answered(matches).await?;
        if let Some(why) = matches.incomplete.take() {
            return Err(IncompleteLookup { why, candidates: matches.ids() });
        }
        let ids = matches.ids();
        match (matches.sure.as_slice(), matches.unsure.as_slice()) {
            ([], []) => Ok(LookupResult::None),
            ([object], []) => match self.claim(object).await? {
                Claim::Yours => Ok(LookupResult::One(object.clone())),
                Claim::Taken => Ok(LookupResult::None),
                Claim::Unclear => Ok(LookupResult::Unclear(
                    "an earlier call for the same object got no answer and may have created it",
                    ids,
                )),
            },
            ([], [_]) => Ok(LookupResult::Unclear(
                "one object may be it, but a field differs or its creation time is unclear",
                ids,
            )),
            _ => Ok(LookupResult::Unclear("several objects may be it", ids)),
        }
    }

    /// Removes the objects that were the answers to other calls.
    async fn exclude_answered(&self, matches: &mut Matches) -> Result<(), String> {
        let Some(number) = self.number else { return Ok(()) };
        let ids = matches.ids();
        if ids.is_empty() {
            return Ok(());
        }
        let taken = self.api.store().answered_creations(number, ids).await.map_err(|error| error.message)?;
        let is_free = |object: &Value| {
            !object.get("id").and_then(Value::as_str).is_some_and(|id| taken.iter().any(|other| other == id))
        };
        matches.sure.retain(is_free);
        matches.unsure.retain(is_free);
        Ok(())
    }

    async fn claim(&self, object: &Value) -> Result<Claim, String> {
        match (self.number, object.get("id").and_then(Value::as_str)) {
            (Some(number), Some(id)) => self.api.store().claim_created(number, id).await.map_err(|error| error.message),
            _ => Ok(Claim::Unclear),
        }
    }
}

impl Matches {
    fn ids(&self) -> Vec<String> {
        self.sure.iter().chain(&self.unsure).filter_map(|item| item.get("id")?.as_str().map(str::to_owned)).collect()
    }
}
