//! Updates of nested fields. Whether the API merges or replaces them is not documented, so the whole is sent.

use super::objects;
use crate::{backend::Backend, context::CallContext, crm::Invocation, error::Result};
use serde_json::{Map, Value};

/// The fields of a contact that hold fields of their own.
const NESTED: [&str; 2] = ["address", "customFields"];

/// The same update with `address` and `customFields` whole: what the contact has, with what was given laid over it.
pub(super) async fn nested_fields(backend: &Backend, update: &Invocation, context: &CallContext) -> Result<Invocation> {
    let given: Vec<&str> =
        NESTED.into_iter().filter(|name| update.arguments.get(*name).is_some_and(Value::is_object)).collect();
    let mut merged = update.clone();
    if given.is_empty() {
        return Ok(merged);
    }
    let Some(contact) = objects::read(backend, update, context).await? else { return Ok(merged) };
    for name in given {
        let mut whole = match contact.get(name) {
            Some(Value::Object(fields)) => fields.clone(),
            _ => Map::new(),
        };
        if let Some(Value::Object(changes)) = update.arguments.get(name) {
            whole.extend(changes.clone());
        }
        merged.arguments.insert(name.to_owned(), whole.into());
    }
    Ok(merged)
}
