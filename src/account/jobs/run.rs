//! `run_bulk`: a person agrees to a plan as a whole, and its job begins.

use super::{super::Account, members};
use crate::{
    account::Reply,
    guard::{Agreement, Confirmation, Decision, Subject},
    service::Location,
};
use highlevel_catalog::Invocation;
use highlevel_core::{
    context::CallContext,
    error::{Code, Error, Result},
};
use highlevel_store::{Job, JobState};
use serde_json::{Map, Value, json};
use std::time::Duration;
use tokio::time::Instant;

/// How long a call waits for its job, where the host shows no progress. Hosts give up after a minute.
const WAIT: Duration = Duration::from_secs(5);

/// How long a call waits for its job, where the host can ask later.
const PATIENT_WAIT: Duration = Duration::from_secs(2);

/// The part of a call's time that is left for its answer, where the host shows progress.
const RESERVED: Duration = Duration::from_secs(2);

/// How often a call that waits looks at its job.
const LOOK: Duration = Duration::from_millis(200);

impl Account {
    pub(super) async fn run_bulk(
        &self,
        invocation: &Invocation,
        plan: &str,
        confirmation: Confirmation<'_>,
        context: &mut CallContext,
    ) -> Result<Reply> {
        let job = self.own_job("plan", plan).await?;
        match job.state {
            JobState::Planned => {}
            JobState::Draft => return Err(Error::invalid("plan", format!("`plan`: {plan} is not planned yet."))),
            JobState::Stopped | JobState::Cancelled => {
                let message = format!(
                    "`plan`: the job {plan} is {}. get_bulk {{\"job\": \"{plan}\", \"action\": \"resume\"}} goes on with it.",
                    job.state.as_str()
                );
                return Err(Error::invalid("plan", message));
            }
            // The call may be repeated: nothing begins twice.
            JobState::Running | JobState::Done => return self.wait_for_job(&job, context).await,
        }
        if self.queue.store.tools(&job.id).await?.is_empty() {
            return Err(Error::invalid("plan", format!("`plan`: {plan} has no row to send.")));
        }
        self.check_job_policy(&job).await?;
        self.guard.asks(invocation)?;
        let subject = self.plan_subject(&job, context).await?;
        let agreed = match self.guard.decide(invocation, subject, confirmation, None, context).await? {
            // What the plan would overwrite is compared row by row, when it is written.
            Decision::Run(agreed) | Decision::RunIfUnchanged(agreed, _) => agreed,
            Decision::RequestInput(ticket, preview) => return Ok(Reply::RequestInput(ticket, preview)),
        };
        self.begin(&job, agreed, context).await?;
        self.wait_for_job(&job, context).await
    }

    /// Starts a job that a person agreed to.
    async fn begin(&self, job: &Job, agreed: Agreement, context: &CallContext) -> Result<()> {
        let now = self.plan_hash(&job.id).await?;
        if now != job.text("sha256") {
            let message = "The plan is not what was shown: its rows changed. Nothing was sent. Plan again.";
            return Err(Error::new(Code::ConfirmationInvalid, message));
        }
        let has_journal = self.service.journal().is_some();
        let facts = json!({"confirmation": agreed.as_str(), "approval": agreed.approval(), "hasJournal": has_journal});
        self.queue.store.tell(&job.id, members(facts)).await?;
        // Of two calls, one begins it. The other one waits for the same job.
        self.queue.store.begin_run(&job.id, &[JobState::Planned], context.caller()).await?;
        self.queue.wake();
        Ok(())
    }

    /// Refuses a job with a tool that the settings forbid by now.
    ///
    /// # Errors
    /// `policy_denied` with the setting.
    pub async fn check_job_policy(&self, job: &Job) -> Result<()> {
        for tool in self.queue.store.tools(&job.id).await?.keys() {
            self.row_spec(tool)?;
        }
        Ok(())
    }

    /// What a person sees of a plan.
    pub(in crate::account) async fn plan_subject(&self, job: &Job, context: &CallContext) -> Result<Subject> {
        let Location { id: location_id, name: location_name } = self.service.location(context).await;
        let account = self.service.identity().await?;
        let shown = job.facts.get("shown").cloned().unwrap_or_default();
        let sentence = Some(job.text("sentence").to_owned());
        Ok(Subject { object: Some(shown), label: self.label.clone(), location_id, location_name, account, sentence })
    }

    /// Waits for a job, at most for as long as a host does, and tells how far it is.
    pub(super) async fn wait_for_job(&self, job: &Job, context: &CallContext) -> Result<Reply> {
        let end = match (context.is_patient(), context.is_watched()) {
            (true, _) => Instant::now() + PATIENT_WAIT,
            (false, true) => context.deadline - RESERVED,
            (false, false) => context.deadline.min(Instant::now() + WAIT),
        };
        loop {
            let now = self.own_job("plan", &job.id).await?;
            if now.state != JobState::Running || Instant::now() >= end {
                return self.job_answer(&now).await;
            }
            context.report(&self.job_progress(&job.id).await?);
            context.bound(tokio::time::sleep(LOOK)).await?;
        }
    }

    /// A reply with this answer.
    pub(super) fn job_reply(&self, mut value: Map<String, Value>) -> Result<Reply> {
        if let Some(label) = &self.label {
            value.shift_insert(0, super::super::ACCOUNT.to_owned(), label.as_str().into());
        }
        let mut value = Value::Object(value);
        // Files and the account may hold characters that nobody sees.
        let removed = highlevel_core::clean::value(&mut value);
        if let (Some(members), true) = (value.as_object_mut(), removed > 0) {
            members.insert(crate::answer::REMOVED.to_owned(), removed.into());
        }
        self.clean(value).map(Reply::Done)
    }
}
