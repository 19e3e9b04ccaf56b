//! The lock of a job: one process at a time works it. The kernel releases it when the process dies.

use super::Jobs;
use crate::{create_private_dir, off_thread, private_file, unusable};
use highlevel_core::error::Result;
use std::fs::{File, TryLockError};

/// The right to work a job, until it is dropped.
#[derive(Debug)]
#[must_use = "the lock is released when this is dropped"]
pub struct JobLock(#[expect(dead_code, reason = "the lock lives as long as its file is open")] File);

impl Jobs {
    /// Takes the job's lock. `None` while another process, or another task of this one, holds it.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn lock(&self, job: &str) -> Result<Option<JobLock>> {
        let (dir, files) = (self.dir.clone(), self.files(job));
        off_thread(move || {
            let opened = create_private_dir(&files).and_then(|()| private_file(&files.join("lock")));
            let file = opened.map_err(|fault| unusable(&dir, fault))?;
            match file.try_lock() {
                Ok(()) => Ok(Some(JobLock(file))),
                Err(TryLockError::WouldBlock) => Ok(None),
                Err(TryLockError::Error(fault)) => Err(unusable(&dir, fault)),
            }
        })
        .await
    }
}
