//! Reading a whole table, page by page, by one process at a time. Each page is stored at once, so that another process can
//! continue where this one ended.

pub(super) use super::table_state::{TableState, states};
use super::{
    Mirror,
    schema::Table,
    table_state::Missing,
    upsert::{self, UpsertOptions},
    write_through,
};
use chrono::{DateTime, Utc};
use highlevel_core::error::Result;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use serde_json::Value;
use std::time::Duration;

/// A process that does not report for this long is dead, and another one continues its scan.
pub const SCAN_LEASE: Duration = Duration::from_secs(15);

/// An interrupted scan older than this starts over: the list has changed too much.
const STALE_MS: i64 = 3_600_000;

/// Changes older than this are deleted, and the oldest beyond this number.
const CHANGES_MS: i64 = 90 * 24 * 3_600_000;
const CHANGES: i64 = 200_000;

/// The lock on a table's scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScanLock {
    /// This process holds it, and scans from here.
    Acquired {
        /// How many items of the list are read.
        offset: u64,
        /// The reader's own description of that position; `None` at the beginning.
        place: Option<String>,
    },
    /// Another process holds it.
    Busy,
}

/// One page, as it is kept.
#[derive(Debug)]
pub struct MirrorPage {
    /// The objects.
    pub items: Vec<Value>,
    /// When the request was sent.
    pub sent_at: DateTime<Utc>,
    /// How many items of the list are read, these included.
    pub offset: u64,
    /// The reader's own description of that position, for the process that continues.
    pub place: Option<String>,
    /// How many items the list has, if the API says.
    pub total: Option<u64>,
    /// The list moved while it was read.
    pub drifted: bool,
    /// Lists of names that could not be read for it.
    pub unnamed: Vec<Missing>,
    /// How long this page took.
    pub spent: Duration,
}

