//! Questions that the mirror answers: which tables they need, how fresh, and what is said of the answer.

mod chart;
mod describe;
mod find;
mod ids;
mod query;

use super::{
    Account,
    mirror::{Progress, Watcher},
};
use crate::{
    context::CallContext,
    crm::{
        Invocation, Operation,
        insights::{ChangesSince, ChartCrm, DescribeCrm, FindDuplicates, QueryCrm, SearchCrm},
    },
    error::{Code, Error, Result},
    store::{TABLES, Table, TableState},
};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::time::Duration;

pub use chart::{draw, picture};
pub use query::{Question, Table as QueryResult};

impl Account {
    /// Runs an operation that is answered from the mirror.
    pub(super) async fn insight(&self, invocation: &Invocation, context: &CallContext) -> Result<Value> {
        match invocation.entry.name {
            QueryCrm::NAME => self.query(&typed(invocation)?, context).await,
            ChartCrm::NAME => self.query(&typed::<ChartCrm>(invocation)?.query, context).await,
            DescribeCrm::NAME => self.describe(context).await,
            SearchCrm::NAME => self.search(&typed(invocation)?, context).await,
            FindDuplicates::NAME => self.duplicates(&typed(invocation)?, context).await,
            ChangesSince::NAME => self.changes(&typed(invocation)?, context).await,
            other => Err(Error::new(Code::Internal, format!("{other} has no answer from the mirror."))),
        }
    }

    /// The tables that the settings let be read.
    pub fn readable_tables(&self) -> Vec<&'static Table> {
        let hidden = |table: &&Table| self.rules.hidden_tables.iter().any(|(name, _)| *name == table.name);
        TABLES.iter().filter(|table| !hidden(table)).collect()
    }

    /// Reads these tables anew, whatever their age, and waits for it. Says of each whether it was read without a gap.
    ///
    /// # Errors
    /// What keeps a table from being read.
    pub async fn sync(
        &self,
        tables: &[&'static Table],
        context: &CallContext,
        tell: Watcher<'_>,
    ) -> Result<Vec<(&'static Table, bool)>> {
        self.mirroring.sync(tables, context, tell).await
    }

    /// Lets go of what is being read for the mirror. For the end of a process.
    pub async fn leave(&self) {
        self.mirroring.leave().await;
    }

    /// Each table that may be read, with its rows and how it stands.
    ///
    /// # Errors
    /// `unauthorized` without a credential; `internal` when the state directory cannot be used.
    pub async fn mirror_status(&self) -> Result<Vec<(&'static Table, u64, TableState)>> {
        let overview = self.mirroring.mirror().await?.overview(self.readable_tables(), 0, |_| true).await?;
        Ok(overview.map_or_else(Vec::new, |overview| overview.tables))
    }

    /// `asOf` and `complete` of an answer, and a sentence on what is not read in full.
    fn standing(&self, states: &[(&'static Table, TableState)]) -> Standing {
        let mut standing = Standing { as_of: Map::new(), complete: true, note: Vec::new() };
        for (table, state) in states {
            standing.as_of.insert(table.name.to_owned(), state.complete_at.map_or(Value::Null, |at| time(at).into()));
            if state.complete_at.is_some() {
                continue;
            }
            standing.complete = false;
            let so_far = state.under_way.map(|(read, total)| match total {
                Some(total) => format!("{read} of {total} are"),
                None => format!("{read} are"),
            });
            let left = self.mirroring.remaining(state).map(in_words);
            standing.note.push(match (so_far, left) {
                (Some(so_far), Some(left)) => {
                    format!("{} is being read: {so_far} here, the rest takes {left}.", table.name)
                }
                (Some(so_far), None) => format!("{} is being read: {so_far} here.", table.name),
                (None, _) => format!("{} could not be read in full: the list moved.", table.name),
            });
        }
        standing
    }
}

/// What is said of an answer from the mirror.
struct Standing {
    as_of: Map<String, Value>,
    complete: bool,
    note: Vec<String>,
}

impl Standing {
    /// The members of an answer that it is about.
    fn into_members(self) -> Map<String, Value> {
        let mut members = Map::new();
        members.insert("asOf".into(), self.as_of.into());
        members.insert("complete".into(), self.complete.into());
        if !self.note.is_empty() {
            members.insert("note".into(), self.note.join(" ").into());
        }
        members
    }
}

/// The typed operation that was checked before.
fn typed<O: DeserializeOwned>(invocation: &Invocation) -> Result<O> {
    serde_json::from_value(invocation.arguments.clone().into())
        .map_err(|fault| Error::new(Code::InvalidArguments, format!("The arguments cannot be read: {fault}.")))
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn in_words(time: Duration) -> String {
    match time.as_secs() {
        0..=1 => "a second".to_owned(),
        seconds @ 2..=120 => format!("about {seconds} s"),
        seconds => format!("about {} min", seconds.div_ceil(60)),
    }
}

/// For callers that watch nothing.
fn unwatched(_: &'static Table, _: &Progress) {}

/// For a host that asked to be told what its call waits for.
fn told(context: &CallContext) -> impl Fn(&'static Table, &Progress) + Sync + use<'_> {
    |table, progress| {
        if !progress.has_ended() {
            let of = progress.total.map_or(String::new(), |total| format!(" of {total}"));
            context.report(&format!("reading {}: {}{of}", table.name, progress.read));
        }
    }
}
