//! Jobs as tasks of the protocol. A task's id is made of the job's and the number of its run, and its state is read from the
//! state directory: the task lives where its job does, in every process and over every restart. It is there for the caller
//! alone who began the run.

use super::{result::success, task_result::result_of, tasks::timestamp};
use crate::{
    account::{Account, Reply},
    runtime::Runtime,
};
use highlevel_core::{
    context::Caller,
    error::{Code, Error, Result},
};
use highlevel_store::{Job, JobState, Jobs};
use rmcp::model::{DetailedTask, Task, TaskPayload, TaskStatus};
use serde_json::Value;
use std::sync::Arc;

/// How often a host may ask, in milliseconds.
const POLL: u64 = 2000;

const PREFIX: &str = "job-";

/// One run of a job: from its begin, or from its resumption, until it ends, stops or is cancelled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct JobTask {
    job: String,
    run: usize,
}

impl JobTask {
    /// The task of this id, if it is one of a job.
    pub(super) fn named(id: &str) -> Option<Self> {
        let (job, run) = id.strip_prefix(PREFIX)?.split_once('-')?;
        Some(Self { job: job.to_owned(), run: run.parse().ok()? })
    }

    fn id(&self) -> String {
        format!("{PREFIX}{}-{}", self.job, self.run)
    }

    /// The task of the job that an answer says is running, if the caller began its run.
    pub(super) async fn of_answer(runtime: &Runtime, answer: &Value, caller: Option<&Caller>) -> Result<Option<Task>> {
        let text = |name: &str| answer.get(name).and_then(Value::as_str);
        let (Some(id), Some("running")) = (text("job"), text("state")) else { return Ok(None) };
        let job = runtime.job(id).await?;
        let runs = job.runs();
        if runs.last().is_none_or(|run| run.caller.as_ref() != caller) {
            return Ok(None);
        }
        let task = Self { job: job.id.clone(), run: runs.len() };
        Ok(Some(task.state(runtime, &job).await?.task))
    }

    /// The state of the task.
    ///
    /// # Errors
    /// `not_found` where the caller began no such run of a job; those of its account.
    pub(super) async fn get(&self, runtime: &Runtime, caller: Option<&Caller>) -> Result<DetailedTask> {
        let job = self.job(runtime, caller).await?;
        self.state(runtime, &job).await
    }

    /// Cancels the job as get_bulk does, unless this run of it is over.
    ///
    /// # Errors
    /// As [`JobTask::get`].
    pub(super) async fn cancel(&self, runtime: &Runtime, caller: Option<&Caller>) -> Result<()> {
        let job = self.job(runtime, caller).await?;
        if job.runs().len() == self.run && job.state == JobState::Running {
            account(runtime, &job).await?.cancel_job(&job).await?;
        }
        Ok(())
    }

    async fn job(&self, runtime: &Runtime, caller: Option<&Caller>) -> Result<Job> {
        // Another caller's task is answered as one that nobody has.
        let unknown = || Error::new(Code::NotFound, "No job has it, or another client began it.");
        let found = runtime.job(&self.job).await;
        let job = found.map_err(|error| if error.code == Code::Internal { error } else { unknown() })?;
        let run = self.run.checked_sub(1).and_then(|before| job.runs().into_iter().nth(before));
        match run {
            Some(run) if run.caller.as_ref() == caller => Ok(job),
            _ => Err(unknown()),
        }
    }

    async fn state(&self, runtime: &Runtime, job: &Job) -> Result<DetailedTask> {
        let account = account(runtime, job).await?;
        // A run that is over ended in the state from which the next one was begun.
        let state = job.runs().get(self.run).map_or(job.state, |next| next.from);
        let progress = account.job_progress(&job.id).await?;
        let again = format!("get_bulk {{\"job\": \"{}\", \"action\": \"resume\"}} goes on", job.id);
        let (payload, message) = match state {
            JobState::Running => (TaskPayload::Working, progress),
            JobState::Cancelled => {
                (TaskPayload::Cancelled, format!("The job was cancelled, {progress} are settled. {again}."))
            }
            JobState::Stopped => {
                (result(&account, job).await?, format!("The job stopped, {progress} are settled. {again}."))
            }
            _ => (result(&account, job).await?, progress),
        };
        let changed = job.ended_at.unwrap_or(job.worked_at);
        let task = Task::new(self.id(), TaskStatus::Working, timestamp(job.created_at), timestamp(changed))
            .with_status_message(message)
            .with_ttl_ms(Jobs::KEPT.num_milliseconds().unsigned_abs())
            .with_poll_interval_ms(POLL);
        Ok(DetailedTask::new(task, payload))
    }
}

/// The account of a job, if its settings have the tools of jobs.
async fn account(runtime: &Runtime, job: &Job) -> Result<Arc<Account>> {
    let account = runtime.account_of(job).await?;
    if account.tools().any(|spec| spec.is_about_jobs()) {
        return Ok(account);
    }
    Err(Error::new(Code::PolicyDenied, "The settings of this account have no jobs."))
}

/// What run_bulk answers of the job as it is.
async fn result(account: &Account, job: &Job) -> Result<TaskPayload> {
    match account.job_answer(job).await? {
        Reply::Done(answer) => Ok(result_of(success(answer))),
        Reply::RequestInput(..) => Err(Error::new(Code::Internal, "A job's answer asks nobody.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_names_a_job_and_one_of_its_runs() {
        let task = JobTask { job: "00ab12cd34".to_owned(), run: 2 };
        assert_eq!(JobTask::named(&task.id()), Some(task));
        for other in ["", "job-", "job-1", "job-1-x", "call-1-2"] {
            assert_eq!(JobTask::named(other), None, "{other}");
        }
    }
}
