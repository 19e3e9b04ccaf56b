//! Updates of nested fields. Whether the API merges or replaces them is not documented, so the whole is sent.

use crate::crm::Invocation;
use serde_json::{Map, Value};

/// The fields of a contact that hold fields of their own.
const NESTED: [&str; 2] = ["address", "customFields"];

/// The nested fields that an update gives, for which the contact has to be read first.
pub(super) fn nested(update: &Invocation) -> impl Iterator<Item = &'static str> {
    NESTED.into_iter().filter(|name| update.arguments.get(*name).is_some_and(Value::is_object))
}

/// The same update with `address` and `customFields` whole: what the contact has, with what was given laid over it.
pub(super) fn nested_fields(update: &Invocation, contact: &Value) -> Invocation {
    let mut merged = update.clone();
    for name in nested(update) {
        let mut whole = match contact.get(name) {
            Some(Value::Object(fields)) => fields.clone(),
            _ => Map::new(),
        };
        if let Some(Value::Object(changes)) = update.arguments.get(name) {
            whole.extend(changes.clone());
        }
        merged.arguments.insert(name.to_owned(), whole.into());
    }
    merged
}
