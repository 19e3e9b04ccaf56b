//! Which entries of the journal an undo is about: one, those of a job, or those since a time. Only numbers are kept, so that a
//! million entries need little memory.

use super::row::UNDOES;
use crate::{account::Account, service::moment};
use chrono::{DateTime, TimeDelta, Utc};
use highlevel_catalog::bulk::UndoChanges;
use highlevel_core::{
    context::{CallContext, Caller},
    error::{Code, Error, Result},
};
use highlevel_store::{EntryFilter, EntryRange, JobState, Journal, JournalEntry};
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// The most rows of an undo.
pub(super) const MOST_ROWS: usize = 100_000;

/// The entries that are read at once.
const PAGE: u64 = 1000;

/// The word for the client that calls.
const THIS: &str = "this";

/// The age from which images may be pruned. Younger ones never are.
const MAY_BE_PRUNED: TimeDelta = TimeDelta::hours(23);

/// How long images are held for a plan that is being made.
const HELD: TimeDelta = TimeDelta::hours(1);

/// The entries that a caller wants to take back.
#[derive(Debug)]
pub(super) struct Selection {
    wanted: Wanted,
    /// The entries in words.
    pub(super) title: String,
    /// The argument that selects them.
    field: &'static str,
    /// The location, where it is known: accounts of one name may have several.
    location: Option<String>,
}

#[derive(Debug)]
enum Wanted {
    Entry(u64),
    All(EntryFilter),
}

/// The entries that were found, by their objects.
#[derive(Debug, Default)]
pub(super) struct FoundEntries {
    /// The numbers of the entries about each object, the newest first; the object of the newest entry first.
    pub(super) groups: Vec<Vec<u64>>,
    /// How many there are.
    pub(super) entries: u64,
    /// How many of them changed nothing.
    pub(super) failed: u64,
}

impl Selection {
    /// The entries that a caller named.
    ///
    /// # Errors
    /// `invalid_arguments` unless exactly one of `entry`, `job` and `since` is given; for a job that is another account's or
    /// still runs, and for a time that cannot be read.
    pub(super) async fn read(account: &Account, asked: &UndoChanges, context: &CallContext) -> Result<Self> {
        let location = match &account.location {
            Some(location) => Some(location.clone()),
            None => account.service.location(context).await.id,
        };
        let client = asked.client.as_deref().map(|name| client_named(name, context));
        let mut filter = EntryFilter {
            accounts: vec![account.service.name().to_owned()],
            client: client.clone(),
            caller: asked.client.as_deref().and_then(|name| own_caller(name, context)),
            ..EntryFilter::default()
        };
        let by = client.map(|client| format!(" by {client}")).unwrap_or_default();
        let (wanted, title, field) = match (asked.entry, &asked.job, &asked.since) {
            (Some(entry), None, None) => {
                if asked.client.is_some() {
                    let message = "`client` narrows `job` and `since`. Leave it out: one entry has one client.";
                    return Err(Error::invalid("client", message));
                }
                (Wanted::Entry(entry), format!("entry {entry}"), "entry")
            }
            (None, Some(job), None) => {
                let job = job.trim();
                check_job(account, job).await?;
                filter.job = Some(job.to_owned());
                (Wanted::All(filter), format!("the job {job}{by}"), "job")
            }
            (None, None, Some(since)) => {
                filter.since = Some(moment(since.as_str())?);
                (Wanted::All(filter), format!("all since {}{by}", since.as_str()), "since")
            }
            _ => return Err(Error::invalid("entry", "Give exactly one of `entry`, `job` and `since`.")),
        };
        Ok(Self { wanted, title, field, location })
    }

    /// What the job of an undo knows of it.
    pub(super) fn facts(&self) -> Map<String, Value> {
        Map::from_iter([(UNDOES.to_owned(), self.title.as_str().into())])
    }

    /// Finds the entries. Keeps their images while the plan is made, for `holder`.
    ///
    /// # Errors
    /// `invalid_arguments` where there is none of this account; `too_large` for more objects than an undo has rows.
    pub(super) async fn find(
        &self,
        account: &Account,
        journal: &Journal,
        holder: &str,
        context: &CallContext,
    ) -> Result<FoundEntries> {
        let mut grouping = Grouping::default();
        match &self.wanted {
            Wanted::Entry(number) => {
                let entry = journal.entry(*number).await?;
                let Some(entry) = entry.filter(|entry| self.is_own(account, entry)) else {
                    let message = format!("`entry`: the journal has no entry {number} of this account.");
                    return Err(Error::invalid("entry", message));
                };
                hold(journal, holder, std::slice::from_ref(&entry)).await?;
                grouping.add(account, &entry)?;
            }
            Wanted::All(filter) => {
                let mut range = journal.range(filter.clone(), None).await?;
                while range.from <= range.to {
                    context.bound(std::future::ready(())).await?;
                    let page = journal.entries(filter.clone(), range, PAGE, false).await?;
                    let Some(last) = page.last() else { break };
                    range = EntryRange { from: last.seq() + 1, ..range };
                    let own: Vec<JournalEntry> = page.into_iter().filter(|entry| self.is_own(account, entry)).collect();
                    hold(journal, holder, &own).await?;
                    own.iter().try_for_each(|entry| grouping.add(account, entry))?;
                    context.report(&format!("{} entries of the journal read", grouping.found.entries));
                }
            }
        }
        if grouping.found.entries == 0 {
            let message = format!(
                "`{}`: the journal has no write of this account for {}. `highlevel-mcp journal` lists what it has.",
                self.field, self.title
            );
            return Err(Error::invalid(self.field, message));
        }
        Ok(grouping.end())
    }

