//! The settings of one named account, within those of the process.

use super::NamedAccount;
use crate::settings::{Settings, narrower::Narrower};
use highlevel_core::error::Result;

impl Settings {
    /// The process's settings with those of a named account. What the process forbids stays forbidden.
    ///
    /// # Errors
    /// `invalid_arguments` if the account and the process allow nothing in common.
    pub fn of_account(&self, account: &NamedAccount) -> Result<Self> {
        let mut own = self.clone();
        own.account_name = Some(account.name.clone());
        own.credential = account.credential.clone();
        own.location_id = Some(account.location.clone());
        own.api = account.api.or(self.api);
        own.narrow(&account.policy())?;
        if let Some(url) = &account.base_url {
            own.base_url = Some(url.clone());
            (own.backend_url, own.location_url, own.page_builder_url) = (None, None, None);
        }
        Ok(own)
    }
}

impl NamedAccount {
    /// What the account may do, within what the process allows.
    pub fn policy(&self) -> Narrower<'_> {
        Narrower {
            whose: format!("the account \"{}\"", self.name),
            read_only: self.read_only,
            toolsets: &self.toolsets,
            tools: &self.tools,
            exclude_tools: &self.exclude_tools,
            exclude_operations: &self.exclude_operations,
            confirm: self.confirm,
            confirm_tools: &self.confirm_tools,
            allow_unconfirmed: self.allow_unconfirmed.as_deref(),
            max_unconfirmed_per_hour: self.max_unconfirmed_per_hour,
            max_unconfirmed_per_recipient_day: self.max_unconfirmed_per_recipient_day,
        }
    }
}
