//! Arguments and bodies from outside, for the fuzz targets and their tests.

use super::document;
use crate::{
    answer,
    client::{self, Moment, Response},
    crm::{ALL, Entry, Invocation, Shape},
};
use http::StatusCode;
use serde_json::{Map, Value, json};

/// The tool that the first byte names, and the rest.
fn tool(data: &[u8]) -> Option<(&'static Entry, &[u8])> {
    let (first, rest) = data.split_first()?;
    let remote: Vec<&Entry> = ALL.iter().filter(|entry| super::document::has(entry)).collect();
    Some((remote.get(usize::from(*first) % remote.len())?, rest))
}

/// Each line becomes an argument, as JSON if it is any; a line that is an object gives arguments by name.
fn arguments_of(entry: &Entry, data: &[u8]) -> Map<String, Value> {
    let names = entry.input_schema().get("properties").and_then(Value::as_object).into_iter().flatten();
    let mut arguments = Map::new();
    for ((name, _), line) in names.zip(data.split(|byte| *byte == b'\n')) {
        let text = String::from_utf8_lossy(line).into_owned();
        match serde_json::from_str(&text) {
            Ok(Value::Object(named)) if arguments.is_empty() => arguments.extend(named),
            Ok(value) => drop(arguments.insert(name.clone(), value)),
            Err(_) => drop(arguments.insert(name.clone(), text.into())),
        }
    }
    arguments
}

pub(crate) fn arguments(data: &[u8]) {
    let Some((entry, rest)) = tool(data) else { return };
    let Ok(invocation) = entry.parse(arguments_of(entry, rest)) else { return };
    let Ok(request) = document::request(&invocation) else { return };
    let (before, after) = entry
        .path
        .split_once('{')
        .map_or((entry.path, ""), |(before, rest)| (before, rest.split_once('}').map_or("", |(_, after)| after)));
    assert!(request.path.starts_with(before) && request.path.ends_with(after), "{}", request.path);
    assert_eq!(request.path.matches('/').count(), entry.path.matches('/').count(), "{}", request.path);
    let url = client::fuzzing::address(&request);
    assert_eq!((url.host_str(), url.path()), (Some("api.example"), request.path.as_str()));
    assert!(url.fragment().is_none() && (entry.takes_query || url.query().is_none()), "{url}");
}

/// An invocation of the tool that needs no particular arguments.
pub(super) fn any_invocation(entry: &'static Entry) -> Option<Invocation> {
    let required = entry.input_schema().get("required").and_then(Value::as_array).into_iter().flatten();
    let mut arguments: Map<String, Value> = required
        .filter_map(Value::as_str)
        .map(|name| {
            let value = match name {
                "email" => json!("a@example.com"),
                "value" => json!(1),
                "status" => json!("open"),
                "url" => json!("https://example.com"),
                "events" => json!(["contact.created"]),
                _ => json!("a1"),
            };
            (name.to_owned(), value)
        })
        .collect();
    arguments.extend(entry.clearable.first().map(|field| ("clear".to_owned(), json!([field]))));
    entry.parse(arguments).ok()
}

pub(crate) fn body(data: &[u8]) {
    let Some((entry, rest)) = tool(data) else { return };
    let Some(invocation) = any_invocation(entry) else { return };
    let statuses = [StatusCode::OK, StatusCode::CREATED, StatusCode::NOT_FOUND, StatusCode::CONFLICT];
    for status in statuses {
        let body = client::fuzzing::body(rest);
        let response = Response { status, body, sent_at: Moment::now(), repeated_after_doubt: false };
        match document::answer(&invocation, response) {
            Ok(value) => {
                let answer = answer::finish(&invocation, value, answer::LEAST);
                assert!(answer.to_string().len() <= answer::LEAST, "{answer}");
                match entry.shape {
                    Shape::Many => assert!(answer.get("data").is_some_and(Value::is_array), "{answer}"),
                    Shape::One(_) => assert!(answer.get("id").is_some_and(Value::is_string), "{answer}"),
                    Shape::Deleted => assert_eq!(answer.get("deleted"), Some(&true.into()), "{answer}"),
                }
            }
            Err((error, _)) => {
                let error = answer::finish_error(error, answer::LEAST).to_json().to_string();
                assert!(error.len() <= 2 * answer::LEAST && !error.contains('\u{202e}'), "{error}");
            }
        }
    }
}
