//! Looking whether a create took effect.

use super::{
    age::{Age, Stamps},
    identity::Identity,
    same::{Likeness, likeness},
};
use crate::{
    api::Adapter,
    service::{objects, scan},
};
use highlevel_api_client::Moment;
use highlevel_catalog::{Id, Invocation, ReadBack};
use highlevel_core::context::CallContext;
use highlevel_store::Claim;
use serde_json::Value;
use std::collections::HashSet;

/// A look reads no more objects one by one: so many are created at once where lists leave out what tells them apart.
const MOST_READ: usize = 20;

/// From so many items on, a list's order is no accident.
const TELLING_ORDER: usize = 20;

/// What is looked for.
pub(super) struct Lookup<'a> {
    pub(super) api: &'a Adapter,
    pub(super) create: &'a Invocation,
    pub(super) identity: &'a Identity,
    pub(super) stamps: &'a Stamps,
    /// When the create was sent.
    pub(super) sent_at: Moment,
    /// Its number among the account's creates, if those could be written down.
    pub(super) number: Option<i64>,
}

/// What a complete look found.
pub(super) enum Found {
    /// Exactly one object that can only be the one that was sent.
    One(Value),
    /// No trace: lists lag behind writes, so this proves nothing.
    None,
    /// Objects of which one might be it, by id, and why that is not clear.
    Unclear(&'static str, Vec<String>),
}

/// A look that could not be completed.
pub(super) struct Incomplete {
    pub(super) why: String,
    /// What might be it, as far as was seen.
    pub(super) candidates: Vec<String>,
}

impl From<String> for Incomplete {
    fn from(why: String) -> Self {
        Self { why, candidates: Vec::new() }
    }
}

/// What was seen of the account.
#[derive(Default)]
struct Seen {
    sure: Vec<Value>,
    unsure: Vec<Value>,
    /// Objects that were read one by one.
    read: usize,
    /// How many items were listed.
    listed: usize,
    /// Why that may not be all, if it may not.
    less: Option<String>,
}

impl Lookup<'_> {
    /// Looks once. Gives how many items that took as well.
    pub(super) async fn look(&self, context: &CallContext) -> (Result<Found, Incomplete>, usize) {
        let mut seen = Seen::default();
        let found = match self.see(&mut seen, context).await {
            Ok(()) => self.judge(&mut seen).await,
            Err(why) => Err(Incomplete { why, candidates: seen.ids() }),
        };
        (found, seen.listed)
    }

    async fn see(&self, seen: &mut Seen, context: &CallContext) -> Result<(), String> {
        let mut met = HashSet::new();
        for lists in self.identity.lists(self.create, self.api.catalog()).map_err(|error| error.message)? {
            for list in lists {
                let scan = scan::until(self.api, &list, context, |items| self.is_past(items)).await;
                let scan = scan.map_err(|failed| failed.error.message)?;
                seen.listed += scan.items.len();
                if !scan.complete {
                    seen.less =
                        Some("the list changed while it was read, or the API does not show all of it".to_owned());
                }
                for item in scan.items {
                    let is_new = item.get("id").and_then(Value::as_str).is_none_or(|id| met.insert(id.to_owned()));
                    if is_new {
                        self.consider(item, seen, context).await?;
                    }
                }
            }
            if !(seen.sure.is_empty() && seen.unsure.is_empty()) {
                break;
            }
        }
        Ok(())
    }

    /// Whether a list that begins with these goes on with objects that are too old.
    fn is_past(&self, items: &[Value]) -> bool {
        let is_old = |item: &Value| self.stamps.age(item, self.sent_at, self.api) == Age::Before;
        items.len() >= TELLING_ORDER && items.last().is_some_and(is_old) && Stamps::newest_first(items)
    }

    /// Whether the item is what was sent; where its list does not tell, the object itself is read.
    async fn consider(&self, item: Value, seen: &mut Seen, context: &CallContext) -> Result<(), String> {
        match self.compare(&item) {
            Likeness::Different => return Ok(()),
            Likeness::Same | Likeness::Unclear => {}
        }
        let whole = match seen.read < MOST_READ {
            true => self.whole(&item, context).await?,
            false => None,
        };
        seen.read += 1;
        let object = whole.unwrap_or(item);
        match self.compare(&object) {
            Likeness::Same => seen.sure.push(object),
            Likeness::Unclear => seen.unsure.push(object),
            Likeness::Different => {}
        }
        Ok(())
    }

    fn compare(&self, object: &Value) -> Likeness {
        match (likeness(self.identity, self.create, object), self.stamps.age(object, self.sent_at, self.api)) {
            (Likeness::Different, _) | (_, Age::Before) => Likeness::Different,
            (Likeness::Same, Age::Since) => Likeness::Same,
            _ => Likeness::Unclear,
        }
    }

    /// Lists may leave fields out; the object itself does not.
    async fn whole(&self, item: &Value, context: &CallContext) -> Result<Option<Value>, String> {
        let id = item.get("id").and_then(Value::as_str).and_then(|id| id.parse::<Id>().ok());
        match (id, &self.create.spec.read_back) {
            (Some(id), Some(ReadBack::Get(_))) => {
                objects::by_id(self.api, self.create.spec, id, context).await.map_err(|error| error.message)
            }
            _ => Ok(None),
        }
    }

    async fn judge(&self, seen: &mut Seen) -> Result<Found, Incomplete> {
        self.leave_out_answers(seen).await?;
        if let Some(why) = seen.less.take() {
            return Err(Incomplete { why, candidates: seen.ids() });
        }
        let ids = seen.ids();
        match (seen.sure.as_slice(), seen.unsure.as_slice()) {
            ([], []) => Ok(Found::None),
            ([object], []) => match self.claim(object).await? {
                Claim::Yours => Ok(Found::One(object.clone())),
                Claim::Taken => Ok(Found::None),
                Claim::Unclear => Ok(Found::Unclear(
                    "an earlier call for the same object was left without an answer and may have created it",
                    ids,
                )),
            },
            ([], [_]) => Ok(Found::Unclear(
                "one object could be it: it differs in a field, or it cannot be told when it was created",
                ids,
            )),
            _ => Ok(Found::Unclear("several objects could be it", ids)),
        }
    }

    /// What answered another call is not what this one created.
    async fn leave_out_answers(&self, seen: &mut Seen) -> Result<(), String> {
        let (Some(number), ids) = (self.number, seen.ids()) else { return Ok(()) };
        if ids.is_empty() {
            return Ok(());
        }
        let taken = self.api.store().answered_creations(number, ids).await.map_err(|error| error.message)?;
        let is_free = |object: &Value| {
            !object.get("id").and_then(Value::as_str).is_some_and(|id| taken.iter().any(|other| other == id))
        };
        seen.sure.retain(is_free);
        seen.unsure.retain(is_free);
        Ok(())
    }

    async fn claim(&self, object: &Value) -> Result<Claim, String> {
        match (self.number, object.get("id").and_then(Value::as_str)) {
            (Some(number), Some(id)) => self.api.store().claim_created(number, id).await.map_err(|error| error.message),
            _ => Ok(Claim::Unclear),
        }
    }
}

impl Seen {
    fn ids(&self) -> Vec<String> {
        self.sure.iter().chain(&self.unsure).filter_map(|item| item.get("id")?.as_str().map(str::to_owned)).collect()
    }
}
