//! Approval tickets. A ticket can be used once, within five minutes (24 hours on the approval page), for one account, tool,
//! set of arguments, state of the object and way of asking.

use super::{
    ANSWER_TIMEOUT, ConfirmMode,
    preview::{Preview, kept_arguments},
};
use chrono::{TimeDelta, Utc};
use highlevel_catalog::Invocation;
use highlevel_core::{
    clean,
    context::CallContext,
    error::{Code, Error, Result},
};
use highlevel_store::{Approval, KeptCall, NewApproval, Store, sha256_hex};
use serde_json::{Map, Value, json};
use std::{fmt, sync::Arc};

/// The way of requests on the approval page.
pub(super) const PAGE: &str = "page";

/// The members of an asker that say who called over an authenticated connection.
const CALLER: &str = "caller";
const SUBJECT: &str = "subject";

/// The most characters of a client's own name.
const CLIENT_CHARS: usize = 100;

/// The problem of a ticket that was used before.
const USED: &str = "This confirmationToken has been used.";

/// A ticket for one approval: the confirmation token of callers. Only its hash is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct ApprovalTicket(String);

impl ApprovalTicket {
    /// A ticket from a caller's text.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The ticket's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn generate() -> Result<Self> {
        random_text().map(Self)
    }

    pub(super) fn hash(&self) -> String {
        sha256_hex(self.0.as_bytes())
    }
}

impl fmt::Debug for ApprovalTicket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApprovalTicket(…)")
    }
}

/// 128 random bits in hexadecimal: the command line would read a text with a leading dash as a flag.
pub(super) fn random_text() -> Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::new(Code::Internal, format!("The system has no random numbers: {error}.")))?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

/// The way in which a ticket is issued and redeemed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ApprovalWay {
    /// An input request in the result, which a person answers.
    InputRequest,
    /// A second call that repeats the token.
    Token(ConfirmMode),
}

impl ApprovalWay {
    fn as_str(self) -> &'static str {
        match self {
            Self::InputRequest => "input_request",
            Self::Token(ConfirmMode::Auto) => "token",
            Self::Token(ConfirmMode::TwoStep) => "two_step",
            Self::Token(ConfirmMode::Human) => "human",
            Self::Token(ConfirmMode::Page) => PAGE,
            Self::Token(ConfirmMode::Deny) => "deny",
        }
    }

    /// Whether the ticket alone is enough to redeem it, without a recorded answer of a person.
    fn is_preapproved(self) -> bool {
        matches!(self, Self::Token(ConfirmMode::Auto | ConfirmMode::TwoStep))
    }
}

/// The approvals in the store.
#[derive(Debug)]
pub(super) struct Approvals {
    pub(super) store: Arc<Store>,
}

impl Approvals {
    pub(super) fn new(store: Arc<Store>) -> Self {
        Self { store }
    }

    /// Issues a ticket for a call.
    pub(super) async fn issue(
        &self,
        invocation: &Invocation,
        preview: &Preview,
        way: ApprovalWay,
        context: &CallContext,
    ) -> Result<ApprovalTicket> {
        let ticket = ApprovalTicket::generate()?;
        let asked_at = Utc::now();
        // A person in a terminal sees the old values, too, and what they see is compared when they agree.
        let is_seen = way == ApprovalWay::Token(ConfirmMode::Human);
        let asked = NewApproval {
            code: ticket.hash(),
            account: preview.account.clone(),
            way: way.as_str().to_owned(),
            tool: invocation.spec.name.to_string(),
            arguments_hash: arguments_hash(invocation),
            object_hash: preview.object_hash.clone(),
            preview: if is_seen { preview.to_page_json() } else { preview.to_json() },
            asker: asker(context),
            asked_at,
            expires_at: asked_at + ANSWER_TIMEOUT,
            call: is_seen.then(|| kept_call(invocation, preview)),
            page: None,
        };
        self.store.put_approval(asked).await?;
        if way.is_preapproved() {
            self.store.approve(&ticket.hash()).await?;
        }
        Ok(ticket)
    }

