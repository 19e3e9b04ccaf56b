//! What outlives a process: one SQLite file in the state directory, with the journal and the mirrors beside it.
//!
//! Opening does nothing; the directory and the file are created when they are first needed. SQLite and the keyring never
//! run on the runtime's threads.

#![deny(missing_docs)]

mod approvals;
mod approvers;
mod creations;
mod credential;
mod credential_name;
mod files;
mod jobs;
mod journal;
#[cfg(feature = "keyring")]
mod keyring_entry;
mod mirror;
mod name_cache;
mod open_files;
mod page_requests;
mod process_group;
mod quota;
mod refresh_lock;
mod sealing_key;
mod token;
mod token_text;
mod unconfirmed;
mod write_lock;

pub use approvals::{Approval, KeptCall, NewApproval};
pub use approvers::{Approver, ApproverSession};
pub use creations::Claim;
pub use credential::{Credential, CredentialPlace, CredentialStamp, is_login, new_login};
pub use credential_name::CredentialName;
pub use files::{FileLock, replace_file};
pub use jobs::{Job, JobLock, JobRow, JobRun, JobState, Jobs, NewJob, RowCounts, RowOutcome, RowState};
pub use journal::{EntryFilter, EntryRange, Head, Journal, JournalEntry, JournalLimits, Problem, Report, UNFINISHED};
pub use mirror::{
    Change, ChangedObject, Changes, Child, ColumnKind, ColumnWords, DuplicatePair, Duplicates, FoldedAccount, Found,
    Inclusion, Mirror, MirrorAnswer, MirrorPage, Missing, Overview, Parts, QueryOutcome, Recent, RowSender, SCAN_LEASE,
    ScanLock, Search, ShownAccount, SqlQuery, StreamedRow, TABLES, TIME_LIMIT, Table, TableState, ToolWrite,
    UnionAccount, UnionMirror, answer_questions, named_in_hits, question_file, readable,
};
pub use open_files::{open_files_limit, raise_open_files};
pub use process_group::kill_group;
pub use quota::{LIMIT, LeaseGrant, LeaseRequest, Lesson, ObservedQuota, QuotaKey, SharedQuota, WINDOW, lease_life};
pub use refresh_lock::RefreshLock;
pub use token::{NewToken, StoredToken, token_hash};
pub use token_text::{REMARK, hide_tokens, looks_like_token, text_of, token_from, token_in};
pub use unconfirmed::{SlotGrant, SlotRequest, UnconfirmedSlot, UsedSlots};
pub use write_lock::WriteLock;

