//! The state of each table: its freshness, its completeness, and what could not be read.

use super::{
    Mirror,
    schema::{TABLES, Table},
};
use chrono::{DateTime, Utc};
use highlevel_core::error::{Error, Result};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;

/// The longest reason that is kept, in characters.
const LONGEST_WHY: usize = 300;

/// What could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// The table, or the list of names that it needs.
    pub table: String,
    /// Why.
    pub why: String,
    /// The scope that the token lacks, if that is why and the API's is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
}

impl Missing {
    /// What could not be read because of this error.
    pub fn of(table: &str, error: &Error) -> Self {
        let scope = error.details.get("scope").and_then(Value::as_str).map(str::to_owned);
        Self { table: table.to_owned(), why: error.message.chars().take(LONGEST_WHY).collect(), scope }
    }
}

/// The state of a table.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct TableState {
    /// When the last complete reading began: what happened since may be missing.
    pub complete_at: Option<DateTime<Utc>>,
    /// How long it took, the waits for the quota included.
    pub took: Duration,
    /// When the last reading ended, complete or not.
    pub ended_at: Option<DateTime<Utc>>,
    /// A reading is under way or interrupted: how many items are read, and of how many.
    pub under_way: Option<(u64, Option<u64>)>,
    /// How long that took so far.
    pub spent: Duration,
    /// Whether a process is reading it now.
    pub busy: bool,
    /// The API's total of items.
    pub total: Option<u64>,
    /// Why the last reading ended without being complete.
    pub short: Option<String>,
    /// Why the table could not be read the last time.
    pub fault: Option<Missing>,
    /// Lists of names that could not be read for it: ids stand for names.
    pub unnamed: Vec<Missing>,
    /// Objects that this machine's tools wrote since `complete_at`, which are in it.
    pub own_writes: u64,
}

impl TableState {
    /// Whether the table is complete, names included.
    pub fn is_complete(&self) -> bool {
        self.complete_at.is_some() && self.unnamed.is_empty()
    }

    /// How many items are there of a table that was never read in full, if any.
    pub fn partial(&self) -> bool {
        self.short.is_some() || self.under_way.is_some_and(|(read, _)| read > 0)
    }
}

impl Mirror {
    /// The state of a table.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn state(&self, table: &'static Table) -> Result<TableState> {
        let mut states = self.states(vec![table]).await?;
        Ok(states.pop().map(|(_, state)| state).unwrap_or_default())
    }

    /// The states of several tables, in one transaction.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn states(&self, tables: Vec<&'static Table>) -> Result<Vec<(&'static Table, TableState)>> {
        let mut states = self.read(|db| states(db)).await?;
        states.retain(|(table, _)| tables.iter().any(|wanted| wanted.name == table.name));
        Ok(states)
    }
}

/// The state of every table.
pub(super) fn states(db: &Connection) -> rusqlite::Result<Vec<(&'static Table, TableState)>> {
    let mut statement = db.prepare_cached(
        "SELECT name, complete_at, took_ms, ended_at, started_at, next_offset, total,
                owner IS NOT NULL AND lease_until > ?1, spent_ms, short, fault, lacks,
                (SELECT count(*) FROM touched WHERE touched.name = scans.name AND tool IS NOT NULL AND at > complete_at),
                since IS NULL
         FROM scans",
    )?;
    let time = |at: Option<i64>| at.and_then(DateTime::from_timestamp_millis);
    let found = statement.query_map([Utc::now().timestamp_millis()], |row| {
        let (started, offset, total): (Option<i64>, u64, Option<u64>) = (row.get(4)?, row.get(5)?, row.get(6)?);
        let (fault, lacks): (Option<String>, Option<String>) = (row.get(10)?, row.get(11)?);
        // Of a reading of what is recent, nobody knows how much there is.
        let of = total.filter(|_| row.get(13).unwrap_or(true));
        let state = TableState {
            complete_at: time(row.get(1)?),
            took: Duration::from_millis(row.get::<_, Option<u64>>(2)?.unwrap_or(0)),
            ended_at: time(row.get(3)?),
            under_way: started.map(|_| (offset, of)),
            spent: Duration::from_millis(row.get(8)?),
            busy: row.get(7)?,
            total,
            short: row.get(9)?,
            fault: fault.and_then(|text| serde_json::from_str(&text).ok()),
            unnamed: lacks.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default(),
            own_writes: row.get(12)?,
        };
        Ok((row.get(0)?, state))
    })?;
    let mut states: Vec<_> = TABLES.iter().map(|table| (table, TableState::default())).collect();
    for known in found {
        let (name, state): (String, TableState) = known?;
        if let Some(of) = states.iter_mut().find(|(table, _)| table.name == name) {
            of.1 = state;
        }
    }
    Ok(states)
}
