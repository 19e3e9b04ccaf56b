//! The account that a person was asked about.

use super::Accounts;
use crate::account::Account;
use highlevel_store::NewApproval;
use std::sync::Arc;

/// The accounts of a process, with their names in the state directory.
pub struct AskedAccounts(Vec<(String, Arc<Account>)>);

impl AskedAccounts {
    /// An account without a credential asks nobody.
    pub async fn of(accounts: &Accounts) -> Self {
        let mut all = Vec::new();
        for account in accounts.shared() {
            let identity = account.identity().await.ok();
            all.extend(identity.map(|identity| (identity, Arc::clone(account))));
        }
        Self(all)
    }

    /// The account of this question, if the process serves it.
    pub fn account(&self, asked: &NewApproval) -> Option<&Arc<Account>> {
        let label = asked.call.as_ref().and_then(|call| call.label.as_deref());
        let is_named = |(_, account): &&(String, Arc<Account>)| account.label() == label;
        let mut own = self.0.iter().filter(|(identity, _)| *identity == asked.account);
        let (_, account) = own.clone().find(is_named).or_else(|| own.next())?;
        Some(account)
    }
}
