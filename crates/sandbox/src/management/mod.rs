//! The endpoints under `/sandbox/` for tests. They need no headers, and the quota does not count them.
//!
//! `?location=ID` limits a request to one location, and `?location=agency` to what is the agency's own.

mod objects;
mod scope;

use crate::Api;
use crate::agency::Location;
#[cfg(feature = "faults")]
use crate::faults::{FaultInjector, FaultPlan};
use crate::manners::Manners;
use crate::official::daily_limit;
use crate::rate_limit;
use crate::response::{ApiResponse, ResponseBody};
use crate::state::{RawRequest, SandboxState};
use http::{Response, StatusCode};
use scope::{Parameters, Scope};
use serde_json::{Value, json};

/// Answers a management request. `path` is what follows `/sandbox/`.
pub(crate) fn answer(state: &mut SandboxState, raw: &RawRequest, path: &str) -> Response<ResponseBody> {
    let segments: Vec<_> = path.split('/').collect();
    if let ["objects", kind, rest @ ..] = segments.as_slice() {
        return objects::answer(state, raw, kind, rest).unwrap_or_else(ApiResponse::into_response);
    }
    perform(state, raw, segments.as_slice()).unwrap_or_else(|refusal| refusal).into_response()
}

fn perform(state: &mut SandboxState, raw: &RawRequest, path: &[&str]) -> Result<ApiResponse, ApiResponse> {
    let parameters = Parameters::read(&raw.query)?;
    let scope = || parameters.scope(state);
    match (raw.method.as_str(), path) {
        ("GET", ["locations"]) => Ok(ApiResponse::ok(locations(state))),
        ("GET", ["stats"]) => Ok(ApiResponse::ok(stats(state, scope()?))),
        ("GET", ["requests"]) => Ok(ApiResponse::ok(state.log.requests(scope()?, &state.agency))),
        ("DELETE", ["requests"]) => {
            let scope = scope()?;
            state.log.clear(scope);
            Ok(done("Requests cleared"))
        }
        ("POST", ["token"]) => {
            let location = scope::location(scope()?)?;
            Ok(ApiResponse::ok(json!({ "tokenId": state.issue(location) })))
        }
        ("POST", ["expire-tokens"]) => {
            let (scope, now) = (scope()?, state.clock.now());
            state.tokens.expire_all(now);
            state.official.tokens.expire(scope, now);
            Ok(done("Tokens expired"))
        }
        ("POST", ["revoke-tokens"]) => {
            let scope = scope()?;
            revoke(state, scope);
            Ok(done("Tokens revoked"))
        }
        #[cfg(feature = "oauth")]
        ("POST", ["uninstall"]) => {
            let scope = scope()?;
            let location = scope::location(scope)?;
            state.agency.location_mut(location).installed = false;
            revoke(state, Some(crate::agency::Owner::Location(location)));
            Ok(done("App uninstalled"))
        }
        ("POST", ["spend-quota"]) => {
            let (scope, of_day) = (scope()?, parameters.of_day(state.api)?);
            spend(state, scope, of_day);
            Ok(done("Quota spent"))
        }
        #[cfg(feature = "faults")]
        ("POST", ["faults"]) => faults(state, &raw.body),
        ("POST", ["manners"]) => manners(state, &raw.body),
        _ => Err(nothing()),
    }
}

fn nothing() -> ApiResponse {
    ApiResponse::error(StatusCode::NOT_FOUND, "the sandbox has no such endpoint")
}

fn done(message: &str) -> ApiResponse {
    ApiResponse::ok(json!({ "message": message }))
}

/// Every location, in the order of creation.
fn locations(state: &SandboxState) -> Value {
    let shown = |location: &Location| json!({ "id": location.id(), "name": location.name(), "isInstalled": location.installed });
    state.agency.locations().map(|(_, location)| shown(location)).collect()
}

/// All counts, or those of one owner. Those of the daily limit and of OAuth exist only with the official API.
fn stats(state: &SandboxState, scope: Scope) -> Value {
    let quotas = state.agency.quotas(scope);
    let mut stats = state.log.stats(scope);
    let limits: Vec<_> = quotas.iter().map(|quota| &quota.limits).collect();
    if let Value::Object(limits) = rate_limit::stats(&limits) {
        stats.extend(limits);
    }
    if state.api == Api::Official {
        let days: Vec<_> = quotas.iter().map(|quota| &quota.day).collect();
        stats.insert("day".into(), daily_limit::stats(&days));
        #[cfg(feature = "oauth")]
        stats.insert("liveRefreshTokens".into(), state.official.grants.live_refresh_tokens(scope).into());
    }
    Value::Object(stats)
}

/// Ends every token of an owner, refresh tokens and codes included.
fn revoke(state: &mut SandboxState, scope: Scope) {
    let now = state.clock.now();
    state.tokens.revoke_all();
    state.official.tokens.revoke(scope, now);
    #[cfg(feature = "oauth")]
    state.official.grants.revoke(scope);
}

/// Leaves nothing of the current window, or of the current day.
fn spend(state: &mut SandboxState, scope: Scope, of_day: bool) {
    let now = state.clock.now();
    for owner in scope.map_or_else(|| state.agency.owners(), |owner| vec![owner]) {
        let quota = state.agency.quota_mut(owner);
        if of_day {
            quota.day.spend(now);
        } else {
            quota.limits.spend(now);
        }
    }
}

/// Replaces the fault plan.
#[cfg(feature = "faults")]
fn faults(state: &mut SandboxState, body: &[u8]) -> Result<ApiResponse, ApiResponse> {
    let plan = String::from_utf8_lossy(body).parse::<FaultPlan>();
    let plan = plan.map_err(|error| ApiResponse::bad_request(error.to_string()))?;
    if let Some(id) = plan.unknown_location(&state.agency) {
        return Err(scope::unknown(id));
    }
    let count = plan.rules.len();
    state.faults = FaultInjector::new(plan, state.seed);
    Ok(ApiResponse::ok(json!({ "rules": count })))
}

/// Replaces the manners. Stored objects stay unchanged.
fn manners(state: &mut SandboxState, body: &[u8]) -> Result<ApiResponse, ApiResponse> {
    let manners = String::from_utf8_lossy(body).parse::<Manners>();
    state.manners = manners.map_err(|error| ApiResponse::bad_request(error.to_string()))?;
    Ok(done("Manners changed"))
}
