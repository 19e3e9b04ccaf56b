//! The document's API: requests from invocations and answers from responses. Pure functions.

use crate::{
    client::{Body, Expect, Fate, Repeat, Request, Response, Service, api_message},
    crm::{ALL, Effect, Entry, Invocation, Shape, Toolset, Verb, lenient},
    error::{Code, Error, Result},
};
use http::{Method, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

/// Everything but what may stand in a path segment as it is.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Arguments that are ours and never sent.
const LOCAL: [&str; 2] = ["fields", "contentOffset"];

/// The request for an invocation ("Endpoint Catalog").
///
/// # Errors
/// `invalid_arguments` for an id that names another resource of the API.
pub(super) fn request(invocation: &Invocation) -> Result<Request> {
    let entry = invocation.entry;
    let fields = invocation.arguments.iter().filter(|(name, _)| !LOCAL.contains(&name.as_str()));
    let rest: Map<String, Value> = match in_path(entry) {
        Some(argument) => fields.filter(|(name, _)| *name != argument).map(|(k, v)| (k.clone(), v.clone())).collect(),
        None => fields.map(|(k, v)| (k.clone(), v.clone())).collect(),
    };
    let (query, body) = match entry.verb {
        Verb::Get if entry.takes_query => (query(&rest), None),
        Verb::Get | Verb::Delete => (Vec::new(), None),
        // A publish has no fields beside its id, and its body is empty.
        Verb::Post | Verb::Put => (Vec::new(), (!rest.is_empty()).then_some(Value::Object(rest))),
    };
    Ok(Request {
        method: match entry.verb {
            Verb::Get => Method::GET,
            Verb::Post => Method::POST,
            Verb::Put => Method::PUT,
            Verb::Delete => Method::DELETE,
        },
        service: service(entry.toolset),
        path: path(invocation)?,
        query,
        body,
        repeat: match entry.effect {
            Effect::Read | Effect::Update | Effect::Delete => Repeat::Freely,
            Effect::Create | Effect::Publish => Repeat::IfNotExecuted,
        },
        expect: if entry.shape == Shape::Deleted { Expect::Anything } else { Expect::Json },
    })
}

/// Which service an operation's resource lives on ("API Base URLs").
fn service(toolset: Toolset) -> Service {
    match toolset {
        Toolset::Locations => Service::Location,
        Toolset::Pages | Toolset::Funnels => Service::PageBuilder,
        _ => Service::Backend,
    }
}

/// The argument that fills the path's braces, if there are any.
fn in_path(entry: &Entry) -> Option<&'static str> {
    entry.path.contains('{').then(|| entry.id_argument())
}

fn path(invocation: &Invocation) -> Result<String> {
    let entry = invocation.entry;
    let (Some(argument), Some(id)) = (in_path(entry), &invocation.id) else {
        return Ok(entry.path.to_owned());
    };
    let fill = |text: &str| entry.path.replace(&format!("{{{argument}}}"), text);
    // `get_user("me")` would be another operation's path.
    let plain = fill(id.as_str());
    if ALL.iter().any(|other| other.path == plain) {
        return Err(Error::invalid(argument, format!("`{argument}` is no id: {plain} is another resource.")));
    }
    Ok(fill(&utf8_percent_encode(id.as_str(), SEGMENT).to_string()))
}

fn query(fields: &Map<String, Value>) -> Vec<(String, String)> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    fields
        .iter()
        .map(|(name, value)| match value {
            Value::Array(items) => (name.clone(), items.iter().map(text).collect::<Vec<_>>().join(",")),
            // 50.0 passes for an integer in JSON Schema, but not in a query.
            Value::Number(number) if number.is_f64() => {
                (name.clone(), number.as_f64().map_or_else(|| text(value), |number| format!("{number}")))
            }
            other => (name.clone(), text(other)),
        })
        .collect()
}

/// The answer in a response, or the failure with what is known of the effect.
pub(super) fn answer(invocation: &Invocation, response: Response) -> Result<Value, (Error, Fate)> {
    let entry = invocation.entry;
    if !response.status.is_success() {
        // Gone already: an earlier attempt, of which no answer came, did it.
        if entry.shape == Shape::Deleted && response.status == StatusCode::NOT_FOUND && response.repeated_after_doubt {
            return Ok(deleted(invocation, None));
        }
        return Err((failure(response.status, &response.body), Fate::NotExecuted));
    }
    let unreadable = |what: &str| {
        (Error::new(Code::UpstreamError, format!("The API's answer to {} {what}.", entry.name)), Fate::Unknown)
    };
    let mut value = match (entry.shape, response.body) {
        (Shape::Deleted, body) => return Ok(deleted(invocation, api_message(&body))),
        (Shape::One(name), Body::Json(body)) => one(body, name).ok_or_else(|| unreadable("holds no object"))?,
        (Shape::Many, Body::Json(body)) => many(body).ok_or_else(|| unreadable("holds no list"))?,
        (_, Body::Text(_) | Body::Empty) => return Err(unreadable("is no JSON")),
    };
    lenient::fit(entry.output_schema(), &mut value);
    if matches!(entry.shape, Shape::One(_)) && !value.get("id").is_some_and(Value::is_string) {
        return Err(unreadable("holds an object without an id"));
    }
    Ok(value)
}

fn deleted(invocation: &Invocation, message: Option<String>) -> Value {
    let mut value = json!({"id": invocation.id.as_ref().map(ToString::to_string), "deleted": true});
    if let (Some(message), Some(object)) = (message, value.as_object_mut()) {
        object.insert("message".into(), message.into());
    }
    value
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
fn many(body: Value) -> Option<Value> {
    match body {
        Value::Array(_) => Some(json!({"data": body, "meta": {}})),
        Value::Object(mut object) => {
            let key = match object.get("data") {
                Some(Value::Array(_)) => "data".to_owned(),
                _ => object.iter().find(|(_, value)| value.is_array()).map(|(key, _)| key.clone())?,
            };
            let data = object.shift_remove(&key)?;
            let mut meta = match object.shift_remove("meta") {
                Some(Value::Object(meta)) => meta,
                _ => Map::new(),
            };
            // `{contacts: […], total: 5}`: what stands beside the list describes it.
            meta.extend(object);
            Some(json!({"data": data, "meta": meta}))
        }
        _ => None,
    }
}

/// The error for an answered refusal ("Response Codes").
fn failure(status: StatusCode, body: &Body) -> Error {
    let said = api_message(body).map_or(String::new(), |text| format!(" The API says: {text}"));
    let (code, sentence) = match status.as_u16() {
        400 | 422 => (Code::InvalidArguments, "The API refused the request.".to_owned()),
        403 => (Code::Forbidden, "This credential may not do that.".to_owned()),
        404 => (Code::NotFound, "The account has no such object.".to_owned()),
        409 => (Code::Conflict, "The object's state does not allow that.".to_owned()),
        status => (Code::UpstreamError, format!("The API answered {status}.")),
    };
    Error::new(code, format!("{sentence}{said}"))
}
