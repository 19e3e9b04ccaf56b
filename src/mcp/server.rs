//! The rmcp handler: what this server lists, and how it answers a request.

#![expect(deprecated, reason = "revisions before 2026-07-28 have the log")]

use super::{
    changes::{ListChanges, Listener},
    completion,
    confirm::KeptKey,
    info::server_config,
    job_tasks::JobTask,
    lists::{self, ListCache, Lists},
    logging,
    observer::CallObserver,
    prompts, resources,
    result::{catch_panic, failure, protocol_error, resource_error},
    session::{Session, is_modern},
    several::{self, LIST_ACCOUNTS},
    subscriptions::{self, Subscriptions, tell_session},
    tasks::CallTasks,
    tools,
    transport::{MalformedArguments, acquire_slot, attached},
};
use crate::runtime::{Accounts, Runtime};
use highlevel_catalog::Effect;
use highlevel_core::{clean, context::Caller, error::Result, suggest::did_you_mean};
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CacheScope, CallToolRequestParams, CallToolResponse, CancelTaskParams, CompleteRequestParams, CompleteResult,
        ErrorCode, GetPromptRequestParams, GetPromptResponse, GetPromptResult, GetTaskParams, GetTaskResult,
        InitializeRequestParams, InitializeResult, JsonObject, ListPromptsResult, ListResourceTemplatesResult,
        ListResourcesResult, ListToolsResult, PaginatedRequestParams, PromptMessage, ReadResourceRequestParams,
        ReadResourceResponse, ReadResourceResult, Role, ServerConfig, SetLevelRequestParams, SubscribeRequestParams,
        SubscriptionFilter, UnsubscribeRequestParams, UpdateTaskParams,
    },
    service::{NotificationContext, RequestContext, SubscriptionContext},
};
use std::{sync::Arc, time::Instant};
use tokio_util::sync::CancellationToken;

/// A session with a host, over any transport.
#[derive(Debug)]
pub struct Server {
    pub(super) shared: Arc<Shared>,
    pub(super) session: Session,
}

/// What the sessions of a process share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) runtime: Arc<Runtime>,
    pub(super) closing: CancellationToken,
    pub(super) key: KeptKey,
    pub(super) tasks: Arc<CallTasks>,
    /// Is told of each call.
    observer: Option<CallObserver>,
    listed: ListCache,
}

impl Shared {
    /// The prompts and resources of the accounts as they are now.
    pub(super) fn lists(&self) -> Arc<Lists> {
        self.listed.of(&self.runtime.live())
    }
}

impl Server {
    /// A server for the accounts of `runtime`. When `closing` is cancelled, calls that wait for a person's answer end.
    ///
    /// # Errors
    /// None today.
    pub fn new(runtime: Arc<Runtime>, closing: CancellationToken) -> Result<Self> {
        let key = KeptKey::new(Arc::clone(runtime.store()));
        let session = Session::new(runtime.live().generation(), false);
        let (tasks, listed) = (Arc::default(), ListCache::default());
        let shared = Shared { runtime, closing, key, tasks, observer: None, listed };
        Ok(Self { shared: Arc::new(shared), session })
    }

    /// The same server, whose calls `observer` is told of. For a server without sessions yet.
    #[must_use]
    pub fn observed_by(mut self, observer: CallObserver) -> Self {
        if let Some(shared) = Arc::get_mut(&mut self.shared) {
            shared.observer = Some(observer);
        }
        self
    }

