//! Updates of a part of a value. What the API can only replace as a whole is read, changed and sent as a whole.

use super::custom;
use crate::api::Adapter;
use highlevel_catalog::{Arguments, Effect, Invocation};
use highlevel_core::UNREADABLE;
use highlevel_core::error::{Code, Error, Result};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// Fields that hold fields of their own.
const NESTED: [&str; 2] = ["address", "customFields"];

/// Whether the object has to be read, and read anew, before the update can be sent.
pub(super) fn needs_object(api: &Adapter, update: &Invocation) -> bool {
    let given = |name: &str| update.arguments.get(name);
    let nested = NESTED.iter().any(|name| given(name).is_some_and(Value::is_object));
    let tags = given("addTags").is_some() || given("removeTags").is_some();
    update.spec.effect == Effect::Update
        && ((nested && !api.keeps_members())
            || (given("customFields").is_some_and(Value::is_null) && api.keeps_members())
            || (tags && !api.has_tag_requests())
            || given("replace").is_some())
}

/// The update as it is sent, from the object as it is now.
///
/// # Errors
/// `conflict` for a value that cannot be merged with; `invalid_arguments` for a text to replace that is not there once.
pub(super) fn whole(api: &Adapter, update: &Invocation, object: &Value) -> Result<Invocation> {
    let mut whole = update.clone();
    if api.keeps_members() {
        empty_each(&mut whole.arguments, object);
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
    if let Some(Value::Array(parts)) = whole.arguments.take("replace") {
        let content = object.get("content").and_then(Value::as_str).unwrap_or_default();
        whole.arguments.set("content", replaced(content, &parts)?);
    }
    Ok(whole)
}

/// The value of a field, also where it did not have the form that an answer promises.
pub(super) fn value<'a>(object: &'a Value, name: &str) -> &'a Value {
    let members = object.as_object().into_iter().flatten();
    let mut aside = members.filter(|(name, _)| name.starts_with(UNREADABLE)).filter_map(|(_, odd)| odd.get(name));
    object.get(name).or_else(|| aside.next()).unwrap_or(&Value::Null)
}

/// What the object has in a field, with the changes laid over it.
fn members(
    update: &Invocation,
    name: &str,
    object: &Value,
    changes: &Map<String, Value>,
) -> Result<Map<String, Value>> {
    let over = |mut old: Map<String, Value>| {
        let emptied = |value: &Value| value.is_null() && name == "address";
        // A part of an address is a text, also where it is empty.
        old.extend(
            changes.iter().map(|(name, value)| (name.clone(), if emptied(value) { "".into() } else { value.clone() })),
        );
        old
    };
    let old = value(object, name);
    let merged = match old {
        Value::Null => Some(over(Map::new())),
        Value::Object(old) => Some(over(old.clone())),
        Value::Array(items) if items.is_empty() => Some(over(Map::new())),
        Value::Array(items) if name == "customFields" => custom::merged(items, changes),
        Value::String(text) if text.trim().is_empty() => Some(over(Map::new())),
        _ => None,
    };
    merged.ok_or_else(|| cannot_merge(update, name, old))
}

fn cannot_merge(update: &Invocation, name: &str, old: &Value) -> Error {
    /// Enough to know it by.
    const SHOWN: usize = 200;
    let shown: String = old.to_string().chars().take(SHOWN).collect();
    let mut can = String::new();
    if update.spec.is_clearable(name) {
        can = format!(" To replace it, first empty it with `clear: [\"{name}\"]`, then give the whole.");
    }
    let message = format!(
        "`{name}` cannot be merged with what stands there, {shown}. Nothing was sent, so nothing is lost.{can}"
    );
    let mut error = Error::new(Code::Conflict, message);
    error.field = Some(name.to_owned());
    error
}

/// `clear: ["customFields"]` where the API empties field by field: each one that has a value.
fn empty_each(arguments: &mut Arguments, object: &Value) {
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

/// The tags that are there, without those to remove and with those to add. The API keeps tags in lower case, so case does
/// not count.
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

/// The texts of a list.
pub(super) fn texts(list: Option<&Value>) -> impl Iterator<Item = &str> {
    list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// Whether the API takes both for the same tag.
pub(super) fn is_same_tag(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

/// The content with each part replaced, in order. Each has to be there exactly once when its turn comes.
fn replaced(content: &str, parts: &[Value]) -> Result<String> {
    let mut content = content.to_owned();
    for (at, part) in parts.iter().enumerate() {
        let text = |name: &str| part.get(name).and_then(Value::as_str).unwrap_or_default();
        let (mut old, mut new) = (Cow::Borrowed(text("old")), Cow::Borrowed(text("new")));
        if !content.contains(&*old) && content.contains("\r\n") {
            // Answers show a Windows line end as a line feed.
            old = windows(&old).into();
            new = windows(&new).into();
        }
        match occurrences(&content, &old) {
            1 => content = content.replacen(&*old, &new, 1),
            count => return Err(not_once(at, count)),
        }
    }
    Ok(content)
}

fn windows(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\n', "\r\n")
}

/// How often a text is there, also where one occurrence reaches into the next.
fn occurrences(content: &str, text: &str) -> usize {
    let (mut count, mut from) = (0, 0);
    while let Some(at) = content.get(from..).and_then(|rest| rest.find(text)) {
        count += 1;
        let step = content.get(from + at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8);
        from += at + step;
    }
    count
}

fn not_once(at: usize, count: usize) -> Error {
    let field = format!("replace[{at}].old");
    let (how_often, what) = match count {
        0 => (
            "does not occur in the page's content".to_owned(),
            "Read the page with get_page and copy the text exactly; parts before it in `replace` are applied first.",
        ),
        count => (
            format!("occurs {count} times in the page's content"),
            "It has to occur exactly once: give more of the text around it.",
        ),
    };
    Error::invalid(field.clone(), format!("`{field}` {how_often}. {what} Nothing was written."))
        .with("occurrences", count)
}

#[cfg(test)]
mod tests {
    use super::{occurrences, replaced};
    use serde_json::{Value, json};

    fn replace(content: &str, parts: Value) -> Result<String, String> {
        replaced(content, parts.as_array().unwrap()).map_err(|error| error.field.unwrap())
    }

    #[test]
    fn parts_are_replaced_in_order() {
        let parts = json!([{"old": "one", "new": "two"}, {"old": "two three", "new": ""}]);
        assert_eq!(replace("one three, ä", parts).unwrap(), ", ä");
        assert_eq!(replace("a\r\nb", json!([{"old": "a\nb", "new": "c\nd"}])).unwrap(), "c\r\nd");
    }

    #[test]
    fn what_is_not_there_once_is_refused_by_its_place() {
        assert_eq!(
            replace("a b a", json!([{"old": "b", "new": "c"}, {"old": "a", "new": "x"}])).unwrap_err(),
            "replace[1].old"
        );
        assert_eq!(replace("a", json!([{"old": "b", "new": "c"}])).unwrap_err(), "replace[0].old");
        assert_eq!((occurrences("aaa", "aa"), occurrences("ääb", "ä"), occurrences("", "a")), (2, 2, 0));
    }
}
