//! The way of a tool call from the request to its answer: its account, its slot, its confirmation; as a task where the host
//! takes tasks and the call takes long.

use super::{
    confirm::{self, Elicitation},
    job_tasks::JobTask,
    progress::Progress,
    result::{catch_panic, success},
    server::{Server, Shared},
    several::{WantedAccount, take_account},
    tasks::{self, DIRECT, TASK_TIME, TaskHandle, answer_in_task},
    transport::{acquire_slot, attached},
};
use crate::{
    account::{Account, Reply, effect_of},
    guard::Confirmation,
    runtime::{ALL, Accounts},
};
use highlevel_catalog::{
    Effect, Operation, OperationSpec,
    bulk::{GetBulk, RunBulk},
};
use highlevel_core::{
    clean,
    context::{CallContext, Caller, ClientSession},
    error::{Code, Error, Result},
};
use rmcp::{
    RoleServer,
    model::{CallToolRequestParams, CallToolResponse, CreateTaskResult, JsonObject},
    service::RequestContext,
};
use std::sync::Arc;
use tokio::time::Instant;

/// The most characters of a host's own name in the journal.
const CLIENT_CHARS: usize = 100;

/// The argument of get_bulk that lets a job go on.
const ACTION: &str = "action";

/// A call with its account taken out of its arguments.
#[derive(Clone)]
struct Call {
    shared: Arc<Shared>,
    /// The accounts that the call began with.
    accounts: Arc<Accounts>,
    spec: &'static OperationSpec,
    effect: Effect,
    wanted: WantedAccount,
    arguments: JsonObject,
}

impl Call {
    /// The account whose settings bound the call: the one that it is for, or the first of several.
    fn account(&self) -> Result<&Account> {
        let accounts = &self.accounts;
        let name = match &self.wanted {
            WantedAccount::Unnamed => None,
            WantedAccount::One(name) => Some(name.as_str()),
            WantedAccount::Several(names) => return accounts.for_question(Some(names)).and_then(|_| accounts.any()),
            WantedAccount::All => return accounts.any(),
        };
        let account = if self.effect == Effect::Read { accounts.for_read(name) } else { accounts.for_write(name) };
        account.map(AsRef::as_ref)
    }

    /// Refuses a call of a host that may mean another account by the same name.
    fn check_listed(&self, listed: Option<u64>) -> Result<()> {
        let names = match &self.wanted {
            WantedAccount::Unnamed | WantedAccount::One(_) => {
                return self.accounts.check_listed(self.account()?, listed);
            }
            WantedAccount::Several(names) => Some(names.as_slice()),
            WantedAccount::All => None,
        };
        let mut asked = self.accounts.for_question(names)?.into_iter().filter_map(|(_, account)| account.ok());
        asked.try_for_each(|account| self.accounts.check_listed(account, listed))
    }

    async fn run(mut self, confirmation: Confirmation<'_>, context: CallContext) -> Result<Reply> {
        let arguments = std::mem::take(&mut self.arguments);
        let names = match &self.wanted {
            WantedAccount::Several(names) => Some(names.as_slice()),
            WantedAccount::All => None,
            WantedAccount::Unnamed | WantedAccount::One(_) => {
                return self.account()?.call(self.spec, arguments, confirmation, context).await;
            }
        };
        let asked = self.accounts.for_question(names)?;
        let label = match names {
            Some(_) => asked.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", "),
            None => ALL.to_owned(),
        };
        let across = self.shared.runtime.across();
        across.call(asked, &label, self.spec, arguments, &context).await.map(Reply::Done)
    }

    /// Whether the call may take long and changes nothing by itself.
    fn may_be_a_task(&self) -> bool {
        self.effect == Effect::Read
    }

    /// Whether a job that the call answers with goes on because of it.
    fn begins_a_job(&self) -> bool {
        let acts = self.arguments.get(ACTION).is_some_and(|action| !action.is_null());
        self.spec.name == RunBulk::NAME || self.spec.name == GetBulk::NAME && acts
    }
}

impl Server {
    /// Waits for the request's slot. Returns the call's context, and what reports its progress until it is dropped.
    pub(super) async fn start(
        &self,
        account: &Account,
        request: &RequestContext<RoleServer>,
    ) -> Result<(Progress, CallContext)> {
        let call = CallContext::new(account.timeout()).cancelled_by(request.ct.clone()).made_by(self.client(request));
        let progress = Progress::start(request);
        let call = progress.watch(call);
        call.bound(acquire_slot(request)).await?;
        Ok((progress, call))
    }

    /// The host as it names itself, for the journal.
    fn client(&self, request: &RequestContext<RoleServer>) -> Arc<ClientSession> {
        let name =
            request.client_info().map_or_else(String::new, |client| format!("{} {}", client.name, client.version));
        Arc::new(ClientSession {
            name: clean::line(name.trim(), CLIENT_CHARS),
            session: self.session.name.clone(),
            caller: attached::<Caller>(request).cloned(),
        })
    }

