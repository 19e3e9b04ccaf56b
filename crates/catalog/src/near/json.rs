//! Lists and objects written as text, or as lists of pairs.

use super::{VERBATIM, unquoted};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// Names of the key in a list of `{key, value}` pairs.
const KEYS: [&str; 4] = ["key", "id", "fieldKey", "name"];

/// Names of the value in a list of `{key, value}` pairs.
const VALUES: [&str; 4] = ["value", "field_value", "fieldValue", "fieldValueString"];

/// Parses a list: JSON, or strings separated by commas.
pub(super) fn list(name: &str, schema: &Map<String, Value>, text: &str) -> Option<Value> {
    let trimmed = text.trim();
    if trimmed.starts_with(['[', '{', '"']) {
        return match parse(trimmed)? {
            Value::Array(items) => Some(items.into()),
            Value::String(text) => list(name, schema, &text),
            Value::Object(item) => Some(vec![Value::Object(item)].into()),
            _ => None,
        };
    }
    let holds_texts = schema.get("items").and_then(|items| items.get("type")?.as_str()) == Some("string");
    match trimmed {
        "" => None,
        _ if !holds_texts => None,
        _ if VERBATIM.contains(&name) => Some(vec![Value::from(text)].into()),
        _ => Some(trimmed.split(',').map(unquoted).filter(|part| !part.is_empty()).map(Value::from).collect()),
    }
}

/// Parses JSON, or a Python literal with single quotes.
pub(super) fn parse(text: &str) -> Option<Value> {
    let text = text.trim();
    let python = || (!text.contains('"')).then(|| text.replace('\'', "\"")).map(Cow::from);
    let parse = |text: Cow<'_, str>| serde_json::from_str(&text).ok();
    match parse(text.into()).or_else(|| python().and_then(parse))? {
        Value::String(inner) if inner.trim_start().starts_with(['[', '{']) => serde_json::from_str(&inner).ok(),
        other => Some(other),
    }
}

/// Converts a list of `{key, value}` pairs to a map. `None` for other members or duplicate keys.
pub(super) fn map_of_pairs(items: &[Value]) -> Option<Map<String, Value>> {
    let mut map = Map::new();
    for item in items {
        let item = item.as_object()?;
        let key = KEYS.iter().find_map(|name| item.get(*name)?.as_str())?;
        let value = VALUES.iter().find_map(|name| item.get(*name))?;
        let is_known = |name: &String| KEYS.contains(&name.as_str()) || VALUES.contains(&name.as_str());
        if !item.keys().all(is_known) || map.insert(key.to_owned(), value.clone()).is_some() {
            return None;
        }
    }
    Some(map)
}
