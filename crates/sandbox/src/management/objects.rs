//! The stored objects of a location: read, and changed behind the client's back.

use super::nothing;
use super::scope::{self, Parameters};
use crate::account::{Account, Fields, ObjectKind};
use crate::response::{ApiResponse, ResponseBody, full};
use crate::state::{RawRequest, SandboxState};
use http::{Response, StatusCode};
use serde_json::{Value, json};

/// Answers a request for the objects of a kind. `rest` is what follows the kind in the path.
pub(crate) fn answer(
    state: &mut SandboxState,
    raw: &RawRequest,
    kind: &str,
    rest: &[&str],
) -> Result<Response<ResponseBody>, ApiResponse> {
    let kind = ObjectKind::named(kind).ok_or_else(nothing)?;
    let location = scope::location(Parameters::read(&raw.query)?.scope(state)?)?;
    let account = &mut state.agency.location_mut(location).account;
    let answer = match (raw.method.as_str(), rest) {
        ("GET", []) => {
            // Sent as stored, because there can be 100,000 objects.
            let objects = full(account.all_as_json(kind));
            return Ok(ApiResponse::ok(Value::Null).with_payload("application/json", objects));
        }
        ("POST", []) => add(account, kind, &raw.body)?,
        ("PUT", [id]) => change(account, kind, id, &raw.body)?,
        ("DELETE", [id]) => {
            account.without_lag(|account| account.remove(kind, id));
            ApiResponse::ok(json!({ "message": "Object removed" }))
        }
        _ => return Err(nothing()),
    };
    Ok(answer.into_response())
}

/// Adds an object as given, with a new id.
fn add(account: &mut Account, kind: ObjectKind, body: &[u8]) -> Result<ApiResponse, ApiResponse> {
    let given = given(body)?;
    let id = account.new_id();
    let mut object = Fields::new();
    object.insert("id".into(), id.clone().into());
    object.extend(given.into_iter().filter(|(name, _)| name != "id"));
    account.without_lag(|account| account.put(kind, &id, &object));
    Ok(ApiResponse::ok(Value::Object(object)))
}

/// Merges a patch into an object as RFC 7386 does: without rules, and without a new `updatedAt`.
fn change(account: &mut Account, kind: ObjectKind, id: &str, body: &[u8]) -> Result<ApiResponse, ApiResponse> {
    let missing = || ApiResponse::error(StatusCode::NOT_FOUND, format!("{} not found", kind.title()));
    let mut object = account.get(kind, id).ok_or_else(missing)?;
    merge(&mut object, given(body)?);
    object.insert("id".into(), id.into());
    account.without_lag(|account| account.put(kind, id, &object));
    Ok(ApiResponse::ok(Value::Object(object)))
}

fn given(body: &[u8]) -> Result<Fields, ApiResponse> {
    serde_json::from_slice(body).map_err(|_| ApiResponse::bad_request("the body must be a JSON object"))
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
