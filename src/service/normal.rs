//! Comparison of a sent value with the stored one. The API normalises what it stores: phone numbers to E.164, tags and
//! e-mail addresses to lower case, dates to date-times, numbers to texts or back, country names to codes, URLs and
//! slugs to their normal form. Pure.

mod country;
mod date;
mod text;

pub(super) use date::moment;
use highlevel_core::html;
use serde_json::{Map, Value};

/// The kind of a field's value, guessed from the field's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ValueKind {
    Phone,
    Country,
    Slug,
    Url,
    /// Text that the API stores as HTML.
    Html,
    Anything,
}

impl ValueKind {
    fn of(field: &str) -> Self {
        let field = field.to_ascii_lowercase();
        let ends = |words: &[&str]| words.iter().any(|word| field.ends_with(word));
        match field.as_str() {
            "slug" => Self::Slug,
            "country" => Self::Country,
            "body" => Self::Html,
            _ if ends(&["phone", "mobile"]) => Self::Phone,
            _ if ends(&["url", "website"]) => Self::Url,
            _ => Self::Anything,
        }
    }
}

/// Whether `stored` is `sent` after the API's normalisation. Null, empty and absent values are the same. Members that
/// were not sent are ignored, and lists are compared as sets.
pub(super) fn same(field: &str, sent: &Value, stored: &Value) -> bool {
    if is_empty(sent) || is_empty(stored) {
        return is_empty(sent) && is_empty(stored);
    }
    match (sent, stored) {
        (Value::Object(sent), Value::Object(stored)) => {
            sent.iter().all(|(name, value)| same(name, value, member(stored, name)))
        }
        (Value::Object(sent), Value::Array(stored)) => {
            sent.iter().all(|(name, value)| same(name, value, listed(stored, name)))
        }
        (Value::Array(sent), Value::Array(stored)) => same_set(field, sent, stored),
        (Value::Array(sent), one) => same_set(field, sent, &items(one)),
        (one, Value::Array(stored)) => same_set(field, &items(one), stored),
        (Value::Object(_), _) | (_, Value::Object(_)) => false,
        (sent, stored) => same_scalar(ValueKind::of(field), sent, stored),
    }
}

/// One text for all values that [`same`] treats as equal, as far as a common form exists.
pub(super) fn canonical(field: &str, value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let mut all: Vec<_> = items.iter().map(|item| canonical(field, item)).collect();
            all.sort();
            all.dedup();
            all.join("\n")
        }
        Value::Object(_) => value.to_string(),
        scalar => {
            let text = as_text(scalar);
            match ValueKind::of(field) {
                ValueKind::Phone => text::phone(&text),
                ValueKind::Country => country::code(&text).map(str::to_owned),
                ValueKind::Slug => Some(text::slug(&text)),
                ValueKind::Url => text::url(&text).or_else(|| text::url(&format!("https://{text}"))),
                ValueKind::Html => Some(text::fold(&html::text(&text))),
                ValueKind::Anything => text::number(&text),
            }
            .unwrap_or_else(|| text::fold(&text))
        }
    }
}

/// Whether the value is null, blank, or contains only such values.
pub(super) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.iter().all(is_empty),
        Value::Object(members) => members.values().all(is_empty),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// The member with this name, ignoring case.
fn member<'a>(object: &'a Map<String, Value>, name: &str) -> &'a Value {
    let in_any_case = || object.iter().find(|(other, _)| text::fold(other) == text::fold(name)).map(|(_, value)| value);
    object.get(name).or_else(in_any_case).unwrap_or(&Value::Null)
}

/// The value of the custom field `name` in a list of `{id, key, value}`.
fn listed<'a>(list: &'a [Value], name: &str) -> &'a Value {
    const NAMES: [&str; 4] = ["id", "key", "fieldKey", "name"];
    let bare = |key: &str| {
        let key = text::fold(key);
        key.split_once('.').map_or(key.clone(), |(_, bare)| bare.to_owned())
    };
    let is_named = |item: &&Value| {
        NAMES.iter().filter_map(|member| item.get(*member)?.as_str()).any(|other| bare(other) == bare(name))
    };
    let is_value = |name: &str| name == "value" || name == "field_value" || name.starts_with("fieldValue");
    let of = |item: &'a Value| item.as_object()?.iter().find(|(name, value)| is_value(name) && !value.is_null());
    list.iter().find(is_named).and_then(of).map_or(&Value::Null, |(_, value)| value)
}

/// A single value as a list. A text with commas becomes several items.
fn items(one: &Value) -> Vec<Value> {
    match one {
        Value::String(text) if text.contains(',') => text.split(',').map(|part| part.trim().into()).collect(),
        one => vec![one.clone()],
    }
}

/// Whether both lists have the same items, ignoring order and repetition.
fn same_set(field: &str, sent: &[Value], stored: &[Value]) -> bool {
    let full = |items: &[Value]| items.iter().filter(|item| !is_empty(item)).cloned().collect::<Vec<_>>();
    let (sent, stored) = (full(sent), full(stored));
    sent.iter().all(|item| stored.iter().any(|other| same(field, item, other)))
        && stored.iter().all(|other| sent.iter().any(|item| same(field, item, other)))
}

fn as_text(scalar: &Value) -> String {
    match scalar {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn same_scalar(kind: ValueKind, sent: &Value, stored: &Value) -> bool {
    let (a, b) = (as_text(sent), as_text(stored));
    if text::fold(&a) == text::fold(&b) {
        return true;
    }
    let equal = |one: Option<String>, other: Option<String>| one.is_some() && one == other;
    match kind {
        ValueKind::Phone => text::same_phone(&a, &b),
        ValueKind::Country => country::code(&a).is_some_and(|code| country::code(&b) == Some(code)),
        ValueKind::Slug => text::slug(&a) == text::slug(&b),
        ValueKind::Url => same_url(&a, &b),
        ValueKind::Html => text::fold(&html::text(&a)) == text::fold(&html::text(&b)),
        ValueKind::Anything => {
            let one_is_bool = sent.is_boolean() || stored.is_boolean();
            equal(text::number(&a), text::number(&b))
                || (one_is_bool && text::truth(&a).is_some() && text::truth(&a) == text::truth(&b))
                || equal(text::url(&a), text::url(&b))
                || date::same(&a, &b)
        }
    }
}

/// Whether both are the same URL. One or both may lack the scheme.
fn same_url(a: &str, b: &str) -> bool {
    match (text::url(a), text::url(b)) {
        (Some(a), Some(b)) => a == b,
        (Some(a), None) => {
            ["https", "http"].iter().any(|scheme| text::url(&format!("{scheme}://{b}")).as_ref() == Some(&a))
        }
        (None, Some(b)) => {
            ["https", "http"].iter().any(|scheme| text::url(&format!("{scheme}://{a}")).as_ref() == Some(&b))
        }
        (None, None) => {
            text::url(&format!("https://{a}")).is_some_and(|a| text::url(&format!("https://{b}")) == Some(a))
        }
    }
}

#[cfg(test)]
mod tests;
