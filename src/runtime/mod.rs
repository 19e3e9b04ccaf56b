//! What a process has once, and its accounts.

mod accounts;
mod accounts_watch;
mod asked;
mod jobs;
mod reload;

pub use crate::settings::accounts::ALL;
pub use accounts::{Accounts, LISTS_LIVE, Member, quoted};
pub use asked::AskedAccounts;

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
use reload::AccountsSource;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use tokio::{sync::watch, task::AbortHandle};

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
    /// The accounts of the start.
    accounts: Arc<Accounts>,
    /// The accounts as their file is now.
    live: RwLock<Arc<Accounts>>,
    /// The generation of the live accounts.
    changed: watch::Sender<u64>,
    /// The logins by credential and API. Accounts share them.
    logins: tokio::sync::Mutex<Vec<(CredentialName, ApiConfig, Login)>>,
    refreshes: Mutex<Vec<AbortHandle>>,
    /// Where the accounts are from, if that is a file.
    source: Option<AccountsSource>,
    across: AcrossAccounts,
}

impl Runtime {
    /// A process that serves the one account of these settings. Sends nothing, and touches no file.
    ///
    /// # Errors
    /// `invalid_arguments` naming the setting that is wrong.
    pub fn new(settings: &Settings) -> Result<Self> {
        let mut runtime = Self::empty(settings)?;
        let account = Arc::new(runtime.only(settings)?);
        runtime.begin(Accounts::one(account));
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
            accounts: Arc::default(),
            live: RwLock::default(),
            changed: watch::channel(0).0,
            logins: tokio::sync::Mutex::default(),
            refreshes: Mutex::default(),
            source: None,
            across: AcrossAccounts::new(settings)?,
        };
        narrowed.with_accounts(settings).await
    }

    async fn with_accounts(mut self, settings: &Settings) -> Result<Self> {
        let path = settings.accounts_path().ok();
        // Before the file is read, so that no change is missed.
        let watch = path.clone().map(AccountsWatch::new);
        let source = path.map(|path| AccountsSource { path, settings: settings.clone() });
        match settings.served_accounts()? {
            ServedAccounts::One { mut settings, entry } => {
                settings.resolve_api().await?;
                let mut accounts = Accounts::one(Arc::new(self.only(&settings)?));
                if let (Some(entry), Some(watch)) = (entry, watch) {
                    accounts = accounts.watched(watch, Some(*entry));
                    self.source = source;
                }
                self.begin(accounts);
            }
            ServedAccounts::Several { default, accounts } => {
                raise_open_files();
                let members = self.members(accounts, &Accounts::default()).await;
                let accounts = Accounts::several(members, default.as_deref());
                self.begin(match watch {
                    Some(watch) => accounts.watched(watch, None),
                    None => accounts,
                });
                self.source = source;
            }
        }
        Ok(self)
    }

    fn only(&self, settings: &Settings) -> Result<Account> {
        let login = Login::new(&self.client, settings.api_config()?, settings.token_source())?;
        self.account(&login, settings, None)
    }

    /// Serves these accounts from the start.
    fn begin(&mut self, accounts: Accounts) {
        self.accounts = Arc::new(accounts);
        self.live = RwLock::new(Arc::clone(&self.accounts));
    }

    /// Serves these accounts from now on.
    fn serve(&self, accounts: Accounts) {
        let generation = accounts.generation();
        *self.live.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(accounts);
        self.spawn_idle_refresh();
        self.changed.send_replace(generation);
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
            accounts: Arc::default(),
            live: RwLock::default(),
            changed: watch::channel(0).0,
            logins: tokio::sync::Mutex::default(),
            refreshes: Mutex::default(),
            source: None,
            across,
        })
    }

    async fn member(&self, named: &NamedAccount, mut settings: Settings) -> Result<Account> {
        settings.resolve_api().await?;
        let login = self.login(&settings).await?;
        self.account(&login, &settings, Some(named.name.clone()))
    }

    /// The login of these settings. Accounts share it if they have the same credential and speak to the same API.
    async fn login(&self, settings: &Settings) -> Result<Login> {
        let config = settings.api_config()?;
        let is_same = |(name, api, _): &&(_, _, _)| *name == settings.credential && *api == config;
        let mut logins = self.logins.lock().await;
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

    /// The accounts of the start, for commands, which end before their file matters again.
    pub fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// The accounts as their file is now. A call keeps those that it began with.
    pub fn live(&self) -> Arc<Accounts> {
        Arc::clone(&self.live.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether the accounts can change while the process runs.
    pub fn may_change(&self) -> bool {
        self.source.is_some()
    }

    /// The generation of the accounts, which grows with each change.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
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
        let live = self.live();
        let mut first_of_login: Vec<&Client> = Vec::new();
        let mut refreshes = self.refreshes.lock().unwrap_or_else(PoisonError::into_inner);
        refreshes.drain(..).for_each(|refresh| refresh.abort());
        for client in live.usable().map(Account::client) {
            // One account of a login refreshes it for the others.
            if !first_of_login.iter().any(|other| other.shares_login_with(client)) {
                first_of_login.push(client);
                refreshes.push(tokio::spawn(client.idle_refresh()).abort_handle());
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
        futures::future::join_all(self.live().usable().map(Account::leave)).await;
    }
}
