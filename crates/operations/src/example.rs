//! Examples of valid arguments.

use crate::operation::Operation;
use highlevel_core::error::Result;
use serde_json::{Map, Value, json};

/// The depth to which optional members are left out and required ones are shown.
const DEPTH: usize = 6;

/// Arguments that pass the operation's schema: those that are required.
///
/// # Errors
/// `internal` if the build packed no facts for the operation.
pub fn example(operation: &'static Operation) -> Result<Map<String, Value>> {
    let schema = operation.spec()?.input_schema();
    Ok(members(schema, DEPTH))
}

/// An object with its required members.
fn members(schema: &Map<String, Value>, depth: usize) -> Map<String, Value> {
    let properties = schema.get("properties").and_then(Value::as_object);
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let value = |name: &str| Some((name.to_owned(), of(name, properties?.get(name)?, depth)));
    required.filter_map(value).collect()
}

/// A value that fits the schema.
fn of(name: &str, schema: &Value, depth: usize) -> Value {
    if let Some(word) = schema.get("enum").and_then(|words| words.get(0)) {
        return word.clone();
    }
    if let Some(choice) = schema.get("anyOf").and_then(|choices| choices.get(0)) {
        return of(name, choice, depth);
    }
    if let Some(example) = schema.get("example").filter(|_| schema.get("type") != Some(&"object".into())) {
        return example.clone();
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("integer" | "number") => number(schema),
        Some("boolean") => true.into(),
        Some("array") => {
            let least = schema.get("minItems").and_then(Value::as_u64).unwrap_or(1).clamp(1, 10);
            let item =
                schema.get("items").map_or_else(|| "text".into(), |item| of(name, item, depth.saturating_sub(1)));
            (0..least).map(|_| item.clone()).collect()
        }
        Some("object") => match schema.as_object() {
            Some(schema) if depth > 0 => members(schema, depth - 1).into(),
            _ => json!({}),
        },
        _ => text(name, schema),
    }
}

fn number(schema: &Value) -> Value {
    let bound = |name: &str| schema.get(name).and_then(Value::as_i64);
    match (bound("minimum"), bound("maximum")) {
        (Some(least), _) => least.max(1).into(),
        (None, Some(most)) => most.min(1).into(),
        (None, None) => 1.into(),
    }
}

/// A text in the form that the argument's name and format suggest.
fn text(name: &str, schema: &Value) -> Value {
    let lower = name.to_ascii_lowercase();
    let has = |part: &str| lower.contains(part);
    let text = match schema.get("format").and_then(Value::as_str) {
        Some("date-time") => "2026-12-01T10:00:00Z",
        Some("date") => "2026-12-01",
        Some("binary") => "file.pdf",
        _ if has("email") => "ada@example.com",
        _ if has("phone") || lower == "from" || lower == "to" => "+15550100100",
        _ if has("timezone") => "America/New_York",
        _ if has("currency") => "USD",
        _ if has("country") => "US",
        _ if has("url") || has("website") || has("domain") => "https://example.com",
        _ if has("date") || lower.ends_with("time") || lower.ends_with("at") => "2026-12-01T10:00:00Z",
        _ if has("color") => "#3366FF",
        _ if lower == "id" || lower.ends_with("id") || lower.ends_with("ids") => "ve9EPM428h8vShlRW1KT",
        _ if has("slug") => "spring-offer",
        _ => "text",
    };
    let least = schema.get("minLength").and_then(Value::as_u64).unwrap_or(0);
    let most = schema.get("maxLength").and_then(Value::as_u64).unwrap_or(u64::MAX);
    let fit = |length: u64| usize::try_from(length).unwrap_or(usize::MAX);
    let mut text = text.to_owned();
    while text.chars().count() < fit(least) {
        text.push('x');
    }
    text.chars().take(fit(most)).collect::<String>().into()
}
