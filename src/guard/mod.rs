//! The guard: which operations may run, and which need a person's confirmation.

mod agree;
mod approval;
mod confirmation;
mod page;
mod policy;
mod preview;
mod recipients;
mod unconfirmed;

pub use agree::is_about_object;
pub use approval::ApprovalTicket;
pub use confirmation::{ANSWER_TIMEOUT, Agreement, Ask, Confirmation, Decision, OpenPage, PageAgreement, PersonAnswer};
pub use page::{ApprovalPage, LINK_LIFE, PAGE_TIMEOUT, new_secret};
pub use policy::{ConfirmMode, Policy, matches};
pub use preview::{Preview, Subject};
pub use unconfirmed::{Lift, NotLifted, UnconfirmedCalls};

use approval::{ApprovalWay, Approvals};
use confirmation::require_accepted;
use highlevel_catalog::Invocation;
use highlevel_core::context::CallContext;
use highlevel_core::error::{Code, Error, Result};
use highlevel_store::Store;
use std::sync::Arc;

/// The guard of one account.
#[derive(Debug)]
pub struct Guard {
    policy: Policy,
    approvals: Approvals,
    store: Arc<Store>,
    page: Arc<ApprovalPage>,
    /// The size limit of an answer, in bytes. A preview has to fit.
    max_answer: usize,
}

