//! Writes down every write: before it is sent, and what became of it (docs/journal.md).

use super::{AccountRules, applied::Checked};
use crate::api::Backend;
use highlevel_catalog::Invocation;
use highlevel_core::context::CallContext;
use highlevel_core::error::{Code, Error, Result};
use highlevel_store::{Journal, sha256_hex};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// What stands where a secret stood.
const HIDDEN: &str = "[hidden]";

/// The longest message of a failure that is kept, in characters.
const MESSAGE_CHARS: usize = 1000;

/// How a write was agreed to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Agreed {
    /// No confirmation is asked for it.
    #[default]
    NotAsked,
    /// A person, by a form of the host or a question on the terminal.
    Form,
    /// A person, by the answer's own input request.
    InputRequest,
    /// A call that repeated the confirmation token.
    Token,
    /// A person, by `highlevel-mcp approve` in a terminal of their own.
    Human,
}

impl Agreed {
    fn as_str(self) -> &'static str {
        match self {
            Self::NotAsked => "none",
            Self::Form => "form",
            Self::InputRequest => "input_request",
            Self::Token => "token",
            Self::Human => "human",
        }
    }
}

/// The journal of one account; without one, nothing is written down.
#[derive(Debug)]
pub(super) struct Recorder {
    journal: Option<Arc<Journal>>,
    account: String,
    location: Option<String>,
    read_before: bool,
}

/// An attempt that is written down and being made.
pub(super) struct Attempt<'a> {
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

    /// Whether an object has to be read before its update for the journal's sake.
    pub(super) fn wants_before(&self) -> bool {
        self.journal.is_some() && self.read_before
    }

    /// Writes down what is about to be sent.
    ///
    /// # Errors
    /// `internal` when that is not possible: nothing may be sent then.
    pub(super) async fn begin(
        &self,
        backend: &Backend,
        write: &Invocation,
        before: Option<&Value>,
        agreed: Agreed,
        context: &CallContext,
    ) -> Result<Option<Attempt<'_>>> {
        let Some(journal) = self.journal.as_deref() else { return Ok(None) };
        let value_bytes = journal.value_bytes();
        let mut members = Map::new();
        members.insert("tool".into(), write.entry.name.into());
        members.insert("confirmation".into(), agreed.as_str().into());
        members.insert("account".into(), self.account.clone().into());
        if let Some(location) = &self.location {
            members.insert("location".into(), location.clone().into());
        }
        if let Some(id) = &write.id {
            members.insert("object".into(), id.as_str().into());
        }
        let mask = Mask::new(backend, write);
        members.insert("arguments".into(), bounded(mask.value(&write.arguments.clone().into()), value_bytes));
        if let Some(before) = before {
            members.insert("before".into(), bounded(mask.value(before), value_bytes));
        }
        let seq = journal.attempt(members, context).await?;
        Ok(Some(Attempt { journal, seq, value_bytes }))
    }
}

impl Attempt<'_> {
    /// Writes down what became of it. That this is not possible does not undo what was done: the attempt then shows as
    /// unfinished, which is what the journal knows of it.
    pub(super) async fn finish(self, backend: &Backend, write: &Invocation, done: &Result<Checked>) {
        let mask = Mask::new(backend, write);
        let mut members = Map::new();
        members.insert("tool".into(), write.entry.name.into());
        match done {
            Ok(Checked { value: after, not_applied, .. }) => {
                members.insert("outcome".into(), "done".into());
                if let Some(id) = after.get("id").and_then(Value::as_str).filter(|_| write.id.is_none()) {
                    // Not masked by the secret: a short one would tear ids apart.
                    members.insert("object".into(), backend.scrub(id).into());
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

/// Keeps secrets out: every token that the client has held, and the webhook's secret of this call, wherever they stand.
struct Mask<'a> {
    backend: &'a Backend,
    secret: Option<&'a str>,
}

impl<'a> Mask<'a> {
    fn new(backend: &'a Backend, write: &'a Invocation) -> Self {
        Self { backend, secret: write.text("secret").filter(|secret| !secret.is_empty()) }
    }

    fn text(&self, text: &str) -> String {
        let text = self.backend.scrub(text);
        match self.secret {
            Some(secret) => text.replace(secret, HIDDEN),
            None => text.into_owned(),
        }
    }

    fn value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.text(text).into(),
            Value::Array(items) => items.iter().map(|item| self.value(item)).collect(),
            Value::Object(members) => {
                let masked = members.iter().map(|(name, value)| {
                    let value = if name == "secret" && !value.is_null() { HIDDEN.into() } else { self.value(value) };
                    (self.text(name), value)
                });
                masked.collect::<Map<_, _>>().into()
            }
            other => other.clone(),
        }
    }
}

/// The value, or its size and hash if it is too large for a line.
fn bounded(value: Value, most: usize) -> Value {
    let text = value.to_string();
    if text.len() <= most {
        return value;
    }
    let hash = sha256_hex(text.as_bytes());
    json!({"omittedBytes": text.len(), "sha256": hash})
}
