//! Operations of the catalogue: what they are about is read first, so that no call touches another location.

use super::AccountService;
use crate::api::Adapter;
use highlevel_catalog::{Answer, Arguments, Effect, Invocation, Passthrough, Scope};
use highlevel_core::{
    context::CallContext,
    error::{Code, Error, Result},
};
use highlevel_operations as operations;
use serde_json::{Map, Value};
use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

/// Arguments that hold the id of another object: `(argument, the operation that reads it)`.
const REFERENCES: [(&str, &str); 8] = [
    ("appointmentId", "calendars.get-appointment"),
    ("eventId", "calendars.get-appointment"),
    ("contactId", "contacts.get-contact"),
    ("conversationId", "conversations.get-conversation"),
    ("calendarId", "calendars.get-calendar"),
    ("opportunityId", "opportunities.get-opportunity"),
    ("invoiceId", "invoices.get-invoice"),
    ("productId", "products.get-product-by-id"),
];

/// The members by which an object names its location.
const LOCATION: [&str; 4] = ["locationId", "location_id", "locationID", "altId"];

/// The depth to which an answer is searched for its location.
const DEPTH: usize = 3;

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

    /// Reads what the call is about, until one answer names a location.
    async fn find_location(&self, invocation: &Invocation, form: &Passthrough, context: &CallContext) -> Result<()> {
        for read in reads(invocation, form)? {
            let key = format!("{} {}", read.spec.name, self.api.path(&read)?);
            if self.own_objects.has(&key) {
                return Ok(());
            }
            match self.shown(&self.api.object(&read, context).await?) {
                Shown::Own => {
                    self.own_objects.add(key);
                    return Ok(());
                }
                Shown::Other(other) => return Err(refusal(invocation, &format!("the object belongs to {other}"))),
                Shown::Nothing => {}
            }
        }
        Err(refusal(invocation, "the operation names no location, and nothing that can be read shows it"))
    }

    fn shown(&self, answer: &Value) -> Shown {
        let mut named = HashSet::new();
        locations(answer, DEPTH, &mut named);
        match named.iter().find(|id| !self.pin.is(id)) {
            Some(other) => Shown::Other((*other).to_owned()),
            None if named.is_empty() => Shown::Nothing,
            None => Shown::Own,
        }
    }
}

/// The object that a call of the catalogue is about, or what it belongs to. `None` if no operation reads it.
pub(super) async fn object(api: &Adapter, invocation: &Invocation, context: &CallContext) -> Result<Option<Value>> {
    let form = invocation.spec.passthrough.as_deref();
    let Some(read) = form.and_then(|form| form.reads.first()) else { return Ok(None) };
    let Some(read) = read_of(invocation, read)? else { return Ok(None) };
    api.object(&read, context).await.map(|answer| Some(unwrapped(answer)))
}

/// Whether the object that [`object`] reads is the one that the call changes.
pub(super) fn reads_itself(invocation: &Invocation) -> bool {
    invocation.spec.passthrough.as_ref().is_some_and(|form| form.reads_itself)
}

/// The calls that read what this call is about, the nearest first.
fn reads(invocation: &Invocation, form: &Passthrough) -> Result<Vec<Invocation>> {
    let mut reads = Vec::new();
    for name in form.reads.iter() {
        reads.extend(read_of(invocation, name)?);
    }
    for (argument, operation) in REFERENCES {
        if let Some(id) =
            invocation.arguments.text(argument).filter(|_| !form.reads.iter().any(|read| read == operation))
        {
            let spec = operations::find(operation)?.spec()?;
            let parameter = spec.route.as_http().and_then(|route| route.parameters().last().map(str::to_owned));
            let mut arguments = Arguments::default();
            if let Some(parameter) = parameter {
                arguments.set(&parameter, id);
                reads.push(Invocation { spec, id: None, arguments });
            }
        }
    }
    Ok(reads)
}

/// The call of a read whose path is the beginning of this call's path. `None` if it needs other arguments, too.
fn read_of(invocation: &Invocation, name: &str) -> Result<Option<Invocation>> {
    let spec = operations::find(name)?.spec()?;
    let (Some(own), Some(route)) = (invocation.spec.route.as_http(), spec.route.as_http()) else { return Ok(None) };
    let mut arguments = Arguments::default();
    for (theirs, ours) in route.parameters().zip(own.parameters()) {
        if let Some(value) = invocation.arguments.get(ours) {
            arguments.set(theirs, value.clone());
        }
    }
    let required = spec.input_schema().get("required").and_then(Value::as_array).into_iter().flatten();
    let has_all = required.filter_map(Value::as_str).all(|name| arguments.has(name));
    Ok(has_all.then_some(Invocation { spec, id: None, arguments }))
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
            let is_location = is_location_scope(members);
            for (name, member) in members {
                match member {
                    Value::String(id)
                        if !id.is_empty() && LOCATION.contains(&name.as_str()) && (name != "altId" || is_location) =>
                    {
                        named.insert(id);
                    }
                    inner if depth > 0 => locations(inner, depth - 1, named),
                    _ => {}
                }
            }
        }
        Value::Array(items) if depth > 0 => items.iter().for_each(|item| locations(item, depth - 1, named)),
        _ => {}
    }
}

/// Whether `altId` of these members is a location.
fn is_location_scope(members: &Map<String, Value>) -> bool {
    members.get("altType").and_then(Value::as_str) == Some("location")
}

fn refusal(invocation: &Invocation, why: &str) -> Error {
    let message =
        format!("{} is refused: {why}. This server works on one location only (--location-id).", invocation.spec.name);
    Error::new(Code::PolicyDenied, message)
}
