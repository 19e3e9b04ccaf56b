//! How a job's rows move on. A row is marked as sent, on the disk, right before its first request that writes.

use super::{Jobs, RowState};
use chrono::Utc;
use highlevel_core::error::Result;
use rusqlite::params;
use serde_json::Value;
use std::collections::BTreeMap;

/// The number of rows in each state.
pub type RowCounts = BTreeMap<RowState, u64>;

/// What became of one row.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RowOutcome {
    /// The object's id, where it is known.
    pub object: Option<String>,
    /// The code of the failure.
    pub code: Option<String>,
    /// The failure in words, or a remark.
    pub message: Option<String>,
    /// The arguments that the object does not show as sent.
    pub differences: Option<Value>,
}

impl Jobs {
    /// Notes, on the disk, that a row is about to be sent. Of several requests of a row the first one counts.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used. So have the methods below.
    pub async fn mark_sent(&self, job: &str, number: u64) -> Result<()> {
        let job = job.to_owned();
        self.with(move |db| {
            let now = Utc::now().timestamp_millis();
            db.prepare_cached(
                "UPDATE job_rows SET state = 'sent', sent_at = ?3 WHERE job = ?1 AND number = ?2 AND state <> 'sent'",
            )?
            .execute(params![job, number, now])
            .map(drop)
        })
        .await
    }

    /// Notes what became of a row.
    pub async fn settle(&self, job: &str, number: u64, state: RowState, outcome: RowOutcome) -> Result<()> {
        let job = job.to_owned();
        self.with(move |db| {
            db.prepare_cached(
                "UPDATE job_rows SET state = ?3, object = coalesce(?4, object), code = ?5, message = ?6, differences = ?7
                 WHERE job = ?1 AND number = ?2",
            )?
            .execute(params![
                job,
                number,
                state.as_str(),
                outcome.object,
                outcome.code,
                outcome.message,
                outcome.differences.map(|value| value.to_string())
            ])
            .map(drop)
        })
        .await
    }

    /// Lets rows that are in one of these states be sent again; only those with these numbers, if there are any. Returns how
    /// many. What may have been sent is sent again by a person's word alone.
    pub async fn send_again(&self, job: &str, states: &'static [RowState], numbers: Vec<u64>) -> Result<u64> {
        let job = job.to_owned();
        self.with(move |db| {
            let names = Value::from_iter(states.iter().map(|state| state.as_str())).to_string();
            let numbers = Value::from(numbers).to_string();
            let changed = db.execute(
                "UPDATE job_rows SET state = 'waiting', code = NULL, message = NULL, differences = NULL
                 WHERE job = ?1 AND state IN (SELECT value FROM json_each(?2))
                    AND (json_array_length(?3) = 0 OR number IN (SELECT value FROM json_each(?3)))",
                params![job, names, numbers],
            )?;
            Ok(u64::try_from(changed).unwrap_or_default())
        })
        .await
    }

    /// The number of rows in each state.
    pub async fn counts(&self, job: &str) -> Result<RowCounts> {
        let job = job.to_owned();
        self.read(RowCounts::new(), move |db| {
            let mut statement =
                db.prepare_cached("SELECT state, count(*) FROM job_rows WHERE job = ?1 GROUP BY state")?;
            let counts = statement.query_map([job], |row| {
                let state: String = row.get(0)?;
                Ok((RowState::of(&state), row.get(1)?))
            })?;
            counts.collect()
        })
        .await
    }

    /// How many rows are done with this code, and the objects of those and of the changed rows, at most `most`.
    ///
    /// # Errors
    /// As above.
    pub async fn not_in_full(&self, job: &str, code: &'static str, most: u32) -> Result<(u64, Vec<String>)> {
        let job = job.to_owned();
        self.read((0, Vec::new()), move |db| {
            let count = "SELECT count(*) FROM job_rows WHERE job = ?1 AND state = 'done' AND code = ?2";
            let count = db.prepare_cached(count)?.query_row(params![job, code], |row| row.get(0))?;
            let mut objects = db.prepare_cached(
                "SELECT coalesce(object, json_extract(arguments, '$.id')) AS id FROM job_rows
                 WHERE job = ?1 AND (state = 'changed' OR state = 'done' AND code = ?2) AND id IS NOT NULL
                 ORDER BY number LIMIT ?3",
            )?;
            let objects = objects.query_map(params![job, code, most], |row| row.get(0))?;
            Ok((count, objects.collect::<rusqlite::Result<_>>()?))
        })
        .await
    }

    /// The number of rows that the plan would send, by tool.
    pub async fn tools(&self, job: &str) -> Result<BTreeMap<String, u64>> {
        let job = job.to_owned();
        self.read(BTreeMap::new(), move |db| {
            let mut statement = db.prepare_cached(
                "SELECT tool, count(*) FROM job_rows
                 WHERE job = ?1 AND state NOT IN ('skipped', 'invalid', 'changed') GROUP BY tool",
            )?;
            statement.query_map([job], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        })
        .await
    }
}
