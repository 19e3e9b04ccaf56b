//! Locations inside of a call's arguments, such as the `altId` of an estimate that is sent at once.

use highlevel_catalog::{
    Invocation,
    place::{ALT_ID, ALT_TYPE, LOCATION_NAMES},
};
use highlevel_core::error::{Code, Error, Result};
use serde_json::{Map, Value};

/// The members that list locations.
const LISTS: [&str; 2] = ["locationIds", "location_ids"];

/// Refuses arguments that name another location in their members. Those that name one themselves are checked with the
/// request.
///
/// # Errors
/// `policy_denied` with the member.
pub(in crate::api) fn check(invocation: &Invocation, location: &str) -> Result<()> {
    if invocation.spec.passthrough.is_none() {
        return Ok(());
    }
    for (name, value) in invocation.arguments.iter() {
        if LISTS.contains(&name) {
            check_list(value, name, location)?;
        }
        check_value(value, name, location)?;
    }
    Ok(())
}

fn check_value(value: &Value, path: &str, location: &str) -> Result<()> {
    match value {
        Value::Array(items) => {
            let mut each = items.iter().enumerate();
            each.try_for_each(|(index, item)| check_value(item, &format!("{path}[{index}]"), location))
        }
        Value::Object(members) => members.iter().try_for_each(|(name, member)| {
            let path = format!("{path}.{name}");
            if is_other(members, name, member, location) {
                return Err(other_location(&path, location));
            }
            if LISTS.contains(&name.as_str()) {
                check_list(member, &path, location)?;
            }
            check_value(member, &path, location)
        }),
        _ => Ok(()),
    }
}

fn is_other(members: &Map<String, Value>, name: &str, member: &Value, location: &str) -> bool {
    let is_location = members.get(ALT_TYPE).and_then(Value::as_str).is_none_or(|of| of.trim() == "location");
    let names_one = LOCATION_NAMES.contains(&name) || (name == ALT_ID && is_location);
    names_one && member.as_str().is_some_and(|id| !id.is_empty() && id != location)
}

fn check_list(value: &Value, path: &str, location: &str) -> Result<()> {
    let mut ids = value.as_array().into_iter().flatten().filter_map(Value::as_str);
    if ids.any(|id| id != location) { Err(other_location(path, location)) } else { Ok(()) }
}

fn other_location(path: &str, location: &str) -> Error {
    let message =
        format!("`{path}` names another location than this server's, {location}. Leave it out, or give that one.");
    Error { field: Some(path.to_owned()), ..Error::new(Code::PolicyDenied, message) }
}
