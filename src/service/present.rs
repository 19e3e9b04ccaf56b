//! The part of an answer that the caller asked for: the range of the list and the fields. [`crate::answer`] limits its
//! size.

use crate::api::Flaw;
use highlevel_catalog::{
    Answer, Invocation, ListAnswer, OperationSpec, PagingStyle, list::part, secrets::secret_members,
};
use highlevel_core::suggest::nearest;
use serde_json::{Map, Value};

/// Reduces an answer to what the caller asked for. `is_repeated`: the API gives the same page at every offset.
pub(super) fn present(invocation: &Invocation, answer: &mut Answer, is_repeated: bool) {
    match answer {
        Answer::Object(object) => {
            hide_secrets(invocation.spec, object);
            select_members(invocation, object);
        }
        Answer::List(list) => {
            list.items.iter_mut().for_each(|item| hide_secrets(invocation.spec, item));
            set_range(invocation, list, is_repeated);
            select(invocation, list);
        }
    }
}

/// Removes secrets. They are write-only, even if the API shows them.
fn hide_secrets(spec: &OperationSpec, value: &mut Value) {
    if spec.sensitive.is_empty() && spec.passthrough.is_none() {
        return;
    }
    match value {
        Value::Object(object) => {
            let secret = if spec.passthrough.is_some() { secret_members(object) } else { Vec::new() };
            object.retain(|name, _| !spec.is_sensitive(name) && !secret.contains(name));
            object.values_mut().for_each(|member| hide_secrets(spec, member));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| hide_secrets(spec, item)),
        _ => {}
    }
}

/// Sets the offsets of a list's items. If the API gave more than the limit, it does not page, and the range is cut out
/// here. The total is the API's own. Without a total, a list continues until a page is empty.
fn set_range(invocation: &Invocation, list: &mut ListAnswer, is_repeated: bool) {
    // A filter that is applied here has set the offsets already.
    if list.paging.item_offsets.is_some() {
        return;
    }
    let window = invocation.window();
    let total = list.total();
    let all = list.items.len() as u64;
    let pages = invocation.spec.paging != PagingStyle::None;
    let mut count = list.paging.counted;
    if (!pages && count.is_none()) || (all > window.limit && total.is_none_or(|total| total <= all)) {
        count = Some(all);
        list.items = part(std::mem::take(&mut list.items), window.offset, window.limit);
    }
    // Unreadable items have offsets in the API's list too.
    let here = list.items.len() as u64 + list.unreadable.len() as u64;
    list.paging.limit = Some(window.limit);
    list.paging.offset = Some(window.offset);
    let after = window.offset + here;
    let more = match (count, total) {
        (Some(count), _) => after < count,
        // A total below the number of shown items is a cap, so there may be more.
        (None, Some(total)) => after != total,
        (None, None) => true,
    };
    if more && here > 0 && !is_repeated {
        list.paging.next_offset = Some(after);
    }
    if is_repeated {
        list.notes
            .push(format!("These are the first items again: {}. The rest cannot be listed.", Flaw::Repeats.as_str()));
    } else if let (Some(count), Some(total)) = (count, total)
        && total > count
    {
        list.notes.push(format!("The API shows {count} of {total} and no further page: the rest cannot be listed."));
    }
}

/// Keeps the requested members of an answer in the API's own form, by their names at any depth of one.
fn select_members(invocation: &Invocation, object: &mut Value) {
    let Some(wanted) = invocation.arguments.get("fields").filter(|_| invocation.spec.passthrough.is_some()) else {
        return;
    };
    let is_wanted = |name: &str| wanted.as_array().is_some_and(|all| all.iter().any(|one| one == name));
    let Some(members) = object.as_object_mut() else { return };
    let wraps = |members: &Map<String, Value>| !members.keys().any(|name| is_wanted(name));
    if wraps(members) {
        for inner in members.values_mut().filter_map(Value::as_object_mut) {
            inner.retain(|name, _| is_id(name) || is_wanted(name));
        }
    } else {
        members.retain(|name, _| is_id(name) || is_wanted(name));
    }
}

/// Whether a member is the object's id. Some answers of the API call it `_id`.
fn is_id(name: &str) -> bool {
    name == "id" || name == "_id"
}

fn has(item: &Value, field: &str) -> bool {
    item.get(field).is_some() || (field == "id" && item.get("_id").is_some())
}

/// Keeps `id` and the requested fields. Notes the requested fields that no item has and that do not exist.
fn select(invocation: &Invocation, list: &mut ListAnswer) {
    let Some(wanted) = invocation.arguments.get("fields").and_then(Value::as_array) else { return };
    let wanted: Vec<&str> = wanted.iter().filter_map(Value::as_str).collect();
    let items = &mut list.items;
    let missing: Vec<&str> =
        wanted.iter().copied().filter(|field| !items.iter().any(|item| has(item, field))).collect();
    for item in items.iter_mut().filter_map(Value::as_object_mut) {
        item.retain(|field, _| is_id(field) || wanted.contains(&field.as_str()));
    }
    let known = invocation.spec.output_schema();
    let known = known.get("properties").and_then(|all| all.get("data")?.get("items")?.get("properties")?.as_object());
    let known: Vec<&str> = known.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    let unknown: Vec<String> = missing
        .into_iter()
        .filter(|field| !known.contains(field))
        .map(|field| match nearest(field, known.iter().copied()) {
            Some(near) => format!("`{field}` (did you mean `{near}`?)"),
            None => format!("`{field}`"),
        })
        .collect();
    if !unknown.is_empty() {
        list.notes.push(format!("No item has {}.", unknown.join(", ")));
    }
}
