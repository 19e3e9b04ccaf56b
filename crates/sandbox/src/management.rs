//! The endpoints under `/sandbox/` for tests. They need no headers, and the quota does not count them.

use crate::Api;
use crate::account::{Fields, ObjectKind};
#[cfg(feature = "faults")]
use crate::faults::{FaultInjector, FaultPlan};
use crate::manners::Manners;
use crate::response::{ApiResponse, ResponseBody, full};
use crate::state::{RawRequest, SandboxState};
use http::{Response, StatusCode};
use serde_json::{Value, json};

/// Answers a management request. `path` is what follows `/sandbox/`.
pub(crate) fn answer(state: &mut SandboxState, raw: &RawRequest, path: &str) -> Response<ResponseBody> {
    let segments: Vec<_> = path.split('/').collect();
    let answer = match (raw.method.as_str(), segments.as_slice()) {
        ("GET", ["stats"]) => ApiResponse::ok(stats(state)),
        ("GET", ["requests"]) => ApiResponse::ok(state.log.requests()),
        ("DELETE", ["requests"]) => {
            state.log.clear();
            ApiResponse::ok(json!({ "message": "Requests cleared" }))
        }
        ("POST", ["token"]) => ApiResponse::ok(json!({ "tokenId": state.issue() })),
        ("POST", ["expire-tokens"]) => {
            let now = state.clock.now();
            state.tokens.expire_all(now);
            state.official.tokens.expire_all();
            ApiResponse::ok(json!({ "message": "Tokens expired" }))
        }
        #[cfg(feature = "faults")]
        ("POST", ["faults"]) => faults(state, &raw.body),
        ("POST", ["manners"]) => manners(state, &raw.body),
        ("GET", ["objects", kind]) => match ObjectKind::named(kind) {
            // Sent as stored, because there can be 100,000 objects.
            Some(kind) => {
                return ApiResponse::ok(Value::Null)
                    .with_payload("application/json", full(state.account.all_as_json(kind)));
            }
            None => nothing(),
        },
        ("POST", ["objects", kind]) => match ObjectKind::named(kind) {
            Some(kind) => add(state, kind, &raw.body),
            None => nothing(),
        },
        ("DELETE", ["objects", kind, id]) => match ObjectKind::named(kind) {
            Some(kind) => {
                state.account.without_lag(|account| account.remove(kind, id));
                ApiResponse::ok(json!({ "message": "Object removed" }))
            }
            None => nothing(),
        },
        ("PUT", ["objects", kind, id]) => match ObjectKind::named(kind) {
            Some(kind) => change(state, kind, id, &raw.body),
            None => nothing(),
        },
        _ => nothing(),
    };
    answer.into_response()
}

fn nothing() -> ApiResponse {
    ApiResponse::error(StatusCode::NOT_FOUND, "the sandbox has no such endpoint")
}

/// All counts. Those of the daily limit and of OAuth exist only with the official API.
fn stats(state: &SandboxState) -> Value {
    let mut stats = state.log.stats(&state.limits);
    if let (Api::Official, Value::Object(stats)) = (state.api, &mut stats) {
        stats.insert("day".into(), state.official.day.stats());
        #[cfg(feature = "oauth")]
        stats.insert("liveRefreshTokens".into(), state.official.grants.live_refresh_tokens().into());
    }
    stats
}

/// Replaces the fault plan.
#[cfg(feature = "faults")]
fn faults(state: &mut SandboxState, body: &[u8]) -> ApiResponse {
    match String::from_utf8_lossy(body).parse::<FaultPlan>() {
        Ok(plan) => {
            let count = plan.rules.len();
            state.faults = FaultInjector::new(plan, state.seed);
            ApiResponse::ok(json!({ "rules": count }))
        }
        Err(error) => ApiResponse::bad_request(error.to_string()),
    }
}

/// Replaces the manners. Stored objects stay unchanged.
fn manners(state: &mut SandboxState, body: &[u8]) -> ApiResponse {
    match String::from_utf8_lossy(body).parse::<Manners>() {
        Ok(manners) => {
            state.manners = manners;
            ApiResponse::ok(json!({ "message": "Manners changed" }))
        }
        Err(error) => ApiResponse::bad_request(error.to_string()),
    }
}

/// Adds an object as given, with a new id, behind the client's back.
fn add(state: &mut SandboxState, kind: ObjectKind, body: &[u8]) -> ApiResponse {
    let Ok(given) = serde_json::from_slice::<Fields>(body) else {
        return ApiResponse::bad_request("the body must be a JSON object");
    };
    let id = state.account.new_id();
    let mut object = Fields::new();
    object.insert("id".into(), id.clone().into());
    object.extend(given.into_iter().filter(|(name, _)| name != "id"));
    state.account.without_lag(|account| account.put(kind, &id, &object));
    ApiResponse::ok(Value::Object(object))
}

/// Merges a patch into an object as RFC 7386 does, behind the client's back: without rules, and without a new `updatedAt`.
fn change(state: &mut SandboxState, kind: ObjectKind, id: &str, body: &[u8]) -> ApiResponse {
    let Some(mut object) = state.account.get(kind, id) else {
        return ApiResponse::error(StatusCode::NOT_FOUND, format!("{} not found", kind.title()));
    };
    let Ok(patch) = serde_json::from_slice::<Fields>(body) else {
        return ApiResponse::bad_request("the body must be a JSON object");
    };
    merge(&mut object, patch);
    object.insert("id".into(), id.into());
    state.account.without_lag(|account| account.put(kind, id, &object));
    ApiResponse::ok(Value::Object(object))
}

fn merge(object: &mut Fields, patch: Fields) {
    for (name, value) in patch {
        match (object.get_mut(&name), value) {
            (_, Value::Null) => {
                object.shift_remove(&name);
            }
            (Some(Value::Object(inner)), Value::Object(patch)) => merge(inner, patch),
            (_, value) => {
                object.insert(name, value);
            }
        }
    }
}
