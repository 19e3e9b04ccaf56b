//! One value that holds it all together: what the MCP server and the command line both start from.

use crate::{
    answer,
    api::{Adapter, Registry},
    guard::{Agreed, Confirmation, Decision, Guard, Policy, Preview, Subject, Ticket},
    service::{AccountRules, AccountService, Location, Prepared, QueryResult, Question, Watcher, picture},
    settings::Settings,
};
use highlevel_api_client::Client;
use highlevel_catalog::{
    Api, CONFIRMATION_TOKEN, Catalog, HIDDEN, Invocation, Operation, OperationSpec,
    insights::{QueryCrm, SearchCrm},
};
use highlevel_core::context::CallContext;
use highlevel_core::error::{Code, Error, Result};
use highlevel_store::{Journal, Missing, Store, TABLES, Table, TableState};
use serde_json::{Map, Value};
use std::{borrow::Cow, sync::Arc, time::Duration};

/// The account, its guard, and what they run on.
#[derive(Debug)]
pub struct App {
    service: AccountService,
    catalog: &'static Catalog,
    guard: Guard,
    client: Client,
    store: Arc<Store>,
    journal: Option<Arc<Journal>>,
    timeout: Duration,
    max_answer: usize,
    /// The one location that the account is, where that is known.
    location: Option<String>,
}

/// What a call came to.
#[derive(Debug)]
pub enum Reply {
    /// It was done.
    Done(Answer),
    /// A person has to be asked through the answer itself.
    RequestInput(Ticket, Box<Preview>),
}

/// What a call that was done gives.
#[derive(Debug)]
pub struct Answer {
    /// The answer.
    pub value: Value,
    /// The same as compact JSON.
    pub text: String,
    /// A picture of it, a PNG.
    pub image: Option<Vec<u8>>,
}

impl App {
    /// Puts the parts together. Sends nothing, and touches no file.
    ///
    /// # Errors
    /// `invalid_arguments` naming the setting that is wrong.
    pub fn new(settings: &Settings) -> Result<Self> {
        let policy = settings.policy();
        let api = settings.effective_api();
        let registry = settings.registry.unwrap_or_else(Registry::standard);
        let catalog = match api {
            Api::Session => Catalog::session(),
            Api::Official => registry.catalog(),
        };
        policy.check_names(catalog)?;
        let store = Arc::new(Store::open(settings.state_dir()?));
        let client = Client::new(settings.client()?, settings.token_source(), Arc::clone(&store))?;
        let rules = AccountRules {
            location_id: settings.location_id.clone(),
            allow_private_webhooks: settings.allow_private_webhooks,
            name: settings.account_name(),
            read_before: settings.journal_before,
            mirror: settings.mirror_place()?,
            program: settings.program.clone(),
            bulk_share: settings.bulk_share,
            hidden_tables: hidden_tables(&policy, catalog),
            max_answer: settings.max_answer,
        };
        let journal = settings.journal()?.map(Arc::new);
        let adapter = match api {
            Api::Session => Adapter::session(client.clone()),
            Api::Official => {
                let user = settings.login.as_ref().and_then(|login| login.user.clone());
                Adapter::official(registry, client.clone(), settings.official_location()?, user, Arc::clone(&store))
            }
        };
        Ok(Self {
            service: AccountService::new(adapter, rules, journal.clone()),
            catalog,
            guard: Guard::new(policy, Arc::clone(&store), settings.max_answer),
            client,
            store,
            journal,
            timeout: settings.timeout(),
            max_answer: settings.max_answer,
            location: settings.location_id.clone(),
        })
    }

