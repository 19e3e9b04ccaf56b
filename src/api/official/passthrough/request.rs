//! Requests from the arguments of a call. Pure functions.

use super::files::is_file;
use crate::api::{
    http_method,
    official::{endpoint::Account, request},
    path_segment, query_text,
};
use highlevel_api_client::{Expect, Request, Service};
use highlevel_catalog::{BodyForm, Invocation, Passthrough, Scope, marks::AGAIN, place::ALT_TYPE};
use highlevel_core::error::{Code, Error, Result};
use serde_json::{Map, Value};

/// The request of a call. `paging` are the arguments that page the list.
///
/// # Errors
/// `policy_denied` for another location. `invalid_arguments` for a value that the path cannot hold.
pub(super) fn build(
    invocation: &Invocation,
    form: &Passthrough,
    account: &Account<'_>,
    paging: &[(&str, Value)],
) -> Result<Request> {
    let spec = invocation.spec;
    let route = spec
        .route
        .as_http()
        .ok_or_else(|| Error::new(Code::Internal, format!("{} has no request in the official API.", spec.name)))?;
    let mut fields = fields(invocation, account)?;
    fields.extend(paging.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    let path = fill(&route.path, &mut fields)?;
    if form.body == BodyForm::Form {
        fields.retain(|name, _| !is_file(invocation, name));
    }
    let (query, body) = parts(fields, form);
    Ok(Request {
        method: http_method(route.method),
        service: Service::Backend,
        path,
        version: Some(spec.version.as_deref().unwrap_or(request::VERSION)),
        scope: spec.scopes.first().map(AsRef::as_ref),
        query,
        body,
        files: None,
        repeat: crate::api::repeat(invocation.effect()),
        expect: Expect::Anything,
        save: None,
    })
}

/// The path of a call's request. Calls that change the same object have the same path.
///
/// # Errors
/// As [`build`].
pub(in crate::api) fn path(invocation: &Invocation, location: &str) -> Result<String> {
    let route = invocation.spec.route.as_http().map(|route| route.path.to_string()).unwrap_or_default();
    let mut fields = fields(invocation, &Account { location, user: "" })?;
    fill(&route, &mut fields)
}

/// The arguments that are sent, with the location.
fn fields(invocation: &Invocation, account: &Account<'_>) -> Result<Map<String, Value>> {
    let schema = invocation.spec.input_schema();
    let properties = schema.get("properties").and_then(Value::as_object);
    let known = |name: &str| properties.and_then(|properties| properties.get(name));
    let mut fields = Map::new();
    let form = invocation.spec.passthrough.as_ref();
    // The server reads it itself.
    let is_own = |name: &str| name == AGAIN && form.is_some_and(|form| form.marks.sends.is_some());
    for (name, value) in invocation.arguments.iter().filter(|(name, _)| !is_own(name)) {
        let Some(schema) = known(name) else { continue };
        let value = if value.is_null() { empty(schema) } else { value.clone() };
        fields.insert(name.to_owned(), value);
    }
    for field in invocation.spec.scope_fields.iter().filter(|field| field.of == Scope::Location) {
        let given = fields.entry(field.name.to_string()).or_insert_with(|| account.location.into());
        if given.as_str() != Some(account.location) {
            return Err(other_location(&field.name, account.location));
        }
    }
    if known(ALT_TYPE).is_some() {
        let given = fields.entry(ALT_TYPE).or_insert_with(|| "location".into());
        if given.as_str() != Some("location") {
            return Err(other_location(ALT_TYPE, account.location));
        }
    }
    Ok(fields)
}

fn other_location(field: &str, location: &str) -> Error {
    let message = format!("`{field}` names something else than this server's location {location}. Leave it out.");
    Error { field: Some(field.to_owned()), ..Error::new(Code::PolicyDenied, message) }
}

/// The value that empties a field.
fn empty(schema: &Value) -> Value {
    let is_nullable = schema.get("nullable") == Some(&Value::Bool(true));
    match schema.get("type").and_then(Value::as_str) {
        _ if is_nullable => Value::Null,
        Some("array") => Vec::<Value>::new().into(),
        Some("string") => "".into(),
        _ => Value::Null,
    }
}

/// The path with its parameters, which are taken out of the fields. Escaping keeps each in one segment.
fn fill(route: &str, fields: &mut Map<String, Value>) -> Result<String> {
    let mut path = String::new();
    for (at, part) in route.split('{').enumerate() {
        let Some((name, rest)) = part.split_once('}').filter(|_| at > 0) else {
            path.push_str(part);
            continue;
        };
        let value = query_text(&fields.shift_remove(name).unwrap_or_default());
        let value = value.trim();
        // URL parsers take these segments away.
        if value.is_empty() || value == "null" || value.chars().all(|c| c == '.') {
            return Err(Error::invalid(
                name,
                format!("`{name}` must be an id or a key, such as ve9EPM428h8vShlRW1KT."),
            ));
        }
        path.push_str(&path_segment(value));
        path.push_str(rest);
    }
    Ok(path)
}

/// The query and the body. A list in the query repeats its name, unless the API takes it as one text.
fn parts(fields: Map<String, Value>, form: &Passthrough) -> (Vec<(String, String)>, Option<Value>) {
    let mut query = Vec::new();
    let mut body = Map::new();
    for (name, value) in fields {
        let in_query = form.body == BodyForm::None || form.query.iter().any(|known| *known == name);
        match value {
            Value::Array(items) if in_query && !form.joined.iter().any(|joined| *joined == name) => {
                query.extend(items.iter().map(|item| (name.clone(), query_text(item))));
            }
            value if in_query => query.push((name, query_text(&value))),
            value => drop(body.insert(name, value)),
        }
    }
    let body = match &form.body {
        BodyForm::None => None,
        BodyForm::Whole(name) => body.shift_remove(name),
        BodyForm::Json | BodyForm::Form => Some(body.into()),
    };
    (query, body)
}
