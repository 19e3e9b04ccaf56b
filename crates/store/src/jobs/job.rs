//! One job: whose it is, what it does, and how far its life has come.

use super::Jobs;
use crate::{create_private_dir, off_thread, unusable};
use chrono::{DateTime, TimeDelta, Utc};
use highlevel_core::{context::Caller, error::Result};
use rusqlite::{OptionalExtension, Row, params};
use serde_json::{Map, Value};
use std::{fs, io};

/// The age at which a job that never ran is deleted, with its files.
const KEPT_PLANS: TimeDelta = TimeDelta::days(7);

/// The age at which a job that ran is deleted, with its files.
pub(super) const KEPT_JOBS: TimeDelta = TimeDelta::days(90);

/// How far a job's life has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobState {
    /// Its rows are being read and checked.
    Draft,
    /// It waits for a person's yes.
    Planned,
    /// A process works it, or will.
    Running,
    /// It stopped by itself, for a reason that a person has to mend.
    Stopped,
    /// Somebody cancelled it. It can be resumed.
    Cancelled,
    /// No row waits any more.
    Done,
}

impl JobState {
    /// The name in the store and in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Planned => "planned",
            Self::Running => "running",
            Self::Stopped => "stopped",
            Self::Cancelled => "cancelled",
            Self::Done => "done",
        }
    }

    fn of(text: &str) -> Self {
        let all = [Self::Draft, Self::Planned, Self::Running, Self::Stopped, Self::Cancelled];
        all.into_iter().find(|state| state.as_str() == text).unwrap_or(Self::Done)
    }
}

/// A job that is about to be planned.
#[derive(Debug, Clone, Default)]
pub struct NewJob {
    /// The account's name in the journal.
    pub account: String,
    /// The account's location, where it is known.
    pub location: Option<String>,
    /// What else is known of it: the operation, the source, the options, the client.
    pub facts: Map<String, Value>,
}

/// A run of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRun {
    /// The state of the job before it.
    pub from: JobState,
    /// Who began it, where they called over an authenticated connection.
    pub caller: Option<Caller>,
}

/// A job as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Its id.
    pub id: String,
    /// The account's name in the journal.
    pub account: String,
    /// The account's location, where it is known.
    pub location: Option<String>,
    /// How far its life has come.
    pub state: JobState,
    /// What else is known of it.
    pub facts: Map<String, Value>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When a process last worked at it.
    pub worked_at: DateTime<Utc>,
    /// When its last row ended.
    pub ended_at: Option<DateTime<Utc>>,
}

impl Job {
    /// A text among the facts; empty if there is none.
    pub fn text(&self, name: &str) -> &str {
        self.facts.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// Its runs, in their order. It runs anew when it is begun and when it is resumed.
    pub fn runs(&self) -> Vec<JobRun> {
        let runs = self.facts.get("runs").and_then(Value::as_array).into_iter().flatten();
        runs.map(|run| self.run(run)).collect()
    }

    fn run(&self, run: &Value) -> JobRun {
        // An older version kept the state alone. Then whoever planned the job is taken for who began the run.
        let (from, caller) = match run {
            Value::String(from) => (Some(from.as_str()), self.facts.get("caller")),
            run => (run.get("from").and_then(Value::as_str), run.get("caller")),
        };
        let text = |name: &str| Some(caller?.get(name)?.as_str()?.to_owned());
        let caller = text("client").map(|client| Caller { client, subject: text("subject") });
        JobRun { from: JobState::of(from.unwrap_or_default()), caller }
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let time = |millis: i64| DateTime::from_timestamp_millis(millis).unwrap_or_default();
        let (state, facts): (String, String) = (row.get("state")?, row.get("facts")?);
        Ok(Self {
            id: row.get("id")?,
            account: row.get("account")?,
            location: row.get("location")?,
            state: JobState::of(&state),
            facts: serde_json::from_str(&facts).unwrap_or_default(),
            created_at: time(row.get("created_at")?),
            worked_at: time(row.get("worked_at")?),
            ended_at: row.get::<_, Option<i64>>("ended_at")?.map(time),
        })
    }
}

impl Jobs {
    /// Makes a job without rows, a draft. Deletes jobs that are too old to be kept.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used. So have the methods below.
    pub async fn create(&self, new: NewJob) -> Result<String> {
        let id = format!("{:010x}", rand::random::<u64>() >> 24);
        let named = id.clone();
        let old = self
            .with(move |db| {
                let now = Utc::now();
                let transaction = db.transaction()?;
                let old: Vec<String> = {
                    let mut statement = transaction.prepare(
                        "DELETE FROM jobs WHERE created_at < ?1 AND state IN ('draft', 'planned')
                            OR worked_at < ?2 AND state IN ('done', 'cancelled', 'stopped') RETURNING id",
                    )?;
                    let bounds = [now - KEPT_PLANS, now - KEPT_JOBS].map(|time| time.timestamp_millis());
                    statement.query_map(bounds, |row| row.get(0))?.collect::<rusqlite::Result<_>>()?
                };
                transaction.execute(
                    "INSERT INTO jobs (id, account, location, state, facts, created_at, worked_at)
                     VALUES (?1, ?2, ?3, 'draft', ?4, ?5, ?5)",
                    params![
                        named,
                        new.account,
                        new.location,
                        Value::Object(new.facts).to_string(),
                        now.timestamp_millis()
                    ],
                )?;
                transaction.commit()?;
                Ok(old)
            })
            .await?;
        for job in old {
            self.remove_files(&job).await;
        }
        Ok(id)
    }

