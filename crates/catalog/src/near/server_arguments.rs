//! Arguments of the server itself: the account's location, and the confirmation token.

use super::{normalized, property, unquoted};
use crate::{meaning::Scope, schema::CONFIRMATION_TOKEN, spec::OperationSpec};
use highlevel_core::error::{Code, Error, Result};
use serde_json::{Map, Value};

/// The arguments that name a location although the operation takes none.
fn locations_in(spec: &OperationSpec, arguments: &Map<String, Value>) -> Vec<String> {
    if spec.scope_fields.iter().any(|field| field.of == Scope::Location) {
        return Vec::new();
    }
    let schema = spec.input_schema();
    let is_location = |name: &&String| normalized(name) == "locationid" && property(schema, name).is_none();
    arguments.keys().filter(is_location).cloned().collect()
}

/// Whether a call names a location although its operation takes none.
pub fn names_location(spec: &OperationSpec, arguments: &Map<String, Value>) -> bool {
    let names =
        |name: &String| arguments.get(name).and_then(Value::as_str).is_some_and(|text| !unquoted(text).is_empty());
    locations_in(spec, arguments).iter().any(names)
}

/// Removes the account's own location from the arguments of an operation that takes no location. Models often add it,
/// and every call is about that location anyway.
///
/// # Errors
/// `policy_denied` for another location. `invalid_arguments` if the account's own location is unknown.
pub fn drop_location(spec: &OperationSpec, arguments: &mut Map<String, Value>, own: Option<&str>) -> Result<()> {
    for name in locations_in(spec, arguments) {
        let value = arguments.shift_remove(&name).unwrap_or_default();
        let text = value.as_str().map(unquoted);
        let error = match (text, own) {
            (Some(""), _) => continue,
            _ if value.is_null() => continue,
            (Some(text), Some(own)) if text == own => continue,
            (_, Some(own)) => Error::new(
                Code::PolicyDenied,
                format!("`{name}` names another location: this server is pinned to {own}. Leave `{name}` out."),
            ),
            (_, None) => Error::new(
                Code::InvalidArguments,
                format!(
                    "Unknown argument `{name}`: every call is about the credential's location. Leave `{name}` out."
                ),
            ),
        };
        return Err(Error { field: Some(name), ..error });
    }
    Ok(())
}

/// Removes the confirmation token from the arguments, under any spelling of its name. An empty token counts as none.
pub fn take_token(arguments: &mut Map<String, Value>) -> Option<Value> {
    let name = arguments.keys().find(|name| normalized(name) == normalized(CONFIRMATION_TOKEN))?.clone();
    match arguments.shift_remove(&name)? {
        Value::String(token) if unquoted(&token).is_empty() => None,
        Value::String(token) => Some(unquoted(&token).into()),
        other => Some(other),
    }
}