impl Mirror {
    /// Takes the lease on a table's scan.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn begin_scan(&self, table: &'static Table, owner: &str) -> Result<ScanLock> {
        let owner = owner.to_owned();
        self.write(move |db| {
            let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let now = Utc::now().timestamp_millis();
            transaction.execute("INSERT INTO scans (name) VALUES (?1) ON CONFLICT DO NOTHING", [table.name])?;
            let query = "SELECT owner, lease_until, started_at, next_offset, place, drifted FROM scans WHERE name = ?1";
            let (holder, until, started, offset, place, drifted) =
                transaction.query_row(query, [table.name], |row| {
                    let started: Option<i64> = row.get(2)?;
                    let holder: Option<String> = row.get(0)?;
                    let (offset, place): (u64, Option<String>) = (row.get(3)?, row.get(4)?);
                    Ok((holder, row.get::<_, i64>(1)?, started, offset, place, row.get::<_, bool>(5)?))
                })?;
            let far = now + millis(SCAN_LEASE);
            // A lease that lies too far ahead was written before the clock was set back.
            if holder.is_some_and(|holder| holder != owner) && until > now && until <= far {
                return Ok(ScanLock::Busy);
            }
            let lasts = started.is_some_and(|started| started <= now && now - started < STALE_MS);
            // Where the list moved, something may be lost that who goes on does not know of.
            let goes_on = lasts && offset > 0 && !drifted;
            if !goes_on {
                transaction.execute("DELETE FROM scanning WHERE name = ?1", [table.name])?;
                transaction.execute(
                    "UPDATE scans SET started_at = ?2, next_offset = 0, place = NULL, drifted = 0, spent_ms = 0,
                         lacking = NULL WHERE name = ?1",
                    params![table.name, now],
                )?;
            }
            transaction.execute(
                "UPDATE scans SET owner = ?2, lease_until = ?3 WHERE name = ?1",
                params![table.name, owner, far],
            )?;
            transaction.commit()?;
            Ok(if goes_on {
                ScanLock::Acquired { offset, place }
            } else {
                ScanLock::Acquired { offset: 0, place: None }
            })
        })
        .await
    }

    /// Keeps one page. False if the scan is another process's by now.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn keep_page(&self, table: &'static Table, owner: &str, page: MirrorPage) -> Result<bool> {
        let owner = owner.to_owned();
        self.write(move |db| {
            let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let now = Utc::now().timestamp_millis();
            let changed = transaction.execute(
                "UPDATE scans SET lease_until = ?3, next_offset = ?4, place = ?5, total = coalesce(?6, total),
                     drifted = max(drifted, ?7), spent_ms = spent_ms + ?8 WHERE name = ?1 AND owner = ?2",
                params![
                    table.name,
                    owner,
                    now + millis(SCAN_LEASE),
                    page.offset,
                    page.place,
                    page.total,
                    page.drifted,
                    millis(page.spent)
                ],
            )?;
            if changed == 0 {
                return Ok(false);
            }
            if !page.unnamed.is_empty() {
                lack(&transaction, table, page.unnamed)?;
            }
            let first = complete_at(&transaction, table)?.is_none();
            let at = page.sent_at.timestamp_millis();
            let how = UpsertOptions { whole: table.listed_whole, record: !first, at, tool: None, client: None };
            for item in page.items.iter().filter_map(Value::as_object) {
                let Some(id) = item.get("id").and_then(Value::as_str) else { continue };
                if !write_through::since(&transaction, table, id, how.at)? {
                    upsert::upsert(&transaction, table, item, how)?;
                }
                seen(&transaction, table, id)?;
            }
            transaction.commit()?;
            Ok(true)
        })
        .await
    }

    /// How many different objects the scan met.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn met(&self, table: &'static Table) -> Result<u64> {
        let sql = "SELECT count(*) FROM scanning WHERE name = ?1";
        self.read(move |db| db.query_row(sql, [table.name], |row| row.get(0))).await
    }

    /// Ends a scan. Where nothing is `short`, nothing can have slipped through, so what was not met is gone.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn end_scan(&self, table: &'static Table, owner: &str, short: Option<String>) -> Result<()> {
        let owner = owner.to_owned();
        self.write(move |db| {
            let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let query = "SELECT started_at, spent_ms FROM scans WHERE name = ?1 AND owner = ?2";
            let found = transaction
                .query_row(query, [table.name, &owner], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))
                .optional()?;
            let Some((started, spent)) = found else { return Ok(()) };
            let now = Utc::now().timestamp_millis();
            if short.is_none() {
                let how = UpsertOptions {
                    whole: true,
                    record: complete_at(&transaction, table)?.is_some(),
                    at: now,
                    tool: None,
                    client: None,
                };
                for id in gone(&transaction, table)? {
                    upsert::remove(&transaction, table, &id, how)?;
                }
                transaction.execute(
                    "UPDATE scans SET complete_at = ?2, took_ms = ?3, lacks = lacking WHERE name = ?1",
                    params![table.name, started, spent],
                )?;
                write_through::forget(&transaction, table, started)?;
            }
            transaction.execute(
                "UPDATE scans SET owner = NULL, lease_until = 0, started_at = NULL, next_offset = 0, place = NULL,
                     ended_at = ?2, short = ?3, fault = NULL WHERE name = ?1",
                params![table.name, now, short],
            )?;
            transaction.execute("DELETE FROM scanning WHERE name = ?1", [table.name])?;
            transaction.execute(
                "DELETE FROM changes WHERE at < ?1 OR seq <= (SELECT max(seq) FROM changes) - ?2",
                [now - CHANGES_MS, CHANGES],
            )?;
            transaction.commit()
        })
        .await
    }

    /// Lets go of a scan that something stands in the way of. Another may go on from where it ended.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn fail_scan(&self, table: &'static Table, owner: &str, fault: &Missing) -> Result<()> {
        let (owner, fault) = (owner.to_owned(), serde_json::to_string(fault).ok());
        self.write(move |db| {
            let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            transaction.execute("INSERT INTO scans (name) VALUES (?1) ON CONFLICT DO NOTHING", [table.name])?;
            let free = "name = ?1 AND (owner IS NULL OR owner = ?2)";
            transaction.execute(
                &format!("UPDATE scans SET owner = NULL, lease_until = 0, fault = ?3 WHERE {free}"),
                params![table.name, owner, fault],
            )?;
            transaction.commit()
        })
        .await
    }

    /// Says that this process is still at it, while it waits for the quota.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn prolong_scan(&self, table: &'static Table, owner: &str) -> Result<()> {
        let owner = owner.to_owned();
        self.write(move |db| {
            let until = Utc::now().timestamp_millis() + millis(SCAN_LEASE);
            let sql = "UPDATE scans SET lease_until = ?3 WHERE name = ?1 AND owner = ?2";
            db.execute(sql, params![table.name, owner, until]).map(drop)
        })
        .await
    }

    /// Lets go of a scan that this process does not go on with; another may, from where it ended.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn leave_scan(&self, table: &'static Table, owner: &str) -> Result<()> {
        let owner = owner.to_owned();
        self.write(move |db| {
            let sql = "UPDATE scans SET owner = NULL, lease_until = 0 WHERE name = ?1 AND owner = ?2";
            db.execute(sql, [table.name, &owner]).map(drop)
        })
        .await
    }

    /// The users that something belongs to.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn owners(&self) -> Result<Vec<String>> {
        self.read(|db| {
            let sql = "SELECT assignedTo FROM contacts WHERE assignedTo <> '' UNION SELECT assignedTo FROM opportunities WHERE assignedTo <> ''";
            let mut statement = db.prepare(sql)?;
            let owners = statement.query_map([], |row| row.get(0))?;
            owners.collect()
        })
        .await
    }
}

pub(super) fn complete_at(db: &Connection, table: &Table) -> rusqlite::Result<Option<i64>> {
    let mut statement = db.prepare_cached("SELECT complete_at FROM scans WHERE name = ?1")?;
    Ok(statement.query_row([table.name], |row| row.get(0)).optional()?.flatten())
}

pub(super) fn seen(db: &Connection, table: &Table, id: &str) -> rusqlite::Result<()> {
    db.prepare_cached("INSERT INTO scanning (name, id) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
        .execute([table.name, id])
        .map(drop)
}

/// Adds to what a scan could not read names from.
fn lack(db: &Connection, table: &Table, more: Vec<Missing>) -> rusqlite::Result<()> {
    let known: Option<String> =
        db.query_row("SELECT lacking FROM scans WHERE name = ?1", [table.name], |row| row.get(0))?;
    let mut all: Vec<Missing> = known.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    for one in more {
        if !all.iter().any(|known| known.table == one.table) {
            all.push(one);
        }
    }
    let text = serde_json::to_string(&all).ok();
    db.execute("UPDATE scans SET lacking = ?2 WHERE name = ?1", params![table.name, text]).map(drop)
}

/// The rows that the scan did not meet.
fn gone(db: &Connection, table: &Table) -> rusqlite::Result<Vec<String>> {
    let sql = format!("SELECT id FROM {} WHERE id NOT IN (SELECT id FROM scanning WHERE name = ?1)", table.name);
    let mut statement = db.prepare(&sql)?;
    let ids = statement.query_map([table.name], |row| row.get(0))?;
    ids.collect()
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
