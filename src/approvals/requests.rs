//! The requests that a person may see: those of this process's accounts.

use super::{App, sessions::Session};
use crate::{account::Account, runtime::AskedAccounts};
use highlevel_core::error::Result;
use highlevel_store::{Approval, sha256_hex};
use std::sync::Arc;

/// A request, with the account of this process that it is for.
pub(super) struct PageRequest {
    pub(super) approval: Approval,
    /// Its name in addresses.
    pub(super) id: String,
    pub(super) account: Arc<Account>,
}

impl PageRequest {
    /// Whether nobody has decided about it.
    pub(super) fn waits(&self) -> bool {
        self.approval.approved_at.is_none() && self.approval.spent_at.is_none()
    }
}

impl App {
    /// Every request that the person may see, the oldest first.
    pub(super) async fn requests(&self, session: &Session) -> Result<Vec<PageRequest>> {
        let accounts = AskedAccounts::of(&self.runtime.live()).await;
        let found = self.runtime.store().page_requests().await?;
        let seen = found.into_iter().filter(|request| session.sees(request));
        Ok(seen.filter_map(|approval| of_account(&accounts, approval)).collect())
    }

    /// The request with this id, if the person may see it.
    pub(super) async fn request(&self, session: &Session, id: &str) -> Result<Option<PageRequest>> {
        let found = self.runtime.store().page_request(id).await?;
        let Some(approval) = found.filter(|request| session.sees(request)) else { return Ok(None) };
        Ok(of_account(&AskedAccounts::of(&self.runtime.live()).await, approval))
    }
}

fn of_account(accounts: &AskedAccounts, approval: Approval) -> Option<PageRequest> {
    let id = approval.asked.page.clone()?;
    let account = Arc::clone(accounts.account(&approval.asked)?);
    Some(PageRequest { approval, id, account })
}

/// A text that changes whenever the page would look different.
pub(super) fn fingerprint(requests: &[PageRequest]) -> String {
    let parts = requests.iter().map(|request| {
        let Approval { asked, approved_at, declined_at, spent_at, .. } = &request.approval;
        format!("{} {} {approved_at:?} {declined_at:?} {spent_at:?}\n", request.id, asked.object_hash)
    });
    sha256_hex(parts.collect::<String>().as_bytes()).chars().take(16).collect()
}
