//! HighLevel's official API, as its published OpenAPI files describe it.
//!
//! Where the files leave something open, the sandbox follows the reports of the live service's users; a comment says so.
//! Objects are stored in the session API's shape and translated here, so that one test can check both APIs.

mod agency;
pub(crate) mod billing;
pub(crate) mod calendars;
mod checks;
mod contact_search;
mod contact_upsert;
mod contacts;
mod content;
mod conversations;
mod custom_fields;
pub(crate) mod custom_values;
pub(crate) mod daily_limit;
pub(crate) mod errors;
mod filters;
mod forms;
mod notes;
#[cfg(feature = "oauth")]
pub(crate) mod oauth;
mod of_contact;
mod opportunities;
pub(crate) mod organization;
mod paging;
mod pipelines;
pub(crate) mod routes;
mod task_search;
mod tasks;
pub(crate) mod tokens;
mod workflows;

pub(crate) use conversations::signed_file;
pub(crate) use routes::Route;

use crate::account::{Fields, ObjectKind};
use crate::agency::{LocationIndex, Owner};
use crate::operation::{Completed, HandlerResult, WriteKind};
use crate::response::ApiResponse;
use crate::scopes;
use crate::session::single;
use crate::state::{RawRequest, SandboxState};
use checks::Query;
use errors::unauthorized;
use http::header;
use notes::NOTES;
use routes::{Access, Op};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tasks::{COMPLETION, TASKS};
use tokens::AccessTokens;

/// The state that only the official API needs.
#[derive(Debug)]
pub(crate) struct OfficialState {
    pub(crate) tokens: AccessTokens,
    #[cfg(feature = "oauth")]
    pub(crate) grants: oauth::Grants,
    pub(crate) traces: u64,
}

impl OfficialState {
    /// The next trace id, which a user would quote to HighLevel's support.
    pub(crate) fn trace(&mut self) -> String {
        self.traces += 1;
        format!("5a5db0c5-0000-4000-8000-{:012x}", self.traces)
    }

    /// Whose request this is: the owner of its token, or of what it exchanges for one. The token may have ended.
    pub(crate) fn owner(&self, raw: &RawRequest) -> Owner {
        let bearer =
            single(&raw.headers, header::AUTHORIZATION.as_str()).and_then(|value| value.strip_prefix("Bearer "));
        let known = bearer.and_then(|token| self.tokens.former_owner(token));
        #[cfg(feature = "oauth")]
        let known = known.or_else(|| oauth::owner_of_form(&self.grants, &raw.body));
        known.unwrap_or(Owner::Agency)
    }
}

/// Checks a request and performs its operation.
pub(crate) fn perform(
    state: &mut SandboxState,
    raw: &RawRequest,
    route: &Route,
    ids: &[String],
) -> Result<ApiResponse, ApiResponse> {
    let now = state.clock.now();
    let token = checks::token(&raw.headers, route)?;
    let owner = check_token(&state.official.tokens, token, route.access, now)?;
    checks::headers(&raw.headers, route, state.manners.version)?;
    let granted = state.official.tokens.scopes(token);
    scopes::check(&state.manners.missing_scopes, granted.as_deref(), route.label())?;
    let query = Query::read(&raw.query, route)?;
    let body = checks::body(raw, route.body)?;
    let authority = single(&raw.headers, header::HOST.as_str()).unwrap_or_default();
    let request = Request { op: route.op, ids, query, body, scopes: granted, now, authority };
    let trace = state.official.trace();
    let done = match owner {
        Owner::Agency => agency::perform(state, &request)?,
        Owner::Location(index) => dispatch(state, index, &request, &trace)?,
    };
    if let Some((write, id)) = done.write {
        state.log.changed(owner, write, &id);
    }
    Ok(done.response)
}

/// A request that passed the general checks.
struct Request<'a> {
    op: Op,
    ids: &'a [String],
    query: Query,
    body: Fields,
    /// The scopes of the token, if it has only some.
    #[cfg_attr(not(feature = "oauth"), expect(dead_code, reason = "only OAuth's tokens are exchanged"))]
    scopes: Option<Arc<str>>,
    now: Duration,
    /// The host and port that the request is for.
    authority: &'a str,
}

impl Request<'_> {
    /// An id in the path.
    fn id(&self, index: usize) -> &str {
        self.ids.get(index).map(String::as_str).unwrap_or_default()
    }
}

