//! A cache of an account's names, such as those of its stages and custom fields: lists that seldom change, as the API gave
//! them, with the time of reading.

use super::Store;
use chrono::{DateTime, TimeDelta, Utc};
use highlevel_core::error::Result;
use rusqlite::{OptionalExtension, params};
use serde_json::Value;

/// The lists of an account that is not used for this long are deleted: each embedded account has an address of its own.
const FORGOTTEN: TimeDelta = TimeDelta::days(7);

impl Store {
    /// The list of this kind that was read last, and when.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn cached_names(&self, account: &str, kind: &'static str) -> Result<Option<(Vec<Value>, DateTime<Utc>)>> {
        let account = account.to_owned();
        let row: Option<(String, i64)> = self
            .with(move |db| {
                db.query_row(
                    "SELECT items, read_at FROM known WHERE account = ?1 AND kind = ?2",
                    params![account, kind],
                    |row| Ok((row.get(0)?, row.get(1)?)),
                )
                .optional()
            })
            .await?;
        // An unreadable row counts as none: the list is read from the API again.
        Ok(row.and_then(|(items, at)| Some((serde_json::from_str(&items).ok()?, DateTime::from_timestamp_millis(at)?))))
    }

    /// Stores the list of this kind.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn cache_names(
        &self,
        account: &str,
        kind: &'static str,
        items: &[Value],
        read_at: DateTime<Utc>,
    ) -> Result<()> {
        let (account, items) = (account.to_owned(), Value::from(items).to_string());
        self.with(move |db| {
            let forgotten = (read_at - FORGOTTEN).timestamp_millis();
            db.execute("DELETE FROM known WHERE read_at < ?1", [forgotten])?;
            db.execute(
                "INSERT INTO known (account, kind, items, read_at) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (account, kind) DO UPDATE SET items = ?3, read_at = ?4",
                params![account, kind, items, read_at.timestamp_millis()],
            )
            .map(drop)
        })
        .await
    }
}
