//! The lock on a table's scan: one process reads a table at a time, and another one continues where it ended.

use super::{Mirror, scans::millis, schema::Table};
use chrono::{DateTime, Utc};
use highlevel_core::error::Result;
use rusqlite::{Connection, TransactionBehavior, params};
use std::time::Duration;

/// A process that does not report for this long is dead, and another one continues its scan.
pub const SCAN_LEASE: Duration = Duration::from_secs(15);

/// An interrupted scan older than this starts over: the list has changed too much.
const STALE_MS: i64 = 3_600_000;

/// The lock on a table's scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScanLock {
    /// This process holds it, and scans from here.
    Acquired {
        /// How many items of the list are read.
        offset: u64,
        /// The reader's own description of that position; `None` at the beginning.
        place: Option<String>,
        /// Only what is not older than this is read. `None`: all of the list.
        since: Option<DateTime<Utc>>,
    },
    /// Another process holds it.
    Busy,
}

/// A table's scan, as a process finds it.
struct ScanRow {
    owner: Option<String>,
    lease_until: i64,
    started_at: Option<i64>,
    offset: u64,
    place: Option<String>,
    drifted: bool,
    since: Option<i64>,
    complete_at: Option<i64>,
    /// When the last complete reading of the whole list began.
    full_at: Option<i64>,
    /// Whether names are missing in it.
    lacks: bool,
}

impl ScanRow {
    fn of(db: &Connection, table: &Table) -> rusqlite::Result<Self> {
        let query = "SELECT owner, lease_until, started_at, next_offset, place, drifted, since, complete_at, full_at,
                         lacks IS NOT NULL FROM scans WHERE name = ?1";
        db.query_row(query, [table.name], |row| {
            Ok(Self {
                owner: row.get(0)?,
                lease_until: row.get(1)?,
                started_at: row.get(2)?,
                offset: row.get(3)?,
                place: row.get(4)?,
                drifted: row.get(5)?,
                since: row.get(6)?,
                complete_at: row.get(7)?,
                full_at: row.get(8)?,
                lacks: row.get(9)?,
            })
        })
    }

    /// Whether another process's scan is continued. Where the list moved, something may be lost that who goes on does not
    /// know of.
    fn goes_on(&self, now: i64) -> bool {
        let lasts = self.started_at.is_some_and(|started| started <= now && now - started < STALE_MS);
        lasts && self.offset > 0 && !self.drifted
    }

    /// From when on the list is read, if that is enough: what is older was read in full not long ago.
    fn recent(&self, table: &Table, now: i64) -> Option<i64> {
        let recent = table.recent.as_ref()?;
        let is_due = self.full_at.is_none_or(|at| at > now || now - at >= millis(recent.full));
        (!is_due && !self.lacks).then(|| Some(self.complete_at? - millis(recent.overlap))).flatten()
    }
}

/// Starts a scan at the list's beginning.
fn start(db: &Connection, table: &Table, now: i64, since: Option<i64>) -> rusqlite::Result<()> {
    db.execute("DELETE FROM scanning WHERE name = ?1", [table.name])?;
    db.execute(
        "UPDATE scans SET started_at = ?2, next_offset = 0, place = NULL, drifted = 0, spent_ms = 0, lacking = NULL,
             since = ?3 WHERE name = ?1",
        params![table.name, now, since],
    )
    .map(drop)
}

impl Mirror {
    /// Takes the lease on a table's scan. Unless it has to be in `full`, a scan reads only what is recent, where the table
    /// allows that.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn begin_scan(&self, table: &'static Table, owner: &str, full: bool) -> Result<ScanLock> {
        let owner = owner.to_owned();
        self.write(move |db| {
            let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let now = Utc::now().timestamp_millis();
            transaction.execute("INSERT INTO scans (name) VALUES (?1) ON CONFLICT DO NOTHING", [table.name])?;
            let found = ScanRow::of(&transaction, table)?;
            let far = now + millis(SCAN_LEASE);
            // A lease that lies too far ahead was written before the clock was set back.
            let is_free = found.owner.as_ref().is_none_or(|holder| *holder == owner);
            if !is_free && found.lease_until > now && found.lease_until <= far {
                return Ok(ScanLock::Busy);
            }
            let lock = if found.goes_on(now) {
                ScanLock::Acquired { offset: found.offset, place: found.place, since: moment(found.since) }
            } else {
                let since = found.recent(table, now).filter(|_| !full);
                start(&transaction, table, now, since)?;
                ScanLock::Acquired { offset: 0, place: None, since: moment(since) }
            };
            transaction.execute(
                "UPDATE scans SET owner = ?2, lease_until = ?3 WHERE name = ?1",
                params![table.name, owner, far],
            )?;
            transaction.commit()?;
            Ok(lock)
        })
        .await
    }
}

fn moment(at: Option<i64>) -> Option<DateTime<Utc>> {
    at.and_then(DateTime::from_timestamp_millis)
}