    /// Another session of the same server, with the same accounts and the same key for confirmations.
    pub fn another_session(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), session: Session::new(self.accounts().generation(), true) }
    }

    /// Whether a tool changes anything.
    pub fn writes(&self, tool: &str) -> bool {
        several::common_spec(&self.accounts(), tool).is_some_and(|spec| spec.effect != Effect::Read)
    }

    /// The accounts as their file is now.
    pub(super) fn accounts(&self) -> Arc<Accounts> {
        self.shared.runtime.live()
    }

    /// How long and for whom a host may keep a list, where its protocol has that. Lists are those of the credential.
    fn cache_hints(&self, request: &RequestContext<RoleServer>) -> (Option<u64>, Option<CacheScope>) {
        match is_modern(request) {
            true => (Some(lists::ttl(&self.shared.runtime)), Some(CacheScope::Private)),
            false => (None, None),
        }
    }

    async fn read(&self, uri: &str, request: &RequestContext<RoleServer>) -> Result<ReadResourceResult> {
        let accounts = self.accounts();
        let (account, path) = resources::account_of(&accounts, uri)?;
        accounts.check_listed(account, self.session.listed(request))?;
        let (_progress, call) = self.start(account, request).await?;
        // Boxed, so that a request that waits for its slot does not take a call's memory.
        Box::pin(resources::read(account, uri, &path, call)).await
    }
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        server_config(&self.shared.runtime, &self.accounts())
    }

    async fn on_initialized(&self, context: NotificationContext<RoleServer>) {
        if self.shared.runtime.may_change() {
            let changes = ListChanges::new(Arc::clone(&self.shared));
            let ended = self.session.ended.clone();
            tokio::spawn(changes.tell_all(Listener::Session(context.peer), Subscriptions::default(), ended));
        }
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        // Of what is not in the capabilities, rmcp accepts nothing.
        let mut accepted = requested.clone();
        if let Some(uris) = &mut accepted.resource_subscriptions {
            let accounts = self.accounts();
            uris.retain(|uri| resources::object_of(&accounts, uri).is_ok());
            uris.truncate(subscriptions::MOST);
        }
        Some(accepted)
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        let Some(_listener) = self.session.listener() else {
            return Err(ErrorData::invalid_request("This session has too many subscriptions. End one first.", None));
        };
        let changes = ListChanges::new(Arc::clone(&self.shared));
        let listener = Listener::Subscription(context.sink().clone());
        let mut watched = Subscriptions::default();
        for uri in context.accepted().resource_subscriptions.iter().flatten() {
            // An account that was removed right now has nothing to tell.
            drop(watched.add(&self.shared, uri).await);
        }
        changes.tell_all(listener, watched, context.request_context().ct.clone()).await;
        Ok(())
    }

    async fn initialize(
        &self,
        params: InitializeRequestParams,
        request: RequestContext<RoleServer>,
    ) -> Result<InitializeResult, ErrorData> {
        request.peer.set_peer_info(params.clone());
        let mut result = self.negotiate_initialize(&params)?;
        // Tasks need the capabilities that each request has from 2026-07-28 on.
        result.capabilities.extensions = None;
        result.capabilities.logging = Some(JsonObject::new());
        Ok(result)
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        request: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        acquire_slot(&request).await;
        let accounts = self.accounts();
        self.session.note_listed(accounts.generation());
        let mut result = ListToolsResult::with_all_items(tools::tools(&accounts));
        (result.ttl_ms, result.cache_scope) = self.cache_hints(&request);
        Ok(result)
    }

    async fn call_tool(
        &self,
        params: CallToolRequestParams,
        request: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let accounts = self.accounts();
        if accounts.are_several() && params.name == LIST_ACCOUNTS {
            acquire_slot(&request).await;
            let listed = several::list_accounts(&accounts, params.arguments.unwrap_or_default());
            self.session.note_listed(accounts.generation());
            return Ok(listed.unwrap_or_else(|error| failure(&error)));
        }
        let Some(spec) = several::common_spec(&accounts, &params.name) else {
            let own = accounts.are_several().then_some(LIST_ACCOUNTS);
            let hint = did_you_mean(&params.name, own.into_iter().chain(tools::names(&accounts)));
            return Err(ErrorData::invalid_params(format!("Unknown tool {}.{hint}", params.name), None));
        };
        if let Some(malformed) = attached::<MalformedArguments>(&request) {
            return Ok(failure(&malformed.error(spec)));
        }
        let begun = Instant::now();
        let outcome = catch_panic(self.call(accounts, spec, params, &request)).await;
        if let Some(observer) = &self.shared.observer {
            observer.observe(spec, &outcome, begun.elapsed());
        }
        Ok(outcome.unwrap_or_else(|error| failure(&error)))
    }

    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        request: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        acquire_slot(&request).await;
        let mut result = ListPromptsResult::with_all_items(self.shared.lists().prompts.clone());
        (result.ttl_ms, result.cache_scope) = self.cache_hints(&request);
        Ok(result)
    }

    async fn get_prompt(
        &self,
        params: GetPromptRequestParams,
        request: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        acquire_slot(&request).await;
        let arguments = params.arguments.unwrap_or_default();
        let (prompt, text) = prompts::fill(&self.accounts(), &params.name, arguments).map_err(protocol_error)?;
        let result = GetPromptResult::new(vec![PromptMessage::new_text(Role::User, text)]);
        Ok(result.with_description(prompt.description).into())
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        request: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        acquire_slot(&request).await;
        let mut result = ListResourcesResult::with_all_items(self.shared.lists().resources.clone());
        (result.ttl_ms, result.cache_scope) = self.cache_hints(&request);
        Ok(result)
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        request: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        acquire_slot(&request).await;
        let mut result = ListResourceTemplatesResult::with_all_items(self.shared.lists().templates.clone());
        (result.ttl_ms, result.cache_scope) = self.cache_hints(&request);
        Ok(result)
    }

    async fn read_resource(
        &self,
        params: ReadResourceRequestParams,
        request: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let read = catch_panic(self.read(&params.uri, &request)).await;
        read.map(Into::into).map_err(|error| resource_error(error, &params.uri))
    }

    async fn set_level(
        &self,
        params: SetLevelRequestParams,
        request: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        if is_modern(&request) {
            return Err(ErrorData::new(ErrorCode::METHOD_NOT_FOUND, "logging/setLevel", None));
        }
        // The log of a server over HTTP is about all of its hosts: none of them is told.
        if self.session.log_level.set(params.level) && !self.session.is_shared() {
            let (level, ended) = (Arc::clone(&self.session.log_level), self.session.ended.clone());
            tokio::spawn(logging::tell_session(level, request.peer, ended, self.shared.closing.clone()));
        }
        Ok(())
    }

    async fn subscribe(
        &self,
        params: SubscribeRequestParams,
        request: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let mut subscriptions = self.session.subscriptions.lock().await;
        subscriptions.add(&self.shared, &params.uri).await.map_err(protocol_error)?;
        if !std::mem::replace(&mut subscriptions.is_told, true) {
            let (shared, of_session) = (Arc::clone(&self.shared), Arc::clone(&self.session.subscriptions));
            tokio::spawn(tell_session(shared, of_session, request.peer, self.session.ended.clone()));
        }
        Ok(())
    }

    async fn unsubscribe(
        &self,
        params: UnsubscribeRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.session.subscriptions.lock().await.remove(&params.uri);
        Ok(())
    }

    async fn complete(
        &self,
        params: CompleteRequestParams,
        request: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        acquire_slot(&request).await;
        let accounts = self.accounts();
        let completed = Box::pin(completion::complete(&accounts, self.session.listed(&request), &params));
        catch_panic(completed).await.map(CompleteResult::new).map_err(protocol_error)
    }

    async fn get_task(
        &self,
        params: GetTaskParams,
        request: RequestContext<RoleServer>,
    ) -> Result<GetTaskResult, ErrorData> {
        let caller = attached::<Caller>(&request);
        let task = match JobTask::named(&params.task_id) {
            Some(task) => {
                let found = task.get(&self.shared.runtime, caller).await;
                found.map_err(|error| no_task(&params.task_id, &error.message))?
            }
            None => self.shared.tasks.get(&params.task_id, caller).ok_or_else(|| no_task(&params.task_id, ENDED))?,
        };
        Ok(GetTaskResult::new(task))
    }

    async fn update_task(
        &self,
        params: UpdateTaskParams,
        request: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let caller = attached::<Caller>(&request);
        // A job asks nobody.
        if let Some(task) = JobTask::named(&params.task_id) {
            let known = task.get(&self.shared.runtime, caller).await;
            return known.map(drop).map_err(|error| no_task(&params.task_id, &error.message));
        }
        let updated = self.shared.tasks.update(&params.task_id, caller, params.input_responses);
        updated.ok_or_else(|| no_task(&params.task_id, ENDED))
    }

    async fn cancel_task(
        &self,
        params: CancelTaskParams,
        request: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let caller = attached::<Caller>(&request);
        match JobTask::named(&params.task_id) {
            Some(task) => {
                let cancelled = task.cancel(&self.shared.runtime, caller).await;
                cancelled.map_err(|error| no_task(&params.task_id, &error.message))
            }
            None => self.shared.tasks.cancel(&params.task_id, caller).ok_or_else(|| no_task(&params.task_id, ENDED)),
        }
    }
}

/// Why a task that no job has is not there.
const ENDED: &str = "It is older than half an hour, or the server was restarted since. Call the tool again.";

fn no_task(id: &str, why: &str) -> ErrorData {
    ErrorData::invalid_params(format!("There is no task {}. {why}", clean::line(id, TASK_CHARS)), None)
}

/// The most characters of a wrong task's id that an error repeats.
const TASK_CHARS: usize = 100;
