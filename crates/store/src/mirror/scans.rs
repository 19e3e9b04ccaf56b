//! Reading a whole table, page by page, by one process at a time. Each page is stored at once, so that another process can
//! continue where this one ended.

pub(super) use super::table_state::{TableState, states};
use super::{
    Mirror,
    scan_lock::SCAN_LEASE,
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

/// Changes older than this are deleted, and the oldest of each table beyond this number.
const CHANGES_MS: i64 = 90 * 24 * 3_600_000;
const CHANGES: i64 = 200_000;

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
                "UPDATE scans SET lease_until = ?3, next_offset = ?4, place = ?5,
                     total = CASE WHEN since IS NULL THEN coalesce(?6, total) ELSE total END, drifted = max(drifted, ?7), spent_ms = spent_ms + ?8 WHERE name = ?1 AND owner = ?2",
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
            let query = "SELECT started_at, since IS NULL FROM scans WHERE name = ?1 AND owner = ?2";
            let found = transaction
                .query_row(query, [table.name, &owner], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, bool>(1)?)))
                .optional()?;
            let Some((started, is_full)) = found else { return Ok(()) };
            let now = Utc::now().timestamp_millis();
            if short.is_none() {
                if is_full {
                    remove_gone(&transaction, table, now)?;
                }
                transaction.execute(
                    "UPDATE scans SET complete_at = started_at, took_ms = spent_ms, lacks = lacking,
                         full_at = CASE WHEN since IS NULL THEN started_at ELSE full_at END WHERE name = ?1",
                    [table.name],
                )?;
                write_through::forget(&transaction, table, started)?;
            }
            transaction.execute(
                "UPDATE scans SET owner = NULL, lease_until = 0, started_at = NULL, next_offset = 0, place = NULL,
                     since = NULL, ended_at = ?2, short = ?3, fault = NULL WHERE name = ?1",
                params![table.name, now, short],
            )?;
            transaction.execute("DELETE FROM scanning WHERE name = ?1", [table.name])?;
            // Of each table by itself, so that a table with many changes does not take the others' place.
            transaction.execute(
                "DELETE FROM changes WHERE at < ?1 OR (name = ?2 AND seq <= (
                     SELECT seq FROM changes WHERE name = ?2 ORDER BY seq DESC LIMIT 1 OFFSET ?3))",
                params![now - CHANGES_MS, table.name, CHANGES],
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

/// Removes the rows that a scan of the whole list did not meet.
fn remove_gone(db: &Connection, table: &Table, now: i64) -> rusqlite::Result<()> {
    let record = complete_at(db, table)?.is_some();
    let how = UpsertOptions { whole: true, record, at: now, tool: None, client: None };
    for id in gone(db, table)? {
        upsert::remove(db, table, &id, how)?;
    }
    Ok(())
}

/// The rows that the scan did not meet.
fn gone(db: &Connection, table: &Table) -> rusqlite::Result<Vec<String>> {
    let sql = format!("SELECT id FROM {} WHERE id NOT IN (SELECT id FROM scanning WHERE name = ?1)", table.name);
    let mut statement = db.prepare(&sql)?;
    let ids = statement.query_map([table.name], |row| row.get(0))?;
    ids.collect()
}

pub(super) fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
