//! Near forms of arguments, such as a number sent as text. Hosts and models send them often.
//!
//! A form with only one meaning is converted before the arguments are checked against the schema. Anything else is
//! refused with a valid example.

pub(super) mod date;
mod example;
mod id;
mod json;
mod number;
mod server_arguments;
#[cfg(test)]
mod tests;

pub(super) use id::read as read_ids;
pub use id::{advice, advice_on};
pub use server_arguments::{drop_location, names_location, take_token};

use crate::spec::OperationSpec;
use highlevel_core::error::{Code, Error};
use serde_json::{Map, Value};

/// Lists whose strings are taken as they are: commas do not separate items, and numbers are refused.
const VERBATIM: [&str; 1] = ["params"];

/// Parses a number that has only one reading.
pub fn number_in(text: &str) -> Option<Value> {
    number::read(text)
}

/// Converts a date or time with only one reading to the API's form. Returns other texts without surrounding quotes.
pub fn date_in(text: &str) -> String {
    date::read(text)
}

/// A text without white space, quotes and invisible characters around it.
pub(super) fn unquoted(text: &str) -> &str {
    let is_blank = |c: char| c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}');
    let text = text.trim_matches(is_blank);
    let quoted = |mark: char| text.strip_prefix(mark).and_then(|rest| rest.strip_suffix(mark));
    ['"', '\'', '`'].into_iter().find_map(quoted).map_or(text, |inner| inner.trim_matches(is_blank))
}

/// A name in lower case, without separators.
fn normalized(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// Converts the near forms among an operation's arguments.
pub(super) fn read(spec: &OperationSpec, schema: &Map<String, Value>, arguments: &mut Map<String, Value>) {
    if let Some(field) = spec.id_field.as_deref().filter(|field| !arguments.contains_key(*field)) {
        // `contactId` can only be the contact's `id`, unless the operation has an argument of that name.
        let own = ["id".to_owned(), format!("{}id", id::noun(spec))];
        let is_own = |name: &String| own.contains(&normalized(name)) && property(schema, name).is_none();
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

fn object(schema: &Map<String, Value>, arguments: &mut Map<String, Value>) {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
    let unknown: Vec<String> = arguments.keys().filter(|name| !properties.contains_key(*name)).cloned().collect();
    for name in unknown {
        let matching: Vec<&String> = properties.keys().filter(|known| normalized(known) == normalized(&name)).collect();
        if let [only] = matching.as_slice()
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

/// Renames an argument. It keeps its position.
fn rename(arguments: &mut Map<String, Value>, from: &str, to: &str) {
    let before = std::mem::take(arguments);
    let named = |(name, value): (String, Value)| (if name == from { to.to_owned() } else { name }, value);
    *arguments = before.into_iter().filter(|(name, _)| name != to).map(named).collect();
}

fn read_value(name: &str, schema: &Map<String, Value>, value: &mut Value) {
    let expected = schema.get("type").and_then(Value::as_str).unwrap_or_default();
    let near = match (expected, &*value) {
        ("integer", Value::String(text)) => number::whole(text),
        ("integer", Value::Number(given)) => number::without_fraction(given),
        ("number", Value::String(text)) => number::read(text),
        ("boolean", Value::String(text)) => boolean(unquoted(text)),
        ("boolean", Value::Number(given)) => boolean(&given.to_string()),
        ("string", Value::Number(given)) if !VERBATIM.contains(&name) => number::as_text(given).map(Value::from),
        ("string", Value::String(text)) => enum_value(schema, text),
        ("array", Value::String(text)) => json::list(name, schema, text),
        ("array", Value::Number(_) | Value::Object(_)) => Some(Value::Array(vec![value.clone()])),
        ("object", Value::String(text)) => json::parse(text).filter(|value| value.is_object() || value.is_array()),
        _ => None,
    };
    if let Some(near) = near {
        *value = near;
    }
    match value {
        Value::Array(items) if expected == "object" && !schema.contains_key("properties") => {
            if let Some(map) = json::map_of_pairs(items) {
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

/// The texts of a list that is written as one text.
pub(super) fn texts(text: &str) -> Vec<Value> {
    let schema = Map::from_iter([("items".to_owned(), serde_json::json!({"type": "string"}))]);
    match json::list("", &schema, text) {
        Some(Value::Array(texts)) => texts,
        _ => Vec::new(),
    }
}

fn boolean(text: &str) -> Option<Value> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Some(true.into()),
        "false" | "no" | "0" => Some(false.into()),
        _ => None,
    }
}

/// The value of an enum that differs from the text only in case and separators.
fn enum_value(schema: &Map<String, Value>, text: &str) -> Option<Value> {
    let words = schema.get("enum")?.as_array()?;
    let matching: Vec<&Value> =
        words.iter().filter(|word| word.as_str().is_some_and(|word| normalized(word) == normalized(text))).collect();
    match matching.as_slice() {
        [only] => Some((*only).clone()),
        _ => None,
    }
}

/// Removes optional arguments that are empty strings: some hosts fill in every argument. An update refuses them
/// instead, because they could also mean "empty the field".
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

/// Adds an example of the argument to an error message that has none.
pub(super) fn with_example(schema: &Map<String, Value>, mut error: Error) -> Error {
    let field = error.field.as_deref().unwrap_or_default();
    let top = field.split(['.', '[']).next().unwrap_or_default();
    let has_example = ["such as", "For example", "finds"].iter().any(|words| error.message.contains(words));
    if error.code == Code::InvalidArguments
        && !has_example
        && let Some(example) = example::of_argument(schema, top)
    {
        error.message = format!("{} For example {example}.", error.message);
    }
    error
}

/// Example arguments that fit the schema.
pub(super) fn example(schema: &Map<String, Value>) -> Value {
    example::of_all(schema).into()
}
