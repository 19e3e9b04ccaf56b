//! Folding in: the rows of an account's mirror are copied when they changed since the last time.

use super::{
    UnionMirror,
    probe::{Probe, probe},
    schema::{ACCOUNT, LAYOUT, ROW_BITS, copied, physical, quoted},
};
use crate::{
    Fault,
    mirror::{
        scans::TableState,
        schema::{Table, part_type},
    },
    off_thread, unusable,
};
use chrono::Utc;
use highlevel_core::error::{Code, Error, Result};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    time::Duration,
};

/// How long one process waits while another folds, which takes seconds for a large account.
const BUSY: Duration = Duration::from_secs(60);

/// The memory that the connection keeps of the file while it folds, in KiB: ids fall all over their index.
const CACHE_KIB: i64 = 32 * 1024;

/// The mirrors that one thread looks at.
const PROBES: usize = 50;

/// A copy that nobody asks for this long is deleted.
const FORGET_MS: i64 = 90 * DAY_MS;
const DAY_MS: i64 = 24 * 3_600_000;

/// An account to fold in.
#[derive(Debug, Clone)]
pub struct UnionAccount {
    /// Its name, as the column `account` shows it.
    pub name: String,
    /// The file of its mirror.
    pub mirror: PathBuf,
}

/// An account whose rows were folded in.
#[derive(Debug)]
pub struct FoldedAccount {
    /// Its name.
    pub name: String,
    /// The name of its mirror's file.
    pub mirror: String,
    /// The states of its tables; the rows are as new, or newer. The error if its mirror cannot be read.
    pub states: Result<Vec<(&'static Table, TableState)>>,
}

/// The copy of an account's rows: its number, when it was asked for last, and the stamps of the folded tables.
#[derive(Debug, Default)]
struct Copied {
    number: i64,
    asked_at: i64,
    stamps: HashMap<String, Option<i64>>,
}

/// The copies in the file, by the mirror's file and the account's name.
type Copies = HashMap<(String, String), Copied>;

impl Copied {
    /// Whether the table's rows are those of the mirror.
    fn is_current(&self, table: &Table, probe: &Probe) -> bool {
        self.stamps.get(table.name).is_some_and(|stamp| *stamp == probe.stamps.get(table.name).copied())
    }
}

impl UnionMirror {
    /// Folds in these tables of these accounts, where they changed. A mirror that cannot be read stops no other one.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn fold(&self, accounts: Vec<UnionAccount>, tables: &[&'static Table]) -> Result<Vec<FoldedAccount>> {
        self.exist().await?;
        let looked = look_at(accounts).await?;
        let copies = self.write(|db| copies(db)).await?;
        let (mut folded, mut asked) = (Vec::with_capacity(looked.len()), Vec::new());
        for (account, probe) in looked {
            let mirror = self.name_of(&account.mirror);
            let key = (mirror.clone(), account.name.clone());
            let copied = copies.get(&key);
            let mut states = probe.map_err(|fault| unusable(self.dir(), fault));
            if let Ok(probe) = &states {
                let is_current = |table: &&&Table| copied.is_some_and(|copied| copied.is_current(table, probe));
                let old: Vec<_> = tables.iter().filter(|table| !is_current(table)).copied().collect();
                let exists = !probe.states.is_empty();
                if exists && !old.is_empty() {
                    let (source, key) = (account.mirror.clone(), key.clone());
                    if let Err(error) = self.write(move |db| copy(db, &source, &key, &old)).await {
                        states = Err(error);
                    }
                }
            }
            asked.push(key);
            folded.push(FoldedAccount { name: account.name, mirror, states: states.map(|probe| probe.states) });
        }
        self.tidy(copies, asked).await?;
        Ok(folded)
    }

