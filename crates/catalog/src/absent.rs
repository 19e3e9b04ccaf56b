//! Forms of "not given". Many hosts send null for every optional argument, and some send the word "null".

use crate::{check, invocation::Arguments, near, operation::Effect, spec::OperationSpec};
use highlevel_core::error::{Error, Result};
use serde_json::{Map, Value};

/// Object arguments whose members can be emptied.
const NESTED: [&str; 2] = ["address", "customFields"];

/// Arguments in which "null" and similar words are mistakes. Names are not among them: Null is a surname.
const NO_NULL_WORDS: &[&str] = &[
    "id",
    "userId",
    "contactId",
    "locationId",
    "assignedTo",
    "template",
    "email",
    "phone",
    "source",
    "expectedCloseDate",
    "since",
    "until",
    "dueFrom",
    "dueUntil",
    "dueDate",
    "issueDate",
    "entityId",
    "form",
    "search",
    "sender",
    "tags",
    "addTags",
    "removeTags",
];

/// Drops nulls inside objects and lists. An object or list that only held nulls becomes null.
pub(super) fn drop_inner_nulls(arguments: &mut Map<String, Value>) {
    arguments.values_mut().for_each(drop_nulls);
}

fn drop_nulls(value: &mut Value) {
    let was_empty = is_empty(value);
    match value {
        Value::Array(items) => {
            items.iter_mut().for_each(drop_nulls);
            items.retain(|item| !item.is_null());
        }
        Value::Object(members) => {
            members.values_mut().for_each(drop_nulls);
            members.retain(|_, member| !member.is_null());
        }
        _ => {}
    }
    if !was_empty && is_empty(value) {
        *value = Value::Null;
    }
}

/// Whether an argument of an update holds changes to a value instead of the whole new value.
pub(super) fn holds_changes(name: &str) -> bool {
    NESTED.contains(&name) || ["addTags", "removeTags", "replace"].contains(&name)
}

/// Whether this is an empty list or object.
pub(super) fn is_empty(value: &Value) -> bool {
    value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(Map::is_empty)
}

/// Refuses "null", "undefined", "None" and "NaN" as a phone number, tag, id, date or source.
///
/// # Errors
/// `invalid_arguments` with the argument.
pub(super) fn refuse_null_words(spec: &OperationSpec, arguments: &Map<String, Value>) -> Result<()> {
    for (name, value) in arguments.iter().filter(|(name, _)| NO_NULL_WORDS.contains(&name.as_str())) {
        let (field, text) = match value {
            Value::String(text) => (name.clone(), text),
            Value::Array(items) => match items.iter().enumerate().find_map(|(at, item)| Some((at, null_word(item)?))) {
                Some((at, text)) => (format!("{name}[{at}]"), text),
                None => continue,
            },
            _ => continue,
        };
        if !is_null_word(text) {
            continue;
        }
        let required = spec.input_schema().get("required").and_then(Value::as_array).into_iter().flatten();
        let instead = match spec.effect {
            _ if required.clone().any(|required| required == name) => format!("`{name}` is required; give a real one."),
            Effect::Update if spec.is_clearable(name) => {
                format!("Leave `{name}` out to keep its value. To empty it, give `clear: [\"{name}\"]`.")
            }
            _ => format!("Leave `{name}` out if there is none."),
        };
        return Err(Error::invalid(field.clone(), format!("`{field}` is the word \"{}\". {instead}", text.trim())));
    }
    Ok(())
}

fn null_word(value: &Value) -> Option<&String> {
    match value {
        Value::String(text) if is_null_word(text) => Some(text),
        _ => None,
    }
}

fn is_null_word(text: &str) -> bool {
    ["null", "undefined", "none", "nan"].iter().any(|word| text.trim().eq_ignore_ascii_case(word))
}

/// The fields that an update empties.
#[derive(Debug, Default)]
pub(super) struct Cleared {
    fields: Vec<String>,
    /// Members of fields, such as `customFields.score`.
    members: Vec<(String, String)>,
}

