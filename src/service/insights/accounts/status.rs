//! How fresh and complete an answer over several accounts is, in few words however many there are.

use super::{
    super::missing,
    super::query::QueryResult,
    member::{LeftOut, Member},
};
use crate::service::insights::time;
use chrono::{DateTime, TimeDelta, Utc};
use highlevel_core::error::{Code, Error};
use highlevel_store::{MirrorAnswer, Missing, TableState};
use serde_json::{Map, Value, json};
use std::time::Duration;

/// Up to so many accounts each have their own time.
const MOST_TIMES: usize = 10;

/// The oldest accounts that are named with their times, where there are more.
const OLDEST: usize = 3;

/// The most accounts that `missing` names.
const MOST_MISSING: usize = 20;

/// The most accounts that a sentence names.
const MOST_NAMED: usize = 5;

/// The key of the accounts that `asOf` does not name. No account can have it as a name.
const OTHERS: &str = "(others since)";

/// How fresh and complete the data of an answer is.
#[derive(Debug, Default)]
pub(super) struct AccountsStatus {
    as_of: Map<String, Value>,
    complete: bool,
    missing: Vec<Value>,
    pub(super) note: Vec<String>,
}

impl AccountsStatus {
    /// The status as members of an answer.
    pub(super) fn into_members(self) -> Map<String, Value> {
        let mut members = Map::new();
        members.insert("asOf".into(), self.as_of.into());
        members.insert("complete".into(), self.complete.into());
        if !self.missing.is_empty() {
            members.insert("missing".into(), self.missing.into());
        }
        if !self.note.is_empty() {
            members.insert("note".into(), self.note.join(" ").into());
        }
        members
    }
}

/// The answer to a statement that reads no table.
pub(super) fn without_data(answer: MirrorAnswer) -> QueryResult {
    let mut status = AccountsStatus { complete: true, ..AccountsStatus::default() };
    super::add_remarks(&mut status.note, &answer);
    QueryResult { columns: answer.columns, rows: answer.rows, status: status.into_members() }
}

/// The status of an answer from the members that are not left out. `max_age`: the maximum age that was asked for, and when.
pub(super) fn of(members: &[Member<'_>], max_age: Option<(Duration, DateTime<Utc>)>) -> AccountsStatus {
    let shown: Vec<_> = members.iter().filter(|member| member.data.is_ok()).collect();
    let (missing, left_out) = missing_of(members);
    let is_complete = |member: &&Member<'_>| member.states().iter().all(|(_, state)| state.is_complete());
    let mut status = AccountsStatus {
        as_of: as_of(&shown),
        complete: shown.iter().all(is_complete) && left_out.is_empty(),
        missing,
        note: Vec::new(),
    };
    if !left_out.is_empty() {
        let (count, all) = (left_out.len(), members.len());
        let names = some_of(left_out);
        status.note.push(format!("{count} of {all} accounts are left out, see missing: {names}."));
        let is_read = |member: &Member<'_>| member.data.as_ref().is_err_and(|out| out.error.code == Code::Timeout);
        if members.iter().any(is_read) {
            status.note.push(
                "Those that are being read can answer later: ask again then, or set allowPartial: true.".to_owned(),
            );
        }
    }
    status.note.extend(partial(&shown));
    status.note.extend(not_refreshed(&shown));
    status.note.extend(max_age.and_then(|(most, asked_at)| too_old(&shown, most, asked_at)));
    let own: u64 = states(&shown).map(|(_, state)| state.own_writes).sum();
    if own > 0 {
        status.note.push(format!("There are also {own} of this machine's own writes since asOf."));
    }
    status
}

/// The error if no account can answer: that of the first one, with the reasons of the others.
pub(super) fn no_account(members: &[Member<'_>]) -> Error {
    let all: Vec<_> = members.iter().filter_map(|member| Some((member.name, member.data.as_ref().err()?))).collect();
    let Some((_, first)) = all.first() else {
        return Error::invalid("account", "There is no account to ask. Name at least one.");
    };
    let mut error = first.error.clone();
    if all.len() > 1 {
        let why = |(name, out): &(&str, &LeftOut)| format!("{name} ({})", out.why().trim_end_matches('.'));
        let why = some_of(all.iter().map(why).collect());
        error.message = format!("None of the {} accounts can answer: {why}.", all.len());
    }
    let again = all.iter().filter_map(|(_, out)| out.error.retry_at).min();
    error.retry_at = again.or(error.retry_at);
    error.with("missing", missing_of(members).0)
}

/// The oldest table of each account.
fn as_of(shown: &[&Member<'_>]) -> Map<String, Value> {
    let oldest = |member: &&Member<'_>| {
        let times = member.states().iter().map(|(_, state)| state.complete_at);
        (times.min().flatten(), member.name.to_owned())
    };
    let value = |at: Option<DateTime<Utc>>| at.map_or(Value::Null, |at| time(at).into());
    let mut all: Vec<_> = shown.iter().map(oldest).collect();
    if all.len() <= MOST_TIMES {
        return all.into_iter().map(|(at, name)| (name, value(at))).collect();
    }
    all.sort();
    let others = all.split_off(OLDEST);
    let others = others.first().map(|(at, _)| (OTHERS.to_owned(), value(*at)));
    all.into_iter().map(|(at, name)| (name, value(at))).chain(others).collect()
}

/// The accounts that are left out or that lack something, bounded, and the names of those left out.
fn missing_of<'a>(members: &[Member<'a>]) -> (Vec<Value>, Vec<&'a str>) {
    let (mut all, mut left_out) = (Vec::new(), Vec::new());
    for member in members {
        match &member.data {
            Err(out) => {
                left_out.push(member.name);
                let entry = |missing: &Missing| one_missing(member.name, missing);
                let plain = || json!({"account": member.name, "why": out.error.message});
                all.push(out.missing.as_ref().map_or_else(plain, entry));
            }
            Ok(data) => {
                let lacks = data.states.iter().flat_map(|(_, state)| missing(state));
                all.extend(lacks.map(|missing| one_missing(member.name, &missing)));
            }
        }
    }
    let more = all.len().saturating_sub(MOST_MISSING);
    all.truncate(MOST_MISSING);
    if more > 0 {
        all.push(json!({"more": more}));
    }
    (all, left_out)
}

