//! The operations of each API, in the order of `tools/list`.

use crate::{
    api::Api, argument_rules::ArgumentRules, bulk, calendars, campaigns, contacts, conversations, export, forms,
    funnels, id::Id, insights, invocation::Invocation, invoices, locations, notes, operation::Operation, operations,
    opportunities, pages, route::Route, spec::OperationSpec, tasks, users, webhooks, workflows,
};
use highlevel_core::error::{Code, Error, Result};
use std::{collections::HashMap, sync::LazyLock};

/// The operations of one API.
#[derive(Debug)]
pub struct Catalog {
    api: Api,
    specs: Vec<OperationSpec>,
    positions: HashMap<String, usize>,
}

/// Every typed operation, with the session API's route and arguments.
///
/// Clients and prompt caches rely on the order. Append a new operation to its resource's operations.
fn typed() -> Vec<OperationSpec> {
    vec![
        OperationSpec::of::<users::GetCurrentUser>(),
        OperationSpec::of::<users::GetUser>(),
        OperationSpec::of::<locations::GetDefaultLocation>(),
        OperationSpec::of::<locations::GetLocation>(),
        OperationSpec::of::<locations::ListLocations>(),
        OperationSpec::of::<locations::ListCustomFields>(),
        OperationSpec::of::<locations::ListCustomValues>(),
        OperationSpec::of::<contacts::ListContacts>(),
        OperationSpec::of::<contacts::GetContact>(),
        OperationSpec::of::<contacts::CreateContact>(),
        OperationSpec::of::<contacts::UpdateContact>(),
        OperationSpec::of::<contacts::UpsertContact>(),
        OperationSpec::of::<contacts::DeleteContact>(),
        OperationSpec::of::<notes::ListNotes>(),
        OperationSpec::of::<notes::CreateNote>(),
        OperationSpec::of::<tasks::ListTasks>(),
        OperationSpec::of::<tasks::CreateTask>(),
        OperationSpec::of::<tasks::UpdateTask>(),
        OperationSpec::of::<opportunities::ListOpportunities>(),
        OperationSpec::of::<opportunities::GetOpportunity>(),
        OperationSpec::of::<opportunities::CreateOpportunity>(),
        OperationSpec::of::<opportunities::UpdateOpportunity>(),
        OperationSpec::of::<opportunities::ListPipelines>(),
        OperationSpec::of::<opportunities::DeleteOpportunity>(),
        OperationSpec::of::<campaigns::ListCampaigns>(),
        OperationSpec::of::<campaigns::GetCampaign>(),
        OperationSpec::of::<campaigns::CreateCampaign>(),
        OperationSpec::of::<pages::ListPages>(),
        OperationSpec::of::<pages::GetPage>(),
        OperationSpec::of::<pages::CreatePage>(),
        OperationSpec::of::<pages::UpdatePage>(),
        OperationSpec::of::<pages::DeletePage>(),
        OperationSpec::of::<pages::PublishPage>(),
        OperationSpec::of::<funnels::ListFunnels>(),
        OperationSpec::of::<webhooks::ListWebhooks>(),
        OperationSpec::of::<webhooks::CreateWebhook>(),
        OperationSpec::of::<webhooks::DeleteWebhook>(),
        OperationSpec::of::<forms::ListForms>(),
        OperationSpec::of::<forms::ListSubmissions>(),
        OperationSpec::of::<invoices::ListInvoices>(),
        OperationSpec::of::<invoices::GetInvoice>(),
        OperationSpec::of::<invoices::CreateInvoice>(),
        OperationSpec::of::<invoices::SendInvoice>(),
        OperationSpec::of::<invoices::ListTransactions>(),
        OperationSpec::of::<conversations::ListConversations>(),
        OperationSpec::of::<conversations::ListMessages>(),
        OperationSpec::of::<conversations::SendMessage>(),
        OperationSpec::of::<workflows::ListWorkflows>(),
        OperationSpec::of::<workflows::AddToWorkflow>(),
        OperationSpec::of::<workflows::RemoveFromWorkflow>(),
        OperationSpec::of::<calendars::ListCalendars>(),
        OperationSpec::of::<calendars::ListFreeSlots>(),
        OperationSpec::of::<calendars::ListAppointments>(),
        OperationSpec::of::<calendars::GetAppointment>(),
        OperationSpec::of::<calendars::BookAppointment>(),
        OperationSpec::of::<calendars::UpdateAppointment>(),
        OperationSpec::of::<operations::SearchOperations>(),
        OperationSpec::of::<operations::DescribeOperation>(),
        OperationSpec::of::<operations::RunOperation>(),
        OperationSpec::of::<insights::QueryCrm>(),
        OperationSpec::of::<insights::DescribeCrm>(),
        OperationSpec::of::<insights::SearchCrm>(),
        OperationSpec::of::<insights::FindDuplicates>(),
        OperationSpec::of::<insights::ChangesSince>(),
        OperationSpec::of::<insights::ChartCrm>(),
        OperationSpec::of::<export::ExportCrm>(),
        OperationSpec::of::<bulk::PlanBulk>(),
        OperationSpec::of::<bulk::RunBulk>(),
        OperationSpec::of::<bulk::GetBulk>(),
        OperationSpec::of::<bulk::UndoChanges>(),
    ]
}

