//! The same account behind HighLevel's official API, as its published OpenAPI files describe it.
//!
//! What the files leave open is read as the live service's users report it, and is said where it stands. The stored
//! objects stay in the document's shape: translated on their way in and out, so that one test can judge both APIs.

mod checks;
mod contacts;
mod content;
mod custom;
pub(super) mod errors;
mod filters;
pub(super) mod limits;
#[cfg(feature = "oauth")]
pub(super) mod oauth;
pub(super) mod operations;
mod opportunities;
mod paging;
mod pipelines;
mod search;
pub(super) mod team;
pub(super) mod tokens;

pub(super) use operations::Route;

use super::account::Account;
use super::answer::Answer;
use super::routes::{Done, Outcome};
use super::scopes;
use super::world::{Call, World};
use checks::Query;
use errors::unauthorized;
#[cfg(not(feature = "oauth"))]
use http::StatusCode;
use operations::{Access, Op};
use tokens::{AccessTokens, TokenOwner};

/// What only the official API needs of a world.
#[derive(Debug)]
pub(super) struct State {
    pub(super) tokens: AccessTokens,
    #[cfg(feature = "oauth")]
    pub(super) grants: oauth::Grants,
    pub(super) day: limits::Day,
    pub(super) traces: u64,
}

impl State {
    /// The trace of one answer: what a person would send to support.
    pub(super) fn trace(&mut self) -> String {
        self.traces += 1;
        format!("5a5db0c5-0000-4000-8000-{:012x}", self.traces)
    }
}

/// Checks a request and performs its operation.
pub(super) fn perform(world: &mut World, call: &Call, route: &Route, ids: &[String]) -> Result<Answer, Answer> {
    let now = world.clock.now();
    let token = checks::token(&call.headers, route)?;
    judge(&world.official.tokens, token, route.access, now)?;
    checks::headers(&call.headers, route, world.manners.version)?;
    scopes::judge(&world.manners.missing_scopes, route.label())?;
    let query = Query::read(&call.query, route)?;
    let body = checks::body(call, route.body)?;
    let trace = world.official.trace();
    let World { account, log, manners, .. } = world;
    let written = manners.written_at(now);
    let id = |place: usize| ids.get(place).map(String::as_str).unwrap_or_default();
    let done = match route.op {
        Op::Users => read(team::users(account, &query, manners)),
        Op::GetUser => read(team::user(account, id(0))),
        Op::SearchLocations => read(team::locations(account, &query, manners)),
        Op::GetLocation => read(team::location(account, id(0), manners)),
        Op::CustomFields => read(team::custom_fields(account, id(0), &query, manners)),
        Op::SearchContacts => read(search::contacts(account, &body, &trace, manners)),
        Op::GetContact => contacts::get(account, id(0), manners),
        Op::CreateContact => contacts::create(account, &body, written, manners),
        Op::UpdateContact => contacts::update(account, id(0), &body, written, manners),
        Op::AddTags => contacts::change_tags(account, id(0), &body, true, written, manners),
        Op::RemoveTags => contacts::change_tags(account, id(0), &body, false, written, manners),
        Op::SearchOpportunities => read(opportunities::search(account, &query, manners)),
        Op::Pipelines => read(team::pipelines(account, &query)),
        Op::GetOpportunity => opportunities::get(account, id(0), manners),
        Op::CreateOpportunity => opportunities::create(account, &body, written, manners),
        Op::UpdateOpportunity => opportunities::update(account, id(0), &body, written, manners),
        Op::UpdateStatus => opportunities::update_status(account, id(0), &body, written, manners),
        Op::Campaigns => read(content::campaigns(account, &query, manners)),
        Op::EmailCampaigns => read(content::emails(account, id(0), &query, &trace, manners)),
        Op::GetEmailCampaign => read(content::get_email(account, id(0), id(1), &trace, manners)),
        Op::CreateEmailCampaign => content::create_email(account, id(0), &body, written, &trace, manners),
        Op::FunnelPages => read(content::pages(account, &query, manners)),
        Op::Funnels => read(content::funnels(account, &query, &trace, manners)),
        #[cfg(feature = "oauth")]
        Op::Token => {
            let answer = oauth::token(&mut world.official, account, &body, now)?;
            log.refreshed();
            read(Ok(answer))
        }
        #[cfg(feature = "oauth")]
        Op::LocationToken => read(oauth::location_token(&mut world.official, account, &body, now)),
        #[cfg(not(feature = "oauth"))]
        Op::Token | Op::LocationToken => {
            Err(Answer::refuse(StatusCode::NOT_FOUND, format!("Cannot {} {}", call.method, call.path)))
        }
    }?;
    if let Some((change, id)) = done.change {
        log.changed(change, id);
    }
    Ok(done.answer)
}

fn read(answer: Result<Answer, Answer>) -> Outcome {
    answer.map(|answer| Done { answer, change: None })
}

/// Whether a token may do this.
fn judge(tokens: &AccessTokens, token: &str, access: Access, now: std::time::Duration) -> Result<(), Answer> {
    if access == Access::Nobody {
        return Ok(());
    }
    let invalid = if token.starts_with("pit-") { "Invalid Private Integration token" } else { "Invalid JWT" };
    match (tokens.owner(token, now), access) {
        (None, _) => Err(unauthorized(invalid)),
        (Some(TokenOwner::Location), Access::Location | Access::Either)
        | (Some(TokenOwner::Company), Access::Company | Access::Either) => Ok(()),
        (Some(_), _) => Err(unauthorized("This authClass type is not allowed to access this scope.")),
    }
}

/// The id of the location that all data belong to.
pub(super) fn home(account: &Account) -> String {
    team::home(account)
}
