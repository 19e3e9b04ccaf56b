//! A copy of the account in SQLite, for questions over all of it: one file an account in the state directory.
//!
//! It is only a copy: a file of another version is rebuilt. Texts are stored as the API gave them.

mod accents;
mod authorizer;
mod changes;
mod differences;
mod duplicates;
mod full_text;
mod money;
mod names;
mod normalize;
mod overview;
mod reader;
mod rows;
mod scans;
mod schema;
mod search;
mod sql_query;
mod statement;
mod table_state;
#[cfg(test)]
mod tests;
mod tokens;
mod upsert;
mod values;
mod worker;
mod write_through;

pub use changes::{Change, Changes};
pub use duplicates::{DuplicatePair, Duplicates};
pub use overview::{ColumnWords, Overview};
pub use scans::{MirrorPage, SCAN_LEASE, ScanLock};
pub use schema::{Child, TABLES, Table, readable};
pub use search::{Found, Search};
pub use sql_query::{MirrorAnswer, QueryOutcome, SqlQuery};
pub use statement::TIME_LIMIT;
pub use table_state::{Missing, TableState};
pub use worker::{answer_questions, question_file};
pub use write_through::ToolWrite;

use super::{Fault, Slot, create_private_dir, off_thread, on_connection, open_private, sha256_hex, unusable};
use highlevel_core::error::Result;
use reader::Reader;
use rusqlite::{Connection, TransactionBehavior};
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::OnceCell;
use worker::Workers;

/// The version of the file: a file of another version is rebuilt.
const VERSION: u32 = 3;

/// How long one process waits for another that writes.
const BUSY: Duration = Duration::from_secs(10);

/// Pages in the log before they are put into the file: the keys of a scan fall all over the indexes, so that each page
/// of the file is written many times, but only once from a log.
const LOG_PAGES: i64 = 8192;

/// The memory that one connection keeps of the file, in KiB.
const CACHE_KIB: i64 = 4096;

/// The mirror of one account.
#[derive(Debug)]
pub struct Mirror {
    path: PathBuf,
    writer: Slot,
    readers: Arc<Mutex<Vec<Reader>>>,
    /// The processes that run users' statements. Without them a thread of this process does.
    workers: Option<Workers>,
    exists: OnceCell<()>,
}

impl Mirror {
    /// The mirror of this account in this directory. Touches nothing yet.
    pub fn open(dir: &Path, account: &str) -> Self {
        let name: String = sha256_hex(account.as_bytes()).chars().take(16).collect();
        let path = dir.join(format!("mirror-{name}.db"));
        Self { path, writer: Arc::default(), readers: Arc::default(), workers: None, exists: OnceCell::new() }
    }

    /// The same mirror, whose statements run in processes of `program`, which has to be this program.
    #[must_use]
    pub fn answered_by(mut self, program: Option<PathBuf>) -> Self {
        self.workers = program.map(|program| Workers::new(program, self.path.clone()));
        self
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn dir(&self) -> &Path {
        self.path.parent().unwrap_or(&self.path)
    }

    /// Runs `work` on the connection that writes.
    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        let path = self.path.clone();
        on_connection(&self.writer, self.dir().to_owned(), move || create(&path), work).await
    }

    /// Runs `work` on a connection that cannot write, beside others.
    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        let dir = self.dir().to_owned();
        self.reading(move |reader| work(&mut reader.db).map_err(|fault| unusable(&dir, fault))).await
    }

    /// Creates the file through the writer, so that a reader can open it.
    async fn exist(&self) -> Result<()> {
        self.exists.get_or_try_init(|| self.write(|_| Ok(()))).await?;
        Ok(())
    }

    /// An open reader that is not in use.
    fn spare(&self) -> Option<Reader> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    /// The same for work that has its own errors, or needs what is kept beside the connection.
    async fn reading<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Reader) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.exist().await?;
        let spare = self.spare();
        let (path, dir, readers) = (self.path.clone(), self.dir().to_owned(), Arc::clone(&self.readers));
        off_thread(move || {
            let mut reader = match spare {
                Some(open) => open,
                None => Reader::open(&path).map_err(|fault| unusable(&dir, fault))?,
            };
            let done = work(&mut reader);
            readers.lock().unwrap_or_else(PoisonError::into_inner).push(reader);
            done
        })
        .await
    }
}

fn create(path: &Path) -> Result<Connection, Fault> {
    if let Some(dir) = path.parent() {
        create_private_dir(dir)?;
    }
    let mut connection = open_writer(path)?;
    match version(&connection)? {
        VERSION => return Ok(connection),
        0 => {}
        _ => {
            drop(connection);
            remove(path)?;
            connection = open_writer(path)?;
        }
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have been first.
    if version(&transaction)? == 0 {
        transaction.execute_batch(&schema::ddl())?;
        transaction.pragma_update(None, "user_version", VERSION)?;
    }
    transaction.commit()?;
    Ok(connection)
}

fn version(connection: &Connection) -> rusqlite::Result<u32> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

fn open_writer(path: &Path) -> Result<Connection, Fault> {
    let connection = open_private(path, BUSY)?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES)?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(connection)
}

/// Removes the file with what SQLite keeps beside it.
fn remove(path: &Path) -> io::Result<()> {
    for suffix in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        match fs::remove_file(&name) {
            Err(fault) if fault.kind() != io::ErrorKind::NotFound => return Err(fault),
            _ => {}
        }
    }
    Ok(())
}
