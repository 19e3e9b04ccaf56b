//! Asking a person on the page: in the call while it waits, or by a call that is repeated.

use super::answers::{UNKNOWN, declined};
use crate::guard::{
    Agreement, ApprovalTicket, ConfirmMode, Confirmation, Decision, Guard, OpenPage, PageAgreement, PersonAnswer,
    approval::{PAGE, mismatch},
    preview::Preview,
    require_accepted,
};
use highlevel_catalog::Invocation;
use highlevel_core::{
    context::CallContext,
    error::{Code, Error, Result},
};
use highlevel_store::Approval;
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

/// The part of a call's time that is left for its answer after waiting for a person.
const RESERVED: Duration = Duration::from_secs(2);

/// How often a call that waits for a person looks for their answer.
const LOOK: Duration = Duration::from_millis(250);

/// What a person has answered so far.
enum PageState {
    Waiting,
    Agreed(Box<Approval>),
    Declined(Box<Approval>),
    /// Spent, expired, or unknown.
    Gone,
}

impl PageState {
    fn of(found: Option<Approval>) -> Self {
        match found {
            Some(found) if found.declined_at.is_some() => Self::Declined(Box::new(found)),
            Some(found) if found.spent_at.is_some() => Self::Gone,
            Some(found) if found.approved_at.is_some() => Self::Agreed(Box::new(found)),
            Some(_) => Self::Waiting,
            None => Self::Gone,
        }
    }
}

impl Guard {
    /// Whether a person can be asked on the approval page: `Some(true)` if there alone (`--confirm page`), `Some(false)` if
    /// their host has no forms.
    pub fn asks_on_page(&self) -> Option<bool> {
        match self.policy.confirm {
            ConfirmMode::Page => Some(true),
            ConfirmMode::Auto => self.page.is_default().then_some(false),
            _ => None,
        }
    }

    /// Decides about a call that a person agrees to on the page.
    pub(in crate::guard) async fn ask_on_page(
        &self,
        invocation: &Invocation,
        mut preview: Preview,
        confirmation: Confirmation<'_>,
        context: &mut CallContext,
    ) -> Result<Decision> {
        match confirmation {
            Confirmation::Token(ticket) => self.redeem_on_page(invocation, &preview, &ticket, context).await,
            Confirmation::InputResponse(ticket, PersonAnswer::Opened | PersonAnswer::Accepted) => {
                let state = self.wait_for_person(&ticket, context).await?;
                self.conclude(invocation, preview, &ticket, state, context).await
            }
            Confirmation::InputResponse(ticket, answer) => {
                self.approvals.decline(&ticket).await?;
                require_accepted(answer)?;
                Err(Error::new(Code::Declined, "The person did not agree. Nothing was done."))
            }
            Confirmation::PageRequest if self.page.url().is_some() => {
                let (ticket, request) = self.put_on_page(invocation, &preview, context).await?;
                preview.page = self.one_time_link(&request, context).await?;
                Ok(Decision::RequestInput(ticket, Box::new(preview)))
            }
            Confirmation::Page(host) if self.page.url().is_some() => {
                self.open_page(invocation, preview, host, context).await
            }
            _ => {
                let (ticket, request) = self.put_on_page(invocation, &preview, context).await?;
                match PageState::of(self.store.approval(&ticket.hash()).await?) {
                    // A host that lost its token asks for what the person has agreed to.
                    state @ PageState::Agreed(_) => self.conclude(invocation, preview, &ticket, state, context).await,
                    _ => Err(self.asked_on_page(&preview, "", &ticket, &request)),
                }
            }
        }
    }

    /// Brings the person to the page during the call, and waits for what they decide as long as the call may take.
    async fn open_page(
        &self,
        invocation: &Invocation,
        mut preview: Preview,
        host: &dyn OpenPage,
        context: &mut CallContext,
    ) -> Result<Decision> {
        let (ticket, request) = self.put_on_page(invocation, &preview, context).await?;
        preview.page = self.one_time_link(&request, context).await?;
        let asked = Instant::now();
        let state = {
            let decided = self.wait_for_person(&ticket, context);
            tokio::pin!(decided);
            tokio::select! {
                state = &mut decided => state?,
                answer = host.open(&preview, &request, context) => match answer? {
                    PersonAnswer::Opened | PersonAnswer::Accepted => decided.await?,
                    answer => {
                        self.approvals.decline(&ticket).await?;
                        require_accepted(answer)?;
                        PageState::Gone
                    }
                },
            }
        };
        // The time that a person takes does not count against the call's deadline.
        context.deadline += asked.elapsed();
        self.conclude(invocation, preview, &ticket, state, context).await
    }

