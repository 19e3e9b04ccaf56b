//! Putting a call on the page, and bringing a person to it.

use super::{LINK_LIFE, PAGE_TIMEOUT, new_secret};
use crate::guard::{
    ApprovalTicket, Guard,
    approval::{PAGE, arguments_hash, asker, kept_call, random_text},
    preview::Preview,
};
use chrono::Utc;
use highlevel_catalog::Invocation;
use highlevel_core::{
    context::CallContext,
    error::{Code, Error, Result},
};
use highlevel_store::{ApproverSession, NewApproval};

/// The most requests of an account that wait on the page. More than that nobody reads.
const MOST_WAITING: u64 = 200;

impl Guard {
    /// Puts the call on the page, or takes up the request that waits there for the same call. Gives the ticket and the
    /// request's id.
    pub(super) async fn put_on_page(
        &self,
        invocation: &Invocation,
        preview: &Preview,
        context: &CallContext,
    ) -> Result<(ApprovalTicket, String)> {
        let ticket = ApprovalTicket::generate()?;
        let asked_at = Utc::now();
        let id = random_text()?;
        let asked = NewApproval {
            code: ticket.hash(),
            account: preview.account.clone(),
            way: PAGE.to_owned(),
            tool: invocation.spec.name.to_string(),
            arguments_hash: arguments_hash(invocation),
            object_hash: preview.object_hash.clone(),
            preview: preview.to_page_json(),
            asked_at,
            asker: asker(context),
            expires_at: asked_at + PAGE_TIMEOUT,
            call: Some(kept_call(invocation, preview)),
            page: Some(id.clone()),
        };
        if let Some(taken) = self.store.take_up_page_request(&asked).await? {
            return Ok((ticket, taken.asked.page.unwrap_or(id)));
        }
        if self.store.waiting_page_requests(&preview.account, &asked.asker).await? >= MOST_WAITING {
            let message = format!(
                "{MOST_WAITING} of your calls on this account wait on the approval page already. Nothing was done. Try again when a person has decided about some of them."
            );
            return Err(Error::new(Code::PolicyDenied, message));
        }
        self.store.put_approval(asked).await?;
        self.page.asked.notify_one();
        Ok((ticket, id))
    }

    /// An address that lets the host's person decide about this one request, once.
    pub(super) async fn one_time_link(&self, request: &str, context: &CallContext) -> Result<Option<String>> {
        let Some(url) = self.page.url() else { return Ok(None) };
        let (secret, hash) = new_secret()?;
        let client = context.client.as_ref().map(|client| client.name.as_str()).filter(|name| !name.is_empty());
        let session = ApproverSession {
            person: format!("the person at {}", client.unwrap_or("the host")),
            approver: None,
            accounts: Vec::new(),
            request: Some(request.to_owned()),
            expires_at: Utc::now() + LINK_LIFE,
        };
        self.store.put_approver_link(&hash, session).await?;
        Ok(Some(format!("{url}/open?key={secret}")))
    }

    /// A ticket for a call that was just shown in full, and what has to happen before it can be used.
    pub(in crate::guard) async fn offer_on_page(
        &self,
        invocation: &Invocation,
        preview: &Preview,
        context: &CallContext,
    ) -> Result<(ApprovalTicket, String)> {
        let (ticket, request) = self.put_on_page(invocation, preview, context).await?;
        let next = self.next_step(&ticket, &request);
        Ok((ticket, next))
    }
}
