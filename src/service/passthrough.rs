//! Operations of the catalogue: what they are about is read first, so that no call touches another location.

use super::{AccountService, found};
use crate::api::Adapter;
use highlevel_catalog::{Answer, Effect, Invocation, Passthrough, Scope, place::locations_of};
use highlevel_core::{
    context::CallContext,
    error::{Code, Error, Result},
};
use highlevel_operations::LOCATION_DEPTH;
use serde_json::Value;
use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

/// The most objects whose location is remembered.
const MAX_REMEMBERED: usize = 10_000;

/// The objects that were found to be the pinned location's.
#[derive(Debug, Default)]
pub(super) struct OwnObjects(Mutex<HashSet<String>>);

impl OwnObjects {
    fn has(&self, key: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(key)
    }

    fn add(&self, key: String) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MAX_REMEMBERED {
            all.clear();
        }
        all.insert(key);
    }
}

/// What an answer says about its location.
enum Shown {
    Own,
    Other(String),
    Nothing,
}

impl AccountService {
    /// Refuses a call of the catalogue that may touch another location. Reads what the call is about where its
    /// arguments name no location. A call that only reads is judged by its answer.
    ///
    /// # Errors
    /// `policy_denied` for a company, for another location, and where the location cannot be told.
    pub(super) async fn check_location(&self, invocation: &Invocation, context: &CallContext) -> Result<()> {
        let Some(form) = self.judged(invocation)? else { return Ok(()) };
        if invocation.spec.effect == Effect::Read {
            Ok(())
        } else {
            self.find_location(invocation, form, context).await
        }
    }

    /// Refuses an answer of the catalogue that is not shown to be the pinned location's.
    ///
    /// # Errors
    /// As [`Self::check_location`].
    pub(super) async fn check_answered_location(
        &self,
        invocation: &Invocation,
        answer: &Answer,
        context: &CallContext,
    ) -> Result<()> {
        let Some(form) = self.judged(invocation)? else { return Ok(()) };
        let shown = match answer {
            Answer::Object(object) => self.shown(object),
            Answer::List(list) => {
                let each = list.items.iter().map(|item| self.shown(item));
                each.fold(Shown::Nothing, |all, one| match (all, one) {
                    (Shown::Other(other), _) | (_, Shown::Other(other)) => Shown::Other(other),
                    (Shown::Own, _) | (_, Shown::Own) => Shown::Own,
                    _ => Shown::Nothing,
                })
            }
        };
        match shown {
            Shown::Own => Ok(()),
            Shown::Other(other) => Err(refusal(invocation, &format!("the answer belongs to {other}"))),
            Shown::Nothing => self.find_location(invocation, form, context).await,
        }
    }

    /// The operation's form, if a location is pinned and the arguments do not name it.
    fn judged<'a>(&self, invocation: &'a Invocation) -> Result<Option<&'a Passthrough>> {
        let form = invocation.spec.passthrough.as_deref();
        let Some(form) = form.filter(|_| self.pin.is_set()) else { return Ok(None) };
        let names = |scope: Scope| invocation.spec.scope_fields.iter().any(|field| field.of == scope);
        match (names(Scope::Location), names(Scope::Company)) {
            (true, _) => Ok(None),
            (false, true) => Err(refusal(invocation, "the operation works on a whole agency")),
            (false, false) => Ok(Some(form)),
        }
    }

    /// Looks at what the call is about, until one look shows a location.
    async fn find_location(&self, invocation: &Invocation, form: &Passthrough, context: &CallContext) -> Result<()> {
        let mut unlisted = None;
        for look in found::all(invocation, form)? {
            let key = look.key(&self.api)?;
            if self.own_objects.has(&key) {
                return Ok(());
            }
            let Some(seen) = look.see(&self.api, context).await? else {
                unlisted.get_or_insert(format!("{} of this location does not have {}", look.operation(), look.id()));
                continue;
            };
            match self.shown(&seen) {
                Shown::Other(other) => return Err(refusal(invocation, &format!("the object belongs to {other}"))),
                Shown::Nothing if !look.is_of_location(&seen) => {}
                Shown::Own | Shown::Nothing => {
                    self.own_objects.add(key);
                    return Ok(());
                }
            }
        }
        let nothing = || "the operation names no location, and nothing that can be read shows it".to_owned();
        Err(refusal(invocation, &unlisted.unwrap_or_else(nothing)))
    }

    fn shown(&self, answer: &Value) -> Shown {
        let mut named = HashSet::new();
        locations(answer, LOCATION_DEPTH, &mut named);
        match named.iter().find(|id| !self.pin.is(id)) {
            Some(other) => Shown::Other((*other).to_owned()),
            None if named.is_empty() => Shown::Nothing,
            None => Shown::Own,
        }
    }
}

/// The object that a call of the catalogue is about, or what it belongs to. `None` if no operation shows it.
pub(super) async fn object(api: &Adapter, invocation: &Invocation, context: &CallContext) -> Result<Option<Value>> {
    let form = invocation.spec.passthrough.as_deref();
    let Some(look) = form.map(|form| found::nearest(invocation, form)).transpose()?.flatten() else { return Ok(None) };
    Ok(look.see(api, context).await?.map(unwrapped))
}

/// Whether the object that [`object`] reads is the one that the call changes or sends.
pub(super) fn reads_itself(invocation: &Invocation) -> bool {
    let form = invocation.spec.passthrough.as_ref();
    form.is_some_and(|form| form.reads_itself || form.marks.sends.is_some())
}

/// The object in an answer that wraps it in its only member.
fn unwrapped(answer: Value) -> Value {
    match answer {
        Value::Object(members) => {
            let mut inner = members.iter().filter(|(_, value)| value.is_object());
            match (inner.next(), inner.next(), members.len() <= 2) {
                (Some((_, object)), None, true) => object.clone(),
                _ => Value::Object(members),
            }
        }
        other => other,
    }
}

/// Collects the locations that an answer names.
fn locations<'a>(value: &'a Value, depth: usize, named: &mut HashSet<&'a str>) {
    match value {
        Value::Object(members) => {
            named.extend(locations_of(members));
            if depth > 0 {
                members.values().for_each(|inner| locations(inner, depth - 1, named));
            }
        }
        Value::Array(items) if depth > 0 => items.iter().for_each(|item| locations(item, depth - 1, named)),
        _ => {}
    }
}

fn refusal(invocation: &Invocation, why: &str) -> Error {
    let message =
        format!("{} is refused: {why}. This server works on one location only (--location-id).", invocation.spec.name);
    Error::new(Code::PolicyDenied, message)
}