    /// Waits until the person has decided, at most as long as the call may take.
    async fn wait_for_person(&self, ticket: &ApprovalTicket, context: &CallContext) -> Result<PageState> {
        context.report("waiting for a person on the approval page");
        let end = context.deadline.checked_sub(RESERVED).unwrap_or(context.deadline);
        loop {
            let state = PageState::of(self.store.approval(&ticket.hash()).await?);
            if !matches!(state, PageState::Waiting) || Instant::now() >= end {
                return Ok(state);
            }
            context.bound(tokio::time::sleep(LOOK)).await?;
        }
    }

    /// The decision after the person had time to answer. The object is read again before the call runs.
    async fn conclude(
        &self,
        invocation: &Invocation,
        mut preview: Preview,
        ticket: &ApprovalTicket,
        state: PageState,
        context: &CallContext,
    ) -> Result<Decision> {
        match state {
            PageState::Agreed(found) => {
                check_call(invocation, &preview, &found, context)?;
                let found = self.spend(ticket).await?;
                preview.object_hash.clone_from(&found.asked.object_hash);
                Ok(Decision::RunIfUnchanged(agreement(&found), Box::new(preview)))
            }
            PageState::Declined(found) => Err(declined(&found)),
            PageState::Waiting => Err(self.still_waiting(&preview, ticket).await?),
            PageState::Gone => Err(self.wait_on_page(invocation, &preview, UNKNOWN, context).await?),
        }
    }

    /// The second call, with the token of the first.
    async fn redeem_on_page(
        &self,
        invocation: &Invocation,
        preview: &Preview,
        ticket: &ApprovalTicket,
        context: &CallContext,
    ) -> Result<Decision> {
        let found = self.store.approval(&ticket.hash()).await?;
        if let Some(found) = &found {
            check_call(invocation, preview, found, context)?;
        }
        let is_as_shown = found.as_ref().is_some_and(|found| found.asked.object_hash == preview.object_hash);
        match PageState::of(found) {
            PageState::Declined(found) => Err(declined(&found)),
            PageState::Gone => Err(self.wait_on_page(invocation, preview, UNKNOWN, context).await?),
            PageState::Waiting | PageState::Agreed(_) if !is_as_shown => {
                let problem = "The object changed since the person was asked, so that they are asked again.";
                Err(self.wait_on_page(invocation, preview, problem, context).await?)
            }
            PageState::Waiting => Err(self.still_waiting(preview, ticket).await?),
            PageState::Agreed(_) => Ok(Decision::Run(agreement(&self.spend(ticket).await?))),
        }
    }

    /// Uses up a ticket. Of several concurrent calls, one gets it.
    async fn spend(&self, ticket: &ApprovalTicket) -> Result<Approval> {
        let spent = self.store.spend_approval(&ticket.hash()).await?;
        spent.ok_or_else(|| Error::new(Code::ConfirmationInvalid, UNKNOWN))
    }

    /// Whether a ticket belongs to a request on the page.
    pub(in crate::guard) async fn is_on_page(&self, ticket: &ApprovalTicket) -> Result<bool> {
        Ok(self.store.approval(&ticket.hash()).await?.is_some_and(|found| found.asked.way == PAGE))
    }
}

/// Refuses a request that was made for another call, or by another client.
fn check_call(invocation: &Invocation, preview: &Preview, found: &Approval, context: &CallContext) -> Result<()> {
    match mismatch(&found.asked, invocation, preview, PAGE, context) {
        Some(problem) => {
            let message = format!("{problem} Nothing was done. Call without it to ask.");
            Err(Error::new(Code::ConfirmationInvalid, message))
        }
        None => Ok(()),
    }
}

fn agreement(found: &Approval) -> Agreement {
    match &found.person {
        Some(person) => {
            let page = PageAgreement { person: person.clone(), note: found.note.clone() };
            Agreement::Page(Arc::new(page))
        }
        // By `highlevel-mcp approve`.
        None => Agreement::Human,
    }
}
