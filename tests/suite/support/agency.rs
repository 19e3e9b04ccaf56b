//! Several accounts of one `accounts.toml`, each with a sandbox of its own.

use super::{Account, Api, BINARY, Era, Host, Person, Ran, run, watch::WATCHED};
use highlevel_sandbox::SandboxConfig;
use highlevel_store::{CredentialName, CredentialPlace, Store};
use std::{fmt::Write, path::PathBuf, process::Command, sync::Arc};
use tempfile::TempDir;

/// Several accounts, with their credentials stored in a state directory.
pub struct Agency {
    pub accounts: Vec<(String, Account)>,
    pub state: Arc<TempDir>,
}

impl Agency {
    /// An account over this API for each name.
    pub async fn new(api: Api, names: &[&str]) -> Self {
        Self::with(names, SandboxConfig { api, rate_limit: 100_000, daily_limit: 1_000_000, ..Default::default() })
            .await
    }

    /// The same, with each sandbox configured like this. No two have the same ids.
    pub async fn with(names: &[&str], config: SandboxConfig) -> Self {
        let mut accounts = Vec::new();
        for (seed, name) in (100..).zip(names) {
            let config = SandboxConfig { seed, ..config.clone() };
            accounts.push(((*name).to_owned(), Account::with(config).await));
        }
        let state = Arc::new(tempfile::tempdir().unwrap());
        let agency = Self { accounts, state };
        for (name, account) in &agency.accounts {
            agency.store(name, account.token()).await;
        }
        agency.write("", |_| String::new());
        agency
    }

    /// Stores the credential of an account.
    pub async fn store(&self, name: &str, token: &str) {
        let store = Store::open(self.state.path().to_owned());
        let credential = CredentialName::like(name);
        store.set_credential(&credential, &token.into(), CredentialPlace::File).await.unwrap();
    }

    /// Writes `accounts.toml` with `head` first, and for each account what `policy` adds.
    pub fn write(&self, head: &str, policy: impl Fn(&str) -> String) {
        let mut text = format!("{head}\n");
        for (name, account) in &self.accounts {
            let (location, credential, url) = (account.location_id(), CredentialName::like(name), account.url());
            writeln!(
                text,
                "[[account]]\nname = {name:?}\nlocation = \"{location}\"\ncredential = \"{credential}\"\nbase-url = \"{url}\"\n{}",
                policy(name)
            )
            .unwrap();
        }
        std::fs::write(self.file(), text).unwrap();
    }

    /// The file of the accounts.
    pub fn file(&self) -> PathBuf {
        self.state.path().join("accounts.toml")
    }

    /// The account of this name.
    pub fn account(&self, name: &str) -> &Account {
        &self.accounts.iter().find(|(other, _)| other == name).expect("an account of this name").1
    }

    /// The server's command, with a clean environment.
    pub fn command(&self) -> Command {
        let mut command = Command::new(BINARY);
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", self.state.path()).env("GHL_STATE_DIR", self.state.path());
        command.env("GHL_ACCOUNTS_FILE", self.file());
        let tokens: Vec<&str> = self.accounts.iter().map(|(_, account)| account.token()).collect();
        command.env(WATCHED, tokens.join("\n"));
        command
    }

    /// The server's command with these arguments.
    pub fn command_of(&self, arguments: &[&str]) -> Command {
        let mut command = self.command();
        command.args(arguments);
        command
    }

    /// Runs the server's command with these arguments, without input.
    pub async fn ran(&self, arguments: &[&str]) -> Ran {
        run(self.command_of(arguments)).await
    }

    /// A host without elicitation, over the newest protocol.
    pub async fn host(&self, flags: &[&str]) -> Host {
        self.host_with(flags, Era::Modern, Person::Absent).await
    }

    pub async fn host_with(&self, flags: &[&str], era: Era, person: Person) -> Host {
        let mut command = self.command();
        command.args(flags);
        // The host's own directory is not used.
        Host::start(command, tempfile::tempdir().unwrap(), era, person).await
    }
}
