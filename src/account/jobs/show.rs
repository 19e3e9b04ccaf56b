//! `get_bulk`: how far jobs are, which of their rows went wrong, and what a person may do about them.

use super::{super::Account, undo};
use crate::{
    account::Reply,
    guard::{Confirmation, Decision, Subject},
    service::{Location, time},
};
use highlevel_catalog::{
    Invocation,
    bulk::{BulkAction, GetBulk},
};
use highlevel_core::{
    context::CallContext,
    error::{Error, Result},
};
use highlevel_store::{Job, JobRow, JobState, RowCounts, RowState};
use serde_json::{Map, Value, json};

/// The most jobs that are listed.
const LISTED: u32 = 20;

/// The most rows that an answer shows. A file has all of them.
const SHOWN: u32 = 10;

/// The most objects that an answer names. A file has all of them.
const NAMED: u32 = 100;

/// The rows that a person may want to see.
const PROBLEMS: &[RowState] = &[RowState::Unknown, RowState::Failed, RowState::Changed, RowState::Invalid];

/// The rows that may be sent again.
const AGAIN: &[RowState] = &[RowState::Unknown, RowState::Failed];

impl Account {
    pub(super) async fn get_bulk(
        &self,
        invocation: &Invocation,
        asked: &GetBulk,
        confirmation: Confirmation<'_>,
        context: &mut CallContext,
    ) -> Result<Reply> {
        let Some(id) = &asked.job else {
            if asked.action.is_some() {
                return Err(Error::invalid("job", "`job` is missing: name the job that `action` is for."));
            }
            return self.list_jobs().await;
        };
        let job = self.own_job("job", id).await?;
        match asked.action {
            None => return self.job_answer(&job).await,
            Some(BulkAction::Cancel) => self.cancel_job(&job).await?,
            Some(BulkAction::Resume) => self.resume_job(&job, context).await?,
            Some(BulkAction::Retry) => {
                if let Some(ask) = self.retry_rows(invocation, asked, &job, confirmation, context).await? {
                    return Ok(ask);
                }
            }
        }
        match asked.action {
            Some(BulkAction::Cancel) => self.job_answer(&self.own_job("job", id).await?).await,
            _ => self.wait_for_job(&job, context).await,
        }
    }

    async fn list_jobs(&self) -> Result<Reply> {
        let mut listed = Vec::new();
        for job in self.queue.store.list(vec![self.service.name().to_owned()], LISTED).await? {
            if self.owns(&job).await? {
                listed.push(Value::Object(self.job_summary(&job).await?));
            }
        }
        self.job_reply(Map::from_iter([("jobs".to_owned(), listed.into())]))
    }

