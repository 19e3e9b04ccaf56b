//! What a person decides outside of the call: on the approval page, or in a terminal of their own (`highlevel-mcp approve`).

use super::{
    ApprovalTicket, Guard, Subject,
    approval::{Approvals, hash},
    preview::Preview,
};
use highlevel_catalog::Invocation;
use highlevel_core::error::{Code, Error, Result};
use highlevel_store::{Approval, NewApproval, Store};
use serde_json::Value;
use std::sync::Arc;

/// The problem of a request that is not there.
const UNKNOWN_REQUEST: &str = "This request is unknown or has expired.";

impl Guard {
    /// The preview of a change as it would be shown now.
    ///
    /// # Errors
    /// `too_large` if the arguments are too large for a preview.
    pub fn preview_now(&self, invocation: &Invocation, subject: Subject) -> Result<Preview> {
        self.preview(invocation, subject)
    }

    /// Records that a person agrees on the page, if the object is still what they saw: `seen` is the hash of that, and
    /// `now` the object as just read, where there is one to read. Gives the request as it is then.
    ///
    /// # Errors
    /// `confirmation_invalid` for a request that is unknown or has expired.
    pub async fn agree_on_page(
        &self,
        request: &str,
        seen: &str,
        now: Option<&Preview>,
        person: &str,
        note: Option<&str>,
    ) -> Result<Approval> {
        match now {
            Some(now) if now.object_hash != seen => {
                self.store.object_changed(request, seen, &now.object_hash, &now.to_page_json()).await?;
            }
            _ => drop(self.store.agree_on_page(request, seen, person, note).await?),
        }
        let found = self.store.page_request(request).await?;
        found.ok_or_else(|| Error::new(Code::ConfirmationInvalid, UNKNOWN_REQUEST))
    }

    /// The confirmation of a pending ticket.
    ///
    /// # Errors
    /// `confirmation_invalid` when the ticket is unknown, used or expired.
    pub async fn pending(store: Arc<Store>, ticket: &ApprovalTicket) -> Result<Approval> {
        Approvals::new(store).pending(ticket).await
    }

    /// Records that a person agrees in a terminal to what they were `shown`, if the object is still that: `now` is the object
    /// as just read, where it could be read. `None` when it is recorded, else the confirmation with the object as it is now.
    ///
    /// # Errors
    /// `confirmation_invalid` when the ticket is unknown, used or expired.
    pub async fn agree_in_terminal(
        store: Arc<Store>,
        ticket: &ApprovalTicket,
        shown: &NewApproval,
        now: Option<&Preview>,
    ) -> Result<Option<Approval>> {
        let (code, seen) = (ticket.hash(), shown.object_hash.as_str());
        match now.filter(|now| now.object_hash != seen) {
            Some(now) => drop(store.object_changed(&code, seen, &now.object_hash, &now.to_page_json()).await?),
            None if store.approve_as_shown(&code, seen).await?.is_some() => return Ok(None),
            None => {}
        }
        let pending = Self::pending(store, ticket).await?;
        if pending.asked.object_hash == seen {
            let message =
                "The object changed after somebody had agreed to this call. When it is repeated, it asks again.";
            return Err(Error::new(Code::ConfirmationInvalid, message));
        }
        Ok(Some(pending))
    }

    /// Records that a person does not agree. The ticket is used up.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn decline(store: Arc<Store>, ticket: &ApprovalTicket) -> Result<()> {
        Approvals::new(store).decline(ticket).await.map(drop)
    }
}

/// Whether a request is about an existing object, which can change until a person agrees.
pub fn is_about_object(asked: &NewApproval) -> bool {
    asked.object_hash != hash(&Value::Null)
}