fn one_missing(account: &str, missing: &Missing) -> Value {
    let mut entry = Map::new();
    entry.insert("account".into(), account.into());
    if let Ok(Value::Object(members)) = serde_json::to_value(missing) {
        entry.extend(members);
    }
    entry.into()
}

/// The accounts with a table that is not read in full.
fn partial(shown: &[&Member<'_>]) -> Option<String> {
    let partial = |member: &&&Member<'_>| member.states().iter().any(|(_, state)| state.complete_at.is_none());
    let names: Vec<_> = shown.iter().filter(partial).map(|member| member.name).collect();
    (!names.is_empty()).then(|| format!("Not read in full yet: {}.", some_of(names)))
}

/// The accounts with a table whose last refresh failed.
fn not_refreshed(shown: &[&Member<'_>]) -> Option<String> {
    let failed = |member: &&&Member<'_>| member.states().iter().any(|(_, state)| is_old_after_fault(state));
    let names: Vec<_> = shown.iter().filter(failed).map(|member| member.name).collect();
    (!names.is_empty()).then(|| format!("These could not be refreshed and are older: {}.", some_of(names)))
}

fn is_old_after_fault(state: &TableState) -> bool {
    state.complete_at.is_some() && state.fault.is_some()
}

/// The accounts with a table that is older than asked for, and why.
fn too_old(shown: &[&Member<'_>], most: Duration, asked_at: DateTime<Utc>) -> Option<String> {
    let oldest = asked_at - TimeDelta::from_std(most).unwrap_or(TimeDelta::MAX);
    let old = |member: &&Member<'_>| {
        let is_old = |state: &TableState| state.complete_at.is_some_and(|at| at < oldest);
        let (table, state) = member.states().iter().find(|(_, state)| is_old(state))?;
        Some(format!("{} ({}: {})", member.name, table.name, member.mirroring().why_old(state)))
    };
    let old: Vec<_> = shown.iter().filter_map(old).collect();
    (!old.is_empty()).then(|| format!("max_age is not met for {}.", some_of(old)))
}

fn states<'a>(shown: &'a [&Member<'_>]) -> impl Iterator<Item = &'a (&'static highlevel_store::Table, TableState)> {
    shown.iter().flat_map(|member| member.states())
}

/// The first few, and how many there are more.
fn some_of(mut all: Vec<impl ToString>) -> String {
    let more = all.len().saturating_sub(MOST_NAMED);
    all.truncate(MOST_NAMED);
    let first = all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{first} and {more} more") } else { first }
}
