//! One account: its settings, its service and its guard.

mod across;
mod approvals;
mod call;
mod export;
mod jobs;
mod run_operation;

pub use crate::service::UpdatedObject;
pub use across::{AcrossAccounts, AskedAccount};
pub use approvals::Decided;
pub use call::{ACCOUNT, Answer, Reply};
pub use export::{Export, ExportTarget, Exported};
pub use jobs::JobQueue;
pub use run_operation::effect_of;

use crate::{
    api::{Adapter, Registry},
    guard::{self, ApprovalPage, Guard, Policy},
    service::{AccountRules, AccountService, QueryResult, Question, ScopeReport, Watcher},
    settings::Settings,
};
use highlevel_api_client::{Client, Login};
use highlevel_catalog::{
    Api, Catalog, OperationSpec,
    export::ExportCrm,
    insights::{QueryCrm, SearchCrm},
};
use highlevel_core::{
    context::CallContext,
    error::{Error, Result},
    folders::Folders,
};
use highlevel_operations as operations;
use highlevel_store::{Journal, Missing, Store, TABLES, Table, TableState};
use std::{sync::Arc, time::Duration};
use tokio::sync::broadcast;

/// How long the reads for `doctor --scopes` may take, which a small quota paces.
const SCOPES_TIME: Duration = Duration::from_secs(300);

/// One account: a location behind a login, with its quota, mirror, journal and guard.
#[derive(Debug)]
pub struct Account {
    service: AccountService,
    catalog: &'static Catalog,
    guard: Guard,
    client: Client,
    store: Arc<Store>,
    queue: JobQueue,
    folders: Folders,
    timeout: Duration,
    max_answer: usize,
    /// The one location that the account is, where that is known.
    location: Option<String>,
    /// The name that answers carry, where the process serves several accounts.
    label: Option<String>,
}

impl Account {
    /// The account of these settings behind a login. With a `label`, its answers name it. Sends nothing, and touches no
    /// file.
    ///
    /// # Errors
    /// `invalid_arguments` naming the setting that is wrong.
    pub(crate) fn new(
        login: &Login,
        store: &Arc<Store>,
        journal: Option<Arc<Journal>>,
        queue: JobQueue,
        page: Arc<ApprovalPage>,
        settings: &Settings,
        label: Option<String>,
    ) -> Result<Self> {
        let mut policy = settings.policy();
        let api = settings.effective_api();
        let registry = settings.registry.unwrap_or_else(Registry::standard);
        let catalog = match api {
            Api::Session => Catalog::session(),
            Api::Official => registry.catalog(),
        };
        policy.check_names(catalog)?;
        policy.unconfirmed.check(catalog)?;
        exclude_operations(&mut policy, catalog)?;
        confirm_operations(&mut policy, catalog);
        let client = login.account(settings.location_id.clone());
        let rules = AccountRules {
            location_id: settings.location_id.clone(),
            allow_private_webhooks: settings.allow_private_webhooks,
            name: settings.name_in_journal(),
            login: settings.login_name(),
            read_before: settings.journal_before,
            mirror: settings.mirror_place()?,
            program: settings.program.clone(),
            bulk_share: settings.bulk_share,
            hidden_tables: hidden_tables(&policy, catalog),
            max_answer: settings.max_answer,
        };
        let adapter = match api {
            Api::Session => Adapter::session(client.clone()),
            Api::Official => {
                let user = settings.login.as_ref().and_then(|login| login.user.clone());
                let folders = settings.folders();
                let location = settings.official_location()?;
                Adapter::official(registry, client.clone(), location, user, Arc::clone(store), folders)
            }
        };
        Ok(Self {
            service: AccountService::new(adapter, rules, journal),
            catalog,
            guard: Guard::new(policy, Arc::clone(store), page, settings.max_answer),
            client,
            store: Arc::clone(store),
            queue,
            folders: settings.folders(),
            timeout: settings.timeout(),
            max_answer: settings.max_answer,
            location: settings.location_id.clone(),
            label,
        })
    }

    /// The account's name, where the process serves several.
    pub fn label(&self) -> Option<&str> {
        self.label.as_deref()
    }

    /// The location, where it is known.
    pub fn location(&self) -> Option<&str> {
        self.location.as_deref()
    }