    /// Stops a job before its next row. Rows that are under way end.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn cancel_job(&self, job: &Job) -> Result<()> {
        const FROM: &[JobState] = &[JobState::Planned, JobState::Running, JobState::Stopped];
        self.queue.store.step(&job.id, FROM, JobState::Cancelled).await.map(drop)
    }

    /// Lets a job go on that was agreed to.
    ///
    /// # Errors
    /// `invalid_arguments` for one that nobody agreed to; `policy_denied` where the settings forbid it by now.
    async fn resume_job(&self, job: &Job, context: &CallContext) -> Result<()> {
        const FROM: &[JobState] = &[JobState::Running, JobState::Stopped, JobState::Cancelled];
        const TO_LOOK: &[JobState] = &[JobState::Done];
        if job.text("confirmation").is_empty() {
            let message =
                format!("`job`: nobody agreed to {} yet. run_bulk {{\"plan\": \"{}\"}} asks.", job.id, job.id);
            return Err(Error::invalid("job", message));
        }
        self.check_job_policy(job).await?;
        // Rows of unknown outcome are looked at again. Nothing else is left of a job that is done.
        let is_doubtful = self.queue.store.counts(&job.id).await?.contains_key(&RowState::Unknown);
        let from = if job.state == JobState::Done && is_doubtful { TO_LOOK } else { FROM };
        self.queue.store.begin_run(&job.id, from, context.caller()).await?;
        self.queue.wake();
        Ok(())
    }

    /// Sends named rows again, once a person agreed.
    async fn retry_rows(
        &self,
        invocation: &Invocation,
        asked: &GetBulk,
        job: &Job,
        confirmation: Confirmation<'_>,
        context: &mut CallContext,
    ) -> Result<Option<Reply>> {
        let subject = self.retry_subject(asked, context).await?;
        self.check_job_policy(job).await?;
        self.guard.asks(invocation)?;
        match self.guard.decide(invocation, subject, confirmation, None, context).await? {
            Decision::Run(_) | Decision::RunIfUnchanged(..) => {}
            Decision::RequestInput(ticket, preview) => return Ok(Some(Reply::RequestInput(ticket, preview))),
        }
        const FROM: &[JobState] = &[JobState::Running, JobState::Stopped, JobState::Cancelled, JobState::Done];
        let numbers = asked.rows.clone().unwrap_or_default();
        self.queue.store.send_again(&job.id, AGAIN, numbers).await?;
        self.queue.store.begin_run(&job.id, FROM, context.caller()).await?;
        self.queue.wake();
        Ok(None)
    }

    /// What a person sees of rows that would be sent again.
    pub(in crate::account) async fn retry_subject(&self, asked: &GetBulk, context: &CallContext) -> Result<Subject> {
        let job = self.own_job("job", asked.job.as_deref().unwrap_or_default()).await?;
        let numbers = asked.rows.clone().unwrap_or_default();
        if numbers.is_empty() {
            return Err(Error::invalid("rows", "`rows` is missing: name the rows to send again, such as [17]."));
        }
        let mut shown = Map::new();
        let mut doubtful = 0;
        for number in &numbers {
            let row = self.queue.store.row(&job.id, *number).await?;
            let row = row.filter(|row| AGAIN.contains(&row.state)).ok_or_else(|| {
                let message = format!("`rows`: row {number} is not one that failed or whose outcome is unknown.");
                Error::invalid("rows", message)
            })?;
            doubtful += u32::from(row.state == RowState::Unknown);
            shown.insert(format!("row {number}"), Value::Object(problem(&row)));
        }
        let doubt = match doubtful {
            0 => String::new(),
            count => format!(" {count} of them may have been done already: look first, or it may be done twice."),
        };
        let sentence = format!("Send {} rows of the job {} again?{doubt}", numbers.len(), job.id);
        let Location { id: location_id, name: location_name } = self.service.location(context).await;
        let account = self.service.identity().await?;
        Ok(Subject {
            object: Some(shown.into()),
            label: self.label.clone(),
            location_id,
            location_name,
            account,
            sentence: Some(sentence),
        })
    }

    /// How far a job is, as an answer.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn job_answer(&self, job: &Job) -> Result<Reply> {
        let mut answer = self.job_summary(job).await?;
        if job.facts.contains_key(undo::UNDOES) {
            self.tell_of_undo(job, &mut answer).await?;
        }
        let problems = self.queue.store.rows(&job.id, PROBLEMS, 0, SHOWN).await?;
        if !problems.is_empty() {
            let problems = problems.iter().map(|row| Value::Object(problem(row)));
            answer.insert("problems".to_owned(), problems.collect());
        }
        for (name, path) in self.job_files(job) {
            answer.insert(name.to_owned(), path);
        }
        if job.state == JobState::Running {
            let note = format!("It goes on by itself. get_bulk {{\"job\": \"{}\"}} tells how far it is.", job.id);
            answer.insert("note".to_owned(), note.into());
        }
        self.job_reply(answer)
    }

    /// How many rows of a job are settled, in words.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn job_progress(&self, job: &str) -> Result<String> {
        let counts = self.queue.store.counts(job).await?;
        let all: u64 = counts.values().sum();
        Ok(format!("{} of {all} rows", all.saturating_sub(left(&counts))))
    }

    /// Adds how many objects an undo put back in full, and names those that others had changed.
    async fn tell_of_undo(&self, job: &Job, answer: &mut Map<String, Value>) -> Result<()> {
        let counts = self.queue.store.counts(&job.id).await?;
        let done = counts.get(&RowState::Done).copied().unwrap_or_default();
        let (partly, objects) = self.queue.store.not_in_full(&job.id, undo::PARTLY, NAMED).await?;
        answer.insert("asBefore".to_owned(), done.saturating_sub(partly).into());
        if partly > 0 {
            answer.insert("partly".to_owned(), partly.into());
        }
        if !objects.is_empty() {
            answer.insert("changedByOthers".to_owned(), objects.into());
        }
        Ok(())
    }

    /// How far a job is, in short.
    pub async fn job_summary(&self, job: &Job) -> Result<Map<String, Value>> {
        let counts = self.queue.store.counts(&job.id).await?;
        let rows: Map<String, Value> =
            counts.iter().map(|(state, count)| (state.as_str().to_owned(), (*count).into())).collect();
        let mut summary = Map::new();
        summary.insert("job".to_owned(), job.id.as_str().into());
        summary.insert("what".to_owned(), job.text("what").into());
        summary.insert("state".to_owned(), job.state.as_str().into());
        summary.insert("rows".to_owned(), rows.into());
        summary.insert("planned".to_owned(), time(job.created_at).into());
        if job.state == JobState::Running && left(&counts) > 0 {
            summary.insert("minutesLeft".to_owned(), self.minutes(left(&counts) * requests_a_row(job)).into());
        }
        summary.extend(job.ended_at.map(|at| ("ended".to_owned(), time(at).into())));
        summary.extend(job.facts.get("why").filter(|why| !why.is_null()).map(|why| ("why".to_owned(), why.clone())));
        Ok(summary)
    }
}

/// The number of rows that are not settled.
fn left(counts: &RowCounts) -> u64 {
    [RowState::Waiting, RowState::Sent].iter().filter_map(|state| counts.get(state)).sum()
}

/// How many requests the plan counts for each row, at least one.
fn requests_a_row(job: &Job) -> u64 {
    let shown = |name: &str| job.facts.get("shown").and_then(|shown| shown.get(name));
    let requests = shown("requests").and_then(Value::as_u64).unwrap_or(1);
    let calls = shown("calls").and_then(Value::as_object).into_iter().flatten();
    let calls: u64 = calls.filter_map(|(_, count)| count.as_u64()).sum();
    (requests / calls.max(1)).max(1)
}

/// What went wrong with a row.
fn problem(row: &JobRow) -> Map<String, Value> {
    let all = json!({
        "row": row.number, "line": row.line, "state": row.state.as_str(), "id": row.object, "code": row.code,
        "message": row.message, "changed": row.differences.clone().map(super::shortened)
    });
    super::members(all).into_iter().filter(|(_, value)| !value.is_null()).collect()
}
