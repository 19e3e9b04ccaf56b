//! Jobs: many calls of operations, kept row by row so that they survive the process, in `jobs.db` in the state directory
//! (docs/bulk.md). One file here a concern; nothing here runs on the runtime's threads.

mod job;
mod lifecycle;
mod lock;
mod progress;
mod rows;
mod schema;
#[cfg(test)]
mod tests;

pub use job::{Job, JobRun, JobState, NewJob};
pub use lock::JobLock;
pub use progress::{RowCounts, RowOutcome};
pub use rows::{JobRow, RowState};

use super::{Slot, on_connection};
use chrono::TimeDelta;
use highlevel_core::error::Result;
use rusqlite::Connection;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// The jobs of a state directory, in all processes.
#[derive(Debug, Clone)]
pub struct Jobs {
    dir: PathBuf,
    connection: Slot,
}

impl Jobs {
    /// How long a job that ran is kept.
    pub const KEPT: TimeDelta = job::KEPT_JOBS;

    /// The jobs in this state directory. Touches nothing yet.
    pub fn new(dir: PathBuf) -> Self {
        Self { dir, connection: Slot::default() }
    }

    /// The directory of one job's own files: its plan, its results, its rejected rows.
    pub fn files(&self, job: &str) -> PathBuf {
        self.dir.join("jobs").join(job)
    }

    fn database(dir: &Path) -> PathBuf {
        dir.join("jobs.db")
    }

    /// Runs `work` with the database on a thread that may block; opens it at the first need.
    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        let dir = self.dir.clone();
        on_connection(&self.connection, self.dir.clone(), move || schema::open(&dir), work).await
    }

    /// As [`Jobs::with`], but without a database gives `empty` and creates nothing.
    async fn read<T: Send + 'static>(
        &self,
        empty: T,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        let path = Self::database(&self.dir);
        let slot = Arc::clone(&self.connection);
        let is_open = slot.lock().unwrap_or_else(std::sync::PoisonError::into_inner).is_some();
        if !is_open && !path.exists() {
            return Ok(empty);
        }
        self.with(work).await
    }
}
