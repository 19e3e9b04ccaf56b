//! Pruning: the oldest images go when they reach their age or when all together exceed their size. The chain says which
//! ones. Events are never removed.

use super::{Journal, JournalLimits, chain, images};
use chrono::{DateTime, TimeDelta, Utc};
use highlevel_core::error::Result;
use rusqlite::{Connection, TransactionBehavior, params};
use serde_json::{Map, Value};
use std::collections::{BTreeSet, HashSet};

/// How often it is checked whether there is something to prune, in milliseconds.
const CHECK_EVERY: i64 = 60_000;

/// The age below which no image is pruned: an open confirmation may still need it.
const YOUNG: TimeDelta = TimeDelta::hours(24);

/// The most images of one transaction, and the most transactions of one check. The rest waits for the next check.
const BATCH: usize = 1000;
const BATCHES: usize = 20;

/// Pages that a transaction's end gives back to the file system at most.
const FREED_PAGES: u32 = 4096;

impl Journal {
    /// Keeps the images of these entries until `until`, or until [`Journal::release`]. Returns the entries that lack an
    /// image already. A holder that holds an entry again changes its time.
    ///
    /// # Errors
    /// `internal`, naming the directory.
    pub async fn hold(&self, holder: &str, entries: &[u64], until: DateTime<Utc>) -> Result<Vec<u64>> {
        let (holder, entries) = (holder.to_owned(), entries.to_vec());
        self.write(move |db| {
            let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let mut lacking = Vec::new();
            for seq in entries {
                transaction
                    .prepare_cached("INSERT OR REPLACE INTO holds (holder, seq, until) VALUES (?1, ?2, ?3)")?
                    .execute(params![holder, seq, until.timestamp_millis()])?;
                for digest in of_entry(&transaction, seq)? {
                    if !matches!(images::load(&transaction, &digest)?, images::StoredImage::Text(_)) {
                        lacking.push(seq);
                        break;
                    }
                }
            }
            transaction.commit()?;
            Ok(lacking)
        })
        .await
    }

    /// Ends everything that this holder holds.
    ///
    /// # Errors
    /// `internal`, naming the directory.
    pub async fn release(&self, holder: &str) -> Result<()> {
        let holder = holder.to_owned();
        self.write(move |db| db.execute("DELETE FROM holds WHERE holder = ?1", [holder]).map(drop)).await
    }
}

/// Prunes what the limits require, at most once a minute for all processes.
pub(super) fn prune(db: &mut Connection, limits: JournalLimits, now: i64) -> rusqlite::Result<()> {
    let is_due = "SELECT ?1 - pruned_at NOT BETWEEN 0 AND ?2 FROM state";
    if !db.prepare_cached(is_due)?.query_row([now, CHECK_EVERY], |row| row.get::<_, bool>(0))? {
        return Ok(());
    }
    let check = "UPDATE state SET pruned_at = ?1 WHERE ?1 - pruned_at NOT BETWEEN 0 AND ?2";
    if db.prepare_cached(check)?.execute([now, CHECK_EVERY])? == 0 {
        // Another process was first.
        return Ok(());
    }
    for _ in 0..BATCHES {
        if !prune_batch(db, limits, now)? {
            break;
        }
    }
    Ok(())
}

/// Prunes one batch. Returns whether there may be more.
fn prune_batch(db: &mut Connection, limits: JournalLimits, now: i64) -> rusqlite::Result<bool> {
    let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let (digests, bytes) = due_images(&transaction, limits, now)?;
    if digests.is_empty() {
        return Ok(false);
    }
    for digest in &digests {
        transaction.prepare_cached("UPDATE images SET body = NULL WHERE digest = ?1")?.execute([digest])?;
    }
    transaction.execute("UPDATE state SET image_bytes = max(image_bytes - ?1, 0)", [bytes])?;
    let is_full = digests.len() == BATCH;
    let mut members = Map::new();
    members.insert("bytes".into(), bytes.into());
    members.insert("images".into(), digests.into());
    chain::append(&transaction, "pruned", members)?;
    transaction.commit()?;
    let mut freed = db.prepare(&format!("PRAGMA incremental_vacuum({FREED_PAGES})"))?;
    let mut rows = freed.query([])?;
    while rows.next()?.is_some() {}
    Ok(is_full)
}

/// The images of one batch, the oldest first, with their bytes.
fn due_images(db: &Connection, limits: JournalLimits, now: i64) -> rusqlite::Result<(Vec<String>, i64)> {
    let stored: i64 = db.query_row("SELECT image_bytes FROM state", [], |row| row.get(0))?;
    let limit = i64::try_from(limits.image_bytes).unwrap_or(i64::MAX);
    // A tenth more than the excess, so that the next write does not exceed the limit again.
    let excess = if stored > limit { stored - limit + limit / 10 } else { 0 };
    let before = |age: TimeDelta| now.saturating_sub(age.num_milliseconds());
    let (young, old) = (before(YOUNG), before(TimeDelta::days(limits.image_days.into()).max(YOUNG)));
    let due = if excess > 0 { young } else { old };
    let held = held(db, now)?;
    let (mut digests, mut bytes) = (Vec::new(), 0);
    let sql = "SELECT digest, bytes, used_at FROM images WHERE body IS NOT NULL AND used_at < ?1 ORDER BY used_at";
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query([due])?;
    while let Some(row) = rows.next()? {
        let (digest, size, used_at): (String, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        if digests.len() == BATCH || (used_at >= old && bytes >= excess) {
            break;
        }
        if !held.contains(&digest) {
            bytes += size;
            digests.push(digest);
        }
    }
    Ok((digests, bytes))
}

/// The images that are never pruned: those of unfinished attempts, and those that somebody holds.
fn held(db: &Connection, now: i64) -> rusqlite::Result<HashSet<String>> {
    let mut statement = db.prepare_cached("SELECT seq FROM unfinished UNION SELECT seq FROM holds WHERE until > ?1")?;
    let entries = statement.query_map([now], |row| row.get(0))?.collect::<rusqlite::Result<BTreeSet<u64>>>()?;
    let mut held = HashSet::new();
    for seq in entries {
        held.extend(of_entry(db, seq)?);
    }
    db.prepare_cached("DELETE FROM holds WHERE until <= ?1")?.execute([now])?;
    Ok(held)
}

/// The digests of an entry's images: those of the attempt and of its outcome.
fn of_entry(db: &Connection, seq: u64) -> rusqlite::Result<Vec<String>> {
    let sql = "SELECT body FROM events WHERE event = 'attempt' AND seq = ?1
               UNION ALL SELECT body FROM events WHERE event = 'outcome' AND attempt = ?1";
    let mut statement = db.prepare_cached(sql)?;
    let bodies = statement.query_map([seq], |row| row.get::<_, String>(0))?;
    let mut digests = Vec::new();
    for body in bodies {
        let members: Map<String, Value> = serde_json::from_str(&body?).unwrap_or_default();
        digests.extend(images::references(&members).map(|image| image.digest));
    }
    Ok(digests)
}
