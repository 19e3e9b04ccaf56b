//! Requests of the official API, and members of its answers. Pure functions.

use super::scopes;
use crate::api::session;
use highlevel_api_client::{Body, Expect, Repeat, Request, Response, Service, api_message};
use highlevel_catalog::Id;
use highlevel_core::error::{Code, Error};
use http::{Method, StatusCode};
use serde_json::{Map, Value};

/// The `Version` header of most operations.
pub(super) const VERSION: &str = "2021-07-28";
/// The `Version` header of e-mail campaigns.
pub(super) const V3: &str = "v3";

type Query<'a> = &'a [(&'a str, String)];

/// A GET request.
pub(super) fn get(path: String, query: Query<'_>) -> Request {
    let query = query.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    request_of(Method::GET, path, query, None, Repeat::Freely)
}

/// A POST request that searches and changes nothing.
pub(super) fn search(path: &str, body: Value) -> Request {
    request_of(Method::POST, path.to_owned(), Vec::new(), Some(body), Repeat::Freely)
}

/// A POST request that creates an object. It is not repeated if it may have been executed.
pub(super) fn create(path: String, body: Map<String, Value>) -> Request {
    request_of(Method::POST, path, Vec::new(), Some(body.into()), Repeat::IfNotExecuted)
}

/// A PUT request that updates an object.
pub(super) fn update(path: String, body: Map<String, Value>) -> Request {
    change(Method::PUT, path, body)
}

/// A DELETE request without a body.
pub(super) fn delete(path: String) -> Request {
    request_of(Method::DELETE, path, Vec::new(), None, Repeat::Freely)
}

/// An idempotent change.
pub(super) fn change(method: Method, path: String, body: Map<String, Value>) -> Request {
    request_of(method, path, Vec::new(), Some(body.into()), Repeat::Freely)
}

fn request_of(
    method: Method,
    path: String,
    query: Vec<(String, String)>,
    body: Option<Value>,
    repeat: Repeat,
) -> Request {
    let scope = scopes::of(&method, &path);
    Request {
        method,
        service: Service::Backend,
        path,
        version: Some(VERSION),
        scope,
        query,
        body,
        files: None,
        repeat,
        expect: Expect::Json,
        save: None,
    }
}

/// A path followed by an id. Ids need no escaping.
pub(super) fn under(path: &str, id: Option<&Id>) -> String {
    format!("{path}{}", id.map_or("", Id::as_str))
}

/// The JSON body of a response.
///
/// # Errors
/// The API's refusal. `upstream_error` for a body that is not JSON.
pub(super) fn body(response: Response) -> Result<Value, Error> {
    if !response.status.is_success() {
        return Err(failure(response.status, &response.body));
    }
    match response.body {
        Body::Json(value) => Ok(value),
        Body::Text(_) | Body::File(_) | Body::Empty => {
            Err(Error::new(Code::UpstreamError, "The API's answer is not JSON."))
        }
    }
}

/// The error for a refusal. Unlike the session API, this API also answers 400 and 422 for objects that do not exist.
pub(super) fn failure(status: StatusCode, body: &Body) -> Error {
    let taken = status == StatusCode::BAD_REQUEST
        && api_message(body).is_some_and(|text| text.to_lowercase().contains("no longer available"));
    if taken {
        let message = "The slot is taken or not within the open hours. See list_free_slots.";
        return Error::new(Code::Conflict, message);
    }
    let missing = [StatusCode::BAD_REQUEST, StatusCode::UNPROCESSABLE_ENTITY].contains(&status)
        && api_message(body)
            .map(|text| text.to_lowercase())
            .is_some_and(|text| text.contains("not found") || text.contains("unable to find"));
    session::failure(if missing { StatusCode::NOT_FOUND } else { status }, body)
}

/// The array in a member. A single object counts as a list of one, because HighLevel's OpenAPI files declare some lists
/// so.
pub(super) fn array(body: &mut Value, name: &str) -> Option<Vec<Value>> {
    match body.get_mut(name).map(Value::take) {
        Some(Value::Array(items)) => Some(items),
        Some(item @ Value::Object(_)) => Some(vec![item]),
        _ => None,
    }
}

/// The object in a member, or the body itself.
pub(super) fn object(body: Value, name: &str) -> Map<String, Value> {
    match body {
        Value::Object(mut object) => match object.remove(name) {
            Some(Value::Object(inner)) => inner,
            Some(other) => {
                object.insert(name.to_owned(), other);
                object
            }
            None => object,
        },
        _ => Map::new(),
    }
}

/// Renames a member, unless the new name already has a value.
pub(super) fn rename(object: &mut Map<String, Value>, from: &str, to: &str) {
    if object.get(to).is_none_or(Value::is_null)
        && let Some(value) = object.shift_remove(from)
    {
        object.insert(to.to_owned(), value);
    }
}

/// The value of a string member.
pub(super) fn text<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    object.get(name).and_then(Value::as_str)
}

/// The value of a member that is an array of two, such as a cursor.
pub(super) fn pair(item: &Value, name: &str) -> Option<Value> {
    let cursor = item.get(name)?;
    cursor.as_array().is_some_and(|pair| pair.len() == 2).then(|| cursor.clone())
}
