//! The endpoints under `/sandbox/` for tests. They need no headers, and the quota does not count them.

use super::Api;
use super::account::{Fields, Kind};
use super::answer::{Answer, Payload, full};
#[cfg(feature = "faults")]
use super::faults::{FaultInjector, FaultPlan};
use super::manners::Manners;
use super::world::{Call, World};
use http::{Response, StatusCode};
use serde_json::{Value, json};

/// Answers a management request. `path` is what follows `/sandbox/`.
pub(super) fn answer(world: &mut World, call: &Call, path: &str) -> Response<Payload> {
    let segments: Vec<_> = path.split('/').collect();
    let answer = match (call.method.as_str(), segments.as_slice()) {
        ("GET", ["stats"]) => Answer::ok(stats(world)),
        ("GET", ["requests"]) => Answer::ok(world.log.requests()),
        ("DELETE", ["requests"]) => {
            world.log.clear();
            Answer::ok(json!({ "message": "Requests cleared" }))
        }
        ("POST", ["token"]) => Answer::ok(json!({ "tokenId": world.issue() })),
        ("POST", ["expire-tokens"]) => {
            let now = world.clock.now();
            world.tokens.expire_all(now);
            world.official.tokens.expire_all();
            Answer::ok(json!({ "message": "Tokens expired" }))
        }
        #[cfg(feature = "faults")]
        ("POST", ["faults"]) => faults(world, &call.body),
        ("POST", ["manners"]) => manners(world, &call.body),
        ("GET", ["objects", kind]) => match Kind::named(kind) {
            // The truth can be 100,000 objects: it goes out as it is stored.
            Some(kind) => {
                return Answer::ok(Value::Null).with_payload("application/json", full(world.account.all(kind)));
            }
            None => nothing(),
        },
        ("POST", ["objects", kind]) => match Kind::named(kind) {
            Some(kind) => add(world, kind, &call.body),
            None => nothing(),
        },
        ("DELETE", ["objects", kind, id]) => match Kind::named(kind) {
            Some(kind) => {
                world.account.at_once(|account| account.remove(kind, id));
                Answer::ok(json!({ "message": "Object removed" }))
            }
            None => nothing(),
        },
        ("PUT", ["objects", kind, id]) => match Kind::named(kind) {
            Some(kind) => change(world, kind, id, &call.body),
            None => nothing(),
        },
        _ => nothing(),
    };
    answer.into_response()
}

fn nothing() -> Answer {
    Answer::refuse(StatusCode::NOT_FOUND, "the sandbox has no such endpoint")
}

/// All counts; those of a day and of OAuth only where there are such.
fn stats(world: &World) -> Value {
    let mut stats = world.log.stats(&world.limits);
    if let (Api::Official, Value::Object(stats)) = (world.api, &mut stats) {
        stats.insert("day".into(), world.official.day.stats());
        #[cfg(feature = "oauth")]
        stats.insert("liveRefreshTokens".into(), world.official.grants.live_refresh_tokens().into());
    }
    stats
}

/// Replaces the fault plan.
#[cfg(feature = "faults")]
fn faults(world: &mut World, body: &[u8]) -> Answer {
    match String::from_utf8_lossy(body).parse::<FaultPlan>() {
        Ok(plan) => {
            let count = plan.rules.len();
            world.faults = FaultInjector::new(plan, world.seed);
            Answer::ok(json!({ "rules": count }))
        }
        Err(error) => Answer::bad_request(error.to_string()),
    }
}

/// Replaces the manners. What is stored stays as it is.
fn manners(world: &mut World, body: &[u8]) -> Answer {
    match String::from_utf8_lossy(body).parse::<Manners>() {
        Ok(manners) => {
            world.manners = manners;
            Answer::ok(json!({ "message": "Manners changed" }))
        }
        Err(error) => Answer::bad_request(error.to_string()),
    }
}

/// Adds an object behind the client's back, as it is given and with a new id.
fn add(world: &mut World, kind: Kind, body: &[u8]) -> Answer {
    let Ok(given) = serde_json::from_slice::<Fields>(body) else {
        return Answer::bad_request("the body must be a JSON object");
    };
    let id = world.account.new_id();
    let mut object = Fields::new();
    object.insert("id".into(), id.clone().into());
    object.extend(given.into_iter().filter(|(name, _)| name != "id"));
    world.account.at_once(|account| account.put(kind, &id, &object));
    Answer::ok(Value::Object(object))
}

/// Changes an object behind the client's back: a merge as of RFC 7386, without rules and without a new `updatedAt`.
fn change(world: &mut World, kind: Kind, id: &str, body: &[u8]) -> Answer {
    let Some(mut object) = world.account.get(kind, id) else {
        return Answer::refuse(StatusCode::NOT_FOUND, format!("{} not found", kind.title()));
    };
    let Ok(patch) = serde_json::from_slice::<Fields>(body) else {
        return Answer::bad_request("the body must be a JSON object");
    };
    merge(&mut object, patch);
    object.insert("id".into(), id.into());
    world.account.at_once(|account| account.put(kind, id, &object));
    Answer::ok(Value::Object(object))
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
