//! What was asked for of an answer: the part of the list, and the fields. How much of it is shown is for
//! [`crate::answer`] to decide.

use crate::{
    answer::unreadable,
    crm::{
        Invocation, Shape, Toolset,
        list::{DEFAULT_LIMIT, part},
        nearest,
    },
};
use serde_json::{Map, Value};

pub(super) fn shape(invocation: &Invocation, value: &mut Value) {
    if invocation.entry.toolset == Toolset::Webhooks {
        hide_secrets(value);
    }
    if invocation.entry.shape == Shape::Many {
        place(invocation, value);
        select(invocation, value);
    }
}

/// A webhook's secret is write-only, whatever the API shows.
fn hide_secrets(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.shift_remove("secret");
            object.values_mut().for_each(hide_secrets);
        }
        Value::Array(items) => items.iter_mut().for_each(hide_secrets),
        _ => {}
    }
}

/// Says where the items stand in their list. An API that gave more than was asked for does not page: what was asked for
/// is then cut out here.
fn place(invocation: &Invocation, value: &mut Value) {
    let limit = invocation.number("limit").unwrap_or(DEFAULT_LIMIT);
    let offset = invocation.number("offset").unwrap_or(0);
    let Some(list) = value.as_object_mut() else { return };
    // A filter of ours has set its own place.
    if list.contains_key("note") {
        return;
    }
    let aside = unreadable(list);
    let Some(Value::Array(items)) = list.get_mut("data") else { return };
    let mut total = None;
    if !invocation.entry.takes_query || items.len() as u64 > limit {
        total = Some(items.len() as u64);
        *items = part(std::mem::take(items), offset, limit);
    }
    // What could not be read stands in the API's list all the same.
    let here = items.len() as u64 + aside;
    let meta = list.entry("meta").or_insert_with(|| Map::new().into());
    let Some(meta) = meta.as_object_mut() else { return };
    if let Some(total) = total {
        meta.insert("total".into(), total.into());
    }
    meta.entry("limit").or_insert_with(|| limit.into());
    meta.entry("offset").or_insert_with(|| offset.into());
    let after = offset + here;
    let more = match meta.get("total").and_then(Value::as_u64) {
        Some(total) => after < total && here > 0,
        None => here == limit,
    };
    if more {
        meta.insert("nextOffset".into(), after.into());
    }
}

/// Keeps `id` and the fields that were asked for.
fn select(invocation: &Invocation, value: &mut Value) {
    let Some(wanted) = invocation.arguments.get("fields").and_then(Value::as_array) else { return };
    let wanted: Vec<&str> = wanted.iter().filter_map(Value::as_str).collect();
    let Some(list) = value.as_object_mut() else { return };
    let Some(Value::Array(items)) = list.get_mut("data") else { return };
    let missing: Vec<&str> =
        wanted.iter().copied().filter(|field| !items.iter().any(|item| item.get(*field).is_some())).collect();
    for item in items.iter_mut().filter_map(Value::as_object_mut) {
        item.retain(|field, _| field == "id" || wanted.contains(&field.as_str()));
    }
    let known = invocation.entry.output_schema();
    let known = known.get("properties").and_then(|all| all.get("data")?.get("items")?.get("properties")?.as_object());
    let known: Vec<&str> = known.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    let odd: Vec<String> = missing
        .into_iter()
        .filter(|field| !known.contains(field))
        .map(|field| match nearest(field, known.iter().copied()) {
            Some(near) => format!("`{field}` (did you mean `{near}`?)"),
            None => format!("`{field}`"),
        })
        .collect();
    if !odd.is_empty() {
        let note = format!("No item has {}.", odd.join(", "));
        let before = list.get("note").and_then(Value::as_str).map(|text| format!("{text} ")).unwrap_or_default();
        list.insert("note".into(), format!("{before}{note}").into());
    }
}
