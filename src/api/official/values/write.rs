//! Checks and conversion of values to their field's type, before they are sent.

use super::{
    FieldType,
    parse::{date, number, plain_text, truth},
};
use crate::api::official::{fields::Field, names::same};
use highlevel_core::error::{Error, Result};
use highlevel_core::suggest::nearest;
use serde_json::{Map, Value};

/// Converts a value to its field's type. Null and blank strings empty the field.
///
/// # Errors
/// `invalid_arguments` with the field and what is allowed.
pub(in crate::api::official) fn written(field: &Field<'_>, wanted: &str, value: &Value) -> Result<Value> {
    let at = format!("customFields.{wanted}");
    let wrong = |what: &str| Error::invalid(at.clone(), format!("`{at}` must be {what}, not {}.", brief(value)));
    let plain = plain_text(value);
    match (field.field_type(), value) {
        (_, Value::Null) => Ok(Value::Null),
        // An empty string empties a field of any type.
        (_, Value::String(empty)) if empty.trim().is_empty() => Ok("".into()),
        (FieldType::Anything, _) => Ok(plain.map_or_else(|| value.clone(), Value::from)),
        (FieldType::Text, _) => plain.map(Value::from).ok_or_else(|| wrong("a text")),
        (FieldType::Email, _) => plain
            .and_then(|text| text.trim().parse::<highlevel_catalog::text::Email>().ok())
            .map(|email| email.as_str().into())
            .ok_or_else(|| wrong("an e-mail address, such as name@example.com")),
        (FieldType::Number, Value::Number(_)) => Ok(value.clone()),
        (FieldType::Number, _) => {
            value.as_str().and_then(number).ok_or_else(|| wrong("a number, such as 1500 or 1500.50"))
        }
        (FieldType::Date, _) => date(value).map(Value::from).ok_or_else(|| wrong("a date, such as 2025-02-28")),
        (FieldType::Flag, _) => truth(value).map(Value::from).ok_or_else(|| wrong("true or false")),
        (FieldType::One, Value::Array(items)) => match items.as_slice() {
            [only] => one_of(field, &at, only),
            _ => Err(wrong("one text: the field holds one option")),
        },
        (FieldType::One, _) => one_of(field, &at, value),
        (FieldType::Several, _) => several_of(field, &at, value),
        (FieldType::Boxes, Value::Object(boxes)) => boxes_of(field, &at, boxes),
        (FieldType::Boxes, _) => {
            let names = field.options();
            let example =
                names.first().map_or("{\"box\": \"text\"}".to_owned(), |name| format!("{{\"{name}\": \"text\"}}"));
            Err(wrong(&format!("an object of texts, such as {example}")))
        }
    }
}

/// A value for an error message, shortened.
fn brief(value: &Value) -> String {
    const MOST: usize = 60;
    let text = match value {
        Value::String(text) => format!("`{text}`"),
        other => other.to_string(),
    };
    if text.chars().count() <= MOST { text } else { text.chars().take(MOST).chain(['…']).collect() }
}

/// The option that matches a value.
fn one_of(field: &Field<'_>, at: &str, value: &Value) -> Result<Value> {
    let options = field.options();
    let Some(given) = plain_text(value) else {
        return Err(Error::invalid(at, format!("`{at}` must be {}, not {}.", allowed(&options), brief(value))));
    };
    match options.iter().find(|option| **option == given).or_else(|| options.iter().find(|option| same(option, &given)))
    {
        Some(option) => Ok((*option).into()),
        None => match flag_option(&options, value) {
            Some(option) => Ok(option.into()),
            None if options.is_empty() || field.allows_other_texts() => Ok(given.into()),
            None => {
                let near = nearest(&given, options.iter().copied());
                let near = near.map_or_else(String::new, |near| format!(" Did you mean `{near}`?"));
                Err(Error::invalid(at, format!("`{at}` must be {}, not `{given}`.{near}", allowed(&options))))
            }
        },
    }
}

/// The only option that means the boolean, such as `Yes` for true.
fn flag_option<'a>(options: &[&'a str], value: &Value) -> Option<&'a str> {
    let wanted = value.as_bool().or_else(|| truth(value))?;
    let mut meaning = options.iter().filter(|option| truth(&Value::from(**option)) == Some(wanted));
    match (meaning.next(), meaning.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    }
}

fn allowed(options: &[&str]) -> String {
    match options {
        [] => "a text".to_owned(),
        [only] => format!("`{only}`"),
        _ => format!("one of {}", options.iter().map(|option| format!("`{option}`")).collect::<Vec<_>>().join(", ")),
    }
}

/// The options that match a value's items, in order and without duplicates.
fn several_of(field: &Field<'_>, at: &str, value: &Value) -> Result<Value> {
    let options = field.options();
    let items: Vec<Value> = match value {
        Value::Array(items) => items.clone(),
        // A checkbox with one option is on or off.
        Value::Bool(flag) if options.len() == 1 => {
            return Ok(if *flag { options.into_iter().collect() } else { "".into() });
        }
        Value::String(list)
            if one_of(field, at, value).is_err() || field.allows_other_texts() && list.contains(',') =>
        {
            list.split(',').map(str::trim).filter(|part| !part.is_empty()).map(Value::from).collect()
        }
        Value::Object(_) => {
            let message = format!("`{at}` must be a list of texts, each {}, not {}.", allowed(&options), brief(value));
            return Err(Error::invalid(at, message));
        }
        one => vec![one.clone()],
    };
    let mut chosen: Vec<Value> = Vec::new();
    for item in &items {
        let option = one_of(field, at, item)?;
        if !chosen.contains(&option) {
            chosen.push(option);
        }
    }
    Ok(chosen.into())
}

/// The texts by text box. The boxes must be the field's.
fn boxes_of(field: &Field<'_>, at: &str, boxes: &Map<String, Value>) -> Result<Value> {
    let known = field.options();
    let list = field.entry.get("picklistOptions").or_else(|| field.entry.get("textBoxListOptions"));
    let ids: Vec<&str> =
        list.and_then(Value::as_array).into_iter().flatten().filter_map(|one| one.get("id")?.as_str()).collect();
    let mut written = Map::new();
    for (name, value) in boxes {
        let own = ids.iter().find(|id| *id == name).or_else(|| known.iter().find(|label| same(label, name)));
        let name = match own {
            Some(own) => (*own).to_owned(),
            None if known.is_empty() => name.clone(),
            None => {
                let message = format!("`{at}` has no box `{name}`. Known: {}.", known.join(", "));
                return Err(Error::invalid(at, message));
            }
        };
        let value =
            if value.is_null() { Value::Null } else { plain_text(value).map_or_else(|| value.clone(), Value::from) };
        written.insert(name, value);
    }
    Ok(written.into())
}