use files::{create_private_dir, private_file, read_file};
use highlevel_core::error::{Code, Error, Result};
use rusqlite::{Connection, ErrorCode, TransactionBehavior};
use sha2::{Digest, Sha256};
use std::{
    fmt::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// SHA-256 in hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// How long one process waits for another that writes.
const BUSY: Duration = Duration::from_secs(5);

/// Each step brings the file from the previous version to its own (its position, counted from 1). Only add at the end.
const MIGRATIONS: &[&str] = &["CREATE TABLE lineage (hash TEXT PRIMARY KEY, root TEXT NOT NULL, stored_at INTEGER NOT NULL) STRICT;
     CREATE INDEX lineage_root ON lineage (root);
     CREATE TABLE renewed (root TEXT PRIMARY KEY, token TEXT NOT NULL, expires_at INTEGER, stored_at INTEGER NOT NULL) STRICT;
     CREATE TABLE approvals (
         code TEXT PRIMARY KEY, tool TEXT NOT NULL, arguments_hash TEXT NOT NULL, object_hash TEXT NOT NULL,
         preview TEXT NOT NULL, expires_at INTEGER NOT NULL, approved_at INTEGER, spent_at INTEGER
     ) STRICT;",
     "CREATE TABLE quota (account TEXT PRIMARY KEY, books TEXT NOT NULL, used_at INTEGER NOT NULL) STRICT;
     CREATE TABLE renewing (root TEXT PRIMARY KEY, owner TEXT NOT NULL, until INTEGER NOT NULL, asked_at INTEGER) STRICT;",
     "CREATE TABLE known (
         account TEXT NOT NULL, kind TEXT NOT NULL, items TEXT NOT NULL, read_at INTEGER NOT NULL,
         PRIMARY KEY (account, kind)
     ) STRICT;",
     "ALTER TABLE renewed ADD COLUMN login TEXT;",
     // A confirmation lives for five minutes, so that those of an older version are dropped.
     "DROP TABLE approvals;
     CREATE TABLE approvals (
         code TEXT PRIMARY KEY, account TEXT NOT NULL, way TEXT NOT NULL, tool TEXT NOT NULL, arguments_hash TEXT NOT NULL,
         object_hash TEXT NOT NULL, preview TEXT NOT NULL, asked_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
         approved_at INTEGER, spent_at INTEGER
     ) STRICT;",
     "CREATE TABLE cleared (hash TEXT PRIMARY KEY, cleared_at INTEGER NOT NULL) STRICT;",
     "CREATE TABLE creations (
         number INTEGER PRIMARY KEY, account TEXT NOT NULL, key TEXT NOT NULL, begun_at INTEGER NOT NULL, object TEXT
     ) STRICT;
     CREATE INDEX creations_key ON creations (account, key);
     CREATE INDEX creations_object ON creations (account, object);",
     "CREATE TABLE unconfirmed (
         call INTEGER NOT NULL, account TEXT NOT NULL, recipient TEXT NOT NULL, messages INTEGER NOT NULL,
         taken_at INTEGER NOT NULL
     ) STRICT;
     CREATE INDEX unconfirmed_account ON unconfirmed (account, taken_at);
     CREATE INDEX unconfirmed_recipient ON unconfirmed (account, recipient, taken_at);
     CREATE INDEX unconfirmed_call ON unconfirmed (call);",
     "ALTER TABLE approvals ADD COLUMN id TEXT;
     ALTER TABLE approvals ADD COLUMN arguments TEXT;
     ALTER TABLE approvals ADD COLUMN label TEXT;
     ALTER TABLE approvals ADD COLUMN location TEXT;
     ALTER TABLE approvals ADD COLUMN asker TEXT;
     ALTER TABLE approvals ADD COLUMN person TEXT;
     ALTER TABLE approvals ADD COLUMN note TEXT;
     ALTER TABLE approvals ADD COLUMN declined_at INTEGER;
     ALTER TABLE approvals ADD COLUMN changed_at INTEGER;
     CREATE UNIQUE INDEX approvals_id ON approvals (id) WHERE id IS NOT NULL;
     CREATE TABLE approvers (
         name TEXT PRIMARY KEY, hash TEXT NOT NULL UNIQUE, accounts TEXT NOT NULL, added_at INTEGER NOT NULL
     ) STRICT;
     CREATE TABLE approver_sessions (
         hash TEXT PRIMARY KEY, kind TEXT NOT NULL, person TEXT NOT NULL, approver TEXT, accounts TEXT NOT NULL,
         request TEXT, expires_at INTEGER NOT NULL
     ) STRICT;
     CREATE TABLE approval_pages (url TEXT PRIMARY KEY, served_at INTEGER NOT NULL) STRICT;",
     "ALTER TABLE approvals ADD COLUMN told_at INTEGER;"];

/// The state directory: `state.db` and, if a person put it there, the file `token`.
pub struct Store {
    dir: PathBuf,
    connection: Slot,
    queues: write_lock::Queues,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("dir", &self.dir).finish_non_exhaustive()
    }
}

impl Store {
    /// A store in this directory. Touches nothing yet.
    pub fn open(dir: PathBuf) -> Self {
        Self { dir, connection: Arc::default(), queues: write_lock::Queues::default() }
    }

