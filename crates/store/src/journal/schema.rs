//! The journal's file: its tables, and how it is opened.

use super::{JournalPlace, take_over};
use crate::{BUSY, Fault, connect_private, create_private_dir, read_file, write_ahead};
use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use std::{fs, path::PathBuf};

/// The version of the file.
const VERSION: u32 = 2;

/// The tables. `events` is the chain: `position` is the order in which events were written, and everything that an event is
/// found by is read from its text, so that nothing beside the chain can disagree with it. `events` is not STRICT: an event
/// of an older version is stored as it is.
const TABLES: &str = "
    CREATE TABLE events (
        position INTEGER PRIMARY KEY, body TEXT NOT NULL, hash TEXT NOT NULL,
        seq INTEGER AS (body ->> '$.seq'), event TEXT AS (body ->> '$.event'), time TEXT AS (body ->> '$.time'),
        attempt INTEGER AS (body ->> '$.attempt'), outcome TEXT AS (body ->> '$.outcome'),
        account TEXT AS (body ->> '$.account'), location TEXT AS (body ->> '$.location'),
        client TEXT AS (body ->> '$.client.name'), tool TEXT AS (body ->> '$.tool'), object TEXT AS (body ->> '$.object')
    );
    CREATE INDEX attempts ON events (seq) WHERE event = 'attempt';
    CREATE INDEX attempts_time ON events (time, seq) WHERE event = 'attempt';
    CREATE INDEX attempts_account ON events (account, seq) WHERE event = 'attempt';
    CREATE INDEX attempts_account_tool ON events (account, tool, seq) WHERE event = 'attempt';
    CREATE INDEX attempts_location ON events (location, seq) WHERE event = 'attempt' AND location IS NOT NULL;
    CREATE INDEX attempts_client ON events (client, seq) WHERE event = 'attempt' AND client IS NOT NULL;
    CREATE INDEX attempts_tool ON events (tool, seq) WHERE event = 'attempt';
    CREATE INDEX objects ON events (object, coalesce(attempt, seq)) WHERE object IS NOT NULL;
    CREATE INDEX outcomes ON events (attempt) WHERE event = 'outcome';
    CREATE INDEX outcomes_failed ON events (attempt) WHERE event = 'outcome' AND outcome <> 'done';
    -- Attempts without an outcome.
    CREATE TABLE unfinished (seq INTEGER PRIMARY KEY) STRICT;
    -- A pruned image keeps its row without its body.
    CREATE TABLE images (
        digest TEXT PRIMARY KEY NOT NULL, bytes INTEGER NOT NULL, used_at INTEGER NOT NULL, body TEXT
    ) STRICT;
    CREATE INDEX images_age ON images (used_at, bytes) WHERE body IS NOT NULL;
    CREATE TABLE holds (
        holder TEXT NOT NULL, seq INTEGER NOT NULL, until INTEGER NOT NULL, PRIMARY KEY (holder, seq)
    ) STRICT, WITHOUT ROWID;
    -- taken_over: the older version's files whose lines are here and that still have to be put aside, as JSON. NULL while it
    -- is not known whether there are any.
    CREATE TABLE state (
        one INTEGER PRIMARY KEY CHECK (one = 1), image_bytes INTEGER NOT NULL, pruned_at INTEGER NOT NULL, taken_over TEXT
    ) STRICT;
    INSERT INTO state VALUES (1, 0, 0, NULL);";

/// What version 2 adds: the jobs that attempts were made for.
const JOBS: &str = "
    ALTER TABLE events ADD COLUMN job TEXT AS (body ->> '$.job.id');
    ALTER TABLE events ADD COLUMN job_row INTEGER AS (body ->> '$.job.row');
    CREATE INDEX attempts_job ON events (job, job_row, seq) WHERE event = 'attempt' AND job IS NOT NULL;";

impl JournalPlace {
    pub(super) fn database(&self) -> PathBuf {
        self.dir.join("journal.db")
    }

    /// Whether there is anything to read.
    pub(super) fn exists(&self) -> Result<bool, Fault> {
        Ok(self.database().try_exists()? || !take_over::old_files(&self.dir)?.is_empty())
    }

    /// Opens the journal for writing, and creates it if there is none. Takes over the files of an older version.
    pub(super) fn open(&self) -> Result<Connection, Fault> {
        create_private_dir(&self.dir)?;
        let mut db = connect_private(&self.database(), BUSY)?;
        // Before the first table: afterwards it has no effect. The file shrinks when images are pruned.
        db.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
        write_ahead(&db)?;
        // Pruned images hold personal data.
        db.pragma_update(None, "secure_delete", true)?;
        db.set_prepared_statement_cache_capacity(64);
        create_tables(&mut db)?;
        take_over::take_over(&self.dir, &mut db)?;
        for name in take_over::turned_up(&self.dir, &db)? {
            tracing::warn!("an older version of this program writes {name}; its writes are not in the journal");
        }
        Ok(db)
    }

    /// Opens a journal that cannot be opened for writing, such as one in a directory that is read-only.
    pub(super) fn open_to_read(&self) -> Result<Connection, Fault> {
        let path = self.database();
        read_file(&path)?;
        let log = fs::metadata(self.dir.join("journal.db-wal")).map_or(0, |log| log.len());
        let db = match path.to_str().filter(|_| log == 0) {
            // Without a log nobody writes, and SQLite needs no file beside this one.
            Some(path) => {
                let path = path.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
                let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
                Connection::open_with_flags(format!("file:{path}?immutable=1"), flags)?
            }
            None => Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY)?,
        };
        db.busy_timeout(BUSY)?;
        check_version(&db)?;
        Ok(db)
    }
}

fn create_tables(db: &mut Connection) -> Result<(), Fault> {
    if check_version(db)? == VERSION {
        return Ok(());
    }
    // The lock comes before the version is read: two processes that start together create the tables once.
    let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version = check_version(&transaction)?;
    if version == 0 {
        transaction.execute_batch(TABLES)?;
    }
    if version < VERSION {
        transaction.execute_batch(JOBS)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
    }
    transaction.commit()?;
    Ok(())
}

fn check_version(db: &Connection) -> Result<u32, Fault> {
    let version: u32 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version > VERSION {
        return Err(format!("journal.db has version {version}, written by a newer highlevel-mcp").into());
    }
    Ok(version)
}
