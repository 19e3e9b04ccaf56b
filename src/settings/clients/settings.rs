//! The settings of one client, within those of the process.

use super::ClientEntry;
use crate::settings::{Settings, accounts::NamedAccount, narrower::Narrower};
use highlevel_core::{
    error::{Error, Result},
    suggest::did_you_mean,
};
use std::path::PathBuf;

/// The accounts that a client's entry names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientAccounts {
    /// The client.
    pub client: String,
    /// Their names or locations.
    pub accounts: Vec<String>,
}

impl Settings {
    /// The file of the clients that may connect over HTTP.
    ///
    /// # Errors
    /// `invalid_arguments` naming `--accounts-file` when the platform has no configuration directory.
    pub fn clients_path(&self) -> Result<PathBuf> {
        match &self.clients_file {
            Some(path) => Ok(path.clone()),
            None => Ok(self.accounts_path()?.with_file_name("clients.toml")),
        }
    }

    /// The process's settings with those of a client. What the process forbids stays forbidden.
    ///
    /// # Errors
    /// `invalid_arguments` if the client and the process allow nothing in common.
    pub fn of_client(&self, client: &ClientEntry) -> Result<Self> {
        let mut own = self.clone();
        if !client.accounts.is_empty() {
            own.client_accounts =
                Some(ClientAccounts { client: client.name.clone(), accounts: client.accounts.clone() });
        }
        own.narrow(&client.policy())?;
        Ok(own)
    }
}

impl ClientAccounts {
    /// Those of the process's accounts that the client may use.
    ///
    /// # Errors
    /// `invalid_arguments` for an account that the file does not have, and if none is left.
    pub fn among(&self, all: &[NamedAccount], served: Vec<NamedAccount>) -> Result<Vec<NamedAccount>> {
        for wanted in &self.accounts {
            if !all.iter().any(|account| account.is(wanted)) {
                let hint = did_you_mean(wanted, all.iter().map(|account| account.name.as_str()));
                return Err(self.wrong(&format!("there is no account \"{wanted}\" in accounts.toml.{hint}")));
            }
        }
        let is_wanted = |account: &NamedAccount| self.accounts.iter().any(|wanted| account.is(wanted));
        let kept: Vec<NamedAccount> = served.into_iter().filter(is_wanted).collect();
        if kept.is_empty() {
            return Err(self.wrong("this server serves none of them."));
        }
        Ok(kept)
    }

    /// The error of a server whose one account has no name.
    pub fn without_names(&self) -> Error {
        self.wrong("they are for the accounts of accounts.toml, and this server has one account of its own.")
    }

    fn wrong(&self, problem: &str) -> Error {
        Error::invalid("accounts", format!("The `accounts` of the client \"{}\": {problem}", self.client))
    }
}

impl ClientEntry {
    /// What the client may do, within what the process allows.
    pub fn policy(&self) -> Narrower<'_> {
        Narrower {
            whose: format!("the client \"{}\"", self.name),
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
