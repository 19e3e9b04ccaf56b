//! Reading a whole table, page by page: one process at a time, each page kept at once, so that another process, or a
//! later one, goes on where this one ended.

use super::{
    Mirror,
    keep::{self, How},
    schema::{TABLES, Table},
};
use crate::error::Result;
use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::time::Duration;

/// A process that scans and says nothing for so long is dead, and another goes on.
pub const LEASE: Duration = Duration::from_secs(15);

/// A scan that was left lying for so long starts anew: the list has moved too far.
const STALE_MS: i64 = 3_600_000;

/// Changes older than this are forgotten, and the oldest beyond so many.
const CHANGES_MS: i64 = 90 * 24 * 3_600_000;
const CHANGES: i64 = 200_000;

/// Whether a process may scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// It may, from here.
    Yours {
        /// How many items of the list are read.
        offset: u64,
        /// The id of the last of them.
        tail: Option<String>,
    },
    /// Another process is at it.
    Busy,
}

/// One page, as it is kept.
#[derive(Debug)]
pub struct Page {
    /// The objects.
    pub items: Vec<Value>,
    /// When the request was sent.
    pub sent_at: DateTime<Utc>,
    /// How many items of the list are read, these included.
    pub offset: u64,
    /// The id of the last of them.
    pub tail: Option<String>,
    /// How many items the list has, if the API says.
    pub total: Option<u64>,
    /// The list moved while it was read.
    pub drifted: bool,
    /// How long this page took.
    pub spent: Duration,
}

/// What is known of a table.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct State {
    /// When the last complete scan began: what happened since may be missing.
    pub complete_at: Option<DateTime<Utc>>,
    /// How long it took, the waits for the quota included.
    pub took: Duration,
    /// When the last scan ended, complete or not.
    pub ended_at: Option<DateTime<Utc>>,
    /// A scan is under way, or was left lying: how many items are read, and of how many.
    pub under_way: Option<(u64, Option<u64>)>,
    /// Whether some process is at it now.
    pub busy: bool,
    /// How many items the API said there are.
    pub total: Option<u64>,
}

