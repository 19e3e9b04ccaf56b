//! The document's API: requests from invocations and answers from responses. Pure functions.

mod forms;

pub(super) use forms::form_of;

use super::{conflict, refusal};
use highlevel_api_client::{Body, Expect, Fate, Repeat, Request, Response, Service, api_message};
use highlevel_catalog::{ALL, Effect, Entry, Id, Invocation, Shape, Toolset, Verb, advice_on, lenient, list::listing};
use highlevel_core::clean;
use highlevel_core::error::{Code, Error, Result};
use http::{Method, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

/// Everything but what may stand in a path segment as it is.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The argument that names a user.
const OWNER: &str = "assignedTo";

/// Arguments that are ours and never sent.
const LOCAL: [&str; 2] = ["fields", "contentOffset"];

/// Whether the document has the operation.
pub(super) fn has(entry: &Entry) -> bool {
    !entry.path.is_empty()
}

/// Refuses what is no id where an id has to stand: the other API takes names there.
pub(super) fn check(invocation: &Invocation) -> Result<()> {
    match invocation.text(OWNER).map(str::parse::<Id>) {
        Some(Err(problem)) => {
            let advice = advice_on("user", invocation.text(OWNER).unwrap_or_default());
            Err(Error::invalid(OWNER, format!("`{OWNER}` {problem}.{advice}")))
        }
        _ => Ok(()),
    }
}

/// Whether the API's filter finds what is meant by this value: tags are comma separated, deals have a status that it does
/// not know, and a number has many forms.
pub(super) fn filters(list: &Entry, field: &str, value: &str) -> bool {
    match (list.toolset, field) {
        (Toolset::Opportunities, "status") => value != "negotiation",
        (Toolset::Opportunities, "contactId") => false,
        (_, "tags") => !value.contains(','),
        // It may be compared letter by letter.
        (Toolset::Contacts, "phone") => false,
        _ => true,
    }
}

/// The request for an invocation ("Endpoint Catalog").
///
/// # Errors
/// `invalid_arguments` for an id that names another resource of the API.
pub fn request(invocation: &Invocation) -> Result<Request> {
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
        version: None,
        scope: None,
        query,
        body,
        repeat: match entry.effect {
            Effect::Read | Effect::Update | Effect::Delete => Repeat::Freely,
            Effect::Create | Effect::Publish | Effect::Send | Effect::Access => Repeat::IfNotExecuted,
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
            other => (name.clone(), text(other)),
        })
        .collect()
}

/// The answer in a response, or the failure with what is known of the effect.
pub fn answer(invocation: &Invocation, response: Response) -> Result<Value, (Error, Fate)> {
    let entry = invocation.entry;
    if !response.status.is_success() {
        // This attempt was refused; an earlier one of the same request may have taken effect.
        let fate = match response.repeated_after_doubt {
            true => Fate::Unknown,
            false => refusal::fate(entry, response.status, &response.body, &invocation.arguments),
        };
        return Err((failure(response.status, &response.body), fate));
    }
    let unreadable = |what: &str| {
        (Error::new(Code::UpstreamError, format!("The API's answer to {} {what}.", entry.name)), Fate::Unknown)
    };
    if let (Shape::One(name), Body::Json(body)) = (entry.shape, &response.body)
        && is_void(body, name)
    {
        return Err(nothing(entry, body));
    }
    let mut value = match (entry.shape, response.body) {
        (Shape::Deleted, body) => return Ok(deleted(invocation, api_message(&body))),
        (Shape::One(name), Body::Json(body)) => match one(body, name) {
            Some(object) => object,
            None if entry.effect == Effect::Update => Value::Null,
            None => return Err(unreadable("holds no object")),
        },
        (Shape::Many, Body::Json(body)) => many(body).ok_or_else(|| unreadable("holds no list"))?,
        (_, Body::Text(_) | Body::Empty) => return Err(unreadable("is no JSON")),
    };
    let odd = if entry.shape == Shape::Many { take_odd_items(&mut value) } else { Vec::new() };
    fit(entry, &mut value);
    if matches!(entry.shape, Shape::One(_)) && !value.get("id").is_some_and(Value::is_string) {
        match &invocation.id {
            // `{"succeeded": true}`: the update was taken, and what became of the object has to be read.
            Some(id) if entry.effect == Effect::Update => value = json!({"id": id.as_str()}),
            _ => return Err(unreadable("holds an object without an id")),
        }
    }
    if let (false, Some(list)) = (odd.is_empty(), value.as_object_mut()) {
        lenient::set_aside(list, odd.into());
    }
    Ok(value)
}

/// Makes an answer as its schema promises.
pub(super) fn fit(entry: &Entry, value: &mut Value) {
    entry.promise().fit(value);
}

/// Takes out of a list what is no object with an id.
pub(super) fn take_odd_items(list: &mut Value) -> Vec<Value> {
    let Some(items) = list.get_mut("data").and_then(Value::as_array_mut) else { return Vec::new() };
    items
        .extract_if(.., |item| !item.get("id").is_some_and(|id| id.is_string() || id.is_number() || id.is_boolean()))
        .collect()
}

