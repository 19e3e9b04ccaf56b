//! What a process has once, and its accounts.

use crate::{account::Account, settings::Settings};
use highlevel_api_client::{self as api_client, Login};
use highlevel_core::error::{Error, Result};
use highlevel_store::Store;
use std::{iter, sync::Arc};

/// A process: its HTTP connections and store, and the accounts that it serves.
///
/// Accounts of one [`Login`] share its credential and refresh. Each account has its own location, token, quota, mirror,
/// journal and guard. A request resolves its account before anything else.
#[derive(Debug)]
pub struct Runtime {
    client: api_client::Runtime,
    store: Arc<Store>,
    /// The account of requests that name none.
    default: Account,
    others: Vec<Account>,
}

impl Runtime {
    /// A process that serves the account of these settings. Sends nothing, and touches no file.
    ///
    /// # Errors
    /// `invalid_arguments` naming the setting that is wrong.
    pub fn new(settings: &Settings) -> Result<Self> {
        let store = Arc::new(Store::open(settings.state_dir()?));
        let client = api_client::Runtime::new(Arc::clone(&store), settings.attempt_timeout());
        let login = Login::new(&client, settings.api_config()?, settings.token_source())?;
        let default = Account::new(&login, &store, settings)?;
        Ok(Self { client, store, default, others: Vec::new() })
    }

    /// One more login of the process: the credential of these settings.
    ///
    /// # Errors
    /// `invalid_arguments` naming the setting that is wrong.
    pub fn log_in(&self, settings: &Settings) -> Result<Login> {
        Login::new(&self.client, settings.api_config()?, settings.token_source())
    }

    /// Serves one more account: the location of these settings, behind a login of this process.
    ///
    /// # Errors
    /// `invalid_arguments` naming the setting that is wrong.
    pub fn add(&mut self, login: &Login, settings: &Settings) -> Result<()> {
        self.others.push(Account::new(login, &self.store, settings)?);
        Ok(())
    }

    /// The account of the process's settings.
    pub fn default_account(&self) -> &Account {
        &self.default
    }

    /// The account of a request, by the id of its location. Without one, the account of the process's settings.
    ///
    /// # Errors
    /// `invalid_arguments` with the locations that there are.
    pub fn account(&self, location: Option<&str>) -> Result<&Account> {
        let Some(wanted) = location else { return Ok(self.default_account()) };
        let found = self.accounts().find(|account| account.location() == Some(wanted));
        found.ok_or_else(|| {
            let known: Vec<&str> = self.accounts().filter_map(Account::location).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            Error::invalid("account", format!("`account` {wanted} is not served here. Known: {known}."))
        })
    }

    /// All accounts, that of the process's settings first.
    pub fn accounts(&self) -> impl Iterator<Item = &Account> {
        iter::once(&self.default).chain(&self.others)
    }

    /// Returns what other processes wait for: scans, and the quota that is not used. For the end of a process.
    pub async fn leave(&self) {
        for account in self.accounts() {
            account.leave().await;
        }
    }
}