    /// Notes which copies were asked for, and deletes those that nobody needs: their mirror is gone, or nobody has asked for
    /// a long time.
    async fn tidy(&self, copies: Copies, asked: Vec<(String, String)>) -> Result<()> {
        let (now, dir) = (Utc::now().timestamp_millis(), self.dir().to_owned());
        let found = off_thread(move || {
            let (mut noted, mut dropped) = (Vec::new(), Vec::new());
            for (key, Copied { number, asked_at, .. }) in copies {
                let is_asked = asked.contains(&key);
                let is_gone = !dir.join(key.0).try_exists().unwrap_or(true);
                if is_gone || (!is_asked && asked_at < now - FORGET_MS) {
                    dropped.push(number);
                } else if is_asked && asked_at < now - DAY_MS {
                    noted.push(number);
                }
            }
            Ok((noted, dropped))
        });
        let (noted, dropped) = found.await?;
        if noted.is_empty() && dropped.is_empty() {
            return Ok(());
        }
        self.write(move |db| {
            let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            for number in noted {
                transaction.execute("UPDATE copies SET asked_at = ?2 WHERE number = ?1", [number, now])?;
            }
            for number in dropped {
                forget(&transaction, number)?;
            }
            transaction.commit()
        })
        .await
    }

    /// The name of a mirror's file in the table of copies: a file elsewhere has its whole path.
    fn name_of(&self, mirror: &Path) -> String {
        mirror.strip_prefix(self.dir()).unwrap_or(mirror).to_string_lossy().into_owned()
    }

    fn dir(&self) -> &Path {
        self.path.parent().unwrap_or(&self.path)
    }
}

/// Opens the file for folding.
pub(super) fn open_writer(path: &Path) -> Result<Connection, Fault> {
    let db = LAYOUT.open(path)?;
    db.busy_timeout(BUSY)?;
    db.pragma_update(None, "cache_size", -CACHE_KIB)?;
    Ok(db)
}

/// Looks at the mirrors of these accounts, many on each of several threads.
async fn look_at(accounts: Vec<UnionAccount>) -> Result<Vec<(UnionAccount, Result<Probe, Fault>)>> {
    let parts: Vec<_> = accounts.chunks(PROBES).map(<[_]>::to_vec).collect();
    let parts = parts.into_iter().map(|part| {
        // Spawned, so that all run at once.
        tokio::spawn(off_thread(move || Ok(part.into_iter().map(look).collect::<Vec<_>>())))
    });
    let mut looked = Vec::with_capacity(accounts.len());
    for part in parts.collect::<Vec<_>>() {
        looked.extend(part.await.map_err(|fault| {
            Error::new(Code::Internal, "Work on the state directory was interrupted.").caused_by(fault)
        })??);
    }
    Ok(looked)
}

fn look(account: UnionAccount) -> (UnionAccount, Result<Probe, Fault>) {
    let probe = probe(&account.mirror);
    (account, probe)
}

fn copies(db: &Connection) -> rusqlite::Result<Copies> {
    let mut all = Copies::new();
    let mut statement = db.prepare_cached(
        "SELECT mirror, account, number, asked_at, name, stamp FROM copies LEFT JOIN folded ON copy = number",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let copied = all.entry((row.get(0)?, row.get(1)?)).or_default();
        (copied.number, copied.asked_at) = (row.get(2)?, row.get(3)?);
        if let Some(name) = row.get(4)? {
            copied.stamps.insert(name, row.get(5)?);
        }
    }
    Ok(all)
}

