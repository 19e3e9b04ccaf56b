//! Answers from responses of the session API.

use crate::api::{conflict, refusal};
use highlevel_api_client::{Body, Fate, Response, api_message};
use highlevel_catalog::{Answer, AnswerShape, Effect, Invocation, ListAnswer, ListPaging, OperationSpec};
use highlevel_core::clean;
use highlevel_core::error::{Code, Error};
use http::StatusCode;
use serde_json::{Map, Value, json};

/// The answer in a response, or the error with what is known about the effect.
///
/// # Errors
/// The API's refusal. `upstream_error` for an answer without the requested object or list.
pub fn answer(invocation: &Invocation, response: Response) -> Result<Answer, (Error, Fate)> {
    let spec = invocation.spec;
    if !response.status.is_success() {
        // This attempt was refused, but an earlier attempt of the same request may have taken effect.
        let fate = match response.repeated_after_doubt {
            true => Fate::Unknown,
            false => refusal::fate(spec, response.status, &response.body, invocation.arguments.iter()),
        };
        return Err((failure(response.status, &response.body), fate));
    }
    let unreadable = |what: &str| {
        (Error::new(Code::UpstreamError, format!("The API's answer to {} {what}.", spec.name)), Fate::Unknown)
    };
    match (&spec.answer, response.body) {
        (AnswerShape::Deleted, body) => Ok(Answer::Object(deleted(invocation, api_message(&body)))),
        (AnswerShape::One(name), Body::Json(body)) if has_no_object(&body, name) => Err(no_object(spec, &body)),
        (AnswerShape::One(name), Body::Json(body)) => {
            let mut object = match one(body, name) {
                Some(object) => object,
                None if spec.effect == Effect::Update => Value::Null,
                None => return Err(unreadable("has no object")),
            };
            spec.answer_fields().fit(&mut object);
            let has_id = object.get("id").is_some_and(Value::is_string);
            match &invocation.id {
                _ if has_id => Ok(Answer::Object(object)),
                // Some answers are only `{"succeeded": true}`. The service reads the object afterwards.
                Some(id) if spec.effect == Effect::Update => Ok(Answer::Object(json!({"id": id.as_str()}))),
                _ => Err(unreadable("has an object without an id")),
            }
        }
        (AnswerShape::Many, Body::Json(body)) => {
            let list = many(body).ok_or_else(|| unreadable("has no list"))?;
            Ok(Answer::List(coerced(spec, list)))
        }
        (_, Body::Text(_) | Body::File(_) | Body::Empty) => Err(unreadable("is not JSON")),
    }
}

/// Coerces a list to the output schema. Items without an id move to `unreadable`.
pub(in crate::api) fn coerced(spec: &OperationSpec, mut list: ListAnswer) -> ListAnswer {
    let has_id = |item: &Value| item.get("id").is_some_and(|id| id.is_string() || id.is_number() || id.is_boolean());
    list.unreadable.extend(list.items.extract_if(.., |item| !has_id(item)));
    let members = [
        ("data".to_owned(), std::mem::take(&mut list.items).into()),
        ("meta".to_owned(), std::mem::take(&mut list.paging.reported).into()),
    ];
    let mut whole = Value::Object(members.into_iter().collect());
    spec.answer_fields().fit(&mut whole);
    if let Some(Value::Array(items)) = whole.get_mut("data").map(Value::take) {
        list.items = items;
    }
    if let Some(Value::Object(reported)) = whole.get_mut("meta").map(Value::take) {
        list.paging.reported = reported;
    }
    list
}

fn deleted(invocation: &Invocation, message: Option<String>) -> Value {
    let mut value = json!({"id": invocation.id.as_ref().map(ToString::to_string), "deleted": true});
    if let (Some(message), Some(object)) = (message, value.as_object_mut()) {
        object.insert("message".into(), message.into());
    }
    value
}

/// Whether a body has no object: `null`, `{}`, `{"contact": null}`, `{"data": {}}`.
pub(in crate::api) fn has_no_object(body: &Value, name: &str) -> bool {
    match body {
        Value::Null => true,
        Value::Object(object) if object.contains_key("id") => false,
        Value::Object(object) => {
            let empty = |inner: &Value| match inner {
                Value::Array(items) => items.is_empty(),
                Value::Object(_) | Value::Null => has_no_object(inner, name),
                _ => false,
            };
            object.is_empty() || ["data", name].iter().any(|place| object.get(*place).is_some_and(empty))
        }
        _ => false,
    }
}

/// The error for a body without an object. For a read, the object does not exist. For a write, the outcome is unknown.
pub(in crate::api) fn no_object(spec: &OperationSpec, body: &Value) -> (Error, Fate) {
    let received = clean::line(&body.to_string(), 60);
    if spec.effect == Effect::Read {
        let message = format!("The account has no such object: the API's answer is {received}.");
        return (Error::new(Code::NotFound, message), Fate::NotExecuted);
    }
    let message = format!("The API's answer to {} reports success but has no object: {received}.", spec.name);
    (Error::new(Code::UpstreamError, message), Fate::Unknown)
}

/// The object in a body: the body itself, under `data`, or under `name`.
fn one(body: Value, name: &str) -> Option<Value> {
    let Value::Object(mut object) = body else { return None };
    if !object.contains_key("id") {
        for key in ["data", name] {
            if object.get(key).is_some_and(Value::is_object) {
                return object.remove(key);
            }
        }
    }
    Some(Value::Object(object))
}

/// The list in a body: `{data, meta}`, an array, or an object with a named array.
fn many(body: Value) -> Option<ListAnswer> {
    match body {
        Value::Array(items) => Some(ListAnswer::of(items)),
        Value::Object(mut object) => {
            let key = match object.get("data") {
                Some(Value::Array(_)) => "data".to_owned(),
                _ => object.iter().find(|(_, value)| value.is_array()).map(|(key, _)| key.clone())?,
            };
            let Some(Value::Array(items)) = object.shift_remove(&key) else { return None };
            let mut meta = match object.shift_remove("meta") {
                Some(Value::Object(meta)) => meta,
                _ => Map::new(),
            };
            // In `{contacts: […], total: 5}`, the other members describe the list.
            meta.extend(object);
            Some(ListAnswer { paging: ListPaging::reported(meta), ..ListAnswer::of(items) })
        }
        _ => None,
    }
}

/// The error for a refusal by the API.
pub fn failure(status: StatusCode, body: &Body) -> Error {
    if let Some(conflict) = conflict::from_refusal(status, body) {
        return conflict;
    }
    let said = api_message(body).map_or(String::new(), |text| format!(" The API says: {text}"));
    let (code, sentence) = match status.as_u16() {
        400 | 422 => (Code::InvalidArguments, "The API refused the request.".to_owned()),
        403 => (Code::Forbidden, "This credential is not allowed to do that.".to_owned()),
        404 | 410 => (Code::NotFound, "The account has no such object.".to_owned()),
        409 => (Code::Conflict, "The object's state does not allow that.".to_owned()),
        status => (Code::UpstreamError, format!("The API answered {status}.")),
    };
    Error::new(code, format!("{sentence}{said}"))
}
