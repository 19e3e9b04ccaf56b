//! Arguments in a near form, as hosts and models send them: what can have only one meaning is read as what it means, before
//! the schema is held against it. What stays wrong is refused, with an example that works.

pub(super) mod date;
mod example;
mod id;
mod number;

pub(super) use id::read as read_ids;
pub use id::{advice, advice_on};

use crate::{meaning::Scope, schema::CONFIRMATION_TOKEN, spec::OperationSpec};
use highlevel_core::error::{Code, Error, Result};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// Lists whose texts are values of their own: a comma in one separates nothing, and a number is no text.
const AS_GIVEN: [&str; 1] = ["params"];

/// Names that carry the key and the value of one custom field, where the fields come as a list.
const KEYS: [&str; 4] = ["key", "id", "fieldKey", "name"];
const VALUES: [&str; 4] = ["value", "field_value", "fieldValue", "fieldValueString"];

/// The number that a text can only mean.
pub fn number_in(text: &str) -> Option<Value> {
    number::read(text)
}

/// The date or moment that a text can only mean, in the API's form; else the text as it is.
pub fn date_in(text: &str) -> String {
    date::read(text)
}

/// Without white space, quotes, and the marks that nobody sees, around it.
pub(super) fn bare(text: &str) -> &str {
    let is_blank = |c: char| c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}');
    let text = text.trim_matches(is_blank);
    let quoted = |mark: char| text.strip_prefix(mark).and_then(|rest| rest.strip_suffix(mark));
    ['"', '\'', '`'].into_iter().find_map(quoted).map_or(text, |inner| inner.trim_matches(is_blank))
}

/// A name without case and separators.
fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// Reads the arguments of an operation.
pub(super) fn read(spec: &OperationSpec, schema: &Map<String, Value>, arguments: &mut Map<String, Value>) {
    if let Some(field) = spec.id_field.as_deref().filter(|field| !arguments.contains_key(*field)) {
        // `contactId` can only be the contact's `id`, unless the operation has an argument of that name.
        let own = ["id".to_owned(), format!("{}id", id::noun(spec))];
        let is_own = |name: &String| own.contains(&plain(name)) && property(schema, name).is_none();
        let given: Vec<String> = arguments.keys().filter(|name| is_own(name)).cloned().collect();
        if let [only] = given.as_slice() {
            rename(arguments, only, field);
        }
    }
    object(schema, arguments);
}

fn property<'a>(schema: &'a Map<String, Value>, name: &str) -> Option<&'a Map<String, Value>> {
    schema.get("properties")?.get(name)?.as_object()
}

/// The names of arguments that name a location, of an operation that has no such argument.
fn locations_in(spec: &OperationSpec, arguments: &Map<String, Value>) -> Vec<String> {
    if spec.scope_fields.iter().any(|field| field.of == Scope::Location) {
        return Vec::new();
    }
    let schema = spec.input_schema();
    let is_location = |name: &&String| plain(name) == "locationid" && property(schema, name).is_none();
    arguments.keys().filter(is_location).cloned().collect()
}

/// Whether a call names a location although its operation has no such argument.
pub fn names_location(spec: &OperationSpec, arguments: &Map<String, Value>) -> bool {
    let names = |name: &String| arguments.get(name).and_then(Value::as_str).is_some_and(|text| !bare(text).is_empty());
    locations_in(spec, arguments).iter().any(names)
}

/// Takes the account's own location from the arguments of an operation that has no such argument: each call is about it.
///
/// # Errors
/// `policy_denied` for another location; `invalid_arguments` where the account's own is not known.
pub fn drop_location(spec: &OperationSpec, arguments: &mut Map<String, Value>, own: Option<&str>) -> Result<()> {
    for name in locations_in(spec, arguments) {
        let value = arguments.shift_remove(&name).unwrap_or_default();
        let text = value.as_str().map(bare);
        let error = match (text, own) {
            (Some(""), _) => continue,
            _ if value.is_null() => continue,
            (Some(text), Some(own)) if text == own => continue,
            (_, Some(own)) => Error::new(
                Code::PolicyDenied,
                format!("`{name}` names another location: this server is for {own} alone. Leave `{name}` out."),
            ),
            (_, None) => Error::new(
                Code::InvalidArguments,
                format!(
                    "`{name}` is not known here: each call is about the one location of the credential. Leave it out."
                ),
            ),
        };
        return Err(Error { field: Some(name), ..error });
    }
    Ok(())
}

/// Takes the confirmation token from the arguments, under whichever spelling of its name. An empty one is none.
pub fn take_token(arguments: &mut Map<String, Value>) -> Option<Value> {
    let name = arguments.keys().find(|name| plain(name) == plain(CONFIRMATION_TOKEN))?.clone();
    match arguments.shift_remove(&name)? {
        Value::String(token) if bare(&token).is_empty() => None,
        Value::String(token) => Some(bare(&token).into()),
        other => Some(other),
    }
}