/// Every typed operation, without the session API's argument rules.
static DECLARED: LazyLock<Catalog> = LazyLock::new(|| {
    let mut specs = typed();
    specs.iter_mut().for_each(|spec| spec.arguments = ArgumentRules::NONE);
    Catalog::new(Api::Session, specs)
});

/// The session API's and the mirror's operations.
static SESSION: LazyLock<Catalog> = LazyLock::new(|| {
    let specs = typed().into_iter().filter(|spec| spec.route != Route::Absent);
    Catalog::new(Api::Session, specs.collect())
});

impl Catalog {
    fn new(api: Api, specs: Vec<OperationSpec>) -> Self {
        let positions = specs.iter().enumerate().map(|(at, spec)| (spec.name.to_string(), at)).collect();
        Self { api, specs, positions }
    }

    /// Every typed operation of either API, with its own arguments. The order is that of `tools/list`.
    pub fn declared() -> &'static Self {
        &DECLARED
    }

    /// The session API's and the mirror's operations.
    pub fn session() -> &'static Self {
        &SESSION
    }

    /// The official API's catalogue: `specs`, and the operations of the mirror and the jobs, in the order of
    /// [`Catalog::declared`], then the rows of data.
    pub fn official(specs: Vec<OperationSpec>) -> Self {
        let typed = typed();
        let order: HashMap<_, _> = typed.iter().enumerate().map(|(at, spec)| (spec.name.clone(), at)).collect();
        let own = typed.into_iter().filter(|spec| spec.is_local() || spec.is_about_jobs());
        let own = own.map(|spec| OperationSpec { api: Api::Official, ..spec });
        let mut specs: Vec<OperationSpec> = specs.into_iter().chain(own).collect();
        specs.sort_by_key(|spec| order.get(&spec.name).copied().unwrap_or(usize::MAX));
        Self::new(Api::Official, specs)
    }

    /// The API whose operations these are.
    pub fn api(&self) -> Api {
        self.api
    }

    /// The operation of this name.
    pub fn find(&self, name: &str) -> Option<&OperationSpec> {
        self.positions.get(name).and_then(|at| self.specs.get(*at))
    }

    /// The operations, in the order of `tools/list`.
    pub fn iter(&self) -> impl Iterator<Item = &OperationSpec> + Clone {
        self.specs.iter()
    }

    /// The operations' names, in the same order.
    pub fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.specs.iter().map(|spec| spec.name.as_ref())
    }

    /// The typed operation `O`.
    ///
    /// # Errors
    /// `internal` when this API does not have it.
    pub fn get<O: Operation>(&self) -> Result<&OperationSpec> {
        self.find(O::NAME).ok_or_else(|| {
            let message = format!("{} has no {}.", self.api.title(), O::NAME);
            Error::new(Code::Internal, message)
        })
    }

    /// A checked call of a typed operation.
    ///
    /// # Errors
    /// `invalid_arguments` for values that the type allows and the API does not. `internal` when this API does not have
    /// the operation.
    pub fn call<O: Operation>(&'static self, operation: &O) -> Result<Invocation> {
        self.get::<O>()?.parse(crate::invocation::Arguments::of(operation))
    }

    /// A call of the operation `name` on the object `id`.
    ///
    /// # Errors
    /// `internal` when this API does not have the operation.
    pub fn about(&'static self, name: &str, id: Id) -> Result<Invocation> {
        Ok(Invocation::about(self.named(name)?, id))
    }

    /// The operation `name`, as another operation's declaration refers to it.
    ///
    /// # Errors
    /// `internal` when this API does not have it.
    pub fn named(&self, name: &str) -> Result<&OperationSpec> {
        self.find(name).ok_or_else(|| Error::new(Code::Internal, format!("{} has no {name}.", self.api.title())))
    }
}
