//! Reading of values from an object's list of custom fields.

use super::{FieldType, parse::epoch};
use crate::api::official::fields::Field;
use chrono::{DateTime, NaiveTime, SecondsFormat};
use serde_json::{Map, Value};

/// Members of an entry that describe the field and not its value.
const DESCRIPTIVE: [&str; 10] =
    ["id", "_id", "customFieldId", "key", "fieldKey", "name", "type", "dataType", "model", "locationId"];

/// Takes the value out of an entry of an object's list. The API uses many member names, and may add more.
pub(in crate::api::official) fn read(field: Option<&Field<'_>>, entry: &mut Map<String, Value>) -> Value {
    let is_plain = |name: &str| matches!(name, "value" | "fieldValue" | "field_value");
    let is_typed =
        |name: &str| name.starts_with("fieldValue") || name.starts_with("field_value") || name.starts_with("value");
    let find = |is: &dyn Fn(&str) -> bool| {
        entry.iter().find(|(name, value)| is(name) && !value.is_null()).map(|(name, _)| name.clone())
    };
    // A member with an unknown name is the value if it is the only such member.
    let is_other = |name: &str| !DESCRIPTIVE.contains(&name);
    let others = entry.iter().filter(|(name, value)| is_other(name) && !value.is_null()).count();
    let found =
        find(&is_plain).or_else(|| find(&is_typed)).or_else(|| (others == 1).then(|| find(&is_other)).flatten());
    let Some(name) = found else { return Value::Null };
    let value = entry.shift_remove(&name).unwrap_or_default();
    let field_type = field.map(Field::field_type);
    let is_date = name.to_lowercase().ends_with("date") || field_type == Some(FieldType::Date);
    match (&value, field_type) {
        (_, _) if is_date && epoch(&value).is_some() => epoch(&value).map(|time| shown_time(&time)).into(),
        // The API returns numbers as strings. Strings of text fields stay strings.
        (Value::String(text), Some(FieldType::Number)) => {
            let whole = text.trim().parse::<i64>().ok().map(Value::from);
            let number = whole.or_else(|| text.trim().parse::<f64>().ok().map(Value::from));
            number.filter(|number| !number.is_null()).unwrap_or(value)
        }
        (Value::Number(number), Some(FieldType::Text | FieldType::Email | FieldType::One)) => number.to_string().into(),
        (Value::Bool(flag), Some(FieldType::Text | FieldType::Email | FieldType::One)) => flag.to_string().into(),
        _ => value,
    }
}

/// Formats a time. Midnight is formatted as a date.
fn shown_time(time: &DateTime<chrono::Utc>) -> String {
    if time.time() == NaiveTime::MIN {
        time.date_naive().to_string()
    } else {
        time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
    }
}