fn object(schema: &Map<String, Value>, arguments: &mut Map<String, Value>) {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
    let strange: Vec<String> = arguments.keys().filter(|name| !properties.contains_key(*name)).cloned().collect();
    for name in strange {
        let meant: Vec<&String> = properties.keys().filter(|known| plain(known) == plain(&name)).collect();
        if let [only] = meant.as_slice()
            && arguments.get(*only).is_none_or(Value::is_null)
        {
            rename(arguments, &name, only);
        }
    }
    for (name, value) in arguments {
        if let Some(schema) = properties.get(name).and_then(Value::as_object) {
            read_value(name, schema, value);
        }
    }
}

/// Gives an argument its other name, in its own place.
fn rename(arguments: &mut Map<String, Value>, from: &str, to: &str) {
    let before = std::mem::take(arguments);
    let named = |(name, value): (String, Value)| (if name == from { to.to_owned() } else { name }, value);
    *arguments = before.into_iter().filter(|(name, _)| name != to).map(named).collect();
}

fn read_value(name: &str, schema: &Map<String, Value>, value: &mut Value) {
    let due = schema.get("type").and_then(Value::as_str).unwrap_or_default();
    let near = match (due, &*value) {
        ("integer", Value::String(text)) => number::whole(text),
        ("integer", Value::Number(given)) => number::without_fraction(given),
        ("number", Value::String(text)) => number::read(text),
        ("boolean", Value::String(text)) => flag(bare(text)),
        ("boolean", Value::Number(given)) => flag(&given.to_string()),
        ("string", Value::Number(given)) if !AS_GIVEN.contains(&name) => number::as_text(given).map(Value::from),
        ("string", Value::String(text)) => word(schema, text),
        ("array", Value::String(text)) => list(name, schema, text),
        ("array", Value::Number(_) | Value::Object(_)) => Some(Value::Array(vec![value.clone()])),
        ("object", Value::String(text)) => json(text).filter(|value| value.is_object() || value.is_array()),
        _ => None,
    };
    if let Some(near) = near {
        *value = near;
    }
    match value {
        Value::Array(items) if due == "object" && !schema.contains_key("properties") => {
            if let Some(map) = map_of(items) {
                *value = map.into();
            }
        }
        Value::Array(items) => {
            if let Some(inner) = schema.get("items").and_then(Value::as_object) {
                items.iter_mut().for_each(|item| read_value(name, inner, item));
            }
        }
        Value::Object(inner) => object(schema, inner),
        _ => {}
    }
}

fn flag(text: &str) -> Option<Value> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Some(true.into()),
        "false" | "no" | "0" => Some(false.into()),
        _ => None,
    }
}

/// The one word of the schema that differs from the text in case, separators and spaces only.
fn word(schema: &Map<String, Value>, text: &str) -> Option<Value> {
    let words = schema.get("enum")?.as_array()?;
    let meant: Vec<&Value> =
        words.iter().filter(|word| word.as_str().is_some_and(|word| plain(word) == plain(text))).collect();
    match meant.as_slice() {
        [only] => Some((*only).clone()),
        _ => None,
    }
}

