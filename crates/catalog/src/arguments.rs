//! From what a caller wrote to a checked invocation. Nothing here sends a request, so bad arguments cost no quota.

use super::{
    absent::{self, Cleared},
    check,
    id::Id,
    near,
    operation::{Effect, Operation},
    {Entry, Invocation},
};
use highlevel_core::error::{Error, Result};
use serde_json::{Map, Value, json};

/// What the typed check of an operation yields beside its verdict.
pub(super) type Parsed = Result<Option<Id>>;

/// Reads the arguments into the operation's own type and takes the object's id from it. Texts of a form, such as dates, are
/// from then on in the form that the type gives them.
pub(super) fn typed<O: Operation>(arguments: &mut Map<String, Value>) -> Parsed {
    let read = |arguments: Map<String, Value>| serde_path_to_error::deserialize::<_, O>(Value::Object(arguments));
    let error = match read(arguments.clone()) {
        Ok(operation) => {
            let id = O::ROUTE.id.map(|id| id(&operation).clone());
            let Ok(Value::Object(mut formed)) = serde_json::to_value(operation) else { return Ok(id) };
            for (name, value) in arguments.iter_mut().filter(|(_, value)| value.is_string()) {
                if let Some(text) = formed.get_mut(name).filter(|text| text.is_string()) {
                    *value = text.take();
                }
            }
            return Ok(id);
        }
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

/// Checks a caller's arguments for an entry of the catalogue by this schema: what any API takes, or one of them.
///
/// # Errors
/// `invalid_arguments` naming the field, the problem and what is allowed.
pub(super) fn parse(
    entry: &'static Entry,
    schema: &Map<String, Value>,
    arguments: Map<String, Value>,
) -> Result<Invocation> {
    checked(entry, schema, arguments).map_err(|error| near::with_example(schema, error))
}

/// Reads arguments that are written in another form than this schema's.
///
/// # Errors
/// `invalid_arguments` for an empty text in an update.
pub(super) fn understand(entry: &Entry, schema: &Map<String, Value>, arguments: &mut Map<String, Value>) -> Result<()> {
    near::read(entry, schema, arguments);
    if entry.effect == Effect::Update {
        return refuse_empty(entry, arguments);
    }
    near::drop_empty(schema, arguments);
    Ok(())
}

fn checked(
    entry: &'static Entry,
    schema: &Map<String, Value>,
    mut arguments: Map<String, Value>,
) -> Result<Invocation> {
    understand(entry, schema, &mut arguments)?;
    // Null is a host's way to say "not given", at any depth; what is null at the top still has to have a known name.
    if entry.effect != Effect::Read {
        absent::drop_inner_nulls(&mut arguments);
    }
    let cleared = Cleared::take(entry, &mut arguments)?;
    near::read_ids(entry, schema, &mut arguments)?;
    check::object(schema, &arguments, "")?;
    arguments.retain(|_, value| !value.is_null());
    // So is an empty list as a filter, and an empty list or object of changes.
    arguments.retain(|name, value| match entry.effect {
        Effect::Read => value.as_array().is_none_or(|items| !items.is_empty()),
        Effect::Update => !(absent::is_empty(value) && absent::holds_changes(name)),
        _ => true,
    });
    absent::refuse_words(entry, &arguments)?;
    refuse_blank(entry, &arguments)?;
    let id = (entry.typed)(&mut arguments)?;
    cleared.put(&mut arguments);
    if entry.effect == Effect::Update && arguments.len() < 2 {
        return Err(Error::new(
            highlevel_core::error::Code::InvalidArguments,
            format!("Nothing to change: give {} at least one field beside `id`.", entry.name),
        ));
    }
    let invocation = Invocation { entry, id, arguments };
    absent::refuse_contradictions(&invocation)?;
    Ok(invocation)
}

/// An empty text in an update may mean that the field is to be emptied, or that the host has nothing to give.
fn refuse_empty(entry: &Entry, arguments: &Map<String, Value>) -> Result<()> {
    let is_empty = |(name, value): &(&String, &Value)| *name != "clear" && value.as_str() == Some("");
    let Some((name, _)) = arguments.iter().find(is_empty) else { return Ok(()) };
    let how = if entry.clearable.contains(&name.as_str()) {
        format!("leave it out to keep it, or empty it with `clear`, such as {}", json!({"clear": [name]}))
    } else {
        "leave it out to keep it".to_owned()
    };
    Err(Error::invalid(name, format!("`{name}` must not be empty: {how}.")))
}

/// A blank text is a filter that finds nothing, or a name that nobody can see; in a list it is an item by mistake. In an
/// update it would empty a field, which only `clear` does.
fn refuse_blank(entry: &Entry, arguments: &Map<String, Value>) -> Result<()> {
    let is_blank = |value: &Value| value.as_str().is_some_and(|text| text.trim().is_empty());
    for (name, value) in arguments {
        let items = value.as_array().into_iter().flatten();
        if let Some(index) = items.clone().position(is_blank) {
            return Err(Error::invalid(format!("{name}[{index}]"), format!("`{name}` must not hold an empty text.")));
        }
        let may_be_blank = !matches!(entry.effect, Effect::Read | Effect::Update);
        if !may_be_blank && is_blank(value) {
            let instead = match entry.clearable.contains(&name.as_str()) {
                true => format!(" To empty the field, give `clear: [\"{name}\"]`."),
                false => String::new(),
            };
            return Err(Error::invalid(name, format!("`{name}` must not be empty.{instead}")));
        }
    }
    Ok(())
}
