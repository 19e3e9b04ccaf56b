//! Confirmation tickets: minted here, good once, for five minutes, for one account, the way they were asked, one tool,
//! these arguments and the object as shown.

use super::{ConfirmMode, PATIENCE, preview::Preview};
use chrono::{TimeDelta, Utc};
use highlevel_catalog::Invocation;
use highlevel_core::error::{Code, Error, Result};
use highlevel_store::{Approval, NewApproval, Store, sha256_hex};
use serde_json::{Map, Value};
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
        Ok(Self(format!("{:032x}", u128::from_be_bytes(bytes))))
    }

    fn hash(&self) -> String {
        sha256_hex(self.0.as_bytes())
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ticket(…)")
    }
}

/// How a ticket is asked for and taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ApprovalWay {
    /// The answer's own input request. A person answers it.
    InputRequest,
    /// The second call of a host without forms.
    Token(ConfirmMode),
}

impl ApprovalWay {
    fn as_str(self) -> &'static str {
        match self {
            Self::InputRequest => "input_request",
            Self::Token(ConfirmMode::Auto) => "token",
            Self::Token(ConfirmMode::TwoStep) => "two_step",
            Self::Token(ConfirmMode::Human) => "human",
            Self::Token(ConfirmMode::Deny) => "deny",
        }
    }

    /// Whether who holds the ticket may spend it, with no person's word beside it.
    fn holding_is_enough(self) -> bool {
        matches!(self, Self::Token(ConfirmMode::Auto | ConfirmMode::TwoStep))
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

    /// Mints a ticket that is asked for in this way.
    pub(super) async fn issue(&self, invocation: &Invocation, preview: &Preview, way: ApprovalWay) -> Result<Ticket> {
        let ticket = Ticket::mint()?;
        let asked_at = Utc::now();
        let asked = NewApproval {
            code: ticket.hash(),
            account: preview.account.clone(),
            way: way.as_str().to_owned(),
            tool: invocation.spec.name.to_string(),
            arguments_hash: arguments_hash(invocation),
            object_hash: preview.object_hash.clone(),
            preview: preview.to_json(),
            asked_at,
            expires_at: asked_at + PATIENCE,
        };
        self.store.put_approval(asked).await?;
        if way.holding_is_enough() {
            self.store.approve(&ticket.hash()).await?;
        }
        Ok(ticket)
    }

    /// Spends the ticket if it fits; otherwise says what does not. A ticket for an object that has changed is spent all
    /// the same: what it was given for will not come back.
    pub(super) async fn redeem(
        &self,
        invocation: &Invocation,
        preview: &Preview,
        ticket: &Ticket,
        way: ApprovalWay,
    ) -> Result<Result<(), &'static str>> {
        let Some(approval) = self.store.approval(&ticket.hash()).await? else {
            return Ok(Err("This confirmationToken is not known, or has expired."));
        };
        let asked = &approval.asked;
        let problem = if approval.spent_at.is_some() {
            Some(USED)
        } else if asked.account != preview.account {
            Some("This confirmationToken was given for another account.")
        } else if asked.way != way.as_str() {
            Some(
                "This confirmationToken was asked for in another way (--confirm) than this server takes confirmations.",
            )
        } else if asked.tool != invocation.spec.name || asked.arguments_hash != arguments_hash(invocation) {
            Some("This confirmationToken was given for another call: the tool and all arguments must be the same.")
        } else if asked.object_hash != preview.object_hash {
            self.store.spend_approval(&ticket.hash()).await?;
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

    /// A person does not agree: the ticket is worth nothing from now on. Gives how long the answer took, if the ticket
    /// could still be answered.
    pub(super) async fn decline(&self, ticket: &Ticket) -> Result<Option<TimeDelta>> {
        let spent = self.store.spend_approval(&ticket.hash()).await?;
        Ok(spent.map(|Approval { asked, .. }| Utc::now() - asked.asked_at))
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
    hash(&invocation.arguments.to_json())
}

/// SHA-256 of a value's canonical form: compact JSON with sorted names.
pub(super) fn hash(value: &Value) -> String {
    sha256_hex(canonical(value).to_string().as_bytes())
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
