//! The canonical form of a value, for accounts that store normal forms and report values in unusual forms.

use chrono::{DateTime, NaiveDate};
use serde_json::{Map, Value};

/// The value in its canonical form. Null and empty members are left out, as some accounts report absent values.
pub fn plainly(field: &str, value: &Value) -> Value {
    match value {
        Value::Object(map) => map
            .iter()
            .map(|(name, value)| (name.clone(), plainly(if field == "customFields" { field } else { name }, value)))
            .filter(|(_, value)| !is_empty(value))
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(list) if matches!(field, "tags" | "events") => {
            let mut texts: Vec<_> = list.iter().map(|value| plainly(field, value).to_string()).collect();
            texts.sort();
            texts.into()
        }
        Value::Array(list) => list.iter().map(|value| plainly("", value)).collect(),
        Value::Number(number) if is_time(field) => millis(number.as_i64()),
        Value::Number(number) if field == "customFields" => number.to_string().into(),
        Value::String(text) => plain_text(field, text.trim()),
        value => value.clone(),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}

fn is_time(field: &str) -> bool {
    matches!(field, "createdAt" | "updatedAt" | "expectedCloseDate")
}

fn millis(time: Option<i64>) -> Value {
    time.map_or(Value::Null, Value::from)
}

fn plain_text(field: &str, text: &str) -> Value {
    match field {
        "email" | "tags" => text.to_lowercase().into(),
        "phone" => {
            let digits: String = text.chars().filter(char::is_ascii_digit).collect();
            digits.into()
        }
        "country" if matches!(text, "USA" | "United States") => "US".into(),
        // Milliseconds since 1970. The tools return them as text.
        _ if is_time(field) && !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => {
            millis(text.parse().ok())
        }
        _ if is_time(field) => {
            let day = text.parse::<NaiveDate>().ok().and_then(|day| day.and_hms_opt(0, 0, 0)).map(|day| day.and_utc());
            let forms = ["%+", "%Y-%m-%dT%H:%M:%S%.f%z"];
            let mut times = forms.iter().filter_map(|form| DateTime::parse_from_str(text, form).ok());
            millis(day.or_else(|| times.next().map(|time| time.to_utc())).map(|time| time.timestamp_millis()))
        }
        _ => text.into(),
    }
}
