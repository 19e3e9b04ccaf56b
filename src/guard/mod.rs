//! Stands between a caller and every change that cannot be undone: what may run at all, and what a person has to agree to.

mod approval;
mod policy;
mod preview;

pub use approval::Ticket;
pub use policy::{ConfirmMode, Policy};
pub use preview::{Preview, Subject};

use approval::{ApprovalWay, Approvals};
use futures::future::BoxFuture;
use highlevel_catalog::Invocation;
use highlevel_core::context::CallContext;
use highlevel_core::error::{Code, Error, Result};
use highlevel_store::Store;
use std::{sync::Arc, time::Duration};

/// How long a person may take, and how long a confirmation token lives.
pub const PATIENCE: Duration = Duration::from_secs(300);

/// Nobody reads a question and answers it in less.
pub const TOO_QUICK: Duration = Duration::from_millis(300);

/// A person's answer to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Agreed, by accepting the form with its one field true.
    Accepted,
    /// Refused, dismissed, or sent without agreeing.
    Declined,
    /// Refused within [`TOO_QUICK`]: a host that answers by itself.
    DeclinedUnseen,
    /// No answer within [`PATIENCE`].
    Silent,
}

impl Answer {
    /// The answer that came after this time.
    pub fn after(self, took: Duration) -> Self {
        if self == Self::Declined && took < TOO_QUICK { Self::DeclinedUnseen } else { self }
    }
}

/// Someone who can put a question to a person and wait for the answer: a host's form, a terminal.
pub trait Ask: Send + Sync {
    /// Shows the preview and waits.
    fn ask<'a>(&'a self, preview: &'a Preview, context: &'a CallContext) -> BoxFuture<'a, Result<Answer>>;
}

/// What a call brings along to be confirmed with, and how its person can be reached.
pub enum Confirmation<'a> {
    /// Through a question that is waited for: protocols before 2026-07-28 with elicitation, and terminals.
    Ask(&'a dyn Ask),
    /// Through the answer's own input request: protocol 2026-07-28, first round.
    InputRequest,
    /// The same, second round: the ticket that came back sealed, and what the person said.
    InputResponse(Ticket, Answer),
    /// The second step of the two-step way: the token that the first step gave.
    Token(Ticket),
    /// No way to a person: the call is answered with a preview and a token.
    None,
}

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
    /// The word in the journal.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotAsked => "none",
            Self::Form => "form",
            Self::InputRequest => "input_request",
            Self::Token => "token",
            Self::Human => "human",
        }
    }
}

/// What the guard decides about a call.
pub enum Decision {
    /// The call may run.
    Run(Agreed),
    /// The call may run if the object, read once more, is still as the preview shows it: a person took their time.
    RunIfUnchanged(Agreed, Box<Preview>),
    /// The answer has to ask for input. The ticket comes back with it.
    RequestInput(Ticket, Box<Preview>),
}

/// The guard of one account.
#[derive(Debug)]
pub struct Guard {
    policy: Policy,
    approvals: Approvals,
    /// About the most bytes of one answer: a preview has to fit in.
    max_answer: usize,
}

impl Guard {
    /// A guard by this policy, whose pending approvals lie in `store` and whose previews fit into answers of this size.
    pub fn new(policy: Policy, store: Arc<Store>, max_answer: usize) -> Self {
        Self { policy, approvals: Approvals::new(store), max_answer }
    }

