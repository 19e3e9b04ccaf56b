//! The journal's entries: one before each write is sent, and one with its outcome (docs/journal.md).

use super::{AccountRules, verify_write::VerifiedWrite};
use crate::{api::Adapter, guard::Agreement};
use highlevel_catalog::{Catalog, HIDDEN, Invocation};
use highlevel_core::context::CallContext;
use highlevel_core::error::{Code, Error, Result};
use highlevel_store::{Journal, sha256_hex};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// The most characters of an error message in an entry.
const MESSAGE_CHARS: usize = 1000;

/// Records one account's writes in the journal, if there is one.
#[derive(Debug)]
pub(super) struct Recorder {
    journal: Option<Arc<Journal>>,
    account: String,
    location: Option<String>,
    read_before: bool,
}

/// A write whose first entry is in the journal.
pub(super) struct JournalAttempt<'a> {
    journal: &'a Journal,
    seq: u64,
    value_bytes: usize,
}

impl Recorder {
    pub(super) fn new(journal: Option<Arc<Journal>>, rules: &AccountRules) -> Self {
        Self {
            journal,
            account: rules.name.clone(),
            location: rules.location_id.clone(),
            read_before: rules.read_before,
        }
    }

    /// Whether the journal needs the object before its update.
    pub(super) fn wants_before(&self) -> bool {
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
        agreed: Agreement,
        context: &CallContext,
    ) -> Result<Option<JournalAttempt<'_>>> {
        let Some(journal) = self.journal.as_deref() else { return Ok(None) };
        let value_bytes = journal.value_bytes();
        let mut members = Map::new();
        members.insert("tool".into(), write.spec.name.as_ref().into());
        members.insert("confirmation".into(), agreed.as_str().into());
        members.insert("account".into(), self.account.clone().into());
        if let Some(location) = &self.location {
            members.insert("location".into(), location.clone().into());
        }
        if let Some(id) = &write.id {
            members.insert("object".into(), id.as_str().into());
        }
        let mask = Mask::new(api, write);
        members.insert("arguments".into(), bounded(mask.value(&write.arguments.to_json()), value_bytes));
        if let Some(before) = before {
            members.insert("before".into(), bounded(mask.value(before), value_bytes));
        }
        let seq = journal.attempt(members, context).await?;
        Ok(Some(JournalAttempt { journal, seq, value_bytes }))
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
            Ok(VerifiedWrite { value: after, not_applied, .. }) => {
                members.insert("outcome".into(), "done".into());
                if let Some(id) = after.get("id").and_then(Value::as_str).filter(|_| write.id.is_none()) {
                    // Only tokens are masked here: a short secret may be part of an id.
                    members.insert("object".into(), api.scrub(id).into());
                }
                members.insert("after".into(), bounded(mask.value(after), self.value_bytes));
                if !not_applied.is_empty() {
                    let names = not_applied.iter().map(|name| Value::from(mask.text(name))).collect();
                    members.insert("notApplied".into(), bounded(names, self.value_bytes));
                }
            }
            Err(error) => {
                members.insert("outcome".into(), outcome(error).into());
                members.insert("code".into(), error.code.as_str().into());
                let message: String = mask.text(&error.message).chars().take(MESSAGE_CHARS).collect();
                members.insert("message".into(), message.into());
                for name in ["candidates", "applied"] {
                    if let Some(detail) = error.details.get(name) {
                        members.insert(name.into(), bounded(mask.value(detail), self.value_bytes));
                    }
                }
            }
        }
        if let Err(error) = self.journal.outcome(self.seq, members).await {
            tracing::warn!("the outcome of attempt {} is not in the journal: {}", self.seq, error.message);
        }
    }
}

fn outcome(error: &Error) -> &'static str {
    match error.code {
        Code::OutcomeUnknown => "outcome_unknown",
        Code::Cancelled => "cancelled",
        _ => "failed",
    }
}

/// Replaces secrets in an entry: every token that the client has held, and the secrets of this call.
struct Mask<'a> {
    api: &'a Adapter,
    secrets: Vec<&'a str>,
}

impl<'a> Mask<'a> {
    fn new(api: &'a Adapter, write: &'a Invocation) -> Self {
        Self { api, secrets: write.secrets().collect() }
    }

    fn text(&self, text: &str) -> String {
        let text = self.api.scrub(text).into_owned();
        self.secrets.iter().fold(text, |text, secret| text.replace(secret, HIDDEN))
    }

    /// Whether a member of this name is secret in any operation: a caller may pass a secret to the wrong tool.
    fn is_sensitive(&self, name: &str) -> bool {
        let catalogs = [Catalog::declared(), self.api.catalog()];
        catalogs.iter().any(|catalog| catalog.iter().any(|spec| spec.is_sensitive(name)))
    }

    fn value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.text(text).into(),
            Value::Array(items) => items.iter().map(|item| self.value(item)).collect(),
            Value::Object(members) => {
                let masked = members.iter().map(|(name, value)| {
                    let is_secret = self.is_sensitive(name) && !value.is_null();
                    (self.text(name), if is_secret { HIDDEN.into() } else { self.value(value) })
                });
                masked.collect::<Map<_, _>>().into()
            }
            other => other.clone(),
        }
    }
}

/// The value, or its size and hash if it is too large for an entry.
fn bounded(value: Value, max_bytes: usize) -> Value {
    let text = value.to_string();
    if text.len() <= max_bytes {
        return value;
    }
    let hash = sha256_hex(text.as_bytes());
    json!({"omittedBytes": text.len(), "sha256": hash})
}
