//! The work on jobs in this process: those that were just begun, and those that another process left.

use super::Runtime;
use crate::account::Account;
use chrono::{TimeDelta, Utc};
use highlevel_core::error::{Error, Result};
use highlevel_store::{Job, JobLock, JobState};
use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How often a process looks for jobs that another one left.
const LOOK: Duration = Duration::from_secs(3);

/// A job that nobody has worked for longer than this waits for a person's word.
const MOST_AGE: TimeDelta = TimeDelta::hours(1);

/// How often a command looks at its job while another process works it.
const LOOK_AT_OTHERS: Duration = Duration::from_millis(500);

/// How long the end of a process waits for the rows under way.
const LEAVING: Duration = Duration::from_secs(5);

/// The work on jobs in this process.
#[derive(Debug, Default)]
pub(super) struct JobWorkers {
    closing: CancellationToken,
    task: Mutex<Option<JoinHandle<()>>>,
    /// The accounts with a job under way here. An account has one at a time, which uses its whole quota.
    busy: Arc<Mutex<HashSet<String>>>,
}

impl JobWorkers {
    /// Cancelled when the process ends.
    pub(super) fn closing(&self) -> &CancellationToken {
        &self.closing
    }
}

impl Runtime {
    /// Works the jobs of this process's accounts until it ends.
    pub fn spawn_jobs(self: &Arc<Self>) {
        let runtime = Arc::clone(self);
        let task = tokio::spawn(async move { runtime.work_jobs().await });
        *self.workers.task.lock().unwrap_or_else(PoisonError::into_inner) = Some(task);
    }

    async fn work_jobs(self: Arc<Self>) {
        let mut working = tokio::task::JoinSet::new();
        while !self.workers.closing.is_cancelled() {
            match self.queue.store.running().await {
                Ok(jobs) => {
                    for job in jobs {
                        if let Some(lock) = self.take_job(&job).await {
                            let runtime = Arc::clone(&self);
                            working.spawn(async move { runtime.work_locked(&job, lock).await });
                        }
                    }
                }
                Err(error) => tracing::warn!("the jobs cannot be read: {}", error.message),
            }
            tokio::select! {
                () = self.queue.woken() => {}
                () = self.workers.closing.cancelled() => {}
                Some(_) = working.join_next(), if !working.is_empty() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
        while working.join_next().await.is_some() {}
    }

    /// The right to work a running job, where this process may: the account is the job's own, no other job of it is under way
    /// here, no other process works it, and it stopped less than an hour ago.
    async fn take_job(&self, job: &Job) -> Option<JobLock> {
        if Utc::now() - job.worked_at > MOST_AGE {
            return None;
        }
        self.account_of(job).await.ok()?;
        if !self.set_busy(&job.account) {
            return None;
        }
        match self.queue.store.lock(&job.id).await {
            Ok(Some(lock)) => Some(lock),
            Ok(None) => {
                self.set_free(&job.account);
                None
            }
            Err(error) => {
                tracing::warn!("the job {} cannot be locked: {}", job.id, error.message);
                self.set_free(&job.account);
                None
            }
        }
    }

    async fn work_locked(&self, job: &Job, lock: JobLock) {
        let worked = match self.account_of(job).await {
            Ok(account) => self.work_while_served(&account, job).await,
            Err(error) => Err(error),
        };
        if let Err(error) = worked {
            tracing::warn!("the job {} cannot be worked: {}", job.id, error.message);
        }
        drop(lock);
        self.set_free(&job.account);
    }

    /// Works a job until its account is another one by `accounts.toml`: what that allows is checked when it is taken again.
    async fn work_while_served(&self, account: &Arc<Account>, job: &Job) -> Result<()> {
        let stop = self.workers.closing.child_token();
        let mut changes = self.changes();
        let work = account.work(job, &stop);
        tokio::pin!(work);
        loop {
            tokio::select! {
                worked = &mut work => return worked,
                Ok(()) = changes.changed(), if !stop.is_cancelled() => {
                    if !self.live().serves(account) {
                        stop.cancel();
                    }
                }
            }
        }
    }

    /// Works a running job here until it runs no more, or until `closing` is cancelled; while another process works it, waits
    /// for that. Returns the job as it then is.
    ///
    /// # Errors
    /// `invalid_arguments` for no job; why its account may not work it; `internal` when the state directory cannot be used.
    pub async fn work_job_now(&self, id: &str, closing: &CancellationToken) -> Result<Job> {
        loop {
            let job = self.job(id).await?;
            if job.state != JobState::Running || closing.is_cancelled() {
                return Ok(job);
            }
            let account = self.account_of(&job).await?;
            account.check_job_policy(&job).await?;
            if !self.work_if_free(&account, &job, closing).await? {
                tokio::select! {
                    () = closing.cancelled() => {}
                    () = tokio::time::sleep(LOOK_AT_OTHERS) => {}
                }
            }
        }
    }

    /// Works a job unless somebody else does, here or in another process. Returns whether it did.
    async fn work_if_free(&self, account: &Account, job: &Job, closing: &CancellationToken) -> Result<bool> {
        if !self.set_busy(&job.account) {
            return Ok(false);
        }
        let worked = match self.queue.store.lock(&job.id).await {
            Ok(Some(lock)) => {
                let worked = account.work(job, closing).await;
                drop(lock);
                worked.map(|()| true)
            }
            Ok(None) => Ok(false),
            Err(error) => Err(error),
        };
        self.set_free(&job.account);
        worked
    }

    /// The job with this id.
    ///
    /// # Errors
    /// `invalid_arguments` where there is none.
    pub async fn job(&self, id: &str) -> Result<Job> {
        let job = self.queue.store.job(id.trim()).await?;
        job.ok_or_else(|| Error::invalid("job", format!("There is no job {id}. `highlevel-mcp bulk list` shows them.")))
    }

    /// The account of a job, as its writes would name it now.
    ///
    /// # Errors
    /// `policy_denied` for a job of no account of this process, or of one that changed since.
    pub async fn account_of(&self, job: &Job) -> Result<Arc<Account>> {
        let accounts = self.live();
        let named = accounts.are_several().then_some(job.account.as_str());
        let account = Arc::clone(accounts.for_write(named)?);
        match account.owns(job).await? {
            true => Ok(account),
            false => Err(Error::invalid(
                "job",
                format!("The job {} is another account's. `highlevel-mcp bulk list` shows whose.", job.id),
            )),
        }
    }

    fn set_busy(&self, account: &str) -> bool {
        self.workers.busy.lock().unwrap_or_else(PoisonError::into_inner).insert(account.to_owned())
    }

    fn set_free(&self, account: &str) {
        self.workers.busy.lock().unwrap_or_else(PoisonError::into_inner).remove(account);
    }

    /// Lets the rows under way end. Jobs go on in another process, or in the next one.
    pub(super) async fn leave_jobs(&self) {
        self.workers.closing.cancel();
        let task = self.workers.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task
            && tokio::time::timeout(LEAVING, task).await.is_err()
        {
            tracing::warn!("some rows of a job were still under way; their outcome is looked up when the job goes on");
        }
    }
}
