//! What a process has once, and its accounts.

mod accounts;
mod accounts_watch;
mod jobs;

pub use crate::settings::accounts::ALL;
pub use accounts::{Accounts, Member, quoted};

use crate::{
    account::{Account, AcrossAccounts, JobQueue},
    guard::ApprovalPage,
    settings::{
        Settings,
        accounts::{NamedAccount, ServedAccounts},
    },
};
use accounts_watch::AccountsWatch;
use highlevel_api_client::{self as api_client, ApiConfig, Client, Login};
use highlevel_core::error::Result;
use highlevel_store::{CredentialName, Jobs, Journal, Store, raise_open_files};
use jobs::JobWorkers;
use std::sync::Arc;

/// A process: its HTTP connections and store, and the accounts that it serves.
///
/// Accounts of one [`Login`] share its credential and refresh. Each account has its own location, token, quota, mirror,
/// guard and breaker. A request resolves its account before anything else.
#[derive(Debug)]
pub struct Runtime {
    client: api_client::Runtime,
    store: Arc<Store>,
    journal: Option<Arc<Journal>>,
    queue: JobQueue,
    page: Arc<ApprovalPage>,
    workers: JobWorkers,
    accounts: Accounts,
    across: AcrossAccounts,
}

impl Runtime {
    /// A process that serves the one account of these settings. Sends nothing, and touches no file.
    ///
    /// # Errors
    /// `invalid_arguments` naming the setting that is wrong.
    pub fn new(settings: &Settings) -> Result<Self> {
        let mut runtime = Self::empty(settings)?;
        runtime.accounts = runtime.only(settings)?;
        Ok(runtime)
    }

    /// A process that serves the accounts of these settings: one, or those of `accounts.toml`. Reads the credentials, to
    /// see which API each is for. An account that cannot be served says why to its own calls; the others work.
    ///
    /// # Errors
    /// `invalid_arguments` naming the setting that is wrong.
    pub async fn start(settings: &Settings) -> Result<Self> {
        Self::empty(settings)?.with_accounts(settings).await
    }

    /// A part of this process for one client over HTTP: the accounts of these settings, which are narrower than the
    /// process's. Connections, store, journal and jobs are the process's own.
    ///
    /// # Errors
    /// As [`Runtime::start`].
    pub async fn narrowed(&self, settings: &Settings) -> Result<Self> {
        let narrowed = Self {
            client: self.client.clone(),
            store: Arc::clone(&self.store),
            journal: self.journal.clone(),
            queue: self.queue.clone(),
            page: Arc::clone(&self.page),
            workers: JobWorkers::default(),
            accounts: Accounts::default(),
            across: AcrossAccounts::new(settings)?,
        };
        narrowed.with_accounts(settings).await
    }

    async fn with_accounts(mut self, settings: &Settings) -> Result<Self> {
        // Before the file is read, so that no change is missed.
        let watch = settings.accounts_path().ok().map(AccountsWatch::new);
        match settings.served_accounts()? {
            ServedAccounts::One { mut settings, entry } => {
                settings.resolve_api().await?;
                self.accounts = self.only(&settings)?;
                if let (Some(entry), Some(watch)) = (entry, watch) {
                    self.accounts = self.accounts.watched(watch, Some(*entry));
                }
            }
            ServedAccounts::Several { default, accounts } => {
                raise_open_files();
                self.accounts = self.named(accounts, default).await;
                if let Some(watch) = watch {
                    self.accounts = self.accounts.watched(watch, None);
                }
            }
        }
        Ok(self)
    }

    fn only(&self, settings: &Settings) -> Result<Accounts> {
        let login = Login::new(&self.client, settings.api_config()?, settings.token_source())?;
        Ok(Accounts::one(self.account(&login, settings, None)?))
    }