    /// The tools that this server lists, in their order.
    pub fn tools(&self) -> impl Iterator<Item = &'static OperationSpec> + Clone {
        let has = |spec: &&OperationSpec| self.service.api().has(&spec.name) && self.guard.policy().lists(spec);
        self.catalog.iter().filter(has)
    }

    /// The operations of the API that is spoken.
    pub fn catalog(&self) -> &'static Catalog {
        self.catalog
    }

    /// The operation of this name; one that only the other API has is found as well, and refused when called.
    pub fn find(&self, name: &str) -> Option<&'static OperationSpec> {
        self.catalog.find(name).or_else(|| Catalog::declared().find(name))
    }

    /// The API that is spoken.
    pub fn api(&self) -> Api {
        self.catalog.api()
    }

    /// Whether a tool takes a confirmation.
    pub fn confirms(&self, spec: &OperationSpec) -> bool {
        self.guard.policy().confirms(spec)
    }

    /// The most bytes of one answer.
    pub fn max_answer(&self) -> usize {
        self.max_answer
    }

    /// How long one call may take.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// The client, for what is not about the account: quota, credential, reachability.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The state directory's store.
    pub fn store(&self) -> &Arc<Store> {
        &self.store
    }

    /// The journal, unless it is turned off.
    pub fn journal(&self) -> Option<&Arc<Journal>> {
        self.journal.as_ref()
    }

    /// Runs one call of a tool: policy, arguments, confirmation, account.
    ///
    /// # Errors
    /// Whatever stands in the way, with a stable code and no secret in its words.
    pub async fn call(
        &self,
        spec: &'static OperationSpec,
        mut arguments: Map<String, Value>,
        confirmation: Confirmation<'_>,
        mut context: CallContext,
    ) -> Result<Reply> {
        let secrets = secrets(spec, &arguments);
        let run = self.checked_call(spec, &mut arguments, confirmation, &mut context);
        run.await.map_err(|mut error: Error| {
            error.message = self.client.scrub(&error.message).into_owned();
            for secret in secrets {
                error.message = error.message.replace(&secret, HIDDEN);
            }
            answer::finish_error(error, self.max_answer)
        })
    }

    async fn checked_call(
        &self,
        spec: &'static OperationSpec,
        arguments: &mut Map<String, Value>,
        confirmation: Confirmation<'_>,
        context: &mut CallContext,
    ) -> Result<Reply> {
        let spec = self.catalog.find(&spec.name).unwrap_or(spec);
        let confirmation = self.take_token(spec, arguments, confirmation);
        self.guard.policy().allow(spec)?;
        let has = spec.api == self.api() && self.service.api().has(&spec.name);
        if !has {
            return Err(self.nowhere(spec));
        }
        let own = match &self.location {
            Some(pinned) => Some(pinned.clone()),
            // The credential's location is read only where a call names one.
            None if highlevel_catalog::names_location(spec, arguments) => self.service.location(context).await.id,
            None => None,
        };
        highlevel_catalog::drop_location(spec, arguments, own.as_deref())?;
        let invocation = spec.parse(std::mem::take(arguments))?;
        self.run_checked(&invocation, confirmation, context).await.map_err(|error| with_advice(&invocation, error))
    }

    /// Takes the confirmation token out of the arguments, where the tool takes one.
    fn take_token<'a>(
        &self,
        spec: &OperationSpec,
        arguments: &mut Map<String, Value>,
        confirmation: Confirmation<'a>,
    ) -> Confirmation<'a> {
        match highlevel_catalog::take_token(arguments) {
            Some(Value::String(token)) if self.confirms(spec) => {
                self.guard.with_token(Ticket::from_text(token), confirmation)
            }
            Some(Value::Null) | None => confirmation,
            Some(other) => {
                // Left in place, so that the check of the arguments names it.
                arguments.insert(CONFIRMATION_TOKEN.to_owned(), other);
                confirmation
            }
        }
    }

    async fn run_checked(
        &self,
        invocation: &Invocation,
        confirmation: Confirmation<'_>,
        context: &mut CallContext,
    ) -> Result<Reply> {
        let asks = self.guard.asks(invocation)?;
        let mut prepared = self.service.prepare(invocation.clone(), asks, context).await?;
        let mut agreed = Agreed::NotAsked;
        if asks {
            let subject = self.subject(&prepared, context).await?;
            match self.guard.decide(invocation, subject, confirmation, context).await? {
                Decision::Run(how) => agreed = how,
                Decision::RunIfUnchanged(how, shown) => {
                    prepared = self.service.prepare(invocation.clone(), true, context).await?;
                    let now = self.subject(&prepared, context).await?;
                    self.guard.check_unchanged(invocation, &shown, now)?;
                    agreed = how;
                }
                Decision::RequestInput(ticket, preview) => return Ok(Reply::RequestInput(ticket, preview)),
            }
        }
        let done = self.service.run(prepared, agreed, context).await?;
        let mut answer = self.clean(answer::finish(invocation, done, self.max_answer))?;
        answer.image = picture(invocation, &answer.value).await?;
        Ok(Reply::Done(answer))
    }

    /// What a person is told of a change, beside its arguments.
    async fn subject(&self, prepared: &Prepared, context: &CallContext) -> Result<Subject> {
        let Location { id: location_id, name: location_name } = self.service.location(context).await;
        let account = self.service.identity().await?;
        Ok(Subject { object: prepared.object.clone(), location_id, location_name, account })
    }

    /// The refusal of an operation that the API does not have.
    fn nowhere(&self, spec: &OperationSpec) -> Error {
        let other = match self.api() {
            Api::Session => Api::Official,
            Api::Official => Api::Session,
        };
        let message = format!(
            "{} is not available: {} has no such operation (--api {} does).",
            spec.name,
            self.api().title(),
            other.as_str()
        );
        Error::new(Code::PolicyDenied, message)
    }

    /// The answer and its text, without any credential that the API may have echoed.
    fn clean(&self, value: Value) -> Result<Answer> {
        let text = serde_json::to_string(&value)
            .map_err(|fault| Error::new(Code::Internal, format!("The answer cannot be written: {fault}.")))?;
        let Cow::Owned(clean) = self.client.scrub(&text) else { return Ok(Answer { value, text, image: None }) };
        let value = serde_json::from_str(&clean)
            .map_err(|_| Error::new(Code::Internal, "The answer held a credential and was withheld."))?;
        Ok(Answer { value, text: clean, image: None })
    }

    /// Answers a question from the mirror, as query_crm does, for callers that bound it themselves.
    ///
    /// # Errors
    /// `policy_denied` where query_crm is hidden; as [`Account::ask`].
    pub async fn ask(&self, question: &Question, context: &CallContext, tell: Watcher<'_>) -> Result<QueryResult> {
        self.guard.policy().allow(self.catalog.get::<QueryCrm>()?)?;
        self.service.ask(question, context, tell).await
    }

    /// Gives back what other processes wait for: scans, and the quota that is not used. For the end of a process.
    pub async fn leave(&self) {
        self.service.leave().await;
        self.client.leave().await;
    }

    /// The mirror's tables that the settings let be read.
    pub fn readable_tables(&self) -> Vec<&'static Table> {
        self.service.readable_tables()
    }

    /// Reads these tables into the mirror. Says what could not be read, or not in full.
    ///
    /// # Errors
    /// As [`Account::sync`].
    pub async fn sync(
        &self,
        tables: &[&'static Table],
        context: &CallContext,
        tell: Watcher<'_>,
    ) -> Result<Vec<Missing>> {
        self.service.sync(tables, context, tell).await
    }

    /// Which lists of the account cannot be read, and why. Asks each of them for one item.
    pub async fn unreadable(&self) -> Vec<Missing> {
        self.service.unreadable(&CallContext::new(self.timeout)).await
    }

    /// How the mirror stands.
    ///
    /// # Errors
    /// As [`Account::mirror_status`].
    pub async fn mirror_status(&self) -> Result<Vec<(&'static Table, u64, TableState)>> {
        self.service.mirror_status().await
    }

    /// The ids of a table's objects whose name, e-mail address, phone number or id begins so, at most 100; what
    /// search_crm would find, and hidden with it. Nothing where nothing can be said soon: who types waits for no error.
    pub async fn ids_by_name(&self, table: &str, text: &str) -> Vec<String> {
        const SOON: Duration = Duration::from_secs(5);
        let listed = self.catalog.get::<SearchCrm>().and_then(|spec| self.guard.policy().allow(spec));
        if listed.is_err() {
            return Vec::new();
        }
        self.service.ids_by_name(table, text, &CallContext::new(SOON)).await.unwrap_or_default()
    }

    /// Runs a typed operation that needs no confirmation.
    ///
    /// # Errors
    /// As [`App::call`]; `confirmation_required` for an operation that a person has to agree to.
    pub async fn run<O: Operation>(&self, operation: &O) -> Result<O::Output> {
        let arguments = match serde_json::to_value(operation) {
            Ok(Value::Object(arguments)) => arguments,
            _ => Map::new(),
        };
        let context = CallContext::new(self.timeout);
        match self.call(self.catalog.get::<O>()?, arguments, Confirmation::None, context).await? {
            Reply::Done(answer) => serde_json::from_value(answer.value)
                .map_err(|error| Error::new(Code::UpstreamError, format!("The answer has another shape: {error}."))),
            Reply::RequestInput(..) => Err(Error::new(Code::ConfirmationRequired, "A person has to agree first.")),
        }
    }
}

/// The same failure, with the tool that finds the object where a name was given for its id.
fn with_advice(invocation: &Invocation, mut error: Error) -> Error {
    if error.code == Code::NotFound
        && let Some(advice) = invocation.id.as_ref().and_then(|id| highlevel_catalog::advice(invocation.spec, id))
    {
        error.message.push_str(&advice);
    }
    error
}

/// The texts of the secret arguments of a call that is not checked yet.
fn secrets(spec: &OperationSpec, arguments: &Map<String, Value>) -> Vec<String> {
    let texts = spec.sensitive.iter().filter_map(|name| arguments.get(name.as_ref())?.as_str());
    texts.filter(|text| !text.is_empty()).map(str::to_owned).collect()
}

/// The mirror's tables that hold what the policy hides or the API does not have, each with the tool that would read it.
fn hidden_tables(policy: &Policy, catalog: &Catalog) -> Vec<(&'static str, &'static str)> {
    let hidden = |table: &&Table| !catalog.find(table.tool).is_some_and(|spec| policy.shows(spec));
    TABLES.iter().filter(hidden).map(|table| (table.name, table.tool)).collect()
}
