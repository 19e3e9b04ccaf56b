//! From what a caller wrote to a checked invocation. Nothing here sends a request, so bad arguments cost no quota.

use super::{
    check,
    id::Id,
    operation::{Effect, Operation},
    {Entry, Invocation},
};
use crate::error::{Error, Result};
use serde_json::{Map, Value};

/// What the typed check of an operation yields beside its verdict.
pub(super) type Parsed = Result<Option<Id>>;

/// Reads the arguments into the operation's own type and takes the object's id from it.
pub(super) fn typed<O: Operation>(arguments: &Map<String, Value>) -> Parsed {
    let read = |arguments: Map<String, Value>| serde_path_to_error::deserialize::<_, O>(Value::Object(arguments));
    let error = match read(arguments.clone()) {
        Ok(operation) => return Ok(O::ROUTE.id.map(|id| id(&operation).clone())),
        Err(error) => error,
    };
    let message = error.inner().to_string();
    let mut field = error.path().to_string();
    if field == "." {
        // serde loses the path of a flattened field: it is the one without which this complaint is gone. Without a
        // required field the complaint is another, but that one is not at fault.
        let is_at_fault = |name: &&String| {
            let mut rest = arguments.clone();
            rest.shift_remove(*name);
            let complaint = read(rest).err().map(|error| error.inner().to_string());
            complaint.is_none_or(|other| other != message && !other.starts_with("missing field"))
        };
        let at_fault = arguments.keys().find(is_at_fault);
        field = at_fault.cloned().unwrap_or_default();
    }
    Err(Error::invalid(&field, format!("`{field}` {message}.")))
}

/// Checks a caller's arguments for an entry of the catalogue.
///
/// # Errors
/// `invalid_arguments` naming the field, the problem and what is allowed.
pub(super) fn parse(entry: &'static Entry, mut arguments: Map<String, Value>) -> Result<Invocation> {
    let schema = entry.input_schema();
    decode_strings(schema, &mut arguments);
    check::object(schema, &arguments, "")?;
    let cleared = if entry.effect == Effect::Update { take_cleared(entry, &mut arguments)? } else { Vec::new() };
    // What is left of nulls is a host's way to say "not given".
    arguments.retain(|_, value| !value.is_null());
    let id = (entry.typed)(&arguments)?;
    for name in cleared {
        arguments.insert(name, Value::Null);
    }
    if entry.effect == Effect::Update && arguments.len() < 2 {
        return Err(Error::new(
            crate::error::Code::InvalidArguments,
            format!("Nothing to change: give {} at least one field beside `id`.", entry.name),
        ));
    }
    Ok(Invocation { entry, id, arguments })
}

/// Some hosts turn objects and arrays into JSON strings; those are read as what they stand for.
fn decode_strings(schema: &Map<String, Value>, arguments: &mut Map<String, Value>) {
    for (name, value) in arguments {
        let due = schema.get("properties").and_then(|all| all.get(name)?.get("type")?.as_str());
        if let (Some(kind @ ("object" | "array")), Value::String(text)) = (due, &*value)
            && let Ok(decoded) = serde_json::from_str::<Value>(text)
            && decoded.is_object() == (kind == "object")
            && (decoded.is_object() || decoded.is_array())
        {
            *value = decoded;
        }
    }
}

/// The fields to empty: those that `clear` lists and those given as null.
fn take_cleared(entry: &Entry, arguments: &mut Map<String, Value>) -> Result<Vec<String>> {
    let mut cleared: Vec<String> = match arguments.remove("clear") {
        Some(Value::Array(names)) => names.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    };
    for name in &cleared {
        if arguments.get(name).is_some_and(|value| !value.is_null()) {
            return Err(Error::invalid(name, format!("`{name}` is both given and listed in `clear`.")));
        }
    }
    for (name, _) in arguments.iter().filter(|(_, value)| value.is_null()) {
        if !entry.clearable.contains(&name.as_str()) {
            return Err(Error::invalid(
                name,
                format!("`{name}` cannot be emptied. Fields that can: {}.", entry.clearable.join(", ")),
            ));
        }
        cleared.push(name.clone());
    }
    arguments.retain(|_, value| !value.is_null());
    cleared.sort();
    cleared.dedup();
    Ok(cleared)
}
