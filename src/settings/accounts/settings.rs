//! The settings of one named account, within those of the process.

use super::NamedAccount;
use crate::{guard::ConfirmMode, settings::Settings};
use highlevel_catalog::Toolset;
use highlevel_core::error::{Error, Result};

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
        own.read_only |= account.read_only;
        own.toolsets = match (self.toolsets.contains(&Toolset::All), account.toolsets.contains(&Toolset::All)) {
            (true, _) if !account.toolsets.is_empty() => account.toolsets.clone(),
            (_, true) if !self.toolsets.is_empty() => self.toolsets.clone(),
            _ => common("toolsets", account, &self.toolsets, &account.toolsets)?,
        };
        own.tools = common("tools", account, &self.tools, &account.tools)?;
        own.exclude_tools.extend(account.exclude_tools.iter().cloned());
        own.exclude_operations.extend(account.exclude_operations.iter().cloned());
        own.confirm_tools.extend(account.confirm_tools.iter().cloned());
        own.confirm = stricter(self.confirm, account.confirm);
        if let Some(allowed) = &account.allow_unconfirmed {
            own.allow_unconfirmed.retain(|name| allowed.contains(name));
        }
        own.max_unconfirmed_per_hour = lower(self.max_unconfirmed_per_hour, account.max_unconfirmed_per_hour);
        own.max_unconfirmed_per_recipient_day =
            lower(self.max_unconfirmed_per_recipient_day, account.max_unconfirmed_per_recipient_day);
        if let Some(url) = &account.base_url {
            own.base_url = Some(url.clone());
            (own.backend_url, own.location_url, own.page_builder_url) = (None, None, None);
        }
        Ok(own)
    }
}

/// What both lists allow. An empty list allows everything.
fn common<T: PartialEq + Clone>(setting: &str, account: &NamedAccount, process: &[T], own: &[T]) -> Result<Vec<T>> {
    if process.is_empty() || own.is_empty() {
        return Ok([process, own].concat());
    }
    let both: Vec<T> = own.iter().filter(|one| process.contains(one)).cloned().collect();
    if both.is_empty() {
        let message =
            format!("--{setting} and the `{setting}` of the account \"{}\" have nothing in common.", account.name);
        return Err(Error::invalid(format!("--{setting}"), message));
    }
    Ok(both)
}

/// The lower of two ceilings.
fn lower(process: Option<u32>, own: Option<u32>) -> Option<u32> {
    process.into_iter().chain(own).min()
}

/// The mode that asks more of a person. Which of `auto` and `two-step` does depends on the host, so that an account
/// cannot choose between them.
fn stricter(process: ConfirmMode, own: Option<ConfirmMode>) -> ConfirmMode {
    let rank = |mode: ConfirmMode| match mode {
        ConfirmMode::Auto | ConfirmMode::TwoStep => 0,
        // A person of their own in both: the process decides how they are reached.
        ConfirmMode::Human | ConfirmMode::Page => 1,
        ConfirmMode::Deny => 2,
    };
    own.filter(|own| rank(*own) > rank(process)).unwrap_or(process)
}
