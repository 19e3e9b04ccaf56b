//! The rows of jobs: each is one call, with what is known of it.

use super::Jobs;
use chrono::{DateTime, Utc};
use highlevel_core::error::Result;
use rusqlite::{Row, params};
use serde_json::{Map, Value};

/// What has become of a row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RowState {
    /// It was not sent yet.
    #[default]
    Waiting,
    /// It may have been sent. Its outcome is not known yet.
    Sent,
    /// It took effect.
    Done,
    /// It was refused.
    Failed,
    /// It is not known whether it took effect, and a look-up did not tell. Only a person sends it again.
    Unknown,
    /// The plan leaves it out, as a duplicate for example.
    Skipped,
    /// The plan could not make a call of it.
    Invalid,
    /// Its object has changed since the plan, so that it was not sent.
    Changed,
}

impl RowState {
    /// Every state.
    pub const ALL: [Self; 8] = [
        Self::Waiting,
        Self::Sent,
        Self::Done,
        Self::Failed,
        Self::Unknown,
        Self::Skipped,
        Self::Invalid,
        Self::Changed,
    ];

    /// The name in the store, in answers and in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::Skipped => "skipped",
            Self::Invalid => "invalid",
            Self::Changed => "changed",
        }
    }

    pub(super) fn of(text: &str) -> Self {
        Self::ALL.into_iter().find(|state| state.as_str() == text).unwrap_or(Self::Unknown)
    }
}

/// A row of a job. A new one is [`RowState::Waiting`], or left out by its plan.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct JobRow {
    /// Its position in the job, from 1.
    pub number: u64,
    /// The line or row of its source, from 1.
    pub line: Option<u64>,
    /// What has become of it.
    pub state: RowState,
    /// The tool, or the operation of the catalogue.
    pub tool: String,
    /// The call's arguments.
    pub arguments: Map<String, Value>,
    /// A key that all rows about the same object share. They are sent in their order.
    pub key: Option<String>,
    /// The object's id.
    pub object: Option<String>,
    /// The values, by argument, that the call replaces. It is not sent if they are others by then.
    pub before: Option<Map<String, Value>>,
    /// The row as its source has it.
    pub source: Option<Value>,
    /// When it was sent last.
    pub sent_at: Option<DateTime<Utc>>,
    /// The code of its failure, or why it is left out.
    pub code: Option<String>,
    /// The same in words, or a remark.
    pub message: Option<String>,
    /// The arguments that the object does not show as sent.
    pub differences: Option<Value>,
}

impl JobRow {
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let json = |name: &str| -> rusqlite::Result<Option<Value>> {
            let text: Option<String> = row.get(name)?;
            Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
        };
        let object = |value: Option<Value>| match value {
            Some(Value::Object(members)) => Some(members),
            _ => None,
        };
        let state: String = row.get("state")?;
        Ok(Self {
            number: row.get("number")?,
            line: row.get("line")?,
            state: RowState::of(&state),
            tool: row.get("tool")?,
            arguments: object(json("arguments")?).unwrap_or_default(),
            key: row.get("key")?,
            object: row.get("object")?,
            before: object(json("before")?),
            source: json("source")?,
            sent_at: row.get::<_, Option<i64>>("sent_at")?.and_then(DateTime::from_timestamp_millis),
            code: row.get("code")?,
            message: row.get("message")?,
            differences: json("differences")?,
        })
    }
}

impl Jobs {
    /// Adds rows to a draft, all or none.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used. So have the methods below.
    pub async fn append(&self, job: &str, rows: Vec<JobRow>) -> Result<()> {
        let job = job.to_owned();
        self.with(move |db| {
            let transaction = db.transaction()?;
            {
                let mut insert = transaction.prepare_cached(
                    "INSERT INTO job_rows
                         (job, number, line, state, tool, arguments, key, object, before, source, sent_at, code, message,
                          differences)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
                )?;
                for row in rows {
                    insert.execute(params![
                        job,
                        row.number,
                        row.line,
                        row.state.as_str(),
                        row.tool,
                        Value::Object(row.arguments).to_string(),
                        row.key,
                        row.object,
                        row.before.map(|before| Value::Object(before).to_string()),
                        row.source.map(|source| source.to_string()),
                        row.sent_at.map(|at| at.timestamp_millis()),
                        row.code,
                        row.message,
                        row.differences.map(|value| value.to_string())
                    ])?;
                }
            }
            transaction.commit()
        })
        .await
    }

    /// The rows after a number in one of these states, in their order, at most `count`. Without states, those in any.
    pub async fn rows(&self, job: &str, states: &'static [RowState], after: u64, count: u32) -> Result<Vec<JobRow>> {
        let job = job.to_owned();
        self.read(Vec::new(), move |db| {
            let names = Value::from_iter(states.iter().map(|state| state.as_str())).to_string();
            let mut statement = db.prepare_cached(
                "SELECT * FROM job_rows WHERE job = ?1 AND number > ?2
                    AND (json_array_length(?3) = 0 OR state IN (SELECT value FROM json_each(?3)))
                 ORDER BY number LIMIT ?4",
            )?;
            statement.query_map(params![job, after, names, count], JobRow::read)?.collect()
        })
        .await
    }

    /// One row.
    pub async fn row(&self, job: &str, number: u64) -> Result<Option<JobRow>> {
        Ok(self.rows(job, &[], number.saturating_sub(1), 1).await?.into_iter().find(|row| row.number == number))
    }

    /// The arguments of the draft's rows with each of these keys that are about to be sent, each with the first row that has it.
    /// For duplicates within a source.
    pub async fn arguments_by_key(&self, job: &str, keys: Vec<String>) -> Result<Vec<(String, String, u64)>> {
        let job = job.to_owned();
        self.read(Vec::new(), move |db| {
            let keys = Value::from(keys).to_string();
            let mut statement = db.prepare_cached(
                "SELECT job_rows.key, argument.key, min(number) FROM job_rows, json_each(job_rows.arguments) AS argument
                 WHERE job = ?1 AND job_rows.key IN (SELECT value FROM json_each(?2)) AND state = 'waiting'
                 GROUP BY job_rows.key, argument.key",
            )?;
            statement.query_map(params![job, keys], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect()
        })
        .await
    }
}
