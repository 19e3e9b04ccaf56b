//! Invocations for the tests of both APIs, and for `fuzz/checks`.

use highlevel_catalog::{Effect, Invocation, OperationSpec};
use serde_json::{Map, Value, json};

/// An invocation of any operation, with arbitrary valid arguments.
pub(super) fn any_invocation(spec: &'static OperationSpec) -> Option<Invocation> {
    let required = spec.input_schema().get("required").and_then(Value::as_array).into_iter().flatten();
    let mut arguments: Map<String, Value> = required
        .filter_map(Value::as_str)
        .map(|name| {
            let properties = spec.input_schema().get("properties");
            let word = properties.and_then(|all| all.get(name)?.get("enum")?.get(0)).cloned();
            let value = match name {
                "email" => json!("a@example.com"),
                "dueDate" => json!("2030-01-01"),
                "value" => json!(1),
                "channel" => json!("SMS"),
                "currency" => json!("USD"),
                "items" => json!([{"name": "a", "amount": 1}]),
                "status" => json!("open"),
                "startTime" => json!("2026-03-01T09:00"),
                "url" => json!("https://example.com"),
                "events" => json!(["contact.created"]),
                _ => json!("a1"),
            };
            (name.to_owned(), word.unwrap_or(value))
        })
        .collect();
    // An update changes something.
    let has = |name: &&&str| spec.input_schema().get("properties").is_some_and(|all| all.get(**name).is_some());
    if spec.effect == Effect::Update && spec.clearable.is_empty() {
        let field = ["title", "firstName"].iter().find(has);
        arguments.extend(field.map(|field| ((*field).to_owned(), json!("a1"))));
    }
    arguments.extend(spec.clearable.first().map(|field| ("clear".to_owned(), json!([field]))));
    spec.parse(arguments).ok()
}