    /// The state directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Whether the store can be written.
    ///
    /// # Errors
    /// `internal`, naming the directory, when it cannot.
    pub async fn check(&self) -> Result<()> {
        self.with(|db| {
            let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            transaction.rollback()
        })
        .await
    }

    /// Runs `work` with the database on a thread that may block; opens it at the first need.
    ///
    /// # Errors
    /// `internal`, naming the directory, when it cannot be used.
    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        let dir = self.dir.clone();
        on_connection(&self.connection, self.dir.clone(), move || connect(&dir), work).await
    }
}

/// A connection that is opened at the first need, for one at a time.
type Slot = Arc<Mutex<Option<Connection>>>;

/// The cause of a failure in the state directory.
type Fault = Box<dyn std::error::Error + Send + Sync>;

/// Runs `work` with the slot's connection on a thread that may block; opens it at the first need.
async fn on_connection<T: Send + 'static>(
    slot: &Slot,
    dir: PathBuf,
    open: impl FnOnce() -> Result<Connection, Fault> + Send + 'static,
    work: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
) -> Result<T> {
    let slot = Arc::clone(slot);
    off_thread(move || {
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        let mut connection = match slot.take() {
            Some(connection) => connection,
            None => open().map_err(|fault| unusable(&dir, fault))?,
        };
        // A panic in `work` drops the connection, and the next caller opens a new one.
        let done = work(&mut connection).map_err(|fault| unusable(&dir, fault));
        *slot = Some(connection);
        done
    })
    .await
}

/// Runs blocking work away from the runtime's threads.
async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|fault| {
        Err(Error::new(Code::Internal, "Work on the state directory was interrupted.").caused_by(fault))
    })
}

/// The error of a state directory that cannot be used: which directory, why, and what to do.
fn unusable(dir: &Path, fault: impl Into<Fault>) -> Error {
    let fault = fault.into();
    let message = format!(
        "The state directory {} cannot be used: {fault}. Mend that, or choose another directory with --state-dir.",
        dir.display()
    );
    Error::new(Code::Internal, message).caused_by(fault)
}

fn connect(dir: &Path) -> Result<Connection, Fault> {
    create_private_dir(dir)?;
    let mut connection = open_private(&dir.join("state.db"), BUSY)?;
    // Deleted rows, tokens among them, are overwritten.
    connection.pragma_update(None, "secure_delete", true)?;
    migrate(&mut connection)?;
    Ok(connection)
}

/// Opens a file for this user alone, with a write-ahead log. `busy`: how long it waits for another process that writes.
fn open_private(path: &Path, busy: Duration) -> Result<Connection, Fault> {
    let connection = connect_private(path, busy)?;
    write_ahead(&connection)?;
    Ok(connection)
}

/// Opens a file for this user alone.
fn connect_private(path: &Path, busy: Duration) -> Result<Connection, Fault> {
    // Created here and not by SQLite, so that it never has wider permissions; WAL and index inherit them.
    private_file(path)?;
    for beside in ["-wal", "-shm", "-journal"] {
        let mut name = path.as_os_str().to_owned();
        name.push(beside);
        files::check(Path::new(&name))?;
    }
    let connection = Connection::open(path)?;
    connection.busy_timeout(busy)?;
    Ok(connection)
}

/// Gives a database a write-ahead log.
fn write_ahead(connection: &Connection) -> Result<(), Fault> {
    match connection.pragma_update(None, "journal_mode", "WAL") {
        // Another process is switching it at this moment, for both.
        Err(fault) if fault.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {}
        other => other?,
    }
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    Ok(())
}

fn migrate(connection: &mut Connection) -> Result<(), Fault> {
    // The lock comes before the version is read: two processes that start together migrate once.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: u32 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let (version, newest) = (usize::try_from(version)?, u32::try_from(MIGRATIONS.len())?);
    if version > MIGRATIONS.len() {
        return Err(format!("state.db has version {version}, written by a newer highlevel-mcp").into());
    }
    for step in MIGRATIONS.iter().skip(version) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", newest)?;
    transaction.commit()?;
    Ok(())
}
