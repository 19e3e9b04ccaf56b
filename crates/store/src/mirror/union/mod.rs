//! The rows of all accounts in one file, for one statement over them. SQLite attaches ten files only.
//!
//! The file is a copy of copies: what changed in an account's own mirror is folded in before the statement runs.

mod fold;
mod probe;
mod schema;
mod shown;
#[cfg(test)]
mod tests;

pub use fold::{FoldedAccount, UnionAccount};
pub(super) use schema::ACCOUNT;
pub use shown::ShownAccount;
pub(super) use shown::{Outline, connect};

use super::{
    reader::{Reader, Readers},
    sql_query::{MirrorAnswer, QueryOutcome, SqlQuery, answer, check_length},
    worker::Workers,
};
use crate::{Slot, on_connection};
use highlevel_core::error::{Code, Error, Result};
use rusqlite::Connection;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::sync::OnceCell;

/// The name of the file.
const FILE: &str = "mirrors.db";

/// The rows of several accounts, each table with the column `account` in front.
#[derive(Debug)]
pub struct UnionMirror {
    path: PathBuf,
    writer: Slot,
    readers: Readers,
    /// The processes that run users' statements. Without them a thread of this process does.
    workers: Option<Workers>,
    exists: OnceCell<()>,
}

impl UnionMirror {
    /// The file in this directory. `program`, which has to be this program, runs the statements in processes of its own.
    /// Touches nothing yet.
    pub fn open(dir: &Path, program: Option<PathBuf>) -> Self {
        let path = dir.join(FILE);
        let workers = program.map(|program| Workers::new(program, path.clone()));
        let readers = Readers::new(path.clone(), Reader::open_union);
        Self { path, writer: Arc::default(), readers, workers, exists: OnceCell::new() }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The tables that a statement reads. A statement that reads none is answered.
    ///
    /// # Errors
    /// As [`query`](Self::query).
    pub async fn tables(&self, query: SqlQuery) -> Result<QueryOutcome> {
        self.ask(SqlQuery { accounts: Some(Vec::new()), ..query }, false).await
    }

    /// Runs a statement on the rows of these accounts, as they were folded.
    ///
    /// # Errors
    /// `invalid_arguments` saying what is wrong and, where a name is, the nearest; `policy_denied` for a table in
    /// `hidden`; `timeout` after [`TIME_LIMIT`](crate::TIME_LIMIT); `too_large` for what takes too much memory; `conflict`
    /// if an account's rows were removed meanwhile.
    pub async fn query(&self, query: SqlQuery, accounts: Vec<ShownAccount>) -> Result<MirrorAnswer> {
        match self.ask(SqlQuery { accounts: Some(accounts), ..query }, true).await? {
            QueryOutcome::Answered(answer) => Ok(answer),
            QueryOutcome::NotYet(_) => Err(Error::new(Code::Internal, "The question was not answered.")),
        }
    }

    async fn ask(&self, query: SqlQuery, runs: bool) -> Result<QueryOutcome> {
        check_length(&query.sql)?;
        self.exist().await?;
        answer(query, move |_| runs, self.workers.as_ref(), &self.readers).await
    }

    /// Creates the file, so that a reader can open it.
    async fn exist(&self) -> Result<()> {
        self.exists.get_or_try_init(|| self.write(|_| Ok(()))).await?;
        Ok(())
    }

    /// Runs `work` on the connection that writes.
    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        let path = self.path.clone();
        let dir = path.parent().unwrap_or(&path).to_owned();
        on_connection(&self.writer, dir, move || fold::open_writer(&path), work).await
    }
}

/// Whether this table of the file is what the view of this name reads.
pub(super) fn is_read_by(table: &str, view: &str) -> bool {
    table.eq_ignore_ascii_case("shown") || table.eq_ignore_ascii_case(&schema::physical(view))
}
