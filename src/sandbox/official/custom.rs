//! Custom fields: a map by key in the stored contact, a list by id in the official API.

use super::super::account::{Account, Fields, Kind};
use super::team::{all, text};
use serde_json::{Value, json};

/// What the dictionary says of one field.
struct Entry {
    id: String,
    key: String,
    numeric: bool,
}

/// The custom fields that contacts can have.
pub(super) struct Dictionary(Vec<Entry>);

impl Dictionary {
    pub(super) fn of(account: &Account) -> Self {
        let entry = |field: &Fields| {
            Some(Entry {
                id: text(field, "id").to_owned(),
                key: text(field, "fieldKey").strip_prefix("contact.")?.to_owned(),
                numeric: text(field, "dataType") == "NUMERICAL",
            })
        };
        Self(all(account, Kind::CustomFields).iter().filter_map(entry).collect())
    }

    /// The list of a contact's custom fields. A value that the account holds under no known key is not shown.
    pub(super) fn shown(&self, stored: Option<&Value>) -> Value {
        let value = |entry: &Entry| {
            let value = match stored?.get(&entry.key)? {
                // The file's values are texts.
                Value::Number(number) => number.to_string().into(),
                Value::Bool(flag) => flag.to_string().into(),
                value => value.clone(),
            };
            Some(json!({ "id": entry.id, "value": value }))
        };
        self.0.iter().filter_map(value).collect()
    }

    /// Writes a list of `{id, key, field_value}` into the stored map; fields that are not in it keep their values.
    pub(super) fn write(&self, list: &Value, stored: &mut Fields) -> Result<(), String> {
        for (place, item) in list.as_array().into_iter().flatten().enumerate() {
            let name = |part: &str| format!("customFields.{place}.{part}");
            let id = item.get("id").and_then(Value::as_str).ok_or_else(|| format!("{} is required", name("id")))?;
            let Some(entry) = self.0.iter().find(|entry| entry.id == id) else {
                return Err(format!("{} names no custom field of this location", name("id")));
            };
            // The file's examples of keys are without the model's name, its dictionary's are with it.
            let key = item.get("key").and_then(Value::as_str).map(|key| key.strip_prefix("contact.").unwrap_or(key));
            if key.is_some_and(|key| key != entry.key) {
                return Err(format!("{} is not the key of this id", name("key")));
            }
            match item.get("field_value") {
                None => return Err(format!("{} is required", name("field_value"))),
                Some(Value::Null | Value::Bool(_)) => {
                    return Err(format!("{} must be a string, a number, an array or an object", name("field_value")));
                }
                Some(Value::String(empty)) if empty.is_empty() => {
                    stored.shift_remove(&entry.key);
                }
                Some(value) if entry.numeric => {
                    let number = numeric(value).ok_or_else(|| format!("{} must be a number", name("field_value")))?;
                    stored.insert(entry.key.clone(), number);
                }
                Some(Value::Number(_)) => return Err(format!("{} must be a string", name("field_value"))),
                Some(value) => {
                    stored.insert(entry.key.clone(), value.clone());
                }
            }
        }
        Ok(())
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