    /// The tools that may be called, in their order.
    pub fn tools(&self) -> impl Iterator<Item = &'static OperationSpec> + Clone {
        let allowed = |spec: &&OperationSpec| self.has(spec) && self.guard.policy().allows(spec);
        self.catalog.iter().filter(allowed)
    }

    /// Whether the account has the operation: its API does, or this server itself.
    fn has(&self, spec: &OperationSpec) -> bool {
        spec.api == self.api() && (spec.is_about_jobs() || self.service.api().has(&spec.name))
    }

    /// The tools that this server lists. Those for rare jobs may be called and are listed only if the settings name them
    /// or their group.
    pub fn listed_tools(&self) -> impl Iterator<Item = &'static OperationSpec> + Clone {
        self.tools().filter(|spec| self.guard.policy().lists(spec))
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

    /// Whether only reads are offered.
    pub fn is_read_only(&self) -> bool {
        self.guard.policy().read_only
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

    /// Answers a question from the mirror, as query_crm does, for callers that bound it themselves.
    ///
    /// # Errors
    /// `policy_denied` where query_crm is hidden; as [`Account::ask`].
    pub async fn ask(&self, question: &Question, context: &CallContext, tell: Watcher<'_>) -> Result<QueryResult> {
        self.guard.policy().allow(self.catalog.get::<QueryCrm>()?)?;
        self.service.ask(question, context, tell).await
    }

    /// Writes the rows of a question into a file, as export_crm does.
    ///
    /// # Errors
    /// `policy_denied` where export_crm is hidden; as [`Account::ask`]; those of the file.
    pub async fn export(&self, export: Export, context: &CallContext, tell: Watcher<'_>) -> Result<Exported> {
        self.guard.policy().allow(self.catalog.get::<ExportCrm>()?)?;
        let ask = |question: Question| async move { self.service.ask(&question, context, tell).await };
        export.run(context, ask).await
    }

    /// Gives back what other processes wait for: scans, and the quota that is not used. For the end of a process.
    pub async fn leave(&self) {
        self.service.leave().await;
        self.client.leave().await;
    }

    /// This process's writes to the account from now on.
    pub fn writes(&self) -> broadcast::Receiver<UpdatedObject> {
        self.service.writes()
    }

    /// The objects that the mirror saw change after the change with this number, and the number of the last one.
    ///
    /// # Errors
    /// As [`AccountService::changed_after`].
    pub async fn changed_after(&self, number: Option<i64>) -> Result<(Vec<UpdatedObject>, Option<i64>)> {
        self.service.changed_after(number).await
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

    /// Every scope that the API's operations need, and whether the credential has it. Asks harmless reads.
    ///
    /// # Errors
    /// As [`AccountService::scopes`].
    pub async fn scopes(&self) -> Result<Vec<ScopeReport>> {
        self.service.scopes(&CallContext::new(self.timeout.max(SCOPES_TIME))).await
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
}

/// Excludes the tools whose operations `--exclude-operations` excludes.
///
/// # Errors
/// `invalid_arguments` for a pattern that matches no operation and no tool: a typo would silently allow what it should
/// forbid.
fn exclude_operations(policy: &mut Policy, catalog: &'static Catalog) -> Result<()> {
    let patterns = policy.exclude_operations.clone();
    for pattern in &patterns {
        let mut names = Catalog::declared().names().chain(operations::all().iter().map(|operation| operation.name));
        if !names.any(|name| guard::matches(pattern, name)) {
            let setting = "--exclude-operations";
            let message =
                format!("{setting}: `{pattern}` matches no operation, such as payments.* or contacts.delete-*.");
            return Err(Error::invalid(setting, message));
        }
    }
    let excludes = |pattern: &String, spec| operation_of(spec).is_some_and(|name| guard::matches(pattern, name));
    let excluded = catalog.iter().filter(|spec| patterns.iter().any(|pattern| excludes(pattern, spec)));
    policy.exclude_tools.extend(excluded.map(|spec| spec.name.to_string()));
    Ok(())
}

/// Adds the operations of the tools that `--confirm-tools` names.
fn confirm_operations(policy: &mut Policy, catalog: &'static Catalog) {
    let tools = policy.confirm_tools.iter().filter_map(|name| catalog.find(name));
    let names: Vec<String> = tools.filter_map(operation_of).map(str::to_owned).collect();
    policy.confirm_tools.extend(names);
}

/// The operation of the catalogue that is a tool's request.
fn operation_of(spec: &OperationSpec) -> Option<&'static str> {
    let route = spec.route.as_http()?;
    Some(operations::at_route(route.method, &route.path)?.name)
}

/// The mirror's tables that hold what the policy hides or the API does not have, each with the tool that would read it.
fn hidden_tables(policy: &Policy, catalog: &Catalog) -> Vec<(&'static str, &'static str)> {
    let hidden = |table: &&Table| !catalog.find(table.tool).is_some_and(|spec| policy.shows(spec));
    TABLES.iter().filter(hidden).map(|table| (table.name, table.tool)).collect()
}