    /// Redeems a ticket. The inner error says why it does not match the call. A ticket whose object has changed is used
    /// up too, because it can never match again.
    pub(super) async fn redeem(
        &self,
        invocation: &Invocation,
        preview: &Preview,
        ticket: &ApprovalTicket,
        way: ApprovalWay,
        context: &CallContext,
    ) -> Result<Result<(), &'static str>> {
        let Some(approval) = self.store.approval(&ticket.hash()).await? else {
            return Ok(Err("This confirmationToken is unknown or has expired."));
        };
        let asked = &approval.asked;
        let problem = if approval.spent_at.is_some() {
            Some(USED)
        } else if let Some(problem) = mismatch(asked, invocation, preview, way.as_str(), context) {
            Some(problem)
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
            // Of several concurrent calls, one succeeds.
            None => Ok(self.store.spend_approval(&ticket.hash()).await?.map(drop).ok_or(USED)),
        }
    }

    /// Uses up a ticket because the person declined. Returns the time since the ticket was issued, if it was still
    /// pending.
    pub(super) async fn decline(&self, ticket: &ApprovalTicket) -> Result<Option<TimeDelta>> {
        let spent = self.store.decline(&ticket.hash()).await?;
        Ok(spent.map(|Approval { asked, .. }| Utc::now() - asked.asked_at))
    }

    /// Marks a ticket as approved by a person.
    pub(super) async fn approve(&self, ticket: &ApprovalTicket) -> Result<()> {
        self.store.approve(&ticket.hash()).await?.map(drop).ok_or_else(unknown_code)
    }

    /// The confirmation of a ticket that is still pending.
    pub(super) async fn pending(&self, ticket: &ApprovalTicket) -> Result<Approval> {
        let approval = self.store.approval(&ticket.hash()).await?;
        approval.filter(|found| found.spent_at.is_none()).ok_or_else(unknown_code)
    }
}

/// Why a ticket is not for this call, if it is not: it was issued for another account, way, call or client.
pub(super) fn mismatch(
    asked: &NewApproval,
    invocation: &Invocation,
    preview: &Preview,
    way: &str,
    context: &CallContext,
) -> Option<&'static str> {
    let (was, is) = (&asked.asker, asker(context));
    let is_same_caller = [CALLER, SUBJECT].iter().all(|name| was.get(name) == is.get(name));
    if asked.account != preview.account {
        Some("This confirmationToken was issued for another account.")
    } else if !is_same_caller {
        Some("This confirmationToken was issued to another client.")
    } else if asked.way != way {
        Some("This confirmationToken was issued under another `--confirm` mode.")
    } else if asked.tool != invocation.spec.name || asked.arguments_hash != arguments_hash(invocation) {
        Some("This confirmationToken was issued for another call: the tool and all arguments must be the same.")
    } else {
        None
    }
}

/// Who made the call: the client as it names itself, and who called over an authenticated connection.
pub(super) fn asker(context: &CallContext) -> Value {
    let Some(client) = &context.client else { return json!({}) };
    let mut asker = json!({"client": clean::line(&client.name, CLIENT_CHARS)});
    if let (Some(caller), Some(members)) = (&client.caller, asker.as_object_mut()) {
        // Uncut: two callers may differ in the last letter alone.
        members.insert(CALLER.to_owned(), caller.client.as_str().into());
        members.extend(caller.subject.as_ref().map(|subject| (SUBJECT.to_owned(), subject.as_str().into())));
    }
    asker
}

/// The call as it is kept for reading its object again when a person agrees.
pub(super) fn kept_call(invocation: &Invocation, preview: &Preview) -> KeptCall {
    KeptCall {
        arguments: kept_arguments(invocation),
        label: preview.label.clone(),
        location: preview.location_id.clone(),
    }
}

fn unknown_code() -> Error {
    Error::new(
        Code::ConfirmationInvalid,
        "This code is unknown, used or expired. A code can be used once, within five minutes (24 hours for a call on the approval page). Repeat the call for a new one.",
    )
}

pub(super) fn arguments_hash(invocation: &Invocation) -> String {
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
