//! The requests that a person may see: those of this process's accounts.

use super::{App, sessions::Session};
use crate::account::Account;
use highlevel_core::error::Result;
use highlevel_store::{Approval, PageDetails, sha256_hex};
use std::sync::Arc;

/// A request, with the account of this process that it is for.
pub(super) struct PageRequest {
    pub(super) approval: Approval,
    pub(super) details: PageDetails,
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
        let accounts = self.accounts().await;
        let found = self.runtime.store().page_requests().await?;
        let seen = found.into_iter().filter(|request| session.sees(request));
        Ok(seen.filter_map(|approval| of_account(&accounts, approval)).collect())
    }

    /// The request with this id, if the person may see it.
    pub(super) async fn request(&self, session: &Session, id: &str) -> Result<Option<PageRequest>> {
        let found = self.runtime.store().page_request(id).await?;
        let Some(approval) = found.filter(|request| session.sees(request)) else { return Ok(None) };
        Ok(of_account(&self.accounts().await, approval))
    }

    /// The process's accounts with their names in the state directory. An account without a credential has no requests.
    async fn accounts(&self) -> Vec<(String, Arc<Account>)> {
        let mut accounts = Vec::new();
        for account in self.runtime.live().shared() {
            let identity = account.identity().await.ok();
            accounts.extend(identity.map(|identity| (identity, Arc::clone(account))));
        }
        accounts
    }
}

fn of_account(accounts: &[(String, Arc<Account>)], approval: Approval) -> Option<PageRequest> {
    let details = approval.asked.page.clone()?;
    let is_same = |(identity, _): &&(String, Arc<Account>)| *identity == approval.asked.account;
    let is_named = |(_, account): &&(String, Arc<Account>)| account.label() == details.label.as_deref();
    let mut own = accounts.iter().filter(is_same);
    let (_, account) = own.clone().find(is_named).or_else(|| own.next())?;
    Some(PageRequest { approval, details, account: Arc::clone(account) })
}

/// A text that changes whenever the page would look different.
pub(super) fn fingerprint(requests: &[PageRequest]) -> String {
    let parts = requests.iter().map(|request| {
        let Approval { asked, approved_at, declined_at, spent_at, .. } = &request.approval;
        format!("{} {} {approved_at:?} {declined_at:?} {spent_at:?}\n", request.details.id, asked.object_hash)
    });
    sha256_hex(parts.collect::<String>().as_bytes()).chars().take(16).collect()
}
