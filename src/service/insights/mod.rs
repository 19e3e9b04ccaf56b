//! Questions that the mirror answers, with the freshness and completeness of their data.

mod accounts;
mod chart;
mod describe;
mod entries;
mod find;
mod ids;
mod query;
mod tables;

use super::{
    AccountService,
    mirror::{Progress, Watcher},
};
use chrono::{DateTime, SecondsFormat, Utc};
use highlevel_catalog::{
    Invocation,
    insights::{ChangesSince, ChartCrm, DescribeCrm, FindDuplicates, QueryCrm, SearchCrm},
};
use highlevel_core::context::CallContext;
use highlevel_core::error::{Code, Error, Result};
use highlevel_store::{Missing, Table, TableState};
use serde_json::{Map, Value, json};
use std::time::Duration;

pub use accounts::{AccountsWatcher, AllAccounts, NamedAccount};
pub use chart::{draw, picture};
pub use find::moment;
pub use query::{PartialTables, QueryResult, Question};

impl AccountService {
    /// Runs an operation that is answered from the mirror.
    pub(super) async fn insight(&self, invocation: &Invocation, context: &CallContext) -> Result<Value> {
        if let Some(query) = invocation.read_as::<QueryCrm>() {
            return self.query(&query?, context).await;
        }
        if let Some(chart) = invocation.read_as::<ChartCrm>() {
            return self.query(&chart?.query, context).await;
        }
        if let Some(search) = invocation.read_as::<SearchCrm>() {
            return self.search(&search?, context).await;
        }
        if let Some(duplicates) = invocation.read_as::<FindDuplicates>() {
            return self.duplicates(&duplicates?, context).await;
        }
        if let Some(changes) = invocation.read_as::<ChangesSince>() {
            return self.changes(&changes?, context).await;
        }
        if let Some(describe) = invocation.read_as::<DescribeCrm>() {
            return self.describe(&describe?, context).await;
        }
        Err(Error::new(Code::Internal, format!("{} has no answer from the mirror.", invocation.spec.name)))
    }