    fn empty(settings: &Settings) -> Result<Self> {
        let store = Arc::new(Store::open(settings.state_dir()?));
        let client = api_client::Runtime::new(Arc::clone(&store), settings.attempt_timeout());
        let journal = settings.journal()?.map(Arc::new);
        let across = AcrossAccounts::new(settings)?;
        let queue = JobQueue::new(Jobs::new(store.dir().to_owned()));
        Ok(Self {
            client,
            store,
            journal,
            queue,
            page: Arc::default(),
            workers: JobWorkers::default(),
            accounts: Accounts::default(),
            across,
        })
    }

    async fn named(&self, accounts: Vec<(NamedAccount, Result<Settings>)>, default: Option<String>) -> Accounts {
        let mut logins: Vec<(CredentialName, ApiConfig, Login)> = Vec::new();
        let mut members = Vec::with_capacity(accounts.len());
        for (named, settings) in accounts {
            let account = match settings {
                Ok(settings) => self.member(&mut logins, &named, settings).await,
                Err(error) => Err(error),
            };
            if let Err(error) = &account {
                tracing::warn!("the account {} cannot be served: {}", named.name, error.message);
            }
            members.push(Member { entry: named, account });
        }
        Accounts::several(members, default.as_deref())
    }

    async fn member(
        &self,
        logins: &mut Vec<(CredentialName, ApiConfig, Login)>,
        named: &NamedAccount,
        mut settings: Settings,
    ) -> Result<Account> {
        settings.resolve_api().await?;
        let login = self.login(logins, &settings)?;
        self.account(&login, &settings, Some(named.name.clone()))
    }

    /// The login of these settings. Accounts share it if they have the same credential and speak to the same API.
    fn login(&self, logins: &mut Vec<(CredentialName, ApiConfig, Login)>, settings: &Settings) -> Result<Login> {
        let config = settings.api_config()?;
        let is_same = |(name, api, _): &&(_, _, _)| *name == settings.credential && *api == config;
        if let Some((_, _, login)) = logins.iter().find(is_same) {
            return Ok(login.clone());
        }
        let login = Login::new(&self.client, config.clone(), settings.token_source())?;
        logins.push((settings.credential.clone(), config, login.clone()));
        Ok(login)
    }

    fn account(&self, login: &Login, settings: &Settings, label: Option<String>) -> Result<Account> {
        let (journal, queue, page) = (self.journal.clone(), self.queue.clone(), Arc::clone(&self.page));
        Account::new(login, &self.store, journal, queue, page, settings, label)
    }

    /// The accounts, and the resolution of the one that a request names.
    pub fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// What questions over several accounts are asked through.
    pub fn across(&self) -> &AcrossAccounts {
        &self.across
    }

    /// The process's HTTP connections.
    pub fn connections(&self) -> &api_client::Runtime {
        &self.client
    }

    /// The state directory's store.
    pub fn store(&self) -> &Arc<Store> {
        &self.store
    }

    /// The journal, unless it is turned off.
    pub fn journal(&self) -> Option<&Arc<Journal>> {
        self.journal.as_ref()
    }

    /// Refreshes the tokens of the process's logins ahead of their end, while no call does.
    pub fn spawn_idle_refresh(&self) {
        let mut first_of_login: Vec<&Client> = Vec::new();
        for client in self.accounts.usable().map(Account::client) {
            // One account of a login refreshes it for the others.
            if !first_of_login.iter().any(|other| other.shares_login_with(client)) {
                first_of_login.push(client);
                tokio::spawn(client.idle_refresh());
            }
        }
    }

    /// The approval page of this process.
    pub fn approval_page(&self) -> &Arc<ApprovalPage> {
        &self.page
    }

    /// The jobs of the state directory.
    pub fn queue(&self) -> &JobQueue {
        &self.queue
    }

    /// Returns what other processes wait for: scans, and the quota that is not used. For the end of a process.
    pub async fn leave(&self) {
        self.leave_jobs().await;
        futures::future::join_all(self.accounts.usable().map(Account::leave)).await;
    }
}
