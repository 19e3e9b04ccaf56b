//! The images of the journal: objects before and after writes, and the values in them. Pure.

use crate::service::field_value;
use highlevel_catalog::HIDDEN;
use highlevel_store::JournalEntry;
use serde_json::Value;
use std::collections::BTreeSet;

/// Fields whose members change one by one.
pub(super) const NESTED: [&str; 2] = ["address", "customFields"];

/// Arguments of updates that are no fields of the object.
const MODIFIERS: [&str; 4] = ["notify", "timeZone", "clear", "replace"];

/// The mark of a token that was masked.
const REDACTED: &str = "[redacted]";

/// What the journal has of an image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Image<'a> {
    Object(&'a Value),
    /// It was there once.
    Gone(&'static str),
    None,
}

/// The image of an entry.
pub(super) fn of<'a>(entry: &'a JournalEntry, name: &str) -> Image<'a> {
    let Some(image) = entry.members.get(name) else { return Image::None };
    let is = |why: &str| image.get(why) == Some(&Value::Bool(true)) && image.get("sha256").is_some();
    match image {
        Value::Object(_) if is("pruned") => Image::Gone("pruned"),
        Value::Object(_) if is("missing") => Image::Gone("removed"),
        Value::Object(members) if members.contains_key("omittedBytes") => Image::Gone("left out by an older version"),
        Value::Object(_) => Image::Object(image),
        _ => Image::None,
    }
}

/// The value at a path with at most one dot.
pub(super) fn value<'a>(object: &'a Value, path: &str) -> &'a Value {
    match path.split_once('.') {
        Some((outer, inner)) if NESTED.contains(&outer) => {
            field_value(object, outer).get(inner).unwrap_or(&Value::Null)
        }
        _ => field_value(object, path),
    }
}

/// The value at a path as the argument that restores it. A stage's name may be in several pipelines, and a calendar's may
/// change: their ids do not.
pub(super) fn argument(object: &Value, path: &str) -> Value {
    let id = match path {
        "stage" => field_value(object, "pipelineStageId"),
        "calendar" => field_value(object, "calendarId"),
        _ => &Value::Null,
    };
    if id.is_string() { id.clone() } else { value(object, path).clone() }
}

/// The last part of a path, by which values are compared.
pub(super) fn leaf(path: &str) -> &str {
    path.split_once('.').map_or(path, |(_, inner)| inner)
}

/// The paths that an update wrote: each member of a nested field by itself. Tags are not among them.
pub(super) fn written_paths(entry: &JournalEntry, before: &Value, after: Option<&Value>) -> BTreeSet<String> {
    let arguments = entry.members.get("arguments").and_then(Value::as_object);
    let fields: BTreeSet<String> = match entry.members.get("fields").and_then(Value::as_array) {
        Some(fields) => fields.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        None => arguments.into_iter().flatten().map(|(name, _)| name.clone()).filter(|name| name != "id").collect(),
    };
    let mut paths = BTreeSet::new();
    for field in fields {
        let name = field.as_str();
        if MODIFIERS.contains(&name) || ["tags", "addTags", "removeTags"].contains(&name) {
            continue;
        }
        if !NESTED.contains(&name) {
            paths.insert(field);
            continue;
        }
        let given = arguments.and_then(|arguments| arguments.get(name));
        for object in [Some(field_value(before, name)), after.map(|after| field_value(after, name)), given] {
            let members = object.and_then(Value::as_object).into_iter().flatten();
            paths.extend(members.map(|(member, _)| format!("{name}.{member}")));
        }
    }
    paths
}

/// The value that an update wrote: as the object showed it then, else as it was sent.
pub(super) fn written(entry: &JournalEntry, after: Option<&Value>, path: &str) -> Value {
    let is_partial = entry.members.get("partial") == Some(&Value::Bool(true));
    match after.map(|after| value(after, path)) {
        Some(shown) if !shown.is_null() || !is_partial => shown.clone(),
        _ => entry.members.get("arguments").map_or(Value::Null, |arguments| value(arguments, path).clone()),
    }
}

/// Whether a secret was masked in a value, so that it cannot be written back.
pub(super) fn is_masked(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains(HIDDEN) || text.contains(REDACTED),
        Value::Array(items) => items.iter().any(is_masked),
        Value::Object(members) => members.values().any(is_masked),
        _ => false,
    }
}
