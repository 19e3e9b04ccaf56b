//! Confirmation tickets: minted here, good once, for five minutes, for one tool, these arguments and the object as shown.

use super::{PATIENCE, preview::Preview};
use crate::{
    crm::Invocation,
    error::{Code, Error, Result},
    store::{NewApproval, Store},
};
use chrono::Utc;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::{fmt, sync::Arc};

const USED: &str = "This confirmationToken has been used.";

/// A confirmation token. Only its hash is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Ticket(String);

impl Ticket {
    /// A ticket as it came from outside.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The ticket's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn mint() -> Result<Self> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)
            .map_err(|error| Error::new(Code::Internal, format!("No random numbers from the system: {error}.")))?;
        // Hexadecimal: a code that began with a dash would be a flag on the command line.
        Ok(Self(hex(&bytes)))
    }

    fn hash(&self) -> String {
        hex(&Sha256::digest(self.0.as_bytes()))
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ticket(…)")
    }
}

#[derive(Debug)]
pub(super) struct Approvals {
    store: Arc<Store>,
}

impl Approvals {
    pub(super) fn new(store: Arc<Store>) -> Self {
        Self { store }
    }

    /// Mints a ticket. `approved` says whether holding it is enough, or a person still has to agree.
    pub(super) async fn issue(&self, invocation: &Invocation, preview: &Preview, approved: bool) -> Result<Ticket> {
        let ticket = Ticket::mint()?;
        let asked = NewApproval {
            code: ticket.hash(),
            tool: invocation.entry.name.to_owned(),
            arguments_hash: arguments_hash(invocation),
            object_hash: preview.object_hash.clone(),
            preview: preview.to_json(),
            expires_at: Utc::now() + PATIENCE,
        };
        self.store.put_approval(asked).await?;
        if approved {
            self.store.approve(&ticket.hash()).await?;
        }
        Ok(ticket)
    }

    /// Spends the ticket if it fits; otherwise says what does not.
    pub(super) async fn redeem(
        &self,
        invocation: &Invocation,
        preview: &Preview,
        ticket: &Ticket,
    ) -> Result<Result<(), &'static str>> {
        let Some(approval) = self.store.approval(&ticket.hash()).await? else {
            return Ok(Err("This confirmationToken is not known, or has expired."));
        };
        let asked = &approval.asked;
        let problem = if approval.spent_at.is_some() {
            Some(USED)
        } else if asked.tool != invocation.entry.name || asked.arguments_hash != arguments_hash(invocation) {
            Some("This confirmationToken was given for another call: the tool and all arguments must be the same.")
        } else if asked.object_hash != preview.object_hash {
            Some("The object changed since the preview.")
        } else if approval.approved_at.is_none() {
            Some("No person has approved this yet.")
        } else {
            None
        };
        match problem {
            Some(problem) => Ok(Err(problem)),
            // Of all who try at once, one gets it.
            None => Ok(self.store.spend_approval(&ticket.hash()).await?.map(drop).ok_or(USED)),
        }
    }

    /// A person agrees.
    pub(super) async fn approve(&self, ticket: &Ticket) -> Result<()> {
        self.store.approve(&ticket.hash()).await?.map(drop).ok_or_else(unknown_code)
    }

    /// The question that a ticket stands for, while it can still be answered.
    pub(super) async fn pending(&self, ticket: &Ticket) -> Result<Value> {
        let approval = self.store.approval(&ticket.hash()).await?;
        approval.filter(|found| found.spent_at.is_none()).map(|found| found.asked.preview).ok_or_else(unknown_code)
    }
}

fn unknown_code() -> Error {
    Error::new(
        Code::ConfirmationInvalid,
        "This code is not known here, has been used, or has expired: codes are good once, for five minutes.",
    )
}

fn arguments_hash(invocation: &Invocation) -> String {
    hash(&Value::Object(invocation.arguments.clone()))
}

/// SHA-256 of a value's canonical form: compact JSON with sorted names.
pub(super) fn hash(value: &Value) -> String {
    hex(&Sha256::digest(canonical(value).to_string().as_bytes()))
}

fn canonical(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let mut names: Vec<&String> = object.keys().collect();
            names.sort();
            names
                .into_iter()
                .filter_map(|name| Some((name.clone(), canonical(object.get(name)?))))
                .collect::<Map<_, _>>()
                .into()
        }
        Value::Array(items) => items.iter().map(canonical).collect(),
        other => other.clone(),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
