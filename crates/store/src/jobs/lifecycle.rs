//! The steps of a job's life. Each is one statement, so that of several processes one takes it.

use super::{JobState, Jobs};
use chrono::Utc;
use highlevel_core::error::Result;
use rusqlite::params;

impl Jobs {
    /// Takes a job from one of these states to another. Returns whether it was in one of them. Each begin of a run adds the
    /// state before it to the job's `runs`.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used. So have the methods below.
    pub async fn step(&self, job: &str, from: &'static [JobState], to: JobState) -> Result<bool> {
        let job = job.to_owned();
        self.with(move |db| {
            let names: Vec<&str> = from.iter().map(|state| state.as_str()).collect();
            let names = serde_json::Value::from(names).to_string();
            let now = Utc::now().timestamp_millis();
            let ended = matches!(to, JobState::Done).then_some(now);
            let changed = db.execute(
                "UPDATE jobs SET state = ?3, worked_at = ?4, ended_at = ?5,
                    facts = iif(?3 = 'running' AND state <> 'running',
                        json_set(facts, '$.runs', json_insert(coalesce(facts -> '$.runs', '[]'), '$[#]', state)), facts)
                 WHERE id = ?1 AND state IN (SELECT value FROM json_each(?2))",
                params![job, names, to.as_str(), now, ended],
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
