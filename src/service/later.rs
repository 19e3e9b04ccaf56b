//! What became of a write whose outcome was unknown when its call ended: the account is looked at once more.

use super::{
    AccountService, create_once,
    objects::{self, Presence},
    send_once, upsert, verify_write,
};
use chrono::{DateTime, Utc};
use highlevel_catalog::{Effect, Invocation};
use highlevel_core::{
    context::CallContext,
    error::{Code, Error, Result},
};
use serde_json::Value;

/// What one look shows of an earlier write.
#[derive(Debug)]
pub enum LaterLook {
    /// It took effect. This is the object.
    Done(Value),
    /// The account does not show the effect, or not clearly, and why. Lists lag behind writes, so this proves nothing.
    NotShown(Option<String>),
    /// No look can tell.
    CannotTell,
}

impl AccountService {
    /// Looks once for the effect of a write that was sent at `sent_at`. `before` is the object before it, if that is known.
    ///
    /// # Errors
    /// Those of the requests.
    pub async fn look_later(
        &self,
        write: &Invocation,
        before: Option<&Value>,
        sent_at: DateTime<Utc>,
        context: &CallContext,
    ) -> Result<LaterLook> {
        let api = &self.api;
        let write = &api.resolve_names(write, context).await?;
        if send_once::applies(write) {
            return Ok(LaterLook::CannotTell);
        }
        match write.spec.effect {
            Effect::Create | Effect::Send if write.spec.lookup.is_some() => {
                if let Some(journal) = self.journal() {
                    self.creates.learn_clock(journal, self.name(), &write.spec.name).await?;
                }
                create_once::look_again(&self.creates, api, write, sent_at, context).await
            }
            Effect::Delete => Ok(match objects::look(api, write, context).await? {
                Presence::Gone => LaterLook::Done(Value::Null),
                Presence::Present(_) => LaterLook::NotShown(None),
                Presence::Unlisted => LaterLook::CannotTell,
            }),
            // The object is in the API's own form, whose members need not be called as the arguments are.
            _ if write.spec.passthrough.is_some() => Ok(LaterLook::CannotTell),
            Effect::Update | Effect::Publish if write.id.is_some() || upsert::applies(write) => {
                let object = match objects::read(api, write, context).await {
                    Ok(Some(object)) => object,
                    Ok(None) => return Ok(LaterLook::NotShown(None)),
                    Err(error) if error.code == Code::NotFound => return Ok(LaterLook::NotShown(None)),
                    Err(error) => return Err(error),
                };
                let shows = verify_write::shows_effect(write, before, &object);
                Ok(if shows { LaterLook::Done(object) } else { LaterLook::NotShown(None) })
            }
            _ => Ok(LaterLook::CannotTell),
        }
    }

    /// The arguments whose values in the account are no longer those of `before`, the object as a plan saw it: each with both
    /// values. An argument that only adds or removes is no reason to stop.
    pub fn changed_since(&self, before: &serde_json::Map<String, Value>, object: &Value) -> Vec<ChangedField> {
        let mut changed = Vec::new();
        for (name, planned) in before {
            let now = super::merge::value(object, name);
            match (planned, now) {
                (Value::Object(members), now) => changed.extend(members.iter().filter_map(|(member, planned)| {
                    let now = super::custom_fields::member(now, member);
                    differs(member, planned, &now).then(|| ChangedField {
                        name: format!("{name}.{member}"),
                        planned: planned.clone(),
                        now,
                    })
                })),
                _ if differs(name, planned, now) => {
                    changed.push(ChangedField { name: name.clone(), planned: planned.clone(), now: now.clone() });
                }
                _ => {}
            }
        }
        changed
    }
}

/// A field whose value is no longer the one that a plan saw.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangedField {
    /// The argument, with its member after a dot.
    pub name: String,
    /// The value that the plan saw.
    pub planned: Value,
    /// The value now.
    pub now: Value,
}

/// Whether two values of a field differ beyond what the API normalises.
pub fn differs(name: &str, planned: &Value, now: &Value) -> bool {
    let are_empty = super::normal::is_empty(planned) && super::normal::is_empty(now);
    !are_empty && !verify_write::is_same(name, planned, now)
}

/// The error of a row whose object has changed since the plan.
pub fn changed_error(changed: &[ChangedField]) -> Error {
    let names: Vec<&str> = changed.iter().map(|field| field.name.as_str()).collect();
    let message = format!("It was not written: {} changed in the account since the plan.", names.join(", "));
    let details: Vec<Value> = changed
        .iter()
        .map(|field| serde_json::json!({"field": field.name, "planned": field.planned, "now": field.now}))
        .collect();
    Error::new(Code::Conflict, message).with("changed", details)
}
