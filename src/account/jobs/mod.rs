//! Jobs: many calls of an account, planned, agreed to once, and worked row by row (docs/bulk.md).

mod files;
mod plan;
mod recover;
mod row;
mod run;
mod show;
mod undo;
mod work;

use super::{Account, Reply};
use crate::guard::Confirmation;
use highlevel_catalog::{
    Invocation,
    bulk::{GetBulk, PlanBulk, RunBulk, UndoChanges},
};
use highlevel_core::{
    context::CallContext,
    error::{Code, Error, Result},
};
use highlevel_store::{Job, Jobs};
use serde_json::{Map, Value};
use std::sync::Arc;
use tokio::sync::Notify;

/// The jobs of the state directory, and the signal that one of them can be worked.
#[derive(Debug, Clone)]
pub struct JobQueue {
    /// The jobs.
    pub store: Jobs,
    ready: Arc<Notify>,
}

impl JobQueue {
    /// The jobs in a store. Touches nothing yet.
    pub fn new(store: Jobs) -> Self {
        Self { store, ready: Arc::default() }
    }

    /// Says that a job can be worked.
    fn wake(&self) {
        self.ready.notify_one();
    }

    /// Waits until a job of this process can be worked.
    pub async fn woken(&self) {
        self.ready.notified().await;
    }
}

impl Account {
    /// Runs a call of a tool that plans jobs, runs them or tells of them.
    pub(super) async fn job_call(
        &self,
        invocation: Invocation,
        confirmation: Confirmation<'_>,
        context: &mut CallContext,
    ) -> Result<Reply> {
        if let Some(asked) = invocation.read_as::<PlanBulk>() {
            return self.plan_bulk(&asked?, &confirmation, context).await;
        }
        if let Some(asked) = invocation.read_as::<RunBulk>() {
            let asked: RunBulk = asked?;
            return self.run_bulk(&invocation, &asked.plan, confirmation, context).await;
        }
        if let Some(asked) = invocation.read_as::<GetBulk>() {
            return self.get_bulk(&invocation, &asked?, confirmation, context).await;
        }
        if let Some(asked) = invocation.read_as::<UndoChanges>() {
            return self.undo_changes(&asked?, &confirmation, context).await;
        }
        Err(Error::new(Code::Internal, format!("{} has no answer from the jobs.", invocation.spec.name)))
    }

    /// The job with this id, if it is this account's.
    ///
    /// # Errors
    /// `invalid_arguments` for `field` where there is none.
    pub(super) async fn own_job(&self, field: &str, id: &str) -> Result<Job> {
        let job = self.queue.store.job(id.trim()).await?;
        match job {
            Some(job) if self.owns(&job).await? => Ok(job),
            Some(job) => {
                let message = format!("`{field}`: {id} is a job of another account, {}.", job.account);
                Err(Error::invalid(field, message))
            }
            None => {
                let message = format!("`{field}`: there is no job {id}. get_bulk without arguments lists them.");
                Err(Error::invalid(field, message))
            }
        }
    }

    /// Whether a job is this account's: of the same name, location and credential.
    pub async fn owns(&self, job: &Job) -> Result<bool> {
        let is_named = job.account == self.service.name() && job.location == self.location;
        Ok(is_named && job.text(IDENTITY) == self.service.identity().await?)
    }
}

impl Account {
    /// About how many minutes so many requests take at this account's quota, at least one.
    fn minutes(&self, requests: u64) -> u64 {
        let quota = self.client.quota();
        let seconds = requests * quota.window.as_secs().max(1) / u64::from(quota.limit.max(1));
        seconds.div_ceil(60).max(1)
    }
}

/// The fact that names the account of a job in the state directory.
const IDENTITY: &str = "identity";

/// A value as an answer shows it: its texts cut, its lists and objects with their first members. A file has all of it.
fn shortened(value: Value) -> Value {
    const TEXT: usize = 200;
    const MEMBERS: usize = 40;
    match value {
        Value::String(text) => highlevel_core::clean::line(&text, TEXT).into(),
        Value::Array(items) => items.into_iter().take(MEMBERS).map(shortened).collect(),
        Value::Object(members) => members
            .into_iter()
            .take(MEMBERS)
            .map(|(name, value)| (name, shortened(value)))
            .collect::<Map<_, _>>()
            .into(),
        other => other,
    }
}

/// An object as a map.
fn members(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}
