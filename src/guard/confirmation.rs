//! Confirmations: how a person is asked, what they answer, and what the guard concludes.

use super::{ApprovalTicket, approval::PAGE, preview::Preview};
use futures::future::BoxFuture;
use highlevel_core::context::CallContext;
use highlevel_core::error::{Code, Error, Result};
use serde_json::{Map, Value};
use std::{sync::Arc, time::Duration};

/// How long a person may take to answer, and how long a confirmation token is valid.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(300);

/// A decline faster than this does not come from a person who read the question.
const MIN_READING_TIME: Duration = Duration::from_millis(300);

/// A person's answer to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PersonAnswer {
    /// The form was accepted with its one field set to true.
    Accepted,
    /// Accepted without a form: the person went to the address that the host showed. They decide there.
    Opened,
    /// Declined or dismissed, or accepted with the field set to false.
    Declined,
    /// Declined before a person could read the question, so by a host that answers on its own.
    DeclinedUnseen,
    /// No answer within [`ANSWER_TIMEOUT`].
    TimedOut,
}

impl PersonAnswer {
    /// The answer, given the time that it took.
    pub fn after(self, took: Duration) -> Self {
        if self == Self::Declined && took < MIN_READING_TIME { Self::DeclinedUnseen } else { self }
    }
}

/// A way to ask a person: a host's form, or a terminal.
pub trait Ask: Send + Sync {
    /// Shows the preview and waits for the answer.
    fn ask<'a>(&'a self, preview: &'a Preview, context: &'a CallContext) -> BoxFuture<'a, Result<PersonAnswer>>;
}

/// A way to bring a person to the approval page: a host's URL elicitation.
pub trait OpenPage: Send + Sync {
    /// Shows the address with the preview, and waits until the host says that the person went there, or declined.
    fn open<'a>(
        &'a self,
        preview: &'a Preview,
        request: &'a str,
        context: &'a CallContext,
    ) -> BoxFuture<'a, Result<PersonAnswer>>;
}

/// How a call can be confirmed.
pub enum Confirmation<'a> {
    /// By asking during the call: protocols before 2026-07-28 with elicitation, and terminals.
    Ask(&'a dyn Ask),
    /// By an input request in the result: protocol 2026-07-28, first call.
    InputRequest,
    /// On the approval page, to which the host brings the person during the call.
    Page(&'a dyn OpenPage),
    /// On the approval page, whose address is in the result: protocol 2026-07-28, first call.
    PageRequest,
    /// The second call of that protocol, with the ticket and the person's answer.
    InputResponse(ApprovalTicket, PersonAnswer),
    /// The second call of two-step confirmation, with the token of the first.
    Token(ApprovalTicket),
    /// The host cannot ask. The call fails with a preview and a token.
    None,
}

/// How a write was confirmed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Agreement {
    /// The write needs no confirmation.
    #[default]
    NotAsked,
    /// A person confirmed in a form of the host or on the terminal.
    Form,
    /// A person answered an input request.
    InputRequest,
    /// The call repeated the confirmation token.
    Token,
    /// A person ran `highlevel-mcp approve`.
    Human,
    /// A person agreed on the approval page.
    Page(Arc<PageAgreement>),
    /// Nobody was asked: `--allow-unconfirmed` names the call, and it was within the ceilings.
    Unconfirmed,
}

/// Who agreed on the approval page, and what they wrote beside it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageAgreement {
    /// The person's name.
    pub person: String,
    /// Their note, if they left one.
    pub note: Option<String>,
}

impl Agreement {
    /// The agreement of this value in the journal, with its `approval` if it has one.
    pub fn named(text: &str, approval: Option<&Value>) -> Self {
        let part = |name: &str| approval.and_then(|approval| approval.get(name)?.as_str()).map(str::to_owned);
        let page = PageAgreement { person: part("person").unwrap_or_default(), note: part("note") };
        let all =
            [Self::Form, Self::InputRequest, Self::Token, Self::Human, Self::Unconfirmed, Self::Page(page.into())];
        all.into_iter().find(|agreement| agreement.as_str() == text).unwrap_or_default()
    }

    /// The value in the journal.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::NotAsked => "none",
            Self::Form => "form",
            Self::InputRequest => "input_request",
            Self::Token => "token",
            Self::Human => "human",
            Self::Page(_) => PAGE,
            Self::Unconfirmed => "unconfirmed",
        }
    }

    /// Who agreed, and their note, where that is known.
    pub fn approval(&self) -> Option<Map<String, Value>> {
        let Self::Page(page) = self else { return None };
        let note = page.note.as_ref().map(|note| ("note".to_owned(), note.as_str().into()));
        Some(std::iter::once(("person".to_owned(), page.person.as_str().into())).chain(note).collect())
    }
}

/// The guard's decision about a call.
pub enum Decision {
    /// The call may run.
    Run(Agreement),
    /// The call may run if the object still matches the preview. It may have changed while the person decided.
    RunIfUnchanged(Agreement, Box<Preview>),
    /// The result must ask for input. The next call returns the ticket.
    RequestInput(ApprovalTicket, Box<Preview>),
}

/// An error for every answer but [`PersonAnswer::Accepted`].
pub(super) fn require_accepted(answer: PersonAnswer) -> Result<()> {
    match answer {
        PersonAnswer::Accepted => Ok(()),
        PersonAnswer::Declined | PersonAnswer::Opened => {
            Err(Error::new(Code::Declined, "The person did not agree. Nothing was done."))
        }
        PersonAnswer::DeclinedUnseen => Err(Error::new(
            Code::Declined,
            "The question was declined before a person could read it, so this host seems to answer on its own. Nothing was done. Start the server with `--confirm two-step` (a preview and a token) or `--confirm human` (a person runs `highlevel-mcp approve`).",
        )),
        PersonAnswer::TimedOut => Err(Error::new(
            Code::Declined,
            "Nobody answered the question, so nothing was done. If this host never shows such questions, start the server with `--confirm two-step`.",
        )),
    }
}
