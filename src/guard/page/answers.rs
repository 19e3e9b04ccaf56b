//! What a call is answered whose person has not agreed on the page.

use super::PAGE_TIMEOUT;
use crate::guard::{ApprovalTicket, Guard, preview::Preview};
use highlevel_catalog::Invocation;
use highlevel_core::{
    context::CallContext,
    error::{Code, Error, Result},
};
use highlevel_store::Approval;

/// The problem of a token that stands for nothing that can run.
pub(super) const UNKNOWN: &str = "This confirmationToken is unknown, used or expired.";

impl Guard {
    /// The error that says where a person agrees. It carries a preview, and the token of the call that is repeated then.
    pub(super) async fn wait_on_page(
        &self,
        invocation: &Invocation,
        preview: &Preview,
        problem: &str,
        context: &CallContext,
    ) -> Result<Error> {
        let (ticket, request) = self.put_on_page(invocation, preview, context).await?;
        Ok(self.asked_on_page(preview, problem, &ticket, &request))
    }

    pub(super) fn asked_on_page(
        &self,
        preview: &Preview,
        problem: &str,
        ticket: &ApprovalTicket,
        request: &str,
    ) -> Error {
        let code = if problem.is_empty() { Code::ConfirmationRequired } else { Code::ConfirmationInvalid };
        let problem = if problem.is_empty() { String::new() } else { format!("{problem} ") };
        let error = Error::new(code, format!("{problem}{} {}", preview.sentence, self.next_step(ticket, request)));
        self.with_page(error, preview, ticket, request)
    }

    /// The same for a request that waits already.
    pub(super) async fn still_waiting(&self, preview: &Preview, ticket: &ApprovalTicket) -> Result<Error> {
        let found = self.store.approval(&ticket.hash()).await?;
        let request = found.and_then(|found| found.asked.page).unwrap_or_default();
        let message = format!("No person has decided about this yet. {}", self.next_step(ticket, &request));
        Ok(self.with_page(Error::new(Code::ConfirmationRequired, message), preview, ticket, &request))
    }

    /// What has to happen before the call can be repeated.
    pub(super) fn next_step(&self, ticket: &ApprovalTicket, request: &str) -> String {
        let place = match self.page.link(request) {
            Some(link) => format!("A person has to agree on the approval page: {link}. Show them the link."),
            None => format!(
                "A person has to agree on the approval page of a running server, or run `highlevel-mcp approve {}` in a terminal.",
                ticket.as_str()
            ),
        };
        format!(
            "{place} When they say that they have, repeat the call with the same arguments and this confirmationToken."
        )
    }

    fn with_page(&self, error: Error, preview: &Preview, ticket: &ApprovalTicket, request: &str) -> Error {
        let error = error
            .with("preview", preview.to_json())
            .with("confirmationToken", ticket.as_str())
            .with("expiresInSeconds", PAGE_TIMEOUT.as_secs());
        match self.page.link(request) {
            Some(link) => error.with("approvalPage", link),
            None => error,
        }
    }
}

/// The error for a request that a person declined. Their note is data for the model.
pub(super) fn declined(found: &Approval) -> Error {
    let person = found.person.as_deref().unwrap_or("A person");
    let error = Error::new(Code::Declined, format!("{person} declined. Nothing was done."));
    match &found.note {
        Some(note) => error.with("note", note.as_str()),
        None => error,
    }
}
