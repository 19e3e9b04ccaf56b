//! Checks of arguments against the schema that the tool publishes.

use highlevel_core::error::{Error, Result};
use highlevel_core::suggest::nearest;
use serde_json::{Map, Value};

/// Checks an object against its schema, including nested objects and arrays.
///
/// # Errors
/// `invalid_arguments` with the field, the problem and what is allowed.
pub(super) fn object(schema: &Map<String, Value>, arguments: &Map<String, Value>, path: &str) -> Result<()> {
    let none = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
    for (name, value) in arguments {
        match properties.get(name) {
            // A null means "not given".
            Some(_) if value.is_null() => {}
            Some(inner) => value_of(inner, value, &join(path, name))?,
            None if schema.get("additionalProperties") == Some(&Value::Bool(false)) => {
                return Err(unknown(&join(path, name), name, properties.keys().map(String::as_str)));
            }
            None => {}
        }
    }
    for name in schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        let field = join(path, name);
        match arguments.get(name) {
            None | Some(Value::Null) => return Err(Error::invalid(&field, format!("`{field}` is required."))),
            // Only nested strings may be empty, such as the `new` of a replacement.
            Some(Value::String(text)) if path.is_empty() && text.trim().is_empty() => {
                return Err(Error::invalid(&field, format!("`{field}` must not be empty.")));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// The error for an unknown argument, with the nearest known name.
pub(super) fn unknown<'a>(field: &str, name: &str, known: impl Iterator<Item = &'a str>) -> Error {
    let known: Vec<&str> = known.collect();
    if known.is_empty() {
        return Error::invalid(
            field,
            format!("Unknown argument `{field}`: the tool takes no arguments. Leave it out."),
        );
    }
    let near = nearest(name, known.iter().copied()).map_or(String::new(), |near| format!(" Did you mean `{near}`?"));
    Error::invalid(field, format!("Unknown argument `{field}`.{near} Known: {}.", known.join(", ")))
}

fn value_of(schema: &Value, value: &Value, field: &str) -> Result<()> {
    if let Some(kind) = schema.get("type").and_then(Value::as_str)
        && !has_type(value, kind)
    {
        let article = if kind.starts_with(['a', 'o', 'i']) { "an" } else { "a" };
        return Err(Error::invalid(field, format!("`{field}` must be {article} {kind}, not {}.", name_of(value))));
    }
    if let Some(choices) = schema.get("anyOf").and_then(Value::as_array) {
        return any_of(choices, value, field);
    }
    if let Some(words) = schema.get("enum").and_then(Value::as_array)
        && !words.contains(value)
    {
        let text = |word: &Value| word.as_str().map_or_else(|| word.to_string(), str::to_owned);
        let words: Vec<String> = words.iter().map(text).collect();
        return Err(Error::invalid(field, format!("`{field}` must be one of {}.", words.join(", "))));
    }
    if let Some(number) = value.as_f64() {
        let bound = |name: &str| schema.get(name).and_then(Value::as_f64);
        let least = bound("minimum");
        let most = bound("maximum");
        if least.is_some_and(|least| number < least) || most.is_some_and(|most| number > most) {
            let allowed = match (least, most) {
                (Some(least), Some(most)) => format!("from {least} to {most}"),
                (Some(least), None) => format!("at least {least}"),
                (None, most) => format!("at most {}", most.unwrap_or_default()),
            };
            return Err(Error::invalid(field, format!("`{field}` must be {allowed}.")));
        }
    }
    if let Some(text) = value.as_str() {
        check_length(schema, text, field)?;
    }
    if let Some(items) = value.as_array() {
        if let Some(most) = schema.get("maxItems").and_then(Value::as_u64)
            && (items.len() as u64) > most
        {
            return Err(Error::invalid(field, format!("`{field}` must have at most {most} items.")));
        }
        if let Some(least) = schema.get("minItems").and_then(Value::as_u64)
            && (items.len() as u64) < least
        {
            return Err(Error::invalid(field, format!("`{field}` must have at least {least} item.")));
        }
        if let Some(inner) = schema.get("items") {
            for (index, item) in items.iter().enumerate() {
                value_of(inner, item, &format!("{field}[{index}]"))?;
            }
        }
    }
    if let (Value::Object(schema), Some(inner)) = (schema, value.as_object()) {
        object(schema, inner, field)?;
    }
    Ok(())
}

/// Checks that a value matches one of the choices. The error is that of the choice that fits best: the first one of the
/// value's type that lacks a member, else the first one of its type.
fn any_of(choices: &[Value], value: &Value, field: &str) -> Result<()> {
    let mut best: Option<(u8, Error)> = None;
    for choice in choices {
        let Err(error) = value_of(choice, value, field) else { return Ok(()) };
        let has_its_type = choice.get("type").and_then(Value::as_str).is_some_and(|kind| has_type(value, kind));
        let rank = match has_its_type {
            true if error.message.ends_with("is required.") => 2,
            true => 1,
            false => 0,
        };
        if best.as_ref().is_none_or(|(most, _)| rank > *most) {
            best = Some((rank, error));
        }
    }
    best.map_or(Ok(()), |(_, error)| Err(error))
}

fn check_length(schema: &Value, text: &str, field: &str) -> Result<()> {
    let bound = |name: &str| schema.get(name).and_then(Value::as_u64);
    let length = text.chars().count() as u64;
    match (bound("minLength"), bound("maxLength")) {
        (_, Some(most)) if length > most => {
            Err(Error::invalid(field, format!("`{field}` has {length} characters; at most {most} are allowed.")))
        }
        (Some(least), _) if length < least => {
            Err(Error::invalid(field, format!("`{field}` must have at least {least} characters.")))
        }
        _ => Ok(()),
    }
}

fn has_type(value: &Value, kind: &str) -> bool {
    match kind {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    }
}

fn name_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(number) if number.is_f64() => "a fraction",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}