impl Mirror {
    /// Takes the lease on a table's scan.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn begin_scan(&self, table: &'static Table, owner: &str) -> Result<Turn> {
        let owner = owner.to_owned();
        self.write(move |db| {
            let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let now = Utc::now().timestamp_millis();
            transaction.execute("INSERT INTO scans (name) VALUES (?1) ON CONFLICT DO NOTHING", [table.name])?;
            let query = "SELECT owner, lease_until, started_at, next_offset, tail, drifted FROM scans WHERE name = ?1";
            let (holder, until, started, offset, tail, drifted) = transaction.query_row(query, [table.name], |row| {
                let started: Option<i64> = row.get(2)?;
                let holder: Option<String> = row.get(0)?;
                let (offset, tail): (u64, Option<String>) = (row.get(3)?, row.get(4)?);
                Ok((holder, row.get::<_, i64>(1)?, started, offset, tail, row.get::<_, bool>(5)?))
            })?;
            let far = now + millis(LEASE);
            // A lease that lies too far ahead was written before the clock was set back.
            if holder.is_some_and(|holder| holder != owner) && until > now && until <= far {
                return Ok(Turn::Busy);
            }
            let lasts = started.is_some_and(|started| started <= now && now - started < STALE_MS);
            // Where the list moved, something may be lost that who goes on does not know of.
            let goes_on = lasts && offset > 0 && !drifted;
            if !goes_on {
                transaction.execute("DELETE FROM scanning WHERE name = ?1", [table.name])?;
                transaction.execute("DELETE FROM touched WHERE name = ?1", [table.name])?;
                transaction.execute(
                    "UPDATE scans SET started_at = ?2, next_offset = 0, tail = NULL, drifted = 0, spent_ms = 0 WHERE name = ?1",
                    params![table.name, now],
                )?;
            }
            transaction.execute(
                "UPDATE scans SET owner = ?2, lease_until = ?3 WHERE name = ?1",
                params![table.name, owner, far],
            )?;
            transaction.commit()?;
            Ok(if goes_on { Turn::Yours { offset, tail } } else { Turn::Yours { offset: 0, tail: None } })
        })
        .await
    }

    /// Keeps one page. False if the scan is another process's by now.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn keep_page(&self, table: &'static Table, owner: &str, page: Page) -> Result<bool> {
        let owner = owner.to_owned();
        self.write(move |db| {
            let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let now = Utc::now().timestamp_millis();
            let changed = transaction.execute(
                "UPDATE scans SET lease_until = ?3, next_offset = ?4, tail = ?5, total = coalesce(?6, total),
                     drifted = max(drifted, ?7), spent_ms = spent_ms + ?8 WHERE name = ?1 AND owner = ?2",
                params![
                    table.name,
                    owner,
                    now + millis(LEASE),
                    page.offset,
                    page.tail,
                    page.total,
                    page.drifted,
                    millis(page.spent)
                ],
            )?;
            if changed == 0 {
                return Ok(false);
            }
            let first = complete_at(&transaction, table)?.is_none();
            let how = How { whole: table.listed_whole, record: !first, at: page.sent_at.timestamp_millis() };
            for item in page.items.iter().filter_map(Value::as_object) {
                let Some(id) = item.get("id").and_then(Value::as_str) else { continue };
                if !touched_since(&transaction, table, id, how.at)? {
                    keep::put(&transaction, table, item, how)?;
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

    /// Ends a scan. `whole`: nothing can have slipped through, so what was not met is gone.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn end_scan(&self, table: &'static Table, owner: &str, whole: bool) -> Result<()> {
        let owner = owner.to_owned();
        self.write(move |db| {
            let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let query = "SELECT started_at, spent_ms FROM scans WHERE name = ?1 AND owner = ?2";
            let found = transaction
                .query_row(query, [table.name, &owner], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))
                .optional()?;
            let Some((started, spent)) = found else { return Ok(()) };
            let now = Utc::now().timestamp_millis();
            if whole {
                let how = How { whole: true, record: complete_at(&transaction, table)?.is_some(), at: now };
                for id in gone(&transaction, table)? {
                    keep::remove(&transaction, table, &id, how)?;
                }
                transaction.execute(
                    "UPDATE scans SET complete_at = ?2, took_ms = ?3 WHERE name = ?1",
                    params![table.name, started, spent],
                )?;
            }
            transaction.execute(
                "UPDATE scans SET owner = NULL, lease_until = 0, started_at = NULL, next_offset = 0, tail = NULL, ended_at = ?2
                 WHERE name = ?1",
                params![table.name, now],
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

    /// Says that this process is still at it, while it waits for the quota.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn prolong_scan(&self, table: &'static Table, owner: &str) -> Result<()> {
        let owner = owner.to_owned();
        self.write(move |db| {
            let until = Utc::now().timestamp_millis() + millis(LEASE);
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

    /// An object that a tool wrote, as the API answered. `fields` of it may be all there is.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn wrote(&self, table: &'static Table, object: Map<String, Value>) -> Result<()> {
        let Some(id) = object.get("id").and_then(Value::as_str).map(str::to_owned) else { return Ok(()) };
        self.touch(table, id, Some(object)).await
    }

    /// An object that is gone.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn removed(&self, table: &'static Table, id: &str) -> Result<()> {
        self.touch(table, id.to_owned(), None).await
    }

    /// Written down with its time, so that a page that was read before does not undo it.
    async fn touch(&self, table: &'static Table, id: String, object: Option<Map<String, Value>>) -> Result<()> {
        self.write(move |db| {
            let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let at = Utc::now().timestamp_millis();
            transaction.execute(
                "INSERT INTO touched (name, id, at) VALUES (?1, ?2, ?3) ON CONFLICT (name, id) DO UPDATE SET at = excluded.at",
                params![table.name, id, at],
            )?;
            let how = How { whole: false, record: complete_at(&transaction, table)?.is_some(), at };
            match object {
                Some(object) => {
                    keep::put(&transaction, table, &object, how)?;
                    // A scan that is past its place must not take it for gone.
                    let sql = "SELECT count(*) > 0 FROM scans WHERE name = ?1 AND started_at IS NOT NULL";
                    if transaction.query_row(sql, [table.name], |row| row.get(0))? {
                        seen(&transaction, table, &id)?;
                    }
                }
                None => keep::remove(&transaction, table, &id, how)?,
            }
            transaction.commit()
        })
        .await
    }

    /// What is known of a table.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn state(&self, table: &'static Table) -> Result<State> {
        let mut states = self.states(vec![table]).await?;
        Ok(states.pop().map(|(_, state)| state).unwrap_or_default())
    }

    /// What is known of several tables, at one moment.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn states(&self, tables: Vec<&'static Table>) -> Result<Vec<(&'static Table, State)>> {
        let mut states = self.read(|db| states(db)).await?;
        states.retain(|(table, _)| tables.iter().any(|wanted| wanted.name == table.name));
        Ok(states)
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

/// What is known of every table.
pub(super) fn states(db: &Connection) -> rusqlite::Result<Vec<(&'static Table, State)>> {
    let mut statement = db.prepare_cached(
        "SELECT name, complete_at, took_ms, ended_at, started_at, next_offset, total,
                owner IS NOT NULL AND lease_until > ?1 FROM scans",
    )?;
    let time = |at: Option<i64>| at.and_then(DateTime::from_timestamp_millis);
    let found = statement.query_map([Utc::now().timestamp_millis()], |row| {
        let (started, offset, total): (Option<i64>, u64, Option<u64>) = (row.get(4)?, row.get(5)?, row.get(6)?);
        let state = State {
            complete_at: time(row.get(1)?),
            took: Duration::from_millis(row.get::<_, Option<u64>>(2)?.unwrap_or(0)),
            ended_at: time(row.get(3)?),
            under_way: started.map(|_| (offset, total)),
            busy: row.get(7)?,
            total,
        };
        Ok((row.get(0)?, state))
    })?;
    let mut states: Vec<_> = TABLES.iter().map(|table| (table, State::default())).collect();
    for known in found {
        let (name, state): (String, State) = known?;
        if let Some(of) = states.iter_mut().find(|(table, _)| table.name == name) {
            of.1 = state;
        }
    }
    Ok(states)
}

pub(super) fn complete_at(db: &Connection, table: &Table) -> rusqlite::Result<Option<i64>> {
    let mut statement = db.prepare_cached("SELECT complete_at FROM scans WHERE name = ?1")?;
    Ok(statement.query_row([table.name], |row| row.get(0)).optional()?.flatten())
}

fn touched_since(db: &Connection, table: &Table, id: &str, at: i64) -> rusqlite::Result<bool> {
    let mut statement = db.prepare_cached("SELECT at >= ?3 FROM touched WHERE name = ?1 AND id = ?2")?;
    Ok(statement.query_row(params![table.name, id, at], |row| row.get(0)).optional()?.unwrap_or(false))
}

fn seen(db: &Connection, table: &Table, id: &str) -> rusqlite::Result<()> {
    db.prepare_cached("INSERT INTO scanning (name, id) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
        .execute([table.name, id])
        .map(drop)
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
