//! `accounts.toml` is taken over while the process runs: accounts that were added or removed, and policies that changed.

use super::{
    Runtime,
    accounts::{Accounts, Member, MovedAccount},
    accounts_watch::AccountsWatch,
};
use crate::{
    account::Account,
    settings::{
        Settings,
        accounts::{NamedAccount, ServedAccounts, fold},
    },
};
use highlevel_core::error::Result;
use highlevel_store::CredentialStamp;
use std::{
    collections::HashMap,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

/// How often the file is looked at.
const LOOK: Duration = Duration::from_secs(2);

/// The file of a process's accounts, and what it needs to take it over again.
#[derive(Debug)]
pub(super) struct AccountsSource {
    pub(super) path: PathBuf,
    pub(super) settings: Settings,
}

/// What names and locations have stood for since the start, removed ones included.
#[derive(Debug, Default)]
struct KnownAccounts {
    locations: HashMap<String, String>,
    entries: HashMap<String, NamedAccount>,
}

impl KnownAccounts {
    /// Notes an entry. Returns whether its name or its location stood for another account.
    fn note(&mut self, entry: &NamedAccount) -> bool {
        let location = self.locations.insert(fold(&entry.name), entry.location.clone());
        let known = self.entries.insert(entry.location.clone(), entry.clone());
        location.is_some_and(|location| location != entry.location)
            || known.is_some_and(|known| !is_same_account(&known, entry))
    }
}

/// Whether two entries of a location are of one account, whatever they allow.
fn is_same_account(one: &NamedAccount, other: &NamedAccount) -> bool {
    let of = |entry: &NamedAccount| (entry.name.clone(), entry.credential.clone(), entry.api, entry.base_url.clone());
    of(one) == of(other)
}

impl Runtime {
    /// Takes `accounts.toml` over whenever it changes, until the process ends. Without such a file it does nothing.
    pub fn spawn_accounts_watch(self: &Arc<Self>) {
        if self.source.is_some() {
            let runtime = Arc::clone(self);
            tokio::spawn(async move { runtime.watch_accounts().await });
        }
    }

    async fn watch_accounts(self: Arc<Self>) {
        let Some(source) = &self.source else { return };
        let start = self.live();
        let mut known = KnownAccounts::default();
        for entry in start.entries() {
            known.note(entry);
        }
        let mut seen = start.watched_stamp().unwrap_or_default();
        drop(start);
        while !self.workers.closing().is_cancelled() {
            tokio::select! {
                () = self.workers.closing().cancelled() => return,
                () = tokio::time::sleep(LOOK) => {}
            }
            let stamp = CredentialStamp::of_file(&source.path);
            if stamp != seen {
                seen = stamp;
                if let Err(error) = self.take_over(source, &mut known).await {
                    tracing::warn!("accounts.toml has changed and cannot be served: {}", error.message);
                }
            }
        }
    }

    /// Serves the accounts of the file as it is now. What runs keeps the account that it began with.
    async fn take_over(&self, source: &AccountsSource, known: &mut KnownAccounts) -> Result<()> {
        // Before the file is read, so that no change is missed.
        let watch = AccountsWatch::new(source.path.clone());
        let old = self.live();
        let generation = old.generation() + 1;
        let accounts = match source.settings.served_accounts()? {
            // The file is gone, or has no account any more: each call is refused, because its entry is not there.
            ServedAccounts::One { entry: None, .. } => return Ok(()),
            ServedAccounts::One { mut settings, entry: Some(entry) } => {
                if old.one_entry().is_some_and(|(one, _)| *one == *entry) {
                    return Ok(());
                }
                settings.resolve_api().await?;
                let login = self.login(&settings).await?;
                let account = Arc::new(self.account(&login, &settings, None)?);
                Accounts::one(account).watched(watch, Some(*entry))
            }
            ServedAccounts::Several { default, accounts } => {
                let entries = accounts.iter().map(|(entry, _)| entry);
                if old.are_several() && old.default_name() == default.as_deref() && old.entries().eq(entries) {
                    return Ok(());
                }
                let members = self.members(accounts, &old).await;
                Accounts::several(members, default.as_deref()).watched(watch, None)
            }
        };
        let moved = moved(&old, &accounts, known, generation);
        tracing::info!("accounts.toml has changed and is served anew");
        self.serve(accounts.changed(generation, moved));
        Ok(())
    }

    /// The members of these entries. An account whose entry is as it was stays the same.
    pub(super) async fn members(&self, accounts: Vec<(NamedAccount, Result<Settings>)>, old: &Accounts) -> Vec<Member> {
        let mut members = Vec::with_capacity(accounts.len());
        for (entry, settings) in accounts {
            let same = old.members().iter().find(|member| member.entry == entry);
            let account = match (same.map(|member| &member.account), settings) {
                (Some(Ok(account)), _) => Ok(Arc::clone(account)),
                (_, Ok(settings)) => self.member(&entry, settings).await.map(Arc::new),
                (_, Err(error)) => Err(error),
            };
            if let Err(error) = &account {
                tracing::warn!("the account {} cannot be served: {}", entry.name, error.message);
            }
            members.push(Member { entry, account });
        }
        members
    }
}

/// The locations of `new` that stood for another account, since when.
fn moved(
    old: &Accounts,
    new: &Accounts,
    known: &mut KnownAccounts,
    generation: u64,
) -> std::collections::BTreeMap<String, MovedAccount> {
    let now = MovedAccount { generation, at: Instant::now() };
    let mut moved = old.moved.clone();
    let named: Vec<&NamedAccount> = new.entries().filter(|entry| known.note(entry)).collect();
    moved.extend(named.into_iter().map(|entry| (entry.location.clone(), now)));
    // Calls that name no account now mean this one.
    if let Some((entry, _)) = new.one_entry()
        && old.one_entry().is_none_or(|(one, _)| one.location != entry.location)
    {
        moved.insert(entry.location.clone(), now);
    }
    moved
}

impl Accounts {
    /// The entries of the file that are served.
    fn entries(&self) -> impl Iterator<Item = &NamedAccount> {
        let several = self.members().iter().map(|member| &member.entry);
        self.one_entry().map(|(entry, _)| entry).into_iter().chain(several)
    }

    /// Whether this very account is still served.
    pub(super) fn serves(&self, account: &Arc<Account>) -> bool {
        self.shared().any(|served| Arc::ptr_eq(served, account))
    }
}