    /// The policy.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The way of a call that brings a token. Where a person can be asked, a token does not stand in for them: a model
    /// could get one by calling with any text, and spend it itself.
    pub fn with_token<'a>(&self, token: Ticket, way: Confirmation<'a>) -> Confirmation<'a> {
        match (self.policy.confirm, way) {
            (
                ConfirmMode::Auto,
                way @ (Confirmation::Ask(_) | Confirmation::InputRequest | Confirmation::InputResponse(..)),
            ) => way,
            _ => Confirmation::Token(token),
        }
    }

    /// Whether a person has to agree to this call. Then its object is read and given to [`Guard::decide`].
    ///
    /// # Errors
    /// `policy_denied` where the settings rule the call out; `too_large` for more than a person can be shown.
    pub fn asks(&self, invocation: &Invocation) -> Result<bool> {
        self.policy.allow(invocation.spec)?;
        if !self.policy.confirms_call(invocation) {
            return Ok(false);
        }
        if self.policy.confirm == ConfirmMode::Deny {
            return Err(Error::new(
                Code::PolicyDenied,
                format!(
                    "{} needs a person's confirmation, and this server is set to `--confirm deny`.",
                    invocation.spec.name
                ),
            ));
        }
        Preview::check_size(invocation, self.max_answer)?;
        Ok(true)
    }

    /// Decides about a call that a person has to agree to, asking them where they can be reached.
    ///
    /// # Errors
    /// `declined`, `confirmation_required`, `confirmation_invalid`.
    pub async fn decide(
        &self,
        invocation: &Invocation,
        subject: Subject,
        confirmation: Confirmation<'_>,
        context: &mut CallContext,
    ) -> Result<Decision> {
        let preview = self.preview(invocation, subject)?;
        match (self.policy.confirm, confirmation) {
            (mode, Confirmation::Token(ticket)) => {
                self.redeem(invocation, &preview, &ticket).await?;
                Ok(Decision::Run(if mode == ConfirmMode::Human { Agreed::Human } else { Agreed::Token }))
            }
            (ConfirmMode::Auto, Confirmation::InputResponse(ticket, answer)) => {
                self.accept_input(invocation, &preview, ticket, answer).await.map(Decision::Run)
            }
            (ConfirmMode::Auto, Confirmation::InputRequest) => {
                let ticket = self.approvals.issue(invocation, &preview, ApprovalWay::InputRequest).await?;
                Ok(Decision::RequestInput(ticket, Box::new(preview)))
            }
            (ConfirmMode::Auto, Confirmation::Ask(person)) => {
                let asked = tokio::time::Instant::now();
                let answer = person.ask(&preview, context).await?;
                // A person's time is not the call's.
                context.deadline += asked.elapsed();
                agreed(answer)?;
                Ok(Decision::RunIfUnchanged(Agreed::Form, Box::new(preview)))
            }
            _ => Err(self.require(invocation, &preview, Code::ConfirmationRequired, "").await?),
        }
    }

    /// Checks that the object is still as a person was shown it.
    ///
    /// # Errors
    /// `confirmation_invalid` with the object as it is now.
    pub fn check_unchanged(&self, invocation: &Invocation, shown: &Preview, now: Subject) -> Result<()> {
        let now = self.preview(invocation, now)?;
        if now.object_hash == shown.object_hash {
            return Ok(());
        }
        Err(ask_again("The object changed while the question was open.", &now))
    }

    fn preview(&self, invocation: &Invocation, subject: Subject) -> Result<Preview> {
        Preview::of(invocation, subject, self.max_answer)
    }

    /// A person's answer to an input request.
    async fn accept_input(
        &self,
        invocation: &Invocation,
        preview: &Preview,
        ticket: Ticket,
        answer: Answer,
    ) -> Result<Agreed> {
        if answer != Answer::Accepted {
            let took = self.approvals.decline(&ticket).await?.and_then(|took| took.to_std().ok());
            agreed(took.map_or(answer, |took| answer.after(took)))?;
        }
        self.approvals.approve(&ticket).await?;
        match self.approvals.redeem(invocation, preview, &ticket, ApprovalWay::InputRequest).await? {
            Ok(()) => Ok(Agreed::InputRequest),
            // No token here: a model could spend it itself.
            Err(problem) => Err(ask_again(problem, preview)),
        }
    }

    /// Spends a ticket if it fits this call and the object as it is now.
    async fn redeem(&self, invocation: &Invocation, preview: &Preview, ticket: &Ticket) -> Result<()> {
        match self.approvals.redeem(invocation, preview, ticket, ApprovalWay::Token(self.policy.confirm)).await? {
            Ok(()) => Ok(()),
            Err(problem) => Err(self.require(invocation, preview, Code::ConfirmationInvalid, problem).await?),
        }
    }

    /// The answer that asks for a second call: a preview, and a token for it.
    async fn require(&self, invocation: &Invocation, preview: &Preview, code: Code, problem: &str) -> Result<Error> {
        let human = self.policy.confirm == ConfirmMode::Human;
        let ticket = self.approvals.issue(invocation, preview, ApprovalWay::Token(self.policy.confirm)).await?;
        let next = if human {
            format!(
                "A person has to run `highlevel-mcp approve {}` in a terminal; after that, repeat the call with the same arguments and this confirmationToken.",
                ticket.as_str()
            )
        } else {
            "Show the preview to the person and ask. Only if they agree, repeat the call with the same arguments and this confirmationToken.".to_owned()
        };
        let problem = if problem.is_empty() { String::new() } else { format!("{problem} ") };
        Ok(Error::new(code, format!("{problem}{} {next}", preview.sentence))
            .with("preview", preview.to_json())
            .with("confirmationToken", ticket.as_str())
            .with("expiresInSeconds", PATIENCE.as_secs()))
    }

    /// For `highlevel-mcp approve`: the pending question of a code, so that a person can read it first.
    ///
    /// # Errors
    /// `confirmation_invalid` when the code is unknown, spent or expired.
    pub async fn pending(store: Arc<Store>, ticket: &Ticket) -> Result<serde_json::Value> {
        Approvals::new(store).pending(ticket).await
    }

    /// For `highlevel-mcp approve`: a person agrees in their own terminal.
    ///
    /// # Errors
    /// `confirmation_invalid` when the code is unknown, spent or expired.
    pub async fn approve(store: Arc<Store>, ticket: &Ticket) -> Result<()> {
        Approvals::new(store).approve(ticket).await
    }

    /// For `highlevel-mcp approve`: a person does not agree, and the ticket is spent.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn decline(store: Arc<Store>, ticket: &Ticket) -> Result<()> {
        Approvals::new(store).decline(ticket).await.map(drop)
    }
}

/// A yes that does not fit any more.
fn ask_again(problem: &str, now: &Preview) -> Error {
    Error::new(
        Code::ConfirmationInvalid,
        format!("{problem} Nothing was done; call again to ask about it as it is now."),
    )
    .with("preview", now.to_json())
}

fn agreed(answer: Answer) -> Result<()> {
    match answer {
        Answer::Accepted => Ok(()),
        Answer::Declined => Err(Error::new(Code::Declined, "The person did not agree. Nothing was done.")),
        Answer::DeclinedUnseen => Err(Error::new(
            Code::Declined,
            "The question was declined at once: this host seems to answer by itself, before a person can read. Nothing was done. Start the server with `--confirm two-step` (a preview and a token) or `--confirm human` (a person runs `highlevel-mcp approve`).",
        )),
        Answer::Silent => Err(Error::new(
            Code::Declined,
            "Nobody answered the question, so nothing was done. If this host never shows such questions, start the server with `--confirm two-step`.",
        )),
    }
}
