//! The jobs' file: its tables, and how it is opened.

use super::Jobs;
use crate::{BUSY, Fault, create_private_dir, open_private};
use rusqlite::{Connection, TransactionBehavior};
use std::path::Path;

/// The version of the file.
const VERSION: u32 = 1;

/// The tables. Times are milliseconds since 1970. `facts`, `arguments`, `before`, `source` and `differences` are JSON.
const TABLES: &str = "
    CREATE TABLE jobs (
        id TEXT PRIMARY KEY, account TEXT NOT NULL, location TEXT, state TEXT NOT NULL, facts TEXT NOT NULL,
        created_at INTEGER NOT NULL, worked_at INTEGER NOT NULL, ended_at INTEGER
    ) STRICT;
    CREATE INDEX jobs_state ON jobs (state, created_at);
    CREATE TABLE job_rows (
        job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE, number INTEGER NOT NULL, line INTEGER,
        state TEXT NOT NULL, tool TEXT NOT NULL, arguments TEXT NOT NULL, key TEXT, object TEXT, before TEXT, source TEXT,
        sent_at INTEGER, code TEXT, message TEXT, differences TEXT,
        PRIMARY KEY (job, number)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX job_rows_state ON job_rows (job, state, number);
    CREATE INDEX job_rows_key ON job_rows (job, key, number) WHERE key IS NOT NULL;";

/// Opens the file, and creates it if there is none.
pub(super) fn open(dir: &Path) -> Result<Connection, Fault> {
    create_private_dir(dir)?;
    let mut db = open_private(&Jobs::database(dir), BUSY)?;
    // Rows hold personal data.
    db.pragma_update(None, "secure_delete", true)?;
    db.pragma_update(None, "foreign_keys", true)?;
    // A row that was marked as sent must still be so after a loss of power.
    db.pragma_update(None, "synchronous", "FULL")?;
    db.set_prepared_statement_cache_capacity(64);
    let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: u32 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version > VERSION {
        return Err(format!("jobs.db has version {version}, written by a newer highlevel-mcp").into());
    }
    if version == 0 {
        transaction.execute_batch(TABLES)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
    }
    transaction.commit()?;
    Ok(db)
}
