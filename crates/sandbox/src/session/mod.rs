//! The session API: the API of HighLevel's web application, which takes a session's `token-id`.

mod checks;
mod fields;
mod handlers;
mod page_rules;
mod query;
pub(crate) mod routes;
pub(crate) mod tokens;

pub(crate) use checks::{no_version, single};
pub(crate) use routes::Route;

use crate::agency::{LocationIndex, Owner};
use crate::operation::Effect;
use crate::response::ApiResponse;
use crate::scopes;
use crate::state::{RawRequest, SandboxState};
use serde_json::json;

/// Checks a request and performs its operation. `id` is the id in the request's path, if there is one.
pub(crate) fn perform(
    state: &mut SandboxState,
    raw: &RawRequest,
    route: &Route,
    id: &str,
) -> Result<ApiResponse, ApiResponse> {
    let now = state.clock.now();
    let token = checks::token(&raw.headers)?;
    if route.effect != Effect::Refresh && !state.tokens.is_valid(token, now) {
        return Err(checks::unauthorized());
    }
    checks::headers(raw, route.body, state.manners.version)?;
    scopes::check(&state.manners.missing_scopes, None, route.label())?;
    let query = query::read(route.op, &raw.query).map_err(ApiResponse::bad_request)?;
    let body = checks::body(raw, route.body)?;
    if route.effect == Effect::Refresh {
        let (token, seconds) = state.tokens.refresh(token, now).ok_or_else(checks::unauthorized)?;
        state.log.refreshed(Owner::FIRST);
        return Ok(ApiResponse::ok(json!({ "tokenId": token, "expiresIn": seconds })));
    }
    let manners = &state.manners;
    let account = &mut state.agency.location_mut(LocationIndex::FIRST).account;
    account.set_time(now, manners.lag);
    let now = manners.written_at(now);
    let request = handlers::Request { op: route.op, id, query: &query, body: &body, manners, now };
    let done = handlers::perform(account, &request)?;
    if let Some((write, id)) = done.write {
        state.log.changed(Owner::FIRST, write, &id);
    }
    Ok(done.response)
}
