//! The accounts of a process, and which of them a request is for.

use super::accounts_watch::AccountsWatch;
use crate::{
    account::{Account, AskedAccount},
    settings::accounts::{NamedAccount, fold},
};
use highlevel_core::{
    clean,
    error::{Code, Error, Result},
    suggest::nearest,
};
use highlevel_store::CredentialStamp;
use std::{
    collections::BTreeMap,
    fmt::Write,
    sync::Arc,
    time::{Duration, Instant},
};

/// How long a host may use a list that it was given. A host that no session is known of has listed again after that.
pub const LISTS_LIVE: Duration = Duration::from_secs(60);

/// The most accounts that an error lists.
const LISTED: usize = 20;

/// The most characters of an unknown name that an error repeats: as many as a name can have.
const REPEATED: usize = 100;

/// A name as messages write it: quoted as in JSON, so that no name ends its own quotes.
pub fn quoted(name: &str) -> String {
    serde_json::Value::from(name).to_string()
}

/// A named account of the process.
#[derive(Debug)]
pub struct Member {
    /// The account's entry, with the name and the location's id that calls give.
    pub entry: NamedAccount,
    /// The account, or why it cannot be served.
    pub account: Result<Arc<Account>>,
}

/// The accounts of a process: one that nothing has to name, or several with names.
#[derive(Debug, Default)]
pub struct Accounts {
    /// The one account, where it is the only one.
    one: Option<Arc<Account>>,
    several: Vec<Member>,
    /// The account of reads that name none, among several.
    default: Option<usize>,
    /// The entry of the one account, where it is from a file.
    one_entry: Option<NamedAccount>,
    watch: Option<AccountsWatch>,
    /// How often the file has changed since the start.
    generation: u64,
    /// The locations whose account was another when the file changed, each with that change.
    pub(super) moved: BTreeMap<String, MovedAccount>,
}

/// The change by which a name or a location came to stand for another account.
#[derive(Debug, Clone, Copy)]
pub(super) struct MovedAccount {
    pub(super) generation: u64,
    pub(super) at: Instant,
}

impl Accounts {
    pub(super) fn one(account: Arc<Account>) -> Self {
        Self { one: Some(account), ..Self::default() }
    }

    pub(super) fn several(members: Vec<Member>, default: Option<&str>) -> Self {
        let default = default.and_then(|name| members.iter().position(|member| member.entry.name == name));
        Self { several: members, default, ..Self::default() }
    }

    /// The same accounts, from a file that is watched. `one_entry`: the entry of the one account, if there is one.
    pub(super) fn watched(self, watch: AccountsWatch, one_entry: Option<NamedAccount>) -> Self {
        Self { watch: Some(watch), one_entry, ..self }
    }

    /// The same accounts, as a change of the file has them.
    pub(super) fn changed(self, generation: u64, moved: BTreeMap<String, MovedAccount>) -> Self {
        Self { generation, moved, ..self }
    }

    /// The stamp of the file as it was last read, if the accounts are from one.
    pub(super) fn watched_stamp(&self) -> Option<CredentialStamp> {
        self.watch.as_ref().map(AccountsWatch::stamp)
    }

    /// Whether there are several accounts, so that calls name theirs.
    pub fn are_several(&self) -> bool {
        self.one.is_none()
    }

    /// The several accounts, in the order of their file; none if there is only one.
    pub fn members(&self) -> &[Member] {
        &self.several
    }

    /// The accounts that can be served.
    pub fn usable(&self) -> impl Iterator<Item = &Account> + Clone {
        self.shared().map(AsRef::as_ref)
    }

    /// The same, to be kept beyond a change of the file.
    pub fn shared(&self) -> impl Iterator<Item = &Arc<Account>> + Clone {
        self.one.iter().chain(self.several.iter().filter_map(|member| member.account.as_ref().ok()))
    }

    /// The entry of the one account, where it is from a file.
    pub(super) fn one_entry(&self) -> Option<(&NamedAccount, &Arc<Account>)> {
        self.one_entry.as_ref().zip(self.one.as_ref())
    }

    /// How often the accounts have changed since the start.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Refuses a call to an account whose name or location stood for another one when its host last listed the tools.
    /// `listed`: the accounts' generation then; `None` for a host that no session is known of.
    ///
    /// # Errors
    /// `policy_denied` with what to do.
    pub fn check_listed(&self, account: &Account, listed: Option<u64>) -> Result<()> {
        let moved = account.location().and_then(|location| self.moved.get(location));
        let Some(moved) = moved else { return Ok(()) };
        let knows = listed.map_or_else(|| moved.at.elapsed() > LISTS_LIVE, |listed| listed >= moved.generation);
        if knows {
            return Ok(());
        }
        let message = "accounts.toml has changed: this account's name or location stood for another account when the tools were last listed. Nothing was done. List the tools again (tools/list, or list_accounts), make sure which account is meant, and repeat the call.";
        Err(Error::new(Code::PolicyDenied, message))
    }

    /// The first account that can be served, for what is the same for all.
    ///
    /// # Errors
    /// Why the first account cannot be served, if none can.
    pub fn any(&self) -> Result<&Account> {
        match self.usable().next() {
            Some(account) => Ok(account),
            None => self
                .several
                .first()
                .map_or_else(|| Err(self.missing("it has none")), |first| first.usable().map(AsRef::as_ref)),
        }
    }

    /// The name of the account of reads that name none, among several.
    pub fn default_name(&self) -> Option<&str> {
        self.default_member().map(|member| member.entry.name.as_str())
    }

    fn default_member(&self) -> Option<&Member> {
        self.default.and_then(|at| self.several.get(at))
    }

