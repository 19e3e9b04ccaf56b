//! Partial updates of values that the API can only replace: the value is read, changed and sent in full.

use super::{appointments, custom_fields};
use crate::api::Adapter;
use highlevel_catalog::{Arguments, Effect, Invocation};
use highlevel_core::UNREADABLE;
use highlevel_core::error::{Code, Error, Result};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// Fields that contain other fields.
const NESTED: [&str; 2] = ["address", "customFields"];

/// Whether the update needs the object's current state.
pub(super) fn needs_object(api: &Adapter, update: &Invocation) -> bool {
    let given = |name: &str| update.arguments.get(name);
    let nested = NESTED.iter().any(|name| given(name).is_some_and(Value::is_object));
    let tags = given("addTags").is_some() || given("removeTags").is_some();
    update.spec.effect == Effect::Update
        && update.spec.passthrough.is_none()
        && ((nested && !api.keeps_members())
            || (given("customFields").is_some_and(Value::is_null) && api.keeps_members())
            || (tags && !api.has_tag_requests())
            || given("replace").is_some()
            || appointments::moves(update))
}

/// The update to send, merged with the object's current state.
///
/// # Errors
/// `conflict` for a value that cannot be merged; `invalid_arguments` for a text in `replace` that does not occur
/// exactly once.
pub(super) fn full_update(api: &Adapter, update: &Invocation, object: &Value) -> Result<Invocation> {
    let mut whole = update.clone();
    if api.keeps_members() {
        clear_each_custom_field(&mut whole.arguments, object);
    } else {
        for name in NESTED {
            if let Some(Value::Object(changes)) = update.arguments.get(name) {
                whole.arguments.set(name, members(update, name, object, changes)?);
            }
        }
    }
    if !api.has_tag_requests() {
        change_tags(&mut whole, object)?;
    }
    if appointments::moves(update) {
        appointments::keep_length(&mut whole, object)?;
    }
    if let Some(Value::Array(parts)) = whole.arguments.take("replace") {
        let content = object.get("content").and_then(Value::as_str).unwrap_or_default();
        whole.arguments.set("content", with_replacements(content, &parts)?);
    }
    Ok(whole)
}

/// The value of a field, even if its form does not match the output schema.
pub fn value<'a>(object: &'a Value, name: &str) -> &'a Value {
    let members = object.as_object().into_iter().flatten();
    let mut aside = members.filter(|(name, _)| name.starts_with(UNREADABLE)).filter_map(|(_, odd)| odd.get(name));
    object.get(name).or_else(|| aside.next()).unwrap_or(&Value::Null)
}

/// The object's value of a field with the changes applied.
fn members(
    update: &Invocation,
    name: &str,
    object: &Value,
    changes: &Map<String, Value>,
) -> Result<Map<String, Value>> {
    let with_changes = |mut old: Map<String, Value>| {
        // The API clears a part of an address with an empty text.
        let is_cleared = |value: &Value| value.is_null() && name == "address";
        let new_value = |value: &Value| if is_cleared(value) { "".into() } else { value.clone() };
        old.extend(changes.iter().map(|(name, value)| (name.clone(), new_value(value))));
        old
    };
    let old = value(object, name);
    let merged = match old {
        Value::Null => Some(with_changes(Map::new())),
        Value::Object(old) => Some(with_changes(old.clone())),
        Value::Array(items) if items.is_empty() => Some(with_changes(Map::new())),
        Value::Array(items) if name == "customFields" => custom_fields::merged(items, changes),
        Value::String(text) if text.trim().is_empty() => Some(with_changes(Map::new())),
        _ => None,
    };
    merged.ok_or_else(|| cannot_merge(update, name, old))
}

fn cannot_merge(update: &Invocation, name: &str, old: &Value) -> Error {
    /// The most characters of the current value in the error.
    const SHOWN: usize = 200;
    let shown: String = old.to_string().chars().take(SHOWN).collect();
    let mut advice = String::new();
    if update.spec.is_clearable(name) {
        advice = format!(" To replace it, first clear it with `clear: [\"{name}\"]`, then send the full value.");
    }
    let message = format!("`{name}` cannot be merged with its current value, {shown}. Nothing was sent.{advice}");
    let mut error = Error::new(Code::Conflict, message);
    error.field = Some(name.to_owned());
    error
}

/// Expands `clear: ["customFields"]` for an API that clears field by field: each field that has a value becomes null.
fn clear_each_custom_field(arguments: &mut Arguments, object: &Value) {
    if !arguments.clears("customFields") {
        return;
    }
    let fields = object.get("customFields").and_then(Value::as_object).into_iter().flatten();
    let each: Map<String, Value> =
        fields.filter(|(_, value)| !value.is_null()).map(|(name, _)| (name.clone(), Value::Null)).collect();
    arguments.take("customFields");
    if !each.is_empty() {
        arguments.set("customFields", each);
    }
}

