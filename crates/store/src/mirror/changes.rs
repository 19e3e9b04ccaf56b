//! What was added, changed and removed since a time, as far as scans and this machine's own writes saw it.

use super::{
    Mirror, scans,
    schema::{self, Table},
};
use chrono::{DateTime, Utc};
use highlevel_core::error::Result;
use rusqlite::params;
use serde::Serialize;
use serde_json::{Map, Value};

/// One change.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// When it was seen; it may have happened any time since the scan before.
    pub at: String,
    /// The table.
    pub table: String,
    /// The object.
    pub id: String,
    /// Its name.
    pub name: String,
    /// added, changed or removed.
    pub change: String,
    /// The fields that changed, each with its `old` and `new` value.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub fields: Map<String, Value>,
    /// The tool of this machine that did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// The client that called the tool, as it names itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
}

/// The changes, newest first.
#[derive(Debug, Clone)]
pub struct Changes {
    /// The changes.
    pub changes: Vec<Change>,
    /// How many there are in all.
    pub total: u64,
    /// Each table that is watched, and since when: what was there at its first complete scan is no change.
    pub watched: Vec<(&'static Table, DateTime<Utc>)>,
}

/// An object that changed: its table's name and its id.
pub type ChangedObject = (String, String);

/// The most changes that are looked through at once.
const MOST_AT_ONCE: u32 = 1000;

impl Mirror {
    /// The objects of the changes after the one with this number, the oldest first, and the number of the last one. Without
    /// a number there are none: it is where to begin.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn changed_after(&self, number: Option<i64>) -> Result<(Vec<ChangedObject>, i64)> {
        self.read(move |db| {
            let Some(number) = number else {
                let last = db.query_row("SELECT coalesce(max(seq), 0) FROM changes", [], |row| row.get(0))?;
                return Ok((Vec::new(), last));
            };
            let mut statement =
                db.prepare_cached("SELECT seq, name, id FROM changes WHERE seq > ?1 ORDER BY seq LIMIT ?2")?;
            let mut last = number;
            let mut changed = Vec::new();
            let mut rows = statement.query(params![number, MOST_AT_ONCE])?;
            while let Some(row) = rows.next()? {
                last = row.get(0)?;
                changed.push((row.get(1)?, row.get(2)?));
            }
            Ok((changed, last))
        })
        .await
    }

    /// The changes that were seen after `since`, in these tables.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn changes(
        &self,
        since: DateTime<Utc>,
        tables: Vec<&'static Table>,
        most: usize,
        skip: u64,
    ) -> Result<Changes> {
        self.read(move |db| {
            let names = schema::names(&tables);
            let transaction = db.transaction()?;
            let since = since.timestamp_millis();
            let wanted = "at > ?1 AND name IN (SELECT value FROM json_each(?2))";
            let total = transaction.query_row(
                &format!("SELECT count(*) FROM changes WHERE {wanted}"),
                params![since, names],
                |row| row.get(0),
            )?;
            let mut statement = transaction.prepare(&format!(
                "SELECT strftime('%Y-%m-%dT%H:%M:%SZ', at / 1000, 'unixepoch'), name, id, coalesce(title, ''), change, coalesce(fields, ''), tool, client
                 FROM changes WHERE {wanted} ORDER BY seq DESC LIMIT ?3 OFFSET ?4"
            ))?;
            let found = statement.query_map(params![since, names, most, skip], |row| {
                let fields: String = row.get(5)?;
                let fields = serde_json::from_str(&fields).unwrap_or_default();
                Ok(Change {
                    at: row.get(0)?,
                    table: row.get(1)?,
                    id: row.get(2)?,
                    name: row.get(3)?,
                    change: row.get(4)?,
                    fields,
                    tool: row.get(6)?,
                    client: row.get(7)?,
                })
            })?;
            let changes = found.collect::<rusqlite::Result<_>>()?;
            drop(statement);
            let mut watched = Vec::new();
            for table in tables {
                if let Some(at) = scans::complete_at(&transaction, table)?.and_then(DateTime::from_timestamp_millis) {
                    watched.push((table, at));
                }
            }
            Ok(Changes { changes, total, watched })
        })
        .await
    }
}
