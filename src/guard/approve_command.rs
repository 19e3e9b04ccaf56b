//! The guard's part of `highlevel-mcp approve`.

use super::{ApprovalTicket, Guard, approval::Approvals};
use highlevel_core::error::Result;
use highlevel_store::Store;
use serde_json::Value;
use std::sync::Arc;

impl Guard {
    /// The preview that belongs to a pending ticket.
    ///
    /// # Errors
    /// `confirmation_invalid` when the ticket is unknown, used or expired.
    pub async fn pending(store: Arc<Store>, ticket: &ApprovalTicket) -> Result<Value> {
        Approvals::new(store).pending(ticket).await
    }

    /// Records that a person agrees.
    ///
    /// # Errors
    /// `confirmation_invalid` when the ticket is unknown, used or expired.
    pub async fn approve(store: Arc<Store>, ticket: &ApprovalTicket) -> Result<()> {
        Approvals::new(store).approve(ticket).await
    }

    /// Records that a person does not agree. The ticket is used up.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn decline(store: Arc<Store>, ticket: &ApprovalTicket) -> Result<()> {
        Approvals::new(store).decline(ticket).await.map(drop)
    }
}