/// Applies `addTags` and `removeTags` to the current tags. The API stores tags in lower case, so case does not count.
fn change_tags(update: &mut Invocation, object: &Value) -> Result<()> {
    let added = update.arguments.take("addTags");
    let removed = update.arguments.take("removeTags");
    if added.is_none() && removed.is_none() {
        return Ok(());
    }
    let old = match value(object, "tags") {
        Value::Null => Vec::new(),
        Value::Array(tags) => tags.clone(),
        Value::String(text) if text.trim().is_empty() => Vec::new(),
        odd => return Err(cannot_merge(update, "tags", odd)),
    };
    let mut tags = old.clone();
    for tag in texts(removed.as_ref()) {
        tags.retain(|other| other.as_str().is_none_or(|other| !is_same_tag(tag, other)));
    }
    for tag in texts(added.as_ref()) {
        if !texts(Some(&Value::Array(tags.clone()))).any(|other| is_same_tag(tag, other)) {
            tags.push(tag.trim().into());
        }
    }
    if tags != old {
        update.arguments.set("tags", tags);
    }
    Ok(())
}

/// The texts in a list.
pub(super) fn texts(list: Option<&Value>) -> impl Iterator<Item = &str> {
    list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// Whether both are the same tag to the API.
pub fn is_same_tag(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

/// The content with each part replaced, in order. Each part has to occur exactly once at the time of its replacement.
fn with_replacements(content: &str, parts: &[Value]) -> Result<String> {
    let mut content = content.to_owned();
    for (at, part) in parts.iter().enumerate() {
        let text = |name: &str| part.get(name).and_then(Value::as_str).unwrap_or_default();
        let mut old = Cow::Borrowed(text("old"));
        let mut new = Cow::Borrowed(text("new"));
        if !content.contains(&*old) && content.contains("\r\n") {
            // Answers show a CRLF as a line feed.
            old = with_crlf(&old).into();
            new = with_crlf(&new).into();
        }
        match occurrences(&content, &old) {
            1 => content = content.replacen(&*old, &new, 1),
            count => return Err(occurrence_error(at, count)),
        }
    }
    Ok(content)
}

fn with_crlf(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\n', "\r\n")
}

/// The number of occurrences of a text, including overlapping ones.
fn occurrences(content: &str, text: &str) -> usize {
    let mut count = 0;
    let mut from = 0;
    while let Some(at) = content.get(from..).and_then(|rest| rest.find(text)) {
        count += 1;
        let step = content.get(from + at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8);
        from += at + step;
    }
    count
}

fn occurrence_error(at: usize, count: usize) -> Error {
    let field = format!("replace[{at}].old");
    let (problem, advice) = match count {
        0 => (
            "does not occur in the page's content".to_owned(),
            "Read the page with get_page and copy the text exactly; earlier parts of `replace` are applied first.",
        ),
        count => (
            format!("occurs {count} times in the page's content"),
            "It has to occur exactly once: include more of the surrounding text.",
        ),
    };
    Error::invalid(field.clone(), format!("`{field}` {problem}. {advice} Nothing was written."))
        .with("occurrences", count)
}

#[cfg(test)]
mod tests {
    use super::{occurrences, with_replacements};
    use serde_json::{Value, json};

    fn replace(content: &str, parts: Value) -> Result<String, String> {
        with_replacements(content, parts.as_array().unwrap()).map_err(|error| error.field.unwrap())
    }

    #[test]
    fn parts_are_replaced_in_order() {
        let parts = json!([{"old": "one", "new": "two"}, {"old": "two three", "new": ""}]);
        assert_eq!(replace("one three, ä", parts).unwrap(), ", ä");
        assert_eq!(replace("a\r\nb", json!([{"old": "a\nb", "new": "c\nd"}])).unwrap(), "c\r\nd");
    }

    #[test]
    fn a_text_that_does_not_occur_exactly_once_is_refused_with_its_index() {
        assert_eq!(
            replace("a b a", json!([{"old": "b", "new": "c"}, {"old": "a", "new": "x"}])).unwrap_err(),
            "replace[1].old"
        );
        assert_eq!(replace("a", json!([{"old": "b", "new": "c"}])).unwrap_err(), "replace[0].old");
        assert_eq!((occurrences("aaa", "aa"), occurrences("ääb", "ä"), occurrences("", "a")), (2, 2, 0));
    }
}