    /// Whether an entry is this account's. Several accounts share a journal, and several locations may share a name.
    fn is_own(&self, account: &Account, entry: &JournalEntry) -> bool {
        let location = entry.text("location");
        let is_here = location.is_empty() || self.location.as_deref().is_none_or(|own| own == location);
        entry.text("account") == account.service.name() && is_here
    }
}

/// The name of a client: the caller's own for the word "this".
fn client_named(name: &str, context: &CallContext) -> String {
    let own = context.client.as_ref().filter(|_| name.trim().eq_ignore_ascii_case(THIS));
    own.map_or_else(|| name.trim().to_owned(), |client| client.name.clone())
}

/// The caller himself, for the word "this" over an authenticated connection: other people's hosts have the same name.
fn own_caller(name: &str, context: &CallContext) -> Option<Caller> {
    context.client.as_ref().filter(|_| name.trim().eq_ignore_ascii_case(THIS))?.caller.clone()
}

/// Checks that a job is this account's, if the store still has it, and that it writes nothing any more.
async fn check_job(account: &Account, job: &str) -> Result<()> {
    // The journal keeps entries for longer than the store keeps jobs.
    let Some(job) = account.queue.store.job(job).await? else { return Ok(()) };
    if !account.owns(&job).await? {
        let message = format!("`job`: {} is a job of another account, {}.", job.id, job.account);
        return Err(Error::invalid("job", message));
    }
    if job.state == JobState::Running {
        let message = format!(
            "`job`: {} still runs. Wait for it, or stop it first: get_bulk {{\"job\": \"{}\", \"action\": \"cancel\"}}.",
            job.id, job.id
        );
        return Err(Error::invalid("job", message));
    }
    Ok(())
}

/// Keeps the images of these entries that may be pruned by their age.
async fn hold(journal: &Journal, holder: &str, entries: &[JournalEntry]) -> Result<()> {
    let now = Utc::now();
    let is_old = |entry: &&JournalEntry| {
        let time = DateTime::parse_from_rfc3339(entry.text("time"));
        time.map_or(true, |time| now - time.with_timezone(&Utc) > MAY_BE_PRUNED)
    };
    let old: Vec<u64> = entries.iter().filter(is_old).map(JournalEntry::seq).collect();
    if old.is_empty() {
        return Ok(());
    }
    // The plan says which entries lack an image, row by row.
    journal.hold(holder, &old, now + HELD).await.map(drop)
}

/// Entries by their objects.
#[derive(Debug, Default)]
struct Grouping {
    found: FoundEntries,
    positions: HashMap<String, usize>,
}

impl Grouping {
    /// Adds an entry that is newer than those before.
    fn add(&mut self, account: &Account, entry: &JournalEntry) -> Result<()> {
        self.found.entries += 1;
        if changed_nothing(entry) {
            self.found.failed += 1;
            return Ok(());
        }
        let object = entry.text("object");
        let spec = account.catalog.find(entry.text("tool"));
        let key = spec.filter(|_| !object.is_empty()).map(|spec| format!("{:?} {object}", spec.toolset));
        let at = key.as_ref().and_then(|key| self.positions.get(key).copied());
        match at.and_then(|at| self.found.groups.get_mut(at)) {
            Some(group) => group.push(entry.seq()),
            None => {
                if self.found.groups.len() >= MOST_ROWS {
                    return Err(too_many());
                }
                self.positions.extend(key.map(|key| (key, self.found.groups.len())));
                self.found.groups.push(vec![entry.seq()]);
            }
        }
        Ok(())
    }

    fn end(self) -> FoundEntries {
        let mut found = self.found;
        found.groups.iter_mut().for_each(|group| group.reverse());
        found.groups.sort_by_key(|group| std::cmp::Reverse(group.first().copied()));
        found
    }
}

/// Whether a write failed as a whole, so that there is nothing to take back.
fn changed_nothing(entry: &JournalEntry) -> bool {
    match entry.text("outcome") {
        "cancelled" => true,
        // A part of it may have been done.
        "failed" => !entry.members.contains_key("applied"),
        _ => false,
    }
}

fn too_many() -> Error {
    let message = format!(
        "The entries are about more than {MOST_ROWS} objects, the most of one undo. Narrow them: a later `since`, one \
         `client`, or single entries."
    );
    Error::new(Code::TooLarge, message).with("limit", json!(MOST_ROWS))
}
