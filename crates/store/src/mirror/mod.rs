//! A copy of the account in SQLite, for questions over all of it: one file an account in the state directory.
//!
//! It is only a copy: a file that cannot be migrated is rebuilt. Texts are stored as the API gave them. For one statement over
//! several accounts, their rows are copied into one more file (`union`).

mod accents;
mod authorizer;
mod changes;
mod differences;
mod duplicates;
mod file;
mod full_text;
mod money;
mod names;
mod normalize;
mod overview;
mod reader;
mod rows;
mod scan_lock;
mod scans;
mod schema;
mod search;
mod sql_query;
mod statement;
mod table_state;
#[cfg(test)]
mod tests;
mod tokens;
mod union;
mod upsert;
mod values;
mod worker;
mod write_through;

pub use changes::{Change, ChangedObject, Changes};
pub use duplicates::{DuplicatePair, Duplicates};
pub use overview::{ColumnWords, Overview};
pub use scan_lock::{SCAN_LEASE, ScanLock};
pub use scans::MirrorPage;
pub use schema::{Child, ColumnKind, Inclusion, Parts, Recent, TABLES, Table, readable};
pub use search::{Found, Search, named_in_hits};
pub use sql_query::{MirrorAnswer, QueryOutcome, RowSender, SqlQuery, StreamedRow};
pub use statement::TIME_LIMIT;
pub use table_state::{Missing, TableState};
pub use union::{FoldedAccount, ShownAccount, UnionAccount, UnionMirror};
pub use worker::{answer_questions, question_file};
pub use write_through::ToolWrite;

use super::{Slot, off_thread, on_connection, sha256_hex, unusable};
use file::{Layout, Step};
use highlevel_core::error::Result;
use reader::{Reader, Readers};
use rusqlite::Connection;
use std::{
    path::{Path, PathBuf},
    sync::{Arc, PoisonError},
    time::Duration,
};
use tokio::sync::OnceCell;
use worker::Workers;

/// A mirror's file. An older one is migrated, since a rebuilt one would begin its record of changes again.
const LAYOUT: Layout = Layout {
    ddl: schema::ddl,
    oldest: 3,
    steps: &[Step::Fixed(schema::REVISIONS), Step::Fixed(schema::CLIENTS), Step::Made(schema::daily_jobs)],
};

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
    readers: Readers,
    /// The processes that run users' statements. Without them a thread of this process does.
    workers: Option<Workers>,
    exists: OnceCell<()>,
}

impl Mirror {
    /// The mirror of this account in this directory. Touches nothing yet.
    pub fn open(dir: &Path, account: &str) -> Self {
        let name: String = sha256_hex(account.as_bytes()).chars().take(16).collect();
        let path = dir.join(format!("mirror-{name}.db"));
        let readers = Readers::new(path.clone(), Reader::open);
        Self { path, writer: Arc::default(), readers, workers: None, exists: OnceCell::new() }
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
        on_connection(&self.writer, self.dir().to_owned(), move || LAYOUT.open(&path), work).await
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

    /// The same for work that has its own errors, or needs what is kept beside the connection.
    async fn reading<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Reader) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.exist().await?;
        self.readers.run(work).await
    }

    /// Closes the connections that are not in use. The next use opens them again.
    pub async fn close_idle(&self) {
        self.readers.close();
        let writer = Arc::clone(&self.writer);
        // The last connection of a file puts the log into it, which takes time.
        let closed = off_thread(move || {
            drop(writer.lock().unwrap_or_else(PoisonError::into_inner).take());
            Ok(())
        });
        drop(closed.await);
    }
}