impl Cleared {
    /// Removes `clear` from an update's arguments. The schema lists whole fields only, but members such as
    /// `customFields.score` are accepted too.
    ///
    /// # Errors
    /// `invalid_arguments` for a field that cannot be emptied or is also given.
    pub(super) fn take(spec: &OperationSpec, arguments: &mut Map<String, Value>) -> Result<Self> {
        let mut cleared = Self::default();
        if spec.effect != Effect::Update {
            return Ok(cleared);
        }
        let names = match arguments.get("clear") {
            Some(Value::Array(names)) => names.clone(),
            Some(Value::Null) => Vec::new(),
            // Operations of the catalogue have no `clear` in their schema, by which its near forms would be read.
            Some(Value::String(text)) if !spec.clearable.is_empty() => near::texts(text),
            _ => return Ok(cleared),
        };
        if names.iter().any(|name| !name.is_string()) {
            // The schema check reports the error.
            return Ok(cleared);
        }
        arguments.shift_remove("clear");
        for (at, name) in names.iter().filter_map(Value::as_str).enumerate() {
            match name.split_once('.') {
                Some((field, member)) if NESTED.contains(&field) && spec.is_clearable(field) => {
                    known_member(spec, field, member)?;
                    cleared.members.push((field.to_owned(), member.to_owned()));
                }
                _ if spec.is_clearable(name) => cleared.fields.push(name.to_owned()),
                _ => {
                    let can = spec.clearable.join(", ");
                    let message = format!("`{name}` cannot be emptied. Fields that can: {can}.");
                    return Err(Error::invalid(format!("clear[{at}]"), message));
                }
            }
        }
        cleared.fields.sort();
        cleared.fields.dedup();
        cleared.members.retain(|(field, _)| !cleared.fields.contains(field));
        cleared.refuse_given(arguments)?;
        Ok(cleared)
    }

    fn refuse_given(&self, arguments: &Map<String, Value>) -> Result<()> {
        let given = |name: &String| arguments.get(name).filter(|value| !value.is_null());
        let field = self.fields.iter().find(|name| given(name).is_some()).cloned();
        let member = self.members.iter().find(|(field, member)| {
            given(field).and_then(|value| value.get(member)).is_some_and(|value| !value.is_null())
        });
        match field.or_else(|| member.map(|(field, member)| format!("{field}.{member}"))) {
            Some(name) => {
                let message = format!("`{name}` is both given and listed in `clear`. Give one of the two.");
                Err(Error::invalid(name, message))
            }
            None => Ok(()),
        }
    }

    /// Adds a null to the checked arguments for each field and member. In [`Arguments`], a null empties the field.
    pub(super) fn put(self, arguments: &mut Map<String, Value>) {
        for name in self.fields {
            arguments.insert(name, Value::Null);
        }
        for (field, member) in self.members {
            let members = arguments.entry(field).or_insert_with(|| Map::new().into());
            if let Some(members) = members.as_object_mut() {
                members.insert(member, Value::Null);
            }
        }
    }
}

/// Checks a member's name, if the schema lists the members. Custom fields depend on the account.
fn known_member(spec: &OperationSpec, field: &str, member: &str) -> Result<()> {
    let parts = spec.input_schema().get("properties").and_then(|all| all.get(field)?.get("properties")?.as_object());
    match parts {
        Some(parts) if !parts.contains_key(member) => {
            Err(check::unknown(&format!("{field}.{member}"), member, parts.keys().map(String::as_str)))
        }
        _ => Ok(()),
    }
}

/// Refuses arguments that contradict each other.
///
/// # Errors
/// `invalid_arguments` with both arguments.
pub(super) fn refuse_contradictions(arguments: &Arguments) -> Result<()> {
    let given = |name: &str| arguments.has(name);
    for (whole, part, why) in [
        ("tags", "addTags", "`tags` is the whole new set, `addTags` adds to the current set"),
        ("tags", "removeTags", "`tags` is the whole new set, `removeTags` removes from the current set"),
        ("content", "replace", "`content` is the whole new content, `replace` changes parts of the current content"),
    ] {
        if given(whole) && given(part) {
            return Err(Error::invalid(part, format!("`{part}` and `{whole}` cannot go together: {why}.")));
        }
    }
    let texts = |name: &str| arguments.get(name).and_then(Value::as_array).into_iter().flatten();
    let normalized = |tag: &Value| tag.as_str().map(|tag| tag.trim().to_lowercase());
    let added: Vec<_> = texts("addTags").map(normalized).collect();
    if let Some(both) = texts("removeTags").find(|tag| added.contains(&normalized(tag))) {
        let message = format!("{both} is in both `addTags` and `removeTags`. Give it in one of the two.");
        return Err(Error::invalid("removeTags", message));
    }
    for (at, part) in texts("replace").enumerate() {
        if part.get("old").and_then(Value::as_str).is_some_and(str::is_empty) {
            let field = format!("replace[{at}].old");
            return Err(Error::invalid(field.clone(), format!("`{field}` must not be empty: it is the text to find.")));
        }
    }
    Ok(())
}
