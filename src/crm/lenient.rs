//! Answers made to fit the shape that their schema promises: what arrives is understood if it can be, unknown fields
//! are kept, and nothing is dropped in silence.

use serde_json::{Map, Value};

/// Where fields go whose values cannot be understood, by name.
pub const UNREADABLE: &str = "unreadable";

/// Makes `value` fit `schema`. A field of the wrong type is converted where its meaning is plain (a number sent as text,
/// a list sent as one text) and set aside under [`UNREADABLE`] where it is not.
pub fn fit(schema: &Map<String, Value>, value: &mut Value) {
    for schema in alternatives(schema) {
        match value {
            Value::Object(object) => fit_fields(schema, object),
            Value::Array(items) => {
                if let Some(inner) = schema.get("items").and_then(Value::as_object) {
                    for item in items {
                        if allows(inner, item) || convert(inner, item) {
                            fit(inner, item);
                        }
                    }
                }
            }
            _ => {}
        }
    }
}

fn fit_fields(schema: &Map<String, Value>, object: &mut Map<String, Value>) {
    let mut aside = Map::new();
    for (name, inner) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let (Some(inner), Some(field)) = (inner.as_object(), object.get_mut(name)) else { continue };
        if allows(inner, field) || convert(inner, field) {
            fit(inner, field);
        } else {
            aside.insert(name.clone(), field.take());
        }
    }
    if !aside.is_empty() {
        object.retain(|name, _| !aside.contains_key(name));
        set_aside(object, aside.into());
    }
}

/// Keeps what cannot be understood, beside a field of that name that the API may have.
pub fn set_aside(object: &mut Map<String, Value>, odd: Value) {
    let mut name = UNREADABLE.to_owned();
    while object.contains_key(&name) {
        name.push('_');
    }
    object.insert(name, odd);
}

/// The schemas of which one has to hold: those under `anyOf`, or the schema itself.
fn alternatives(schema: &Map<String, Value>) -> Vec<&Map<String, Value>> {
    match schema.get("anyOf").and_then(Value::as_array) {
        Some(several) => several.iter().filter_map(Value::as_object).collect(),
        None => vec![schema],
    }
}

fn allows(schema: &Map<String, Value>, value: &Value) -> bool {
    alternatives(schema).into_iter().any(|schema| {
        let plain = match schema.get("type").and_then(Value::as_str) {
            Some("null") => value.is_null(),
            Some("string") => value.is_string(),
            Some("boolean") => value.is_boolean(),
            Some("integer") => value.is_u64() || value.is_i64(),
            Some("number") => value.is_number(),
            Some("array") => value.is_array(),
            Some("object") => value.is_object(),
            _ => true,
        };
        let least = schema.get("minimum").and_then(Value::as_f64);
        let in_range = least.is_none_or(|least| value.as_f64().is_none_or(|number| number >= least));
        plain && in_range && items_fit(schema, value)
    })
}

/// A list passes only if each item passes or can be made to.
fn items_fit(schema: &Map<String, Value>, value: &Value) -> bool {
    let (Some(inner), Some(items)) = (schema.get("items").and_then(Value::as_object), value.as_array()) else {
        return true;
    };
    items.iter().all(|item| allows(inner, item) || convert(inner, &mut item.clone()))
}

fn convert(schema: &Map<String, Value>, value: &mut Value) -> bool {
    let converted =
        alternatives(schema).into_iter().find_map(|schema| match (schema.get("type")?.as_str()?, &*value) {
            ("string", Value::Number(number)) => Some(Value::from(number.to_string())),
            ("string", Value::Bool(flag)) => Some(Value::from(flag.to_string())),
            ("number", Value::String(text)) => text.trim().parse::<f64>().ok().and_then(number_of),
            ("integer", Value::String(text)) => text.trim().parse::<u64>().ok().map(Value::from),
            ("integer", Value::Number(number)) => number
                .as_f64()
                .filter(|n| n.fract() == 0.0 && *n >= 0.0)
                .and_then(|n| format!("{n:.0}").parse::<u64>().ok())
                .map(Value::from),
            ("array", Value::String(text))
                if schema.get("items").is_some_and(|items| items.get("type") == Some(&"string".into())) =>
            {
                Some(text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(Value::from).collect())
            }
            _ => None,
        });
    match converted {
        Some(converted) if allows(schema, &converted) => {
            *value = converted;
            true
        }
        _ => false,
    }
}

fn number_of(number: f64) -> Option<Value> {
    serde_json::Number::from_f64(number).map(Value::Number)
}