    /// Makes the directory of a job's files.
    pub async fn create_files(&self, job: &str) -> Result<()> {
        let (dir, files) = (self.dir.clone(), self.files(job));
        off_thread(move || create_private_dir(&files).map_err(|fault| unusable(&dir, fault))).await
    }

    /// Deletes a job with its rows and files.
    pub async fn delete(&self, job: &str) -> Result<()> {
        let id = job.to_owned();
        self.with(move |db| db.execute("DELETE FROM jobs WHERE id = ?1", [id]).map(drop)).await?;
        self.remove_files(job).await;
        Ok(())
    }

    /// Files that cannot be removed stay, which is no failure of the call.
    async fn remove_files(&self, job: &str) {
        let dir = self.files(job);
        let removed = tokio::task::spawn_blocking(move || fs::remove_dir_all(dir)).await;
        match removed {
            Ok(Err(fault)) if fault.kind() != io::ErrorKind::NotFound => {
                tracing::warn!("the files of an old job could not be removed: {fault}");
            }
            _ => {}
        }
    }

    /// The job with this id.
    pub async fn job(&self, id: &str) -> Result<Option<Job>> {
        let id = id.to_owned();
        self.read(None, move |db| db.query_row("SELECT * FROM jobs WHERE id = ?1", [id], Job::read).optional()).await
    }

    /// The jobs that are more than drafts, the newest first; only those of the accounts with these names, if there are any.
    pub async fn list(&self, accounts: Vec<String>, count: u32) -> Result<Vec<Job>> {
        self.read(Vec::new(), move |db| {
            let accounts = Value::from(accounts).to_string();
            let mut statement = db.prepare(
                "SELECT * FROM jobs WHERE state <> 'draft'
                    AND (json_array_length(?1) = 0 OR account IN (SELECT value FROM json_each(?1)))
                 ORDER BY created_at DESC, rowid DESC LIMIT ?2",
            )?;
            statement.query_map(params![accounts, count], Job::read)?.collect()
        })
        .await
    }

    /// The running jobs, the oldest first.
    pub async fn running(&self) -> Result<Vec<Job>> {
        self.read(Vec::new(), |db| {
            let mut statement =
                db.prepare_cached("SELECT * FROM jobs WHERE state = 'running' ORDER BY created_at, rowid")?;
            statement.query_map([], Job::read)?.collect()
        })
        .await
    }

    /// Adds these facts to those of the job, or replaces them. A null removes one.
    pub async fn tell(&self, job: &str, facts: Map<String, Value>) -> Result<()> {
        let (job, facts) = (job.to_owned(), Value::Object(facts).to_string());
        self.with(move |db| {
            db.execute("UPDATE jobs SET facts = json_patch(facts, ?2) WHERE id = ?1", params![job, facts]).map(drop)
        })
        .await
    }
}