/// Copies tables of one account's mirror.
fn copy(db: &mut Connection, source: &Path, key: &(String, String), tables: &[&'static Table]) -> rusqlite::Result<()> {
    // Read-only, so that the transaction does not keep the account's own writers waiting.
    db.execute("ATTACH ?1 AS source", [read_only(source)])?;
    let copied = copy_attached(db, key, tables);
    let detached = db.execute_batch("DETACH source; PRAGMA shrink_memory");
    copied.and(detached)
}

fn copy_attached(
    db: &mut Connection,
    (mirror, account): &(String, String),
    tables: &[&'static Table],
) -> rusqlite::Result<()> {
    let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let now = Utc::now().timestamp_millis();
    let number = transaction.query_row(
        "INSERT INTO copies (mirror, account, asked_at) VALUES (?1, ?2, ?3)
         ON CONFLICT (account, mirror) DO UPDATE SET asked_at = excluded.asked_at RETURNING number",
        params![mirror, account, now],
        |row| row.get::<_, i64>(0),
    )?;
    let mut folded = transaction.prepare("SELECT stamp FROM folded WHERE copy = ?1 AND name = ?2")?;
    for table in tables {
        let sql = "SELECT stamp FROM source.revisions WHERE name = ?1";
        let stamp: Option<i64> = transaction.query_row(sql, [table.name], |row| row.get(0)).optional()?;
        let before: Option<Option<i64>> = folded.query_row(params![number, table.name], |row| row.get(0)).optional()?;
        // Another process may have been first.
        if before == Some(stamp) {
            continue;
        }
        for (name, columns) in copied(table) {
            copy_rows(&transaction, number, account, name, &columns)?;
        }
        transaction.execute("REPLACE INTO folded VALUES (?1, ?2, ?3)", params![number, table.name, stamp])?;
    }
    drop(folded);
    transaction.commit()
}

/// Makes the rows of one copy equal to those of the mirror. Rows that are equal already are not written.
fn copy_rows(db: &Connection, number: i64, account: &str, name: &str, columns: &[&str]) -> rusqlite::Result<()> {
    let all = physical(name);
    // The columns that hold what came, of any type: 1 and 1.0 are equal for SQLite.
    let same_type = |column: &&&str| part_type(column).is_empty() && !is_typed(name, column);
    let equal = columns.iter().map(|column| format!("s.\"{column}\" IS {all}.\"{column}\""));
    let types =
        columns.iter().filter(same_type).map(|column| format!("typeof(s.\"{column}\") = typeof({all}.\"{column}\")"));
    let equal: Vec<_> = equal.chain(types).collect();
    let (from, to) = places(number);
    db.execute(
        &format!(
            "DELETE FROM {all} WHERE place BETWEEN ?1 AND ?2 AND NOT EXISTS (
                 SELECT 1 FROM source.{name} s WHERE s.rowid = {all}.place - ?1 AND {})",
            equal.join(" AND ")
        ),
        [from, to],
    )?;
    let columns = quoted(columns);
    db.execute(
        &format!(
            "INSERT INTO {all} (place, {ACCOUNT}, {columns}) SELECT ?1 + s.rowid, ?2, {columns} FROM source.{name} s
             WHERE NOT EXISTS (SELECT 1 FROM {all} WHERE place = ?1 + s.rowid)"
        ),
        params![from, account],
    )?;
    Ok(())
}

/// Whether a column of this name has a type in this table.
fn is_typed(table: &str, column: &str) -> bool {
    Table::named(table).is_some_and(|table| table.column_names().any(|known| known == column))
}

/// The first and the last place of a copy's rows.
fn places(number: i64) -> (i64, i64) {
    (number << ROW_BITS, (number << ROW_BITS) | ((1 << ROW_BITS) - 1))
}

/// Deletes a copy.
fn forget(db: &Connection, number: i64) -> rusqlite::Result<()> {
    let (from, to) = places(number);
    for (name, _) in crate::mirror::readable() {
        db.execute(&format!("DELETE FROM {} WHERE place BETWEEN ?1 AND ?2", physical(name)), [from, to])?;
    }
    db.execute("DELETE FROM folded WHERE copy = ?1", [number])?;
    db.execute("DELETE FROM copies WHERE number = ?1", [number]).map(drop)
}

/// The address of a file that is opened for reading only.
fn read_only(path: &Path) -> String {
    let is_absolute = path.is_absolute();
    let path = path.to_string_lossy();
    let root = match is_absolute {
        true if path.starts_with('/') => "file://",
        // A drive's letter, which has no slash in front.
        true => "file:///",
        false => "file:",
    };
    let encoded = path.bytes().fold(String::with_capacity(path.len()), |mut all, byte| {
        match byte {
            b'\\' if cfg!(windows) => all.push('/'),
            b'/' | b':' | b'-' | b'_' | b'.' | b'~' => all.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => all.push(char::from(byte)),
            byte => all.push_str(&format!("%{byte:02X}")),
        }
        all
    });
    format!("{root}{encoded}?mode=ro")
}
