//! The journal's entries: one event before each write is sent, and one with its outcome (docs/journal.md).

mod asked;
mod mask;

pub(super) use asked::{fields as asked_fields, lacks_members};

use super::{AccountRules, verify_write::VerifiedWrite};
use crate::{
    api::{Adapter, custom_fields},
    guard::Agreement,
};
use highlevel_catalog::{Effect, Invocation};
use highlevel_core::context::{CallContext, Caller};
use highlevel_core::error::{Code, Error, Result};
use highlevel_store::Journal;
use mask::Mask;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// The most characters of an error message in an entry.
const MESSAGE_CHARS: usize = 1000;

/// Records one account's writes in the journal, if there is one.
#[derive(Debug)]
pub(super) struct Recorder {
    journal: Option<Arc<Journal>>,
    account: String,
    login: String,
    location: Option<String>,
    read_before: bool,
}

/// A write whose first event is in the journal.
pub(super) struct JournalAttempt<'a> {
    journal: &'a Journal,
    seq: u64,
}

impl Recorder {
    pub(super) fn new(journal: Option<Arc<Journal>>, rules: &AccountRules) -> Self {
        Self {
            journal,
            account: rules.name.clone(),
            login: rules.login.clone(),
            location: rules.location_id.clone(),
            read_before: rules.read_before,
        }
    }

    /// The journal, unless it is turned off.
    pub(super) fn journal(&self) -> Option<&Arc<Journal>> {
        self.journal.as_ref()
    }

    /// Whether the journal needs the object before a change, and whole after it.
    pub(super) fn wants_objects(&self) -> bool {
        self.journal.is_some() && self.read_before
    }

    /// Records a write that is about to be sent.
    ///
    /// # Errors
    /// `internal` if the journal cannot be written. Then the write must not be sent.
    pub(super) async fn begin(
        &self,
        api: &Adapter,
        write: &Invocation,
        before: Option<&Value>,
        agreed: &Agreement,
        context: &CallContext,
    ) -> Result<Option<JournalAttempt<'_>>> {
        let Some(journal) = self.journal.as_deref() else { return Ok(None) };
        let mask = Mask::new(api, write);
        let mut members = Map::new();
        members.insert("tool".into(), write.spec.name.as_ref().into());
        members.insert("confirmation".into(), agreed.as_str().into());
        if let Some(approval) = agreed.approval() {
            members.insert("approval".into(), mask.value(&approval.into()));
        }
        members.insert("account".into(), self.account.clone().into());
        if !self.login.is_empty() {
            members.insert("login".into(), self.login.clone().into());
        }
        if let Some(location) = &self.location {
            members.insert("location".into(), location.clone().into());
        }
        if let Some(client) = &context.client {
            members.insert("client".into(), json!({"name": mask.text(&client.name), "session": client.session}));
            if let Some(caller) = &client.caller {
                members.insert("caller".into(), caller_of(caller, &mask));
            }
        }
        if let Some(job) = &context.job {
            members.insert("job".into(), json!({"id": &*job.job, "row": job.row}));
        }
        if let Some(id) = &write.id {
            members.insert("object".into(), id.as_str().into());
        }
        members.insert("arguments".into(), mask.value(&write.arguments.to_json()));
        let fields = asked::fields(write);
        if !fields.is_empty() {
            members.insert("fields".into(), fields.iter().map(|name| Value::from(mask.text(name))).collect());
        }
        if let Some(before) = before {
            members.insert("before".into(), mask.value(&image(before)));
        }
        let seq = journal.attempt(members, context).await?;
        Ok(Some(JournalAttempt { journal, seq }))
    }
}

impl JournalAttempt<'_> {
    /// Records the outcome. If the journal cannot be written, the write has already happened, so it is only logged, and
    /// the attempt stays unfinished in the journal.
    pub(super) async fn finish(self, api: &Adapter, write: &Invocation, done: &Result<VerifiedWrite>) {
        let mask = Mask::new(api, write);
        let mut members = Map::new();
        members.insert("tool".into(), write.spec.name.as_ref().into());
        match done {
            Ok(written) => done_members(&mut members, api, write, written, &mask),
            Err(error) => {
                members.insert("outcome".into(), outcome(error).into());
                members.insert("code".into(), error.code.as_str().into());
                let message: String = mask.text(&error.message).chars().take(MESSAGE_CHARS).collect();
                members.insert("message".into(), message.into());
                for name in ["candidates", "applied"] {
                    if let Some(detail) = error.details.get(name) {
                        members.insert(name.into(), mask.value(detail));
                    }
                }
            }
        }
        if let Err(error) = self.journal.outcome(self.seq, members).await {
            tracing::warn!("the outcome of attempt {} is not in the journal: {}", self.seq, error.message);
        }
    }
}

fn done_members(
    members: &mut Map<String, Value>,
    api: &Adapter,
    write: &Invocation,
    written: &VerifiedWrite,
    mask: &Mask<'_>,
) {
    let VerifiedWrite { value: after, not_applied, is_partial, .. } = written;
    members.insert("outcome".into(), "done".into());
    if let Some(id) = after.get("id").and_then(Value::as_str).filter(|_| write.id.is_none()) {
        // Only tokens are masked here: a short secret may be part of an id.
        members.insert("object".into(), api.scrub(id).into());
    }
    // After a deletion there is no object.
    if write.spec.effect != Effect::Delete {
        members.insert("after".into(), mask.value(&image(after)));
    }
    if *is_partial {
        members.insert("partial".into(), true.into());
    }
    if !not_applied.is_empty() {
        let names = not_applied.iter().map(|name| Value::from(mask.text(name))).collect();
        members.insert("notApplied".into(), names);
    }
}

/// Who called over an authenticated connection.
fn caller_of(caller: &Caller, mask: &Mask<'_>) -> Value {
    let mut members = Map::new();
    members.insert("client".into(), mask.text(&caller.client).into());
    if let Some(subject) = &caller.subject {
        members.insert("subject".into(), mask.text(subject).into());
    }
    members.into()
}

/// The object in the form of all images, so that those before and after a write can be compared member by member.
fn image(object: &Value) -> Value {
    let mut image = object.clone();
    custom_fields::object_as_map(&mut image);
    image
}

fn outcome(error: &Error) -> &'static str {
    match error.code {
        Code::OutcomeUnknown => "outcome_unknown",
        Code::Cancelled => "cancelled",
        _ => "failed",
    }
}
