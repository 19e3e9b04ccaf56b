//! Which accounts a process serves: one without a name, or those of `accounts.toml`.

use super::{ALL, AccountsFile, NamedAccount};
use crate::{api::Registry, settings::Settings};
use highlevel_core::{
    error::{Error, Result},
    suggest::did_you_mean,
};
use std::path::PathBuf;

/// The accounts that a process serves.
#[derive(Debug, Clone)]
pub enum ServedAccounts {
    /// One. Nothing has to name it.
    One {
        /// Its settings.
        settings: Box<Settings>,
        /// Its entry in `accounts.toml`, if it is from there.
        entry: Option<Box<NamedAccount>>,
    },
    /// Several, in the order of their file.
    Several {
        /// The account of reads that name none.
        default: Option<String>,
        /// Each with its settings within those of the process, or why it has none.
        accounts: Vec<(NamedAccount, Result<Settings>)>,
    },
}

impl Settings {
    /// The file of named accounts.
    ///
    /// # Errors
    /// `invalid_arguments` naming `--accounts-file` when the platform has no configuration directory.
    pub fn accounts_path(&self) -> Result<PathBuf> {
        let platform = || {
            let dirs = directories::ProjectDirs::from("", "", "highlevel-mcp")?;
            Some(dirs.config_dir().join("accounts.toml"))
        };
        self.accounts_file.clone().or_else(platform).ok_or_else(|| {
            Error::invalid(
                "--accounts-file",
                "This system has no configuration directory. Set the file with --accounts-file.",
            )
        })
    }

    /// The accounts that this process serves. Reads `accounts.toml`, unless a setting names the one account itself.
    ///
    /// # Errors
    /// `invalid_arguments` for a file that is wrong, an unknown `--account`, or settings that contradict each other.
    pub fn served_accounts(&self) -> Result<ServedAccounts> {
        let asks_for_named = if self.accounts.is_empty() { None } else { Some("--account") };
        let asks_for_named = asks_for_named.or(self.accounts_file.as_ref().map(|_| "--accounts-file"));
        match (self.names_the_account(), asks_for_named) {
            (Some(_), _) if self.client_accounts.is_some() => return self.without_a_name(),
            (Some(own), Some(setting)) => {
                return Err(Error::invalid(
                    setting,
                    format!(
                        "{setting} is for the accounts of accounts.toml, but {own} sets the one account itself. Leave one of them out."
                    ),
                ));
            }
            (Some(_), None) => return self.without_a_name(),
            (None, _) => {}
        }
        // A system without a configuration directory has no such file.
        let path = match (self.accounts_path(), asks_for_named) {
            (Err(_), None) => return self.without_a_name(),
            (path, _) => path?,
        };
        let Some(file) = AccountsFile::read(&path)? else {
            return match asks_for_named {
                None => self.without_a_name(),
                Some(setting) => Err(Error::invalid(
                    setting,
                    format!("{} does not exist. `highlevel-mcp accounts add` adds an account to it.", path.display()),
                )),
            };
        };
        let default = file.default.clone();
        let wanted = self.wanted(file)?;
        let mut accounts = Vec::with_capacity(wanted.len());
        for account in wanted {
            let own = self.of_account(&account);
            accounts.push((account, own));
        }
        if accounts.len() > 1 {
            // Each account checks its own settings, and says what is wrong only when it is called.
            self.policy().unconfirmed.check(self.registry.unwrap_or_else(Registry::standard).catalog())?;
            let default = default.filter(|name| accounts.iter().any(|(account, _)| account.name == *name));
            return Ok(ServedAccounts::Several { default, accounts });
        }
        let Some((entry, own)) = accounts.pop() else { return self.without_a_name() };
        Ok(ServedAccounts::One { settings: Box::new(own?), entry: Some(Box::new(entry)) })
    }

    fn without_a_name(&self) -> Result<ServedAccounts> {
        match &self.client_accounts {
            Some(accounts) => Err(accounts.without_names()),
            None => Ok(ServedAccounts::One { settings: Box::new(self.clone()), entry: None }),
        }
    }

    /// Whether `--account all` asks for every account.
    pub fn asks_for_all(&self) -> bool {
        self.accounts.iter().any(|name| name.eq_ignore_ascii_case(ALL))
    }

    /// The accounts of `--account`, or all; for a client over HTTP those of them that it may use.
    fn wanted(&self, file: AccountsFile) -> Result<Vec<NamedAccount>> {
        let Some(accounts) = &self.client_accounts else { return self.asked_for(file) };
        let all = file.accounts.clone();
        accounts.among(&all, self.asked_for(file)?)
    }

    /// The accounts of `--account`, or all.
    fn asked_for(&self, file: AccountsFile) -> Result<Vec<NamedAccount>> {
        if self.accounts.is_empty() || self.asks_for_all() {
            return Ok(file.accounts);
        }
        for wanted in &self.accounts {
            if !file.accounts.iter().any(|account| account.is(wanted)) {
                let hint = did_you_mean(wanted, file.accounts.iter().map(|account| account.name.as_str()));
                let message = format!(
                    "--account: there is no account \"{wanted}\".{hint} It has to be the exact name or the location's id. `highlevel-mcp accounts list` lists them."
                );
                return Err(Error::invalid("--account", message));
            }
        }
        let is_wanted = |account: &NamedAccount| self.accounts.iter().any(|wanted| account.is(wanted));
        Ok(file.accounts.into_iter().filter(is_wanted).collect())
    }

    /// The setting that sets the one account of this process, if there is one.
    fn names_the_account(&self) -> Option<&'static str> {
        let variable = |name| std::env::var_os(name).is_some_and(|value| !value.to_string_lossy().trim().is_empty());
        match () {
            () if self.sandbox => Some("--sandbox"),
            () if self.given_token.is_some() => Some("the given token"),
            () if self.token_file.is_some() => Some("--token-file"),
            () if variable("GHL_TOKEN_ID") => Some("GHL_TOKEN_ID"),
            () if variable("GHL_TOKEN_FILE") => Some("GHL_TOKEN_FILE"),
            () if self.location_id.is_some() => Some("--location-id (GHL_LOCATION_ID)"),
            () => None,
        }
    }
}