    pub(super) async fn call(
        &self,
        accounts: Arc<Accounts>,
        spec: &'static OperationSpec,
        params: CallToolRequestParams,
        request: &RequestContext<RoleServer>,
    ) -> Result<CallToolResponse> {
        let mut arguments = params.arguments.clone().unwrap_or_default();
        let wanted = match accounts.are_several() {
            true => take_account(spec, &mut arguments)?,
            false => WantedAccount::Unnamed,
        };
        let effect = effect_of(spec, &arguments);
        let call = Call { shared: Arc::clone(&self.shared), accounts, spec, effect, wanted, arguments };
        let account = call.account()?;
        call.check_listed(self.session.listed(request))?;
        let (progress, context) = self.start(account, request).await?;
        let takes_tasks = tasks::are_offered(request);
        if takes_tasks
            && call.may_be_a_task()
            && let Some(task) = self.shared.tasks.begin(attached::<Caller>(request), self.shared.closing.child_token())
        {
            return call_in_task(call, params, request, context, progress, task).await;
        }
        let begins_a_job = takes_tasks && call.begins_a_job();
        let context = if begins_a_job { context.patient(account.timeout()) } else { context };
        let elicitation = Elicitation::new(request, &self.shared.closing);
        let on_page = account.asks_on_page();
        let confirmation =
            confirm::confirmation(&self.shared.key, on_page, spec, &params, request, &elicitation).await?;
        // Only a guarded call can need a second round. It seals the account that is named, too.
        let to_seal = account.confirms(spec).then(|| params.arguments.unwrap_or_default());
        // Boxed, so that a request that waits for its slot does not take a call's memory.
        match Box::pin(call.run(confirmation, context)).await? {
            Reply::Done(answer) => {
                let task = match begins_a_job {
                    true => {
                        JobTask::of_answer(&self.shared.runtime, &answer.value, attached::<Caller>(request)).await?
                    }
                    false => None,
                };
                Ok(match task {
                    Some(task) => CallToolResponse::Task(CreateTaskResult::new(task)),
                    None => success(answer),
                })
            }
            Reply::RequestInput(ticket, preview) => {
                let (key, caller) = (self.shared.key.get().await?, attached::<Caller>(request));
                Ok(key.input_request(caller, spec, &to_seal.unwrap_or_default(), &ticket, &preview).into())
            }
        }
    }
}

/// Answers a call as its request waits, or with a task when it takes long. The call then goes on without its request.
async fn call_in_task(
    call: Call,
    params: CallToolRequestParams,
    request: &RequestContext<RoleServer>,
    context: CallContext,
    progress: Progress,
    task: TaskHandle,
) -> Result<CallToolResponse> {
    let reports = task.clone();
    let context = progress.watch_and(context, move |message| reports.report(message));
    let context = context.patient(TASK_TIME).cancelled_by(task.cancel.clone());
    let (own, request_of_call) = (task.clone(), request.clone());
    let mut working = tokio::spawn(async move {
        let outcome = catch_panic(work(call, params, request_of_call, context, &own)).await;
        own.end(outcome)
    });
    let ended = tokio::select! {
        ended = &mut working => ended,
        () = tokio::time::sleep(DIRECT) => match task.detach() {
            Some(handle) => return Ok(CallToolResponse::Task(CreateTaskResult::new(handle))),
            None => working.await,
        },
        () = request.ct.cancelled() => {
            task.cancel.cancel();
            working.await
        }
    };
    let response = ended.ok().flatten();
    response.ok_or_else(|| Error::new(Code::Internal, "The call's answer was lost by a fault of the server."))
}

/// A call in its task. It asks a person through the direct answer, or through the task when the host has its handle.
async fn work(
    call: Call,
    params: CallToolRequestParams,
    request: RequestContext<RoleServer>,
    mut context: CallContext,
    task: &TaskHandle,
) -> Result<CallToolResponse> {
    let shared = Arc::clone(&call.shared);
    let elicitation = Elicitation::new(&request, &shared.closing);
    let on_page = call.account()?.asks_on_page();
    let mut confirmation =
        confirm::confirmation(&shared.key, on_page, call.spec, &params, &request, &elicitation).await?;
    loop {
        match Box::pin(call.clone().run(confirmation, context.clone())).await? {
            Reply::Done(answer) => return Ok(success(answer)),
            Reply::RequestInput(ticket, preview) => {
                let asked = Instant::now();
                let Some(answer) = answer_in_task(task, &preview).await else {
                    let arguments = params.arguments.clone().unwrap_or_default();
                    let (key, caller) = (shared.key.get().await?, attached::<Caller>(&request));
                    return Ok(key.input_request(caller, call.spec, &arguments, &ticket, &preview).into());
                };
                context.deadline += asked.elapsed();
                confirmation = Confirmation::InputResponse(ticket, answer);
            }
        }
    }
}