/// The list that a text stands for: JSON, or texts with commas between them.
fn list(name: &str, schema: &Map<String, Value>, text: &str) -> Option<Value> {
    let trimmed = text.trim();
    if trimmed.starts_with(['[', '{', '"']) {
        return match json(trimmed)? {
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
        _ if AS_GIVEN.contains(&name) => Some(vec![Value::from(text)].into()),
        _ => Some(trimmed.split(',').map(bare).filter(|part| !part.is_empty()).map(Value::from).collect()),
    }
}

/// The value that a text of JSON holds, with the quotes of JSON or of Python.
fn json(text: &str) -> Option<Value> {
    let text = text.trim();
    let python = || (!text.contains('"')).then(|| text.replace('\'', "\"")).map(Cow::from);
    let read = |text: Cow<'_, str>| serde_json::from_str(&text).ok();
    match read(text.into()).or_else(|| python().and_then(read))? {
        Value::String(inner) if inner.trim_start().starts_with(['[', '{']) => serde_json::from_str(&inner).ok(),
        other => Some(other),
    }
}

/// A list of `{key, value}` as the map that it means.
fn map_of(items: &[Value]) -> Option<Map<String, Value>> {
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

/// Takes away the optional arguments that are an empty text: a host that fills in every argument means that it has none.
/// In an update that may mean two things, so it is left there.
pub(super) fn drop_empty(schema: &Map<String, Value>, arguments: &mut Map<String, Value>) {
    let required = schema.get("required").and_then(Value::as_array);
    let is_required = |name: &String| required.is_some_and(|all| all.iter().any(|one| one == name));
    arguments.retain(|name, value| is_required(name) || value.as_str() != Some(""));
    for (name, value) in arguments {
        if let (Some(schema), Value::Object(inner)) = (property(schema, name), value)
            && schema.contains_key("properties")
        {
            drop_empty(schema, inner);
        }
    }
}

/// The same refusal with an example of its argument, where the sentence has none.
pub(super) fn with_example(schema: &Map<String, Value>, mut error: Error) -> Error {
    let field = error.field.as_deref().unwrap_or_default();
    let top = field.split(['.', '[']).next().unwrap_or_default();
    let has_one = ["such as", "For example", "finds"].iter().any(|words| error.message.contains(words));
    if error.code == Code::InvalidArguments
        && !has_one
        && let Some(example) = example::of_argument(schema, top)
    {
        error.message = format!("{} For example {example}.", error.message);
    }
    error
}

/// Arguments that fit the schema, for who sent none that could be read.
pub(super) fn example(schema: &Map<String, Value>) -> Value {
    example::of_all(schema).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;
    use serde_json::json;

    fn error(entry: &'static OperationSpec, arguments: Value) -> Error {
        let Value::Object(arguments) = arguments else { panic!("no object") };
        match entry.parse(arguments.clone()) {
            Ok(_) => panic!("{} took {arguments:?}", entry.name),
            Err(error) => error,
        }
    }

    fn merged(one: &Map<String, Value>, other: &Value) -> Map<String, Value> {
        one.iter().chain(other.as_object().unwrap()).map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    #[test]
    fn every_argument_that_is_wrong_is_refused_with_an_example_that_works() {
        for entry in Catalog::declared().iter() {
            let schema = entry.input_schema();
            let mut base = example::of_all(schema);
            base.values_mut().filter(|value| **value == "…").for_each(|id| *id = "a1".into());
            for (name, of) in schema["properties"].as_object().unwrap() {
                let wrong = match of["type"].as_str().unwrap() {
                    "array" => json!(true),
                    "object" => json!("12 Main St, Austin"),
                    "string" => json!(["a", "b"]),
                    _ => json!("many"),
                };
                let error = error(entry, merged(&base, &json!({name: wrong})).into());
                assert_eq!((error.code, error.field.as_deref()), (Code::InvalidArguments, Some(name.as_str())));
                let Some((_, example)) = error.message.split_once("For example ") else {
                    let is_given =
                        ["id", "stage", "assignedTo", "template", "userId", "contactId"].contains(&name.as_str());
                    assert!(is_given, "{}: {}", entry.name, error.message);
                    continue;
                };
                let example: Value = serde_json::from_str(example.trim_end_matches('.')).unwrap();
                let works = entry.parse(merged(&base, &example));
                assert!(works.is_ok(), "{} {example}: {:?}", entry.name, works.err());
            }
        }
    }

    #[test]
    fn near_forms_are_read_on_every_tool() {
        for entry in Catalog::declared().iter() {
            let schema = entry.input_schema();
            let mut base = example::of_all(schema);
            base.values_mut().filter(|value| **value == "…").for_each(|id| *id = "a1".into());
            for (name, of) in schema["properties"].as_object().unwrap() {
                let Some(example) = example::of_argument(schema, name) else { continue };
                let right = example[name].clone();
                let mut near = vec![json!(right.to_string())];
                match (of["type"].as_str().unwrap(), &right) {
                    ("array", Value::Array(items)) if items[0].is_string() => {
                        near.extend([items[0].clone(), json!(items[0].to_string())])
                    }
                    ("integer", number) => near = vec![json!(format!(" {number} ")), json!(number.as_f64())],
                    ("number", number) => near = vec![json!(format!(" {number} ")), json!(format!("{number}.0"))],
                    ("string", Value::String(text)) if of.get("enum").is_some() => {
                        near = vec![json!(text.to_uppercase()), json!(format!(" {text} "))]
                    }
                    ("string", _) => continue,
                    _ => {}
                }
                let plain = entry.parse(merged(&base, &example)).unwrap().arguments;
                for near in near {
                    let read = entry.parse(merged(&base, &json!({name: near}))).map(|read| read.arguments);
                    assert_eq!(read.unwrap(), plain, "{} {name}: {near}", entry.name);
                }
                let snake: String = name
                    .chars()
                    .flat_map(|c| if c.is_ascii_uppercase() { vec!['_', c.to_ascii_lowercase()] } else { vec![c] })
                    .collect();
                let mut renamed = merged(&base, &json!({}));
                renamed.shift_remove(name);
                let read = entry.parse(merged(&renamed, &json!({snake: right}))).map(|read| read.arguments);
                assert_eq!(read.unwrap(), plain, "{} {name}", entry.name);
            }
        }
    }
}
