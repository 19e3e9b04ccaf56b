//! What was asked for of an answer: the part of the list, and the fields. How much of it is shown is for
//! [`crate::answer`] to decide.

use crate::{
    answer::{COUNT, OFFSETS, unreadable},
    api::Flaw,
};
use highlevel_catalog::{
    Invocation, Shape, Toolset,
    list::{DEFAULT_LIMIT, part},
};
use highlevel_core::suggest::nearest;
use serde_json::{Map, Value};

/// Gives an answer its shape. `repeats`: its list gives the same page at every offset.
pub(super) fn shape(invocation: &Invocation, value: &mut Value, repeats: bool) {
    if invocation.entry.toolset == Toolset::Webhooks {
        hide_secrets(value);
    }
    if invocation.entry.shape == Shape::Many {
        place(invocation, value, repeats);
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
/// is then cut out here. A total is the API's own; where it tells none, a list goes on until a page is empty.
fn place(invocation: &Invocation, value: &mut Value, repeats: bool) {
    let limit = invocation.number("limit").unwrap_or(DEFAULT_LIMIT);
    let offset = invocation.number("offset").unwrap_or(0);
    let Some(list) = value.as_object_mut() else { return };
    let of_meta = |list: &Map<String, Value>, name: &str| list.get("meta").and_then(|meta| meta.get(name)?.as_u64());
    // A filter of ours has set its own place.
    if list.get("meta").is_some_and(|meta| meta.get(OFFSETS).is_some()) {
        return;
    }
    let (aside, total) = (unreadable(list), of_meta(list, "total"));
    let mut count = of_meta(list, COUNT);
    let Some(Value::Array(items)) = list.get_mut("data") else { return };
    let all = items.len() as u64;
    if !invocation.entry.takes_query || (all > limit && total.is_none_or(|total| total <= all)) {
        count = Some(all);
        *items = part(std::mem::take(items), offset, limit);
    }
    // What could not be read stands in the API's list all the same.
    let here = items.len() as u64 + aside;
    let meta = list.entry("meta").or_insert_with(|| Map::new().into());
    let Some(meta) = meta.as_object_mut() else { return };
    meta.shift_remove(COUNT);
    meta.entry("limit").or_insert_with(|| limit.into());
    meta.entry("offset").or_insert_with(|| offset.into());
    let after = offset + here;
    let more = match (count, total) {
        (Some(count), _) => after < count,
        // A total that is less than what was shown is a cap.
        (None, Some(total)) => after != total,
        (None, None) => true,
    };
    if more && here > 0 && !repeats {
        meta.insert("nextOffset".into(), after.into());
    }
    if repeats {
        remark(
            list,
            &format!("These are the first items again: {}. The rest cannot be listed.", Flaw::Repeats.as_str()),
        );
    } else if let (Some(count), Some(total)) = (count, total)
        && total > count
    {
        remark(list, &format!("The API shows {count} of {total} and no further page: the rest cannot be listed."));
    }
}

/// Adds a sentence to what is said of a list.
fn remark(list: &mut Map<String, Value>, text: &str) {
    let before = list.get("note").and_then(Value::as_str).map(|text| format!("{text} ")).unwrap_or_default();
    list.insert("note".into(), format!("{before}{text}").into());
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
        remark(list, &format!("No item has {}.", odd.join(", ")));
    }
}
