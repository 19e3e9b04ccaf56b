//! Custom fields: a map by key in the stored object, a list by id in the official API.

use super::super::account::{Account, Fields, Kind};
use super::super::manners::Manners;
use super::super::normal::date_time;
use super::team::{all, text};
use chrono::DateTime;
use serde_json::{Value, json};

/// What the dictionary says of one field.
struct Entry {
    id: String,
    key: String,
    data_type: String,
    options: Vec<String>,
}

/// The objects that have custom fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Model {
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

    /// The name under which the files' answers have a value.
    fn value(self) -> &'static str {
        match self {
            Self::Contact => "value",
            Self::Opportunity => "fieldValue",
        }
    }
}

/// The custom fields that objects of a model can have.
pub(super) struct Dictionary<'a> {
    model: Model,
    entries: Vec<Entry>,
    manners: &'a Manners,
}

impl<'a> Dictionary<'a> {
    pub(super) fn of(account: &Account, model: Model, manners: &'a Manners) -> Self {
        let entry = |field: &Fields| {
            let options = field.get("picklistOptions").and_then(Value::as_array).into_iter().flatten();
            Some(Entry {
                id: text(field, "id").to_owned(),
                key: text(field, "fieldKey").strip_prefix(model.word())?.strip_prefix('.')?.to_owned(),
                data_type: text(field, "dataType").to_owned(),
                options: options.filter_map(Value::as_str).map(str::to_owned).collect(),
            })
        };
        Self { model, entries: all(account, Kind::CustomFields).iter().filter_map(entry).collect(), manners }
    }

    /// The manners that it shows and takes values in.
    pub(super) fn manners(&self) -> &'a Manners {
        self.manners
    }

    /// The list of an object's custom fields. A value that the account holds under no known key is not shown.
    pub(super) fn shown(&self, object: &Fields) -> Value {
        let stored = object.get("customFields");
        let value = |entry: &Entry| {
            let value = match stored?.get(&entry.key)? {
                // The file's values are texts.
                Value::Number(number) => number.to_string().into(),
                Value::Bool(flag) => flag.to_string().into(),
                value => value.clone(),
            };
            let (name, value) =
                if self.manners.values { entry.named(value, text(object, "id")) } else { (self.model.value(), value) };
            Some(json!({ "id": entry.id, name: value }))
        };
        self.entries.iter().filter_map(value).collect()
    }

    /// Writes a list of `{id, key, field_value}` into the stored map; fields that are not in it keep their values.
    pub(super) fn write(&self, list: &Value, stored: &mut Fields) -> Result<(), String> {
        for (place, item) in list.as_array().into_iter().flatten().enumerate() {
            let name = |part: &str| format!("customFields.{place}.{part}");
            let part = |part: &str| item.get(part).and_then(Value::as_str);
            // The file's examples of keys are without the model's name, its dictionary's are with it.
            let key = part("key").map(|key| key.strip_prefix(self.model.word()).unwrap_or(key).trim_start_matches('.'));
            let entry = match (part("id"), key) {
                (Some(id), _) => self.entries.iter().find(|entry| entry.id == id),
                (None, Some(key)) if self.model == Model::Opportunity => {
                    self.entries.iter().find(|entry| entry.key == key)
                }
                _ => return Err(format!("{} is required", name("id"))),
            };
            let Some(entry) = entry else {
                return Err(format!("{} names no custom field of this location", name("id")));
            };
            if key.is_some_and(|key| key != entry.key) {
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
                    stored.shift_remove(&entry.key);
                }
                value if entry.data_type == "NUMERICAL" => {
                    let number = numeric(value).ok_or_else(|| format!("{} must be a number", name("field_value")))?;
                    stored.insert(entry.key.clone(), number);
                }
                Value::Number(_) => return Err(format!("{} must be a string", name("field_value"))),
                value => {
                    if let Some(value) = entry.taken(value, self.manners) {
                        stored.insert(entry.key.clone(), value);
                    }
                }
            }
        }
        Ok(())
    }
}

impl Entry {
    /// What is stored of a value that was sent, if anything.
    fn taken(&self, value: &Value, manners: &Manners) -> Option<Value> {
        let is_option = |text: &str| self.options.is_empty() || self.options.iter().any(|option| option == text.trim());
        match value {
            Value::String(text) if manners.options && !is_option(text) => None,
            Value::String(text) if manners.normalise && self.data_type == "DATE" => Some(date_time(text).into()),
            Value::Array(list) if manners.options => {
                Some(list.iter().filter(|item| item.as_str().is_none_or(is_option)).cloned().collect())
            }
            value => Some(value.clone()),
        }
    }

    /// The name that a value comes under, and the value as it stands there: by the object and the field, so that every
    /// name comes up.
    fn named(&self, value: Value, object: &str) -> (&'static str, Value) {
        let turn = object.bytes().chain(self.id.bytes()).map(usize::from).sum::<usize>() % 3;
        let time = value.as_str().and_then(|text| DateTime::parse_from_rfc3339(&date_time(text)).ok());
        match (turn, self.data_type.as_str(), &value) {
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

/// A number, or the text of one: the file's examples have both.
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
