//! Coercion of an API's answers to their output schema. Values of the wrong type are converted where the meaning is
//! clear, and otherwise moved aside. No value is lost.

use highlevel_core::UNREADABLE;
use serde_json::{Map, Value};

/// A schema compiled for fast coercion: alternatives, of which a value must match one.
#[derive(Debug)]
pub struct AnswerFields(Vec<Alternative>);

#[derive(Debug)]
struct Alternative {
    kind: Option<JsonType>,
    minimum: Option<f64>,
    items: Option<AnswerFields>,
    fields: Vec<(String, AnswerFields)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum JsonType {
    Null,
    Text,
    Boolean,
    Integer,
    Number,
    List,
    Object,
}

impl AnswerFields {
    /// Compiles a schema: its `anyOf` alternatives, or the schema itself.
    pub fn of(schema: &Map<String, Value>) -> Self {
        let several = schema.get("anyOf").and_then(Value::as_array);
        Self(match several {
            Some(several) => several.iter().filter_map(Value::as_object).map(Alternative::of).collect(),
            None => vec![Alternative::of(schema)],
        })
    }

    /// Coerces the fields of `value` in place.
    ///
    /// A field of the wrong type is converted where its meaning is clear, such as a number sent as a string or a list
    /// sent as one string. Otherwise it moves under [`UNREADABLE`].
    pub fn fit(&self, value: &mut Value) {
        for Alternative { items, fields, .. } in &self.0 {
            match (&mut *value, items) {
                (Value::Object(object), _) => fit_fields(fields, object),
                (Value::Array(items), Some(inner)) => {
                    for item in items {
                        inner.coerce(item);
                    }
                }
                _ => {}
            }
        }
    }

    /// Coerces a nested value. Returns false, and leaves the value unchanged, if it cannot be converted.
    fn coerce(&self, value: &mut Value) -> bool {
        let is_readable = self.allows(value) || self.convert(value);
        if is_readable {
            self.fit(value);
        }
        is_readable
    }

    fn allows(&self, value: &Value) -> bool {
        self.0.iter().any(|alternative| alternative.allows(value))
    }

    fn convert(&self, value: &mut Value) -> bool {
        match self.0.iter().find_map(|alternative| alternative.converted(value)) {
            Some(converted) if self.allows(&converted) => {
                *value = converted;
                true
            }
            _ => false,
        }
    }

    fn is_text(&self) -> bool {
        matches!(self.0.as_slice(), [only] if only.kind == Some(JsonType::Text))
    }
}

impl Alternative {
    fn of(schema: &Map<String, Value>) -> Self {
        let kind = match schema.get("type").and_then(Value::as_str) {
            Some("null") => Some(JsonType::Null),
            Some("string") => Some(JsonType::Text),
            Some("boolean") => Some(JsonType::Boolean),
            Some("integer") => Some(JsonType::Integer),
            Some("number") => Some(JsonType::Number),
            Some("array") => Some(JsonType::List),
            Some("object") => Some(JsonType::Object),
            _ => None,
        };
        let nested = |schema: &Value| schema.as_object().map(AnswerFields::of);
        let fields = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
        Self {
            kind,
            minimum: schema.get("minimum").and_then(Value::as_f64),
            items: schema.get("items").and_then(nested),
            fields: fields.filter_map(|(name, schema)| Some((name.clone(), nested(schema)?))).collect(),
        }
    }

    fn allows(&self, value: &Value) -> bool {
        let has_type = match self.kind {
            Some(JsonType::Null) => value.is_null(),
            Some(JsonType::Text) => value.is_string(),
            Some(JsonType::Boolean) => value.is_boolean(),
            Some(JsonType::Integer) => value.is_u64() || value.is_i64(),
            Some(JsonType::Number) => value.is_number(),
            Some(JsonType::List) => value.is_array(),
            Some(JsonType::Object) => value.is_object(),
            None => true,
        };
        let in_range = self.minimum.is_none_or(|least| value.as_f64().is_none_or(|number| number >= least));
        has_type && in_range && self.items_fit(value)
    }

    /// Whether each item of a list matches or can be converted.
    fn items_fit(&self, value: &Value) -> bool {
        let (Some(inner), Some(items)) = (&self.items, value.as_array()) else { return true };
        items.iter().all(|item| inner.allows(item) || inner.convert(&mut item.clone()))
    }

    fn converted(&self, value: &Value) -> Option<Value> {
        match (self.kind?, value) {
            (JsonType::Text, Value::Number(number)) => Some(Value::from(number.to_string())),
            (JsonType::Text, Value::Bool(flag)) => Some(Value::from(flag.to_string())),
            (JsonType::Number, Value::String(text)) => text.trim().parse::<f64>().ok().and_then(number_of),
            (JsonType::Integer, Value::String(text)) => text.trim().parse::<u64>().ok().map(Value::from),
            (JsonType::Integer, Value::Number(number)) => number
                .as_f64()
                .filter(|n| n.fract() == 0.0 && *n >= 0.0)
                .and_then(|n| format!("{n:.0}").parse::<u64>().ok())
                .map(Value::from),
            // Some answers encode an empty object as an empty array.
            (JsonType::Object, Value::Array(list)) if list.is_empty() => Some(Map::new().into()),
            (JsonType::List, Value::String(text)) if self.items.as_ref().is_some_and(AnswerFields::is_text) => {
                Some(text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(Value::from).collect())
            }
            _ => None,
        }
    }
}

fn fit_fields(fields: &[(String, AnswerFields)], object: &mut Map<String, Value>) {
    let mut aside = Map::new();
    for (name, schema) in fields {
        if let Some(field) = object.get_mut(name)
            && !schema.coerce(field)
        {
            aside.insert(name.clone(), field.take());
        }
    }
    if !aside.is_empty() {
        object.retain(|name, _| !aside.contains_key(name));
        set_aside(object, aside.into());
    }
}

/// Adds unreadable values to `object` under [`UNREADABLE`]. If the object has such a member, `_` is appended to the
/// name.
pub fn set_aside(object: &mut Map<String, Value>, unreadable: Value) {
    let mut name = UNREADABLE.to_owned();
    while object.contains_key(&name) {
        name.push('_');
    }
    object.insert(name, unreadable);
}

fn number_of(number: f64) -> Option<Value> {
    serde_json::Number::from_f64(number).map(Value::Number)
}
