//! Calls that became tasks (the protocol's extension `io.modelcontextprotocol/tasks`): a host that offers the extension gets a
//! handle for a read that takes long, and asks for its state until the result is there. Tasks of jobs are in `job_tasks`.

use super::{result::failure, session::is_modern, task_result::result_of};
use crate::guard::{ANSWER_TIMEOUT, PersonAnswer, Preview};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use highlevel_core::{
    context::Caller,
    error::{Code, Error, Result},
};
use rmcp::{
    RoleServer,
    model::{
        CallToolResponse, DetailedTask, InputRequest, InputRequests, InputResponses, Task, TaskPayload, TaskStatus,
    },
    service::RequestContext,
};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{sync::oneshot, time::Instant};
use tokio_util::sync::CancellationToken;

/// A call that takes longer becomes a task.
pub(super) const DIRECT: Duration = Duration::from_secs(2);

/// How long a call may take as a task.
pub(super) const TASK_TIME: Duration = Duration::from_secs(15 * 60);

/// How long a task is kept, from its beginning.
const KEPT: TimeDelta = TimeDelta::minutes(30);

/// The most tasks that are kept. While all of them work, further calls are answered directly.
const MOST: usize = 32;

/// How often a host may ask, in milliseconds.
const POLL: u64 = 1000;

/// Whether the request's host takes tasks. They are of the revision that has per-request capabilities.
pub(super) fn are_offered(request: &RequestContext<RoleServer>) -> bool {
    is_modern(request) && request.client_capabilities().is_some_and(|capabilities| capabilities.supports_tasks())
}

/// A time as tasks write it.
pub(super) fn timestamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// The calls of a process that are tasks, or may become some.
#[derive(Debug, Default)]
pub(super) struct CallTasks {
    all: Mutex<BTreeMap<String, CallTask>>,
}

/// A call on its way.
#[derive(Debug)]
struct CallTask {
    /// Who made the call. Nobody else sees the task.
    caller: Option<Caller>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    message: String,
    cancel: CancellationToken,
    stage: Stage,
}

/// How far a call has come.
#[derive(Debug)]
enum Stage {
    /// Its request waits for the answer.
    Direct,
    /// Its answer is on the way to the request.
    Answered,
    /// The host has the handle.
    Working,
    /// A person is asked.
    Asking(String, Box<InputRequest>, oneshot::Sender<Value>),
    Ended(TaskPayload),
}

/// What a question to a person came to.
pub(super) enum Asked {
    /// The call has to ask through its direct answer.
    Directly,
    /// The host's answer.
    Response(Value),
    /// Nobody answered in time.
    TimedOut,
}

/// The work's end of a task.
#[derive(Debug, Clone)]
pub(super) struct TaskHandle {
    tasks: Arc<CallTasks>,
    pub(super) id: String,
    pub(super) cancel: CancellationToken,
}

impl CallTasks {
    fn all(&self) -> MutexGuard<'_, BTreeMap<String, CallTask>> {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Utc::now();
        // A call ends before its task is too old.
        all.retain(|_, task| now - task.created_at < KEPT || !matches!(task.stage, Stage::Ended(_)));
        all
    }

    /// Begins a call that may become a task. `None` while there are too many: the oldest that ended makes room.
    pub(super) fn begin(self: &Arc<Self>, caller: Option<&Caller>, cancel: CancellationToken) -> Option<TaskHandle> {
        let mut all = self.all();
        if all.len() >= MOST {
            let ended = all.iter().filter(|(_, task)| matches!(task.stage, Stage::Ended(_)));
            let oldest = ended.min_by_key(|(_, task)| task.updated_at).map(|(id, _)| id.clone())?;
            all.remove(&oldest);
        }
        let id = format!("call-{:032x}", rand::random::<u128>());
        let now = Utc::now();
        let message = "working".to_owned();
        let (caller, stage) = (caller.cloned(), Stage::Direct);
        let task = CallTask { caller, created_at: now, updated_at: now, message, cancel: cancel.clone(), stage };
        all.insert(id.clone(), task);
        Some(TaskHandle { tasks: Arc::clone(self), id, cancel })
    }

    /// The state of a task of this caller.
    pub(super) fn get(&self, id: &str, caller: Option<&Caller>) -> Option<DetailedTask> {
        self.all().get(id).filter(|task| task.caller.as_ref() == caller).and_then(|task| task.detailed(id))
    }

    /// Gives the answers of a host to what a task asked. Answers to other questions are ignored.
    pub(super) fn update(&self, id: &str, caller: Option<&Caller>, responses: InputResponses) -> Option<()> {
        let mut all = self.all();
        let task = all.get_mut(id).filter(|task| task.is_known_to(caller))?;
        let Stage::Asking(key, ..) = &task.stage else { return Some(()) };
        let Some(response) = responses.get(key).cloned() else { return Some(()) };
        if let Stage::Asking(_, _, answered) = task.change(Stage::Working) {
            // Whoever asked may have given up meanwhile.
            drop(answered.send(response));
        }
        Some(())
    }

    /// Cancels the call of a task, as a host cancels a request.
    pub(super) fn cancel(&self, id: &str, caller: Option<&Caller>) -> Option<()> {
        let all = self.all();
        let task = all.get(id).filter(|task| task.is_known_to(caller))?;
        task.cancel.cancel();
        Some(())
    }
}

impl CallTask {
    /// Whether the host has the handle.
    fn is_known(&self) -> bool {
        !matches!(self.stage, Stage::Direct | Stage::Answered)
    }

