//! The answer in a response.

use crate::api::{conflict, refusal};
use highlevel_api_client::{Body, Fate, Response, api_message};
use highlevel_catalog::{Answer, AnswerShape, Effect, Invocation, ListAnswer, ListPaging, OperationSpec};
use highlevel_core::clean;
use highlevel_core::error::{Code, Error};
use http::StatusCode;
use serde_json::{Map, Value, json};

/// The answer in a response, or the failure with what is known of the effect.
///
/// # Errors
/// What the API refuses; `upstream_error` for an answer that holds nothing of what was asked for.
pub fn answer(invocation: &Invocation, response: Response) -> Result<Answer, (Error, Fate)> {
    let spec = invocation.spec;
    if !response.status.is_success() {
        // This attempt was refused; an earlier one of the same request may have taken effect.
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
        (AnswerShape::One(name), Body::Json(body)) if is_void(&body, name) => Err(nothing(spec, &body)),
        (AnswerShape::One(name), Body::Json(body)) => {
            let mut object = match one(body, name) {
                Some(object) => object,
                None if spec.effect == Effect::Update => Value::Null,
                None => return Err(unreadable("holds no object")),
            };
            spec.answer_fields().fit(&mut object);
            let has_id = object.get("id").is_some_and(Value::is_string);
            match &invocation.id {
                _ if has_id => Ok(Answer::Object(object)),
                // `{"succeeded": true}`: the update was taken, and what became of the object has to be read.
                Some(id) if spec.effect == Effect::Update => Ok(Answer::Object(json!({"id": id.as_str()}))),
                _ => Err(unreadable("holds an object without an id")),
            }
        }
        (AnswerShape::Many, Body::Json(body)) => {
            let list = many(body).ok_or_else(|| unreadable("holds no list"))?;
            Ok(Answer::List(fitted(spec, list)))
        }
        (_, Body::Text(_) | Body::Empty) => Err(unreadable("is no JSON")),
    }
}

/// A list whose items have the types that the schema names. Items without an id are set aside.
pub(in crate::api) fn fitted(spec: &OperationSpec, mut list: ListAnswer) -> ListAnswer {
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

/// Whether an answer gives no object where it has its place: `null`, `{}`, `{"contact": null}`, `{"data": {}}`.
pub(in crate::api) fn is_void(body: &Value, name: &str) -> bool {
    match body {
        Value::Null => true,
        Value::Object(object) if object.contains_key("id") => false,
        Value::Object(object) => {
            let empty = |inner: &Value| match inner {
                Value::Array(items) => items.is_empty(),
                Value::Object(_) | Value::Null => is_void(inner, name),
                _ => false,
            };
            object.is_empty() || ["data", name].iter().any(|place| object.get(*place).is_some_and(empty))
        }
        _ => false,
    }
}

/// The failure of an answer that gives no object: to a read it says that there is none, to a write nothing.
pub(in crate::api) fn nothing(spec: &OperationSpec, body: &Value) -> (Error, Fate) {
    let came = clean::line(&body.to_string(), 60);
    if spec.effect == Effect::Read {
        let message = format!("The account has no such object: the API's answer holds none ({came}).");
        return (Error::new(Code::NotFound, message), Fate::NotExecuted);
    }
    let message = format!("The API's answer to {} says success and holds no object ({came}).", spec.name);
    (Error::new(Code::UpstreamError, message), Fate::Unknown)
}

/// A single object: bare, under `data`, or under its own name.
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

/// A list: `{data, meta}`, a bare array, or an object with a named array.
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
            // `{contacts: […], total: 5}`: the members beside the list describe it.
            meta.extend(object);
            Some(ListAnswer { paging: ListPaging::reported(meta), ..ListAnswer::of(items) })
        }
        _ => None,
    }
}

/// The error for an answered refusal.
pub fn failure(status: StatusCode, body: &Body) -> Error {
    if let Some(conflict) = conflict::with_another(status, body) {
        return conflict;
    }
    let said = api_message(body).map_or(String::new(), |text| format!(" The API says: {text}"));
    let (code, sentence) = match status.as_u16() {
        400 | 422 => (Code::InvalidArguments, "The API refused the request.".to_owned()),
        403 => (Code::Forbidden, "This credential may not do that.".to_owned()),
        404 | 410 => (Code::NotFound, "The account has no such object.".to_owned()),
        409 => (Code::Conflict, "The object's state does not allow that.".to_owned()),
        status => (Code::UpstreamError, format!("The API answered {status}.")),
    };
    Error::new(code, format!("{sentence}{said}"))
}