    /// Refreshes these tables regardless of their age. Returns what could not be read, or not in full.
    ///
    /// # Errors
    /// `cancelled`; `internal` when the state directory cannot be used.
    pub async fn sync(
        &self,
        tables: &[&'static Table],
        context: &CallContext,
        watcher: Watcher<'_>,
    ) -> Result<Vec<Missing>> {
        self.mirroring.sync(tables, context, watcher).await?;
        let states = self.mirroring.mirror().await?.states(tables.to_vec()).await?;
        let short = |table: &Table, state: &TableState| {
            let why = state.short.clone()?;
            Some(Missing { table: table.name.to_owned(), why, scope: None })
        };
        Ok(states.iter().flat_map(|(table, state)| missing(state).chain(short(table, state))).collect())
    }

    /// Releases the running scans at the end of the process.
    pub async fn leave(&self) {
        self.mirroring.leave().await;
    }

    /// Each readable table with its number of rows and its state.
    ///
    /// # Errors
    /// `unauthorized` without a credential; `internal` when the state directory cannot be used.
    pub async fn mirror_status(&self) -> Result<Vec<(&'static Table, u64, TableState)>> {
        let overview = self.mirroring.mirror().await?.overview(self.readable_tables(), 0, |_, _| true).await?;
        Ok(overview.map_or_else(Vec::new, |overview| overview.tables))
    }

    /// The status of an answer from these tables: freshness, completeness, and missing data.
    fn data_status(&self, states: &[(&'static Table, TableState)]) -> DataStatus {
        let mut status = DataStatus { as_of: Map::new(), complete: true, missing: Vec::new(), note: Vec::new() };
        for (table, state) in states {
            let name = table.name;
            status.as_of.insert(name.to_owned(), state.complete_at.map_or(Value::Null, |at| time(at).into()));
            status.complete &= state.is_complete();
            status.missing.extend(missing(state));
            let Some(at) = state.complete_at else {
                status.note.extend(self.first_scan_progress(table, state));
                continue;
            };
            if state.fault.is_some() {
                status.note.push(format!("{name} is from {}: it could not be refreshed.", time(at)));
            }
            if state.own_writes > 0 {
                let count = state.own_writes;
                status.note.push(format!("{name} also has {count} of this machine's own writes since asOf."));
            }
        }
        status
    }

    /// The progress of a table's first scan as a sentence; `None` if the table could not be read.
    fn first_scan_progress(&self, table: &Table, state: &TableState) -> Option<String> {
        let name = table.name;
        if let Some(short) = &state.short {
            return Some(format!("{name} could not be read in full: {short}."));
        }
        if state.fault.is_some() && !state.busy {
            return None;
        }
        let read = match state.under_way? {
            (read, Some(total)) => format!("{read} of {total}"),
            (read, None) => read.to_string(),
        };
        let left = self.mirroring.remaining(state).map(in_words);
        Some(match left {
            Some(left) => format!("{name} is being read: {read} are here, the rest takes {left}."),
            None => format!("{name} is being read: {read} are here."),
        })
    }

    /// The error if none of the tables has data. With `partial`, a single table may be incomplete.
    fn no_data(&self, states: &[(&'static Table, TableState)], partial: bool) -> Option<Error> {
        let has_data = |state: &TableState| state.complete_at.is_some() || state.partial();
        match states {
            [_] => self.not_ready(states, if partial { PartialTables::Used } else { PartialTables::Refused }),
            _ if states.iter().any(|(_, state)| has_data(state) || state.fault.is_none()) => None,
            _ => self.not_ready(states, PartialTables::Used),
        }
    }

    /// The error if a table was never read in full. An incomplete table may be enough.
    fn not_ready(&self, states: &[(&'static Table, TableState)], partial: PartialTables) -> Option<Error> {
        let (table, state) = states
            .iter()
            .filter(|(_, state)| state.complete_at.is_none())
            .find(|(_, state)| !(partial == PartialTables::Used && state.partial()))?;
        let failure = self.mirroring.failure(table).filter(|_| state.fault.is_some());
        let name = table.name;
        let mut error = match (failure, &state.short) {
            (Some(failure), _) => {
                let message = format!("{name} cannot be read: {}", failure.message);
                Error { message, ..failure }
            }
            (None, Some(short)) => Error::new(
                Code::UpstreamError,
                match partial {
                    PartialTables::Offered => format!(
                        "{name} could not be read in full: {short}. Set allowPartial: true to answer from the data that is here."
                    ),
                    PartialTables::Used | PartialTables::Refused => {
                        format!("{name} could not be read in full: {short}.")
                    }
                },
            ),
            (None, None) => {
                let progress =
                    self.first_scan_progress(table, state).unwrap_or_else(|| format!("{name} is being read."));
                let or = match partial {
                    PartialTables::Offered => ", or set allowPartial: true to answer from the data that is here",
                    PartialTables::Used | PartialTables::Refused => "",
                };
                let message = format!("{progress} Reading continues in the background: ask again then{or}.");
                let left = self.mirroring.remaining(state).unwrap_or(DEFAULT_RETRY);
                Error::new(Code::Timeout, message).retry_at(Utc::now() + left)
            }
        };
        let missing: Vec<Missing> = states.iter().flat_map(|(_, state)| missing(state)).collect();
        if !missing.is_empty() {
            error = error.with("missing", serde_json::to_value(missing).unwrap_or_default());
        }
        let reading: Vec<Value> = states
            .iter()
            .filter(|(_, state)| state.complete_at.is_none())
            .filter_map(|(table, state)| {
                let (read, total) = state.under_way?;
                Some(json!({"table": table.name, "read": read, "total": total}))
            })
            .collect();
        if !reading.is_empty() {
            error = error.with("reading", reading);
        }
        Some(error)
    }
}

/// When to retry if the remaining time of a scan is unknown.
const DEFAULT_RETRY: Duration = Duration::from_secs(5);

/// What the last scan of a table could not read: the table itself, or names in it.
fn missing(state: &TableState) -> impl Iterator<Item = Missing> + use<> {
    state.fault.clone().into_iter().chain(state.unnamed.clone())
}

/// How fresh and complete the data of an answer is.
struct DataStatus {
    as_of: Map<String, Value>,
    complete: bool,
    missing: Vec<Missing>,
    note: Vec<String>,
}

impl DataStatus {
    /// The status as members of an answer.
    fn into_members(self) -> Map<String, Value> {
        let mut members = Map::new();
        members.insert("asOf".into(), self.as_of.into());
        members.insert("complete".into(), self.complete.into());
        // The same list of names may be missing for several tables.
        let mut reported: Vec<Missing> = Vec::new();
        for missing in self.missing {
            if !reported.iter().any(|known| known.table == missing.table) {
                reported.push(missing);
            }
        }
        if !reported.is_empty() {
            members.insert("missing".into(), serde_json::to_value(reported).unwrap_or_default());
        }
        if !self.note.is_empty() {
            members.insert("note".into(), self.note.join(" ").into());
        }
        members
    }
}

/// A moment as answers have it: RFC 3339 in UTC, to the second.
pub fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn in_words(time: Duration) -> String {
    match time.as_secs() {
        0..=1 => "a second".to_owned(),
        seconds @ 2..=120 => format!("about {seconds} s"),
        seconds => format!("about {} min", seconds.div_ceil(60)),
    }
}

/// A watcher that ignores the progress.
pub(in crate::service) fn ignore_progress(_: &'static Table, _: &Progress) {}

/// A watcher that reports to a host which scan its call waits for.
pub fn report_progress(context: &CallContext) -> impl Fn(&'static Table, &Progress) + Sync + use<'_> {
    |table, progress| {
        if !progress.has_ended() {
            let of = progress.total.map_or(String::new(), |total| format!(" of {total}"));
            context.report(&format!("reading {}: {}{of}", table.name, progress.read));
        }
    }
}