    fn is_known_to(&self, caller: Option<&Caller>) -> bool {
        self.is_known() && self.caller.as_ref() == caller
    }

    /// Takes the task to another stage, and returns the one that it was in.
    fn change(&mut self, to: Stage) -> Stage {
        self.updated_at = Utc::now();
        std::mem::replace(&mut self.stage, to)
    }

    fn detailed(&self, id: &str) -> Option<DetailedTask> {
        let payload = match &self.stage {
            Stage::Direct | Stage::Answered => return None,
            Stage::Working => TaskPayload::Working,
            Stage::Asking(key, request, _) => TaskPayload::InputRequired {
                input_requests: InputRequests::from([(key.clone(), request.as_ref().clone())]),
            },
            Stage::Ended(payload) => payload.clone(),
        };
        Some(DetailedTask::new(self.task(id), payload))
    }

    fn task(&self, id: &str) -> Task {
        Task::new(id, TaskStatus::Working, timestamp(self.created_at), timestamp(self.updated_at))
            .with_status_message(self.message.clone())
            .with_ttl_ms(KEPT.num_milliseconds().unsigned_abs())
            .with_poll_interval_ms(POLL)
    }
}

impl TaskHandle {
    /// Does something with the task, which is there until its call has ended.
    fn with<T>(&self, work: impl FnOnce(&mut CallTask) -> T) -> Option<T> {
        self.tasks.all().get_mut(&self.id).map(work)
    }

    /// Says what the call waits for.
    pub(super) fn report(&self, message: &str) {
        self.with(|task| {
            if task.message != message {
                message.clone_into(&mut task.message);
                task.updated_at = Utc::now();
            }
        });
    }

    /// The handle for the host, unless the answer is there already.
    pub(super) fn detach(&self) -> Option<Task> {
        let detached = self.with(|task| {
            let is_direct = matches!(task.stage, Stage::Direct);
            is_direct.then(|| {
                drop(task.change(Stage::Working));
                task.task(&self.id)
            })
        });
        detached.flatten()
    }

    /// Asks a person. The time that they take does not count against the call's.
    pub(super) async fn ask(&self, key: &str, request: InputRequest) -> Asked {
        let (answered, answer) = oneshot::channel();
        let asks = self.with(|task| match task.stage {
            Stage::Working => {
                drop(task.change(Stage::Asking(key.to_owned(), Box::new(request), answered)));
                "waiting for a person's answer".clone_into(&mut task.message);
                true
            }
            _ => {
                drop(task.change(Stage::Answered));
                false
            }
        });
        if asks != Some(true) {
            return Asked::Directly;
        }
        let response = tokio::select! {
            response = tokio::time::timeout(ANSWER_TIMEOUT, answer) => response.ok().and_then(std::result::Result::ok),
            () = self.cancel.cancelled() => None,
        };
        self.with(|task| {
            if matches!(task.stage, Stage::Asking(..)) {
                drop(task.change(Stage::Working));
            }
        });
        response.map_or(Asked::TimedOut, Asked::Response)
    }

    /// Keeps the outcome for the host that has the handle, or returns it as the answer of the request that waits.
    pub(super) fn end(&self, outcome: Result<CallToolResponse>) -> Option<CallToolResponse> {
        let mut all = self.tasks.all();
        let response = |outcome: Result<CallToolResponse>| outcome.unwrap_or_else(|error| failure(&error));
        let Some(task) = all.get_mut(&self.id).filter(|task| task.is_known()) else {
            all.remove(&self.id);
            return Some(response(outcome));
        };
        let was_cancelled = |error: &Error| error.code == Code::Cancelled && self.cancel.is_cancelled();
        let payload = match outcome {
            Err(error) if was_cancelled(&error) => {
                "The call was cancelled. Nothing more is done for it.".clone_into(&mut task.message);
                TaskPayload::Cancelled
            }
            outcome => {
                "done".clone_into(&mut task.message);
                result_of(response(outcome))
            }
        };
        drop(task.change(Stage::Ended(payload)));
        None
    }
}

/// A person's answer to a task's question, given what the host sent.
pub(super) async fn answer_in_task(task: &TaskHandle, preview: &Preview) -> Option<PersonAnswer> {
    let shown = Instant::now();
    let (key, request) = super::confirm::question(preview);
    match task.ask(&key, request).await {
        Asked::Directly => None,
        Asked::TimedOut => Some(PersonAnswer::TimedOut),
        Asked::Response(response) => Some(super::confirm::answer_in(Some(response)).after(shown.elapsed())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Subjects of one issuer may share a server.
    #[test]
    fn a_task_is_there_for_its_caller_alone() {
        let tasks = Arc::<CallTasks>::default();
        let caller = |subject: &str| Caller { client: "desk".to_owned(), subject: Some(subject.to_owned()) };
        let (anna, bert) = (caller("anna"), caller("bert"));
        let task = tasks.begin(Some(&anna), CancellationToken::new()).unwrap();
        task.detach().unwrap();
        for other in [Some(&bert), None] {
            assert!(tasks.get(&task.id, other).is_none());
            assert!(tasks.update(&task.id, other, InputResponses::default()).is_none());
            assert!(tasks.cancel(&task.id, other).is_none() && !task.cancel.is_cancelled());
        }
        assert!(tasks.get(&task.id, Some(&anna)).is_some());
        assert!(tasks.cancel(&task.id, Some(&anna)).is_some() && task.cancel.is_cancelled());
    }
}
