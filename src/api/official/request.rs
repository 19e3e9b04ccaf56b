//! The official API's requests, and what its refusals mean. Pure.

use super::scopes;
use crate::api::session;
use highlevel_api_client::{Body, Expect, Repeat, Request, Response, Service, api_message};
use highlevel_catalog::Id;
use highlevel_core::error::{Code, Error};
use http::{Method, StatusCode};
use serde_json::{Map, Value};

/// The version of nearly every operation.
pub(super) const VERSION: &str = "2021-07-28";
/// The version of the e-mail campaigns'.
pub(super) const V3: &str = "v3";

type Query<'a> = &'a [(&'a str, String)];

/// A reading GET.
pub(super) fn get(path: String, query: Query<'_>) -> Request {
    let query = query.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    request_of(Method::GET, path, query, None, Repeat::Freely)
}

/// A POST that only searches.
pub(super) fn search(path: &str, body: Value) -> Request {
    request_of(Method::POST, path.to_owned(), Vec::new(), Some(body), Repeat::Freely)
}

/// A POST that creates.
pub(super) fn create(path: String, body: Map<String, Value>) -> Request {
    request_of(Method::POST, path, Vec::new(), Some(body.into()), Repeat::IfNotExecuted)
}

/// A PUT that changes.
pub(super) fn update(path: String, body: Map<String, Value>) -> Request {
    change(Method::PUT, path, body)
}

/// A change that leaves the same state however often it is made.
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
    let (service, version, expect) = (Service::Backend, Some(VERSION), Expect::Json);
    let scope = scopes::of(&method, &path);
    Request { method, service, path, version, scope, query, body, repeat, expect }
}

/// `/contacts/` and an id, which has only characters that stand in a path as they are.
pub(super) fn under(path: &str, id: Option<&Id>) -> String {
    format!("{path}{}", id.map_or("", Id::as_str))
}

/// The body of an answer.
///
/// # Errors
/// What a refusal means.
pub(super) fn body(response: Response) -> Result<Value, Error> {
    if !response.status.is_success() {
        return Err(failure(response.status, &response.body));
    }
    match response.body {
        Body::Json(value) => Ok(value),
        Body::Text(_) | Body::Empty => Err(Error::new(Code::UpstreamError, "The API's answer is no JSON.")),
    }
}

/// What a refusal means: as the document's, but that objects which are not there are told of with 400 and 422 as well.
fn failure(status: StatusCode, body: &Body) -> Error {
    let missing = [StatusCode::BAD_REQUEST, StatusCode::UNPROCESSABLE_ENTITY].contains(&status)
        && api_message(body).is_some_and(|text| text.to_lowercase().contains("not found"));
    session::failure(if missing { StatusCode::NOT_FOUND } else { status }, body)
}

/// The array of this name. One object in its place is a list of one: HighLevel's files have it so for some lists.
pub(super) fn array(body: &mut Value, name: &str) -> Option<Vec<Value>> {
    match body.get_mut(name).map(Value::take) {
        Some(Value::Array(items)) => Some(items),
        Some(item @ Value::Object(_)) => Some(vec![item]),
        _ => None,
    }
}

/// The object under this name, or the body itself.
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

/// Gives a member another name, unless there is one of that name already.
pub(super) fn rename(object: &mut Map<String, Value>, from: &str, to: &str) {
    if object.get(to).is_none_or(Value::is_null)
        && let Some(value) = object.shift_remove(from)
    {
        object.insert(to.to_owned(), value);
    }
}

/// A text member.
pub(super) fn text<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    object.get(name).and_then(Value::as_str)
}

/// The member of an item that holds two values: its cursor.
pub(super) fn pair(item: &Value, name: &str) -> Option<Value> {
    let cursor = item.get(name)?;
    cursor.as_array().is_some_and(|pair| pair.len() == 2).then(|| cursor.clone())
}
