//! Custom fields: a map by key in the stored object, a list by id in the official API.

use super::organization::{all, text};
use crate::account::{Account, Fields, ObjectKind};
use crate::manners::Manners;
use crate::normalize::date_time;
use chrono::DateTime;
use serde_json::{Value, json};

/// The definition of one custom field.
struct FieldDefinition {
    id: String,
    key: String,
    data_type: String,
    options: Vec<String>,
}

/// The objects that have custom fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Model {
    Contact,
    Opportunity,
}

impl Model {
    fn word(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Opportunity => "opportunity",
        }
    }

    /// The name of a value in answers.
    fn value(self) -> &'static str {
        match self {
            Self::Contact => "value",
            Self::Opportunity => "fieldValue",
        }
    }
}

/// The definitions of a model's custom fields.
pub(crate) struct FieldDefinitions<'a> {
    model: Model,
    definitions: Vec<FieldDefinition>,
    manners: &'a Manners,
}

impl<'a> FieldDefinitions<'a> {
    pub(crate) fn of(account: &Account, model: Model, manners: &'a Manners) -> Self {
        let definition = |field: &Fields| {
            let options = field.get("picklistOptions").and_then(Value::as_array).into_iter().flatten();
            Some(FieldDefinition {
                id: text(field, "id").to_owned(),
                key: text(field, "fieldKey").strip_prefix(model.word())?.strip_prefix('.')?.to_owned(),
                data_type: text(field, "dataType").to_owned(),
                options: options.filter_map(Value::as_str).map(str::to_owned).collect(),
            })
        };
        Self {
            model,
            definitions: all(account, ObjectKind::CustomFields).iter().filter_map(definition).collect(),
            manners,
        }
    }

    /// The manners that apply to values.
    pub(crate) fn manners(&self) -> &'a Manners {
        self.manners
    }

    /// The list of an object's custom fields. A value without a definition is left out.
    pub(crate) fn shown(&self, object: &Fields) -> Value {
        let stored = object.get("customFields");
        let value = |definition: &FieldDefinition| {
            let value = match stored?.get(&definition.key)? {
                // The OpenAPI file has texts as values.
                Value::Number(number) => number.to_string().into(),
                Value::Bool(flag) => flag.to_string().into(),
                value => value.clone(),
            };
            let (name, value) = if self.manners.values {
                definition.shown_value(value, text(object, "id"))
            } else {
                (self.model.value(), value)
            };
            Some(json!({ "id": definition.id, name: value }))
        };
        self.definitions.iter().filter_map(value).collect()
    }

    /// Writes a list of `{id, key, field_value}` into the stored map. Other fields keep their values.
    pub(crate) fn write(&self, list: &Value, stored: &mut Fields) -> Result<(), String> {
        for (place, item) in list.as_array().into_iter().flatten().enumerate() {
            let name = |part: &str| format!("customFields.{place}.{part}");
            let part = |part: &str| item.get(part).and_then(Value::as_str);
            // Keys have the model's name as a prefix in definitions, and not in the OpenAPI file's examples.
            let key = part("key").map(|key| key.strip_prefix(self.model.word()).unwrap_or(key).trim_start_matches('.'));
            let definition = match (part("id"), key) {
                (Some(id), _) => self.definitions.iter().find(|definition| definition.id == id),
                (None, Some(key)) if self.model == Model::Opportunity => {
                    self.definitions.iter().find(|definition| definition.key == key)
                }
                _ => return Err(format!("{} is required", name("id"))),
            };
            let Some(definition) = definition else {
                return Err(format!("{} names no custom field of this location", name("id")));
            };
            if key.is_some_and(|key| key != definition.key) {
                return Err(format!("{} is not the key of this id", name("key")));
            }
            // `fieldValue` is the newer name.
            let value = item.get("field_value").or_else(|| item.get("fieldValue"));
            let value = value.ok_or_else(|| format!("{} is required", name("field_value")))?;
            match value {
                Value::Null | Value::Bool(_) => {
                    return Err(format!("{} must be a string, a number, an array or an object", name("field_value")));
                }
                Value::String(empty) if empty.is_empty() => {
                    stored.shift_remove(&definition.key);
                }
                value if definition.data_type == "NUMERICAL" => {
                    let number = numeric(value).ok_or_else(|| format!("{} must be a number", name("field_value")))?;
                    stored.insert(definition.key.clone(), number);
                }
                Value::Number(_) => return Err(format!("{} must be a string", name("field_value"))),
                value => {
                    if let Some(value) = definition.stored_value(value, self.manners) {
                        stored.insert(definition.key.clone(), value);
                    }
                }
            }
        }
        Ok(())
    }
}

impl FieldDefinition {
    /// The value to store for a value that was sent, if any.
    fn stored_value(&self, value: &Value, manners: &Manners) -> Option<Value> {
        let is_option = |text: &str| self.options.is_empty() || self.options.iter().any(|option| option == text.trim());
        match value {
            Value::String(text) if manners.options && !is_option(text) => None,
            Value::String(text) if manners.normalize && self.data_type == "DATE" => Some(date_time(text).into()),
            Value::Array(list) if manners.options => {
                Some(list.iter().filter(|item| item.as_str().is_none_or(is_option)).cloned().collect())
            }
            value => Some(value.clone()),
        }
    }

    /// One of the names that live accounts use for a value, and the value in that form. It depends on the object and the
    /// field, so that all names occur.
    fn shown_value(&self, value: Value, object: &str) -> (&'static str, Value) {
        let variant = object.bytes().chain(self.id.bytes()).map(usize::from).sum::<usize>() % 3;
        let time = value.as_str().and_then(|text| DateTime::parse_from_rfc3339(&date_time(text)).ok());
        match (variant, self.data_type.as_str(), &value) {
            (0, ..) => ("value", value),
            (1, "DATE", _) => match time {
                Some(time) => ("fieldValueDate", time.timestamp_millis().into()),
                None => ("fieldValue", value),
            },
            (1, "FILE_UPLOAD", Value::Object(files)) => ("fieldValueFiles", files.values().cloned().collect()),
            (1, _, Value::Array(_)) => ("fieldValueArray", value),
            (1, _, Value::String(_)) => ("fieldValueString", value),
            _ => ("fieldValue", value),
        }
    }
}

/// A number, or a text that is a number: the OpenAPI file's examples have both.
fn numeric(value: &Value) -> Option<Value> {
    let text = match value {
        Value::Number(_) => return Some(value.clone()),
        Value::String(text) => text.trim(),
        _ => return None,
    };
    text.parse::<i64>()
        .map(Value::from)
        .or_else(|_| text.parse::<f64>().map(Value::from))
        .ok()
        .filter(|it| !it.is_null())
}
