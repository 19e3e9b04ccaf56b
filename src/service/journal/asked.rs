//! Which fields of the object a write was asked to change.

use highlevel_catalog::{Effect, Invocation};
use serde_json::Value;
use std::collections::BTreeSet;

/// Fields whose members change one by one.
const NESTED: [&str; 2] = ["address", "customFields"];

/// The fields that a write was asked to set, change or clear, as paths in the object: `email`, `customFields.score`.
pub(in crate::service) fn fields(write: &Invocation) -> BTreeSet<String> {
    match write.spec.effect {
        Effect::Delete | Effect::Read => return BTreeSet::new(),
        Effect::Publish => return BTreeSet::from(["status".to_owned()]),
        Effect::Create | Effect::Update | Effect::Send | Effect::Money | Effect::Start | Effect::Access => {}
    }
    // Names that were resolved to ids have arguments of their own, which no caller gave.
    let known = write.spec.input_schema().get("properties").and_then(Value::as_object);
    let is_known = |name: &str| known.is_some_and(|known| known.contains_key(name));
    let mut fields = BTreeSet::new();
    for (name, value) in write.fields().filter(|(name, _)| is_known(name)) {
        match (name, value) {
            ("addTags" | "removeTags", _) => drop(fields.insert("tags".to_owned())),
            ("replace", _) => drop(fields.insert("content".to_owned())),
            (_, Value::Object(members)) if NESTED.contains(&name) => {
                fields.extend(members.keys().map(|member| format!("{name}.{member}")));
            }
            _ => drop(fields.insert(name.to_owned())),
        }
    }
    fields
}

/// Whether `after` lacks a member that `before` has and that the write was not asked to change: the answer showed a part
/// of the object.
pub(in crate::service) fn lacks_members(write: &Invocation, before: &Value, after: &Value) -> bool {
    let asked = fields(write);
    let is_asked = |path: &str| asked.contains(path);
    let (Some(before), Some(after)) = (before.as_object(), after.as_object()) else { return false };
    before.iter().filter(|(name, value)| !is_empty(value) && !is_asked(name)).any(|(name, old)| {
        match (NESTED.contains(&name.as_str()), old, after.get(name)) {
            (_, _, None) => !asked.iter().any(|path| path.split('.').next() == Some(name)),
            (true, Value::Object(old), Some(Value::Object(new))) => old.iter().any(|(member, value)| {
                !is_empty(value) && !new.contains_key(member) && !is_asked(&format!("{name}.{member}"))
            }),
            _ => false,
        }
    })
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}
