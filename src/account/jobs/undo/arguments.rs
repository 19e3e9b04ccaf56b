//! The arguments of the call that puts an object back. Pure.

use super::{
    changes::ObjectChanges,
    image::{self, NESTED},
};
use highlevel_catalog::OperationSpec;
use serde_json::{Map, Value};

/// Adds the arguments that give a field its old value.
pub(super) fn put_back(
    arguments: &mut Map<String, Value>,
    spec: &OperationSpec,
    path: &str,
    value: Value,
) -> std::result::Result<(), String> {
    let outer = path.split('.').next().unwrap_or(path);
    let known = spec.input_schema().get("properties").and_then(Value::as_object);
    if !known.is_some_and(|known| known.contains_key(outer)) {
        return Err(format!("{} has no argument for it.", spec.name));
    }
    if !is_empty(&value) {
        put_member(arguments, path, value);
        return Ok(());
    }
    if !spec.is_clearable(outer) {
        return Err("It was empty, and the API does not empty it.".to_owned());
    }
    if let Some(names) = arguments.entry("clear").or_insert_with(|| Value::Array(Vec::new())).as_array_mut() {
        names.push(path.into());
    }
    Ok(())
}

/// Adds required arguments that are no changes, such as the contact of a task.
pub(super) fn add_required(arguments: &mut Map<String, Value>, spec: &OperationSpec, changes: &ObjectChanges) {
    let required = spec.input_schema().get("required").and_then(Value::as_array).into_iter().flatten();
    for name in required.filter_map(Value::as_str) {
        let of_object = || changes.after.as_ref().map(|after| image::value(after, name));
        let value = changes.arguments.get(name).or_else(of_object).filter(|value| !value.is_null());
        if let (false, Some(value)) = (arguments.contains_key(name), value) {
            arguments.insert(name.to_owned(), value.clone());
        }
    }
}

/// Whether a call changes anything: it has more than the object's id and what every call needs.
pub(super) fn has_changes(spec: &OperationSpec, arguments: &Map<String, Value>) -> bool {
    let required = spec.input_schema().get("required").and_then(Value::as_array);
    let is_required = |name: &str| required.is_some_and(|all| all.iter().any(|one| one.as_str() == Some(name)));
    arguments.keys().any(|name| !is_required(name) && !spec.is_id_field(name))
}

/// The path among the arguments that an error is about.
pub(super) fn argument_of(arguments: &Map<String, Value>, field: &str) -> Option<String> {
    if let Some(at) = field.strip_prefix("clear[").and_then(|rest| rest.strip_suffix(']')) {
        let names = arguments.get("clear").and_then(Value::as_array)?;
        return names.get(at.parse::<usize>().ok()?)?.as_str().map(str::to_owned);
    }
    let path = field.split('[').next().unwrap_or(field);
    let (outer, inner) = path.split_once('.').map_or((path, None), |(outer, inner)| (outer, Some(inner)));
    let value = arguments.get(outer)?;
    match (inner, value) {
        (Some(inner), Value::Object(members)) if NESTED.contains(&outer) => {
            // A member of a member is the member's.
            let member = members
                .keys()
                .find(|name| *name == inner)
                .or_else(|| members.keys().find(|name| inner.starts_with(&format!("{name}."))))?;
            Some(format!("{outer}.{member}"))
        }
        _ => Some(outer.to_owned()),
    }
}

/// Takes a path out of the arguments, also where they clear it.
pub(super) fn remove(arguments: &mut Map<String, Value>, path: &str) {
    remove_member(arguments, path);
    if let Some(Value::Array(names)) = arguments.get_mut("clear") {
        names.retain(|name| name.as_str() != Some(path));
        if names.is_empty() {
            arguments.shift_remove("clear");
        }
    }
}

/// Takes the member at a path out of an object.
pub(super) fn remove_member(object: &mut Map<String, Value>, path: &str) {
    match path.split_once('.') {
        Some((outer, inner)) if NESTED.contains(&outer) => {
            if let Some(Value::Object(members)) = object.get_mut(outer) {
                members.shift_remove(inner);
                if members.is_empty() {
                    object.shift_remove(outer);
                }
            }
        }
        _ => drop(object.shift_remove(path)),
    }
}

/// Sets the member at a path.
pub(super) fn put_member(object: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once('.') {
        Some((outer, inner)) if NESTED.contains(&outer) => {
            let members = object.entry(outer.to_owned()).or_insert_with(|| Map::new().into());
            if let Some(members) = members.as_object_mut() {
                members.insert(inner.to_owned(), value);
            }
        }
        _ => drop(object.insert(path.to_owned(), value)),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// A value in a reason: short, and never a secret.
pub(super) fn shown(spec: &OperationSpec, path: &str, value: &Value) -> String {
    const SHOWN: usize = 60;
    if spec.is_sensitive(path) {
        return highlevel_catalog::HIDDEN.to_owned();
    }
    let text = if value.is_null() { "empty".to_owned() } else { value.to_string() };
    highlevel_core::clean::line(&text, SHOWN)
}