    /// The account of a read. A near name will do if it can mean only one account.
    ///
    /// # Errors
    /// `invalid_arguments` for `account`, with the accounts that there are; the account's own problem.
    pub fn for_read(&self, wanted: Option<&str>) -> Result<&Arc<Account>> {
        match (&self.one, wanted) {
            (Some(one), _) => self.only(one, false),
            (None, Some(wanted)) => {
                let found = self.exact(wanted).or_else(|| self.near(wanted));
                found.map_or_else(|| Err(self.unknown(wanted, "")), |member| self.usable_member(member, false))
            }
            (None, None) => match self.default_member() {
                Some(default) => self.usable_member(default, false),
                None => Err(self.missing("a call names its account")),
            },
        }
    }

    /// The account of a write, which has to be named exactly, by its name or its location's id.
    ///
    /// # Errors
    /// As [`Accounts::for_read`].
    pub fn for_write(&self, wanted: Option<&str>) -> Result<&Arc<Account>> {
        match (&self.one, wanted) {
            (Some(one), _) => self.only(one, true),
            (None, Some(wanted)) => match self.exact(wanted) {
                Some(member) => self.usable_member(member, true),
                None => Err(self.unknown(wanted, " A write needs the exact name or the location's id.")),
            },
            (None, None) => Err(self.missing("a write always names its account")),
        }
    }

    /// The accounts of a question over several: those of these names, or all.
    ///
    /// # Errors
    /// As [`Accounts::for_read`], for a name that is none.
    pub fn for_question(&self, names: Option<&[String]>) -> Result<Vec<AskedAccount<'_>>> {
        let Some(names) = names else { return Ok(self.several.iter().map(|member| self.asked(member)).collect()) };
        let mut asked: Vec<AskedAccount<'_>> = Vec::new();
        for name in names {
            let found = self.exact(name).or_else(|| self.near(name));
            let member = found.ok_or_else(|| self.unknown(name, ""))?;
            if !asked.iter().any(|(known, _)| *known == member.entry.name) {
                asked.push(self.asked(member));
            }
        }
        Ok(asked)
    }

    /// Whether this is exactly the name or the location's id of an account.
    pub fn has(&self, name: &str) -> bool {
        self.exact(name).is_some()
    }

    fn exact(&self, wanted: &str) -> Option<&Member> {
        self.several.iter().find(|member| member.entry.name == wanted || member.entry.location == wanted)
    }

    /// The account whose name differs only in what a reader overlooks. No two accounts have such names.
    fn near(&self, wanted: &str) -> Option<&Member> {
        let wanted = fold(wanted);
        self.several.iter().find(|member| fold(&member.entry.name) == wanted)
    }

    /// The accounts whose name or location's id has this text in it, for a person who types.
    pub fn like(&self, typed: &str) -> impl Iterator<Item = &Member> {
        let typed = fold(typed);
        self.several.iter().filter(move |member| {
            fold(&member.entry.name).contains(&typed) || member.entry.location.to_lowercase().starts_with(&typed)
        })
    }

    fn missing(&self, why: &str) -> Error {
        let message = format!("`account` is missing: this server has several accounts, and {why}. {}", self.list(None));
        Error::invalid("account", message)
    }

    fn unknown(&self, wanted: &str, rule: &str) -> Error {
        let near = nearest(wanted, self.several.iter().map(|member| member.entry.name.as_str()));
        let hint = near.map_or_else(String::new, |near| format!(" Did you mean {}?", quoted(near)));
        let wanted = quoted(&clean::line(wanted, REPEATED));
        let message = format!("`account`: there is no account {wanted}.{hint}{rule} {}", self.list(near));
        Error::invalid("account", message)
    }

    /// The accounts in words, the nearest first.
    fn list(&self, first: Option<&str>) -> String {
        let near = self.several.iter().filter(|member| Some(member.entry.name.as_str()) == first);
        let rest = self.several.iter().filter(|member| Some(member.entry.name.as_str()) != first);
        let shown = near
            .chain(rest)
            .take(LISTED)
            .map(|member| format!("{} ({})", quoted(&member.entry.name), member.entry.location));
        let mut list = format!("Accounts: {}", shown.collect::<Vec<_>>().join(", "));
        if let more @ 1.. = self.several.len().saturating_sub(LISTED) {
            // Writing to a string does not fail.
            let _ = write!(list, ", and {more} more");
        }
        list.push('.');
        list
    }
}

impl Accounts {
    fn asked<'a>(&'a self, member: &'a Member) -> AskedAccount<'a> {
        (&member.entry.name, self.usable_member(member, false).map(AsRef::as_ref))
    }

    /// The account, unless its entry in the file has changed since it was taken over.
    fn usable_member<'a>(&self, member: &'a Member, is_write: bool) -> Result<&'a Arc<Account>> {
        let checked = self.watch.as_ref().map_or(Ok(()), |watch| watch.check(&member.entry, is_write));
        checked.map_err(|error| member.error(&error))?;
        member.usable()
    }

    fn only<'a>(&self, one: &'a Arc<Account>, is_write: bool) -> Result<&'a Arc<Account>> {
        if let (Some(watch), Some(entry)) = (&self.watch, &self.one_entry) {
            watch.check(entry, is_write)?;
        }
        Ok(one)
    }
}

impl Member {
    fn usable(&self) -> Result<&Arc<Account>> {
        self.account.as_ref().map_err(|error| self.error(error))
    }

    fn error(&self, error: &Error) -> Error {
        error.clone().with("account", self.entry.name.as_str())
    }
}