impl Guard {
    /// A guard with this policy. Pending approvals are kept in `store`, where the approval page of this process, `page`,
    /// shows them. Previews fit into `max_answer` bytes.
    pub fn new(policy: Policy, store: Arc<Store>, page: Arc<ApprovalPage>, max_answer: usize) -> Self {
        Self { policy, approvals: Approvals::new(Arc::clone(&store)), store, page, max_answer }
    }

    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The confirmation of a call that carries a token. If a person can be asked, the token is ignored: a model could
    /// request a token and use it without asking anyone.
    pub fn with_token<'a>(&self, token: ApprovalTicket, way: Confirmation<'a>) -> Confirmation<'a> {
        match (self.policy.confirm, way) {
            (
                ConfirmMode::Auto,
                way @ (Confirmation::Ask(_) | Confirmation::InputRequest | Confirmation::InputResponse(..)),
            ) => way,
            _ => Confirmation::Token(token),
        }
    }

    /// Whether the call needs confirmation. If so, the caller reads its object and calls [`Guard::lift`] where the settings
    /// allow it, and else [`Guard::decide`].
    ///
    /// # Errors
    /// `policy_denied` if the settings forbid the call. `too_large` if the arguments are too large for a preview.
    pub fn asks(&self, invocation: &Invocation) -> Result<bool> {
        self.policy.allow(invocation.spec)?;
        if !self.policy.confirms_call(invocation) {
            return Ok(false);
        }
        if self.policy.names_unconfirmed(invocation) {
            return Ok(true);
        }
        if self.policy.confirm == ConfirmMode::Deny {
            return Err(denied(invocation));
        }
        Preview::check_size(invocation, self.max_answer)?;
        Ok(true)
    }

    /// Decides about a call that needs confirmation. Asks the person if the host can. `because` says why the settings do
    /// not let the call run without one.
    ///
    /// # Errors
    /// `declined`, `confirmation_required` or `confirmation_invalid`; `policy_denied` where nobody is ever asked.
    pub async fn decide(
        &self,
        invocation: &Invocation,
        subject: Subject,
        confirmation: Confirmation<'_>,
        because: Option<NotLifted>,
        context: &mut CallContext,
    ) -> Result<Decision> {
        if self.policy.confirm == ConfirmMode::Deny {
            let mut error = denied(invocation);
            if let Some(because) = &because {
                error.message = format!("{} {}", error.message, because.why);
                error = because.on(error);
            }
            return Err(error);
        }
        let why = because.as_ref().map(|because| because.why.as_str());
        let decision = self.ask(invocation, subject, why, confirmation, context).await;
        decision.map_err(|error| match because {
            Some(because) if error.code == Code::ConfirmationRequired => because.on(error),
            _ => error,
        })
    }

    async fn ask(
        &self,
        invocation: &Invocation,
        subject: Subject,
        because: Option<&str>,
        confirmation: Confirmation<'_>,
        context: &mut CallContext,
    ) -> Result<Decision> {
        let mut preview = self.preview(invocation, subject)?;
        if let Some(because) = because {
            preview.sentence = format!("{} {because}", preview.sentence);
        }
        if self.decides_on_page(&confirmation).await? {
            return self.ask_on_page(invocation, preview, confirmation, context).await;
        }
        match (self.policy.confirm, confirmation) {
            (mode, Confirmation::Token(ticket)) => {
                self.redeem(invocation, &preview, &ticket, context).await?;
                Ok(Decision::Run(if mode == ConfirmMode::Human { Agreement::Human } else { Agreement::Token }))
            }
            (ConfirmMode::Auto, Confirmation::InputResponse(ticket, answer)) => {
                self.accept_input(invocation, &preview, ticket, answer, context).await.map(Decision::Run)
            }
            (ConfirmMode::Auto, Confirmation::InputRequest) => {
                let ticket = self.approvals.issue(invocation, &preview, ApprovalWay::InputRequest, context).await?;
                Ok(Decision::RequestInput(ticket, Box::new(preview)))
            }
            (ConfirmMode::Auto, Confirmation::Ask(person)) => {
                let asked = tokio::time::Instant::now();
                let answer = person.ask(&preview, context).await?;
                // The time that a person takes does not count against the call's deadline.
                context.deadline += asked.elapsed();
                require_accepted(answer)?;
                Ok(Decision::RunIfUnchanged(Agreement::Form, Box::new(preview)))
            }
            _ => Err(self.require(invocation, &preview, Code::ConfirmationRequired, "", context).await?),
        }
    }

    /// Whether this call's person decides on the approval page.
    async fn decides_on_page(&self, confirmation: &Confirmation<'_>) -> Result<bool> {
        let Some(nowhere_else) = self.asks_on_page() else { return Ok(false) };
        Ok(match confirmation {
            _ if nowhere_else => true,
            Confirmation::Ask(_) | Confirmation::InputRequest => false,
            Confirmation::InputResponse(ticket, _) => self.is_on_page(ticket).await?,
            Confirmation::Page(_) | Confirmation::PageRequest | Confirmation::Token(_) | Confirmation::None => true,
        })
    }

    /// A ticket for a call that was just shown in full, where the host cannot ask a person: the call then needs no first try
    /// without one. Says what has to happen before it can be used, too. `None` where the call itself will ask, or nobody is
    /// ever asked.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn offer(
        &self,
        invocation: &Invocation,
        subject: Subject,
        confirmation: &Confirmation<'_>,
        context: &CallContext,
    ) -> Result<Option<(ApprovalTicket, String)>> {
        let by_token = match (self.policy.confirm, confirmation) {
            (ConfirmMode::Deny, _) => false,
            (ConfirmMode::Auto | ConfirmMode::Page, confirmation) => {
                matches!(confirmation, Confirmation::None | Confirmation::Token(_))
            }
            (ConfirmMode::TwoStep | ConfirmMode::Human, _) => true,
        };
        if !by_token {
            return Ok(None);
        }
        let preview = self.preview(invocation, subject)?;
        if self.asks_on_page().is_some() {
            return self.offer_on_page(invocation, &preview, context).await.map(Some);
        }
        let way = ApprovalWay::Token(self.policy.confirm);
        let ticket = self.approvals.issue(invocation, &preview, way, context).await?;
        let next = match self.policy.confirm {
            ConfirmMode::Human => format!(
                "A person has to run `highlevel-mcp approve {}`. Then call {} with this confirmationToken.",
                ticket.as_str(),
                invocation.spec.name
            ),
            _ => format!(
                "Show this to the person. Only if they agree: {} with this confirmationToken.",
                invocation.spec.name
            ),
        };
        Ok(Some((ticket, next)))
    }

    /// Checks that the object has not changed since the preview was shown.
    ///
    /// # Errors
    /// `confirmation_invalid` with a preview of the current object.
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

    /// Handles a person's answer to an input request.
    async fn accept_input(
        &self,
        invocation: &Invocation,
        preview: &Preview,
        ticket: ApprovalTicket,
        answer: PersonAnswer,
        context: &CallContext,
    ) -> Result<Agreement> {
        if answer != PersonAnswer::Accepted {
            let took = self.approvals.decline(&ticket).await?.and_then(|took| took.to_std().ok());
            require_accepted(took.map_or(answer, |took| answer.after(took)))?;
        }
        self.approvals.approve(&ticket).await?;
        match self.approvals.redeem(invocation, preview, &ticket, ApprovalWay::InputRequest, context).await? {
            Ok(()) => Ok(Agreement::InputRequest),
            // The error carries no token, because a model could use it without asking.
            Err(problem) => Err(ask_again(problem, preview)),
        }
    }

    /// Uses up a ticket that matches the call and the current object.
    async fn redeem(
        &self,
        invocation: &Invocation,
        preview: &Preview,
        ticket: &ApprovalTicket,
        context: &CallContext,
    ) -> Result<()> {
        let way = ApprovalWay::Token(self.policy.confirm);
        match self.approvals.redeem(invocation, preview, ticket, way, context).await? {
            Ok(()) => Ok(()),
            Err(problem) => Err(self.require(invocation, preview, Code::ConfirmationInvalid, problem, context).await?),
        }
    }

    /// The error that asks for a second call. It carries a preview and a new token.
    async fn require(
        &self,
        invocation: &Invocation,
        preview: &Preview,
        code: Code,
        problem: &str,
        context: &CallContext,
    ) -> Result<Error> {
        let human = self.policy.confirm == ConfirmMode::Human;
        let way = ApprovalWay::Token(self.policy.confirm);
        let ticket = self.approvals.issue(invocation, preview, way, context).await?;
        let next = if human {
            format!(
                "A person has to run `highlevel-mcp approve {}` in a terminal. Then repeat the call with the same arguments and this confirmationToken.",
                ticket.as_str()
            )
        } else {
            "Show the preview to the person and ask. Only if they agree, repeat the call with the same arguments and this confirmationToken.".to_owned()
        };
        let problem = if problem.is_empty() { String::new() } else { format!("{problem} ") };
        Ok(Error::new(code, format!("{problem}{} {next}", preview.sentence))
            .with("preview", preview.to_json())
            .with("confirmationToken", ticket.as_str())
            .with("expiresInSeconds", ANSWER_TIMEOUT.as_secs()))
    }
}

/// The error for a call that needs confirmation where nobody is ever asked.
fn denied(invocation: &Invocation) -> Error {
    let message =
        format!("{} needs a person's confirmation, but the server runs with `--confirm deny`.", invocation.spec.name);
    Error::new(Code::PolicyDenied, message)
}

/// The error for a confirmation of an object that has changed since.
fn ask_again(problem: &str, now: &Preview) -> Error {
    Error::new(
        Code::ConfirmationInvalid,
        format!("{problem} Nothing was done. Repeat the call to ask again about the current object."),
    )
    .with("preview", now.to_json())
}