/// Performs an operation on the location that the token belongs to.
fn dispatch(state: &mut SandboxState, location: LocationIndex, request: &Request<'_>, trace: &str) -> HandlerResult {
    let SandboxState { agency, manners, .. } = state;
    let account = &mut agency.location_mut(location).account;
    let Request { query, body, now, .. } = request;
    account.set_time(*now, manners.lag);
    let written = manners.written_at(*now);
    let id = |index| request.id(index);
    match request.op {
        Op::Users => read(organization::users(account, query, manners)),
        Op::GetUser => read(organization::user(account, id(0))),
        Op::SearchLocations => {
            read(organization::locations(organization::all(account, ObjectKind::Locations), query, manners))
        }
        Op::GetLocation => read(organization::location(account, id(0), manners)),
        Op::CustomFields => read(organization::custom_fields(account, id(0), query, manners)),
        Op::CustomValues => custom_values::list(account, id(0), manners),
        Op::GetCustomValue => custom_values::get(account, id(0), id(1)),
        Op::CreateCustomValue => custom_values::create(account, id(0), body),
        Op::UpdateCustomValue => custom_values::update(account, id(0), id(1), body),
        Op::DeleteCustomValue => custom_values::delete(account, id(0), id(1)),
        Op::SearchTasks => read(task_search::tasks(account, id(0), body, manners)),
        Op::SearchContacts => read(contact_search::contacts(account, body, trace, manners)),
        Op::DuplicateContact => contact_upsert::duplicate(account, query, trace, manners),
        Op::GetContact => contacts::get(account, id(0), manners),
        Op::CreateContact => contacts::create(account, body, written, manners),
        Op::UpdateContact => contacts::update(account, id(0), body, written, manners),
        Op::AddTags => contacts::change_tags(account, id(0), body, true, written, manners),
        Op::RemoveTags => contacts::change_tags(account, id(0), body, false, written, manners),
        Op::UpsertContact => contact_upsert::upsert(account, body, written, trace, manners),
        Op::DeleteContact => contact_upsert::delete(account, id(0)),
        Op::Notes => NOTES.list(account, id(0), manners),
        Op::GetNote => NOTES.get(account, (id(0), id(1)), manners),
        Op::CreateNote => NOTES.create(account, id(0), body, written, manners),
        Op::UpdateNote => NOTES.update(account, (id(0), id(1)), body, written, manners),
        Op::DeleteNote => NOTES.delete(account, (id(0), id(1))),
        Op::Tasks => TASKS.list(account, id(0), manners),
        Op::GetTask => TASKS.get(account, (id(0), id(1)), manners),
        Op::CreateTask => TASKS.create(account, id(0), body, written, manners),
        Op::UpdateTask => TASKS.update(account, (id(0), id(1)), body, written, manners),
        Op::CompleteTask => COMPLETION.update(account, (id(0), id(1)), body, written, manners),
        Op::DeleteTask => TASKS.delete(account, (id(0), id(1))),
        Op::SearchOpportunities => read(opportunities::search(account, query, manners)),
        Op::Pipelines => read(organization::pipelines(account, query)),
        Op::GetOpportunity => opportunities::get(account, id(0), manners),
        Op::CreateOpportunity => opportunities::create(account, body, written, manners),
        Op::UpdateOpportunity => opportunities::update(account, id(0), body, written, manners),
        Op::DeleteOpportunity => opportunities::delete(account, id(0)),
        Op::UpdateStatus => opportunities::update_status(account, id(0), body, written, manners),
        Op::Campaigns => read(content::campaigns(account, query, manners)),
        Op::EmailCampaigns => read(content::emails(account, id(0), query, trace, manners)),
        Op::GetEmailCampaign => read(content::get_email(account, id(0), id(1), trace, manners)),
        Op::CreateEmailCampaign => content::create_email(account, id(0), body, written, trace, manners),
        Op::FunnelPages => read(content::pages(account, query, manners)),
        Op::Funnels => read(content::funnels(account, query, trace, manners)),
        Op::Calendar(op) => calendars::perform(account, request, op, manners),
        Op::Forms(op) => read(forms::perform(account, op, query, *now, manners)),
        Op::Billing(op) => billing::perform(account, op, request, written, manners),
        Op::Conversation(op) => conversations::perform(account, request, op, trace, manners),
        // The token's check has refused them.
        Op::Token | Op::LocationToken | Op::InstalledLocations => Err(agency::wrong_kind()),
    }
}

fn read(answer: Result<ApiResponse, ApiResponse>) -> HandlerResult {
    answer.map(Completed::read)
}

/// The answer to most deletions. The OpenAPI files spell it `succeded`.
fn deleted(id: &str) -> HandlerResult {
    Ok(Completed::written(ApiResponse::ok(json!({ "succeded": true })), WriteKind::Delete, id))
}

/// The owner of a token that gives access to an operation. An operation that needs no token is the agency's.
fn check_token(tokens: &AccessTokens, token: &str, access: Access, now: Duration) -> Result<Owner, ApiResponse> {
    if access == Access::Nobody {
        return Ok(Owner::Agency);
    }
    let invalid = if token.starts_with("pit-") { "Invalid Private Integration token" } else { "Invalid JWT" };
    match (tokens.owner(token, now), access) {
        (None, _) => Err(unauthorized(invalid)),
        (Some(owner @ Owner::Location(_)), Access::Location | Access::Either)
        | (Some(owner @ Owner::Agency), Access::Company | Access::Either) => Ok(owner),
        (Some(_), _) => Err(agency::wrong_kind()),
    }
}
