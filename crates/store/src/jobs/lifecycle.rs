//! The steps of a job's life. Each is one statement, so that of several processes one takes it.

use super::{JobState, Jobs};
use chrono::Utc;
use highlevel_core::{context::Caller, error::Result};
use rusqlite::params;
use serde_json::{Value, json};

impl Jobs {
    /// Takes a job from one of these states to another. Returns whether it was in one of them.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used. So have the methods below.
    pub async fn step(&self, job: &str, from: &'static [JobState], to: JobState) -> Result<bool> {
        let job = job.to_owned();
        self.with(move |db| {
            let names: Vec<&str> = from.iter().map(|state| state.as_str()).collect();
            let names = Value::from(names).to_string();
            let now = Utc::now().timestamp_millis();
            let ended = matches!(to, JobState::Done).then_some(now);
            let changed = db.execute(
                "UPDATE jobs SET state = ?3, worked_at = ?4, ended_at = ?5
                 WHERE id = ?1 AND state IN (SELECT value FROM json_each(?2))",
                params![job, names, to.as_str(), now, ended],
            )?;
            Ok(changed == 1)
        })
        .await
    }

    /// Begins a run of a job in one of these states, for this caller: adds the caller and the state before it to the job's
    /// `runs`. A job that is running goes on with the run that it is in. Returns whether it was in one of the states.
    pub async fn begin_run(&self, job: &str, from: &'static [JobState], caller: Option<&Caller>) -> Result<bool> {
        let job = job.to_owned();
        let caller = caller.map(|caller| json!({"client": caller.client, "subject": caller.subject}));
        let caller = Value::from(caller).to_string();
        self.with(move |db| {
            let names: Vec<&str> = from.iter().map(|state| state.as_str()).collect();
            let names = Value::from(names).to_string();
            let now = Utc::now().timestamp_millis();
            let changed = db.execute(
                "UPDATE jobs SET state = 'running', worked_at = ?3, ended_at = NULL,
                    facts = iif(state <> 'running',
                        json_set(facts, '$.runs', json_insert(coalesce(facts -> '$.runs', '[]'), '$[#]',
                            json_object('from', state, 'caller', json(?4)))), facts)
                 WHERE id = ?1 AND state IN (SELECT value FROM json_each(?2))",
                params![job, names, now, caller],
            )?;
            Ok(changed == 1)
        })
        .await
    }

    /// Notes that a process works at the job now.
    pub async fn worked(&self, job: &str) -> Result<()> {
        let job = job.to_owned();
        self.with(move |db| {
            let now = Utc::now().timestamp_millis();
            db.execute("UPDATE jobs SET worked_at = ?2 WHERE id = ?1", params![job, now]).map(drop)
        })
        .await
    }
}