fn deleted(invocation: &Invocation, message: Option<String>) -> Value {
    let mut value = json!({"id": invocation.id.as_ref().map(ToString::to_string), "deleted": true});
    if let (Some(message), Some(object)) = (message, value.as_object_mut()) {
        object.insert("message".into(), message.into());
    }
    value
}

/// Whether an answer gives no object where it has its place: `null`, `{}`, `{"contact": null}`, `{"data": {}}`.
pub(super) fn is_void(body: &Value, name: &str) -> bool {
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
pub(super) fn nothing(entry: &Entry, body: &Value) -> (Error, Fate) {
    let came = clean::line(&body.to_string(), 60);
    if entry.effect == Effect::Read {
        let message = format!("The account has no such object: the API's answer holds none ({came}).");
        return (Error::new(Code::NotFound, message), Fate::NotExecuted);
    }
    let message = format!("The API's answer to {} says success and holds no object ({came}).", entry.name);
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
fn many(body: Value) -> Option<Value> {
    match body {
        Value::Array(items) => Some(listing(items, Map::new()).into()),
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
            // `{contacts: […], total: 5}`: what stands beside the list describes it.
            meta.extend(object);
            Some(listing(items, meta).into())
        }
        _ => None,
    }
}

/// The error for an answered refusal ("Response Codes").
pub(super) fn failure(status: StatusCode, body: &Body) -> Error {
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

#[cfg(test)]
mod tests {
    use super::{answer, request};
    use crate::api::invocations::any_invocation;
    use highlevel_api_client::{Body, Moment, Response};
    use highlevel_catalog::{ALL, Invocation, find};
    use highlevel_core::UNREADABLE;
    use http::StatusCode;
    use proptest::prelude::*;
    use serde_json::{Map, Value, json};

    fn invocation(tool: &str, arguments: Value) -> Invocation {
        let arguments: Map<String, Value> = serde_json::from_value(arguments).unwrap();
        find(tool).unwrap().parse(arguments).unwrap()
    }

    fn read(tool: &str, arguments: Value, body: Value) -> Value {
        let response = Response {
            status: StatusCode::OK,
            body: Body::Json(body),
            sent_at: Moment::now(),
            repeated_after_doubt: false,
        };
        answer(&invocation(tool, arguments), response).unwrap()
    }

    #[test]
    fn an_object_is_found_wherever_it_stands() {
        for body in [json!({"id": "a"}), json!({"data": {"id": "a"}}), json!({"contact": {"id": "a"}, "traceId": "t"})]
        {
            assert_eq!(read("get_contact", json!({"id": "a"}), body), json!({"id": "a"}));
        }
    }

    #[test]
    fn a_list_is_found_wherever_it_stands() {
        let items = json!([{"id": "a"}]);
        for body in [items.clone(), json!({"data": items}), json!({"contacts": items, "count": 1})] {
            assert_eq!(read("list_contacts", json!({}), body)["data"], items);
        }
    }

    #[test]
    fn an_id_that_is_another_resource_is_refused() {
        let error = request(&invocation("get_user", json!({"userId": "me"}))).unwrap_err();
        assert_eq!(error.field.as_deref(), Some("userId"));
    }

    #[test]
    fn what_cannot_be_understood_is_set_aside_and_not_lost() {
        let body = json!({"id": 7, "value": "12.5", "probability": "high", "tags": "a, b", "extra": null});
        let read = read("get_opportunity", json!({"id": "7"}), body);
        let expected =
            json!({"id": "7", "value": 12.5, "tags": ["a", "b"], "extra": null, UNREADABLE: {"probability": "high"}});
        assert_eq!(read, expected);
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_filter("finite", |number| number.is_finite()).prop_map(Value::from),
            "[ -~]{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec(("[a-z]{1,8}", inner), 0..4).prop_map(|pairs| pairs.into_iter().collect()),
            ]
        })
    }

    /// Bodies that use the fields of the schema, with whatever in them.
    fn any_body(fields: Vec<String>) -> impl Strategy<Value = Value> {
        prop::collection::vec((prop::sample::select(fields), any_json()), 0..8)
            .prop_map(|pairs| pairs.into_iter().collect::<Map<_, _>>().into())
    }

    proptest! {
        #[test]
        fn whatever_the_api_answers_the_output_is_as_its_schema_promises(
            body in any_body(["id", "name", "value", "tags", "status", "data", "meta", "pages", "events", "settings", "address", "total"].map(str::to_owned).to_vec()),
            tool in prop::sample::select(ALL.iter().filter(|entry| super::has(entry)).collect::<Vec<_>>()),
        ) {
            let invocation = any_invocation(tool).unwrap();
            let response = Response { status: StatusCode::OK, body: Body::Json(body), sent_at: Moment::now(), repeated_after_doubt: false };
            if let Ok(value) = answer(&invocation, response) {
                let schema = Value::Object(tool.output_schema().clone());
                if let Err(error) = jsonschema::validate(&schema, &value) {
                    return Err(TestCaseError::fail(format!("{}: {error}: {value}", tool.name)));
                }
            }
        }
    }
}
