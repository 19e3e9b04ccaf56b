//! What was asked for of an answer: the part of the list, and the fields. How much of it is shown is for
//! [`crate::answer`] to decide.

use crate::api::Flaw;
use highlevel_catalog::{Answer, Invocation, ListAnswer, OperationSpec, PagingStyle, list::part};
use highlevel_core::suggest::nearest;
use serde_json::Value;

/// Gives an answer its shape. `repeats`: its list gives the same page at every offset.
pub(super) fn shape(invocation: &Invocation, answer: &mut Answer, repeats: bool) {
    match answer {
        Answer::Object(object) => hide_secrets(invocation.spec, object),
        Answer::List(list) => {
            list.items.iter_mut().for_each(|item| hide_secrets(invocation.spec, item));
            place(invocation, list, repeats);
            select(invocation, list);
        }
    }
}

/// A secret is write-only, whatever the API shows.
fn hide_secrets(spec: &OperationSpec, value: &mut Value) {
    if spec.sensitive.is_empty() {
        return;
    }
    match value {
        Value::Object(object) => {
            object.retain(|name, _| !spec.is_sensitive(name));
            object.values_mut().for_each(|member| hide_secrets(spec, member));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| hide_secrets(spec, item)),
        _ => {}
    }
}

/// Says where the items stand in their list. An API that gave more than was asked for does not page: what was asked for
/// is then cut out here. A total is the API's own; without one, a list goes on until a page is empty.
fn place(invocation: &Invocation, list: &mut ListAnswer, repeats: bool) {
    // A filter of ours has set its own place.
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
    // What could not be read stands in the API's list all the same.
    let here = list.items.len() as u64 + list.unreadable.len() as u64;
    list.paging.limit = Some(window.limit);
    list.paging.offset = Some(window.offset);
    let after = window.offset + here;
    let more = match (count, total) {
        (Some(count), _) => after < count,
        // A total that is less than what was shown is a cap.
        (None, Some(total)) => after != total,
        (None, None) => true,
    };
    if more && here > 0 && !repeats {
        list.paging.next_offset = Some(after);
    }
    if repeats {
        list.notes
            .push(format!("These are the first items again: {}. The rest cannot be listed.", Flaw::Repeats.as_str()));
    } else if let (Some(count), Some(total)) = (count, total)
        && total > count
    {
        list.notes.push(format!("The API shows {count} of {total} and no further page: the rest cannot be listed."));
    }
}

/// Keeps `id` and the fields that were asked for.
fn select(invocation: &Invocation, list: &mut ListAnswer) {
    let Some(wanted) = invocation.arguments.get("fields").and_then(Value::as_array) else { return };
    let wanted: Vec<&str> = wanted.iter().filter_map(Value::as_str).collect();
    let items = &mut list.items;
    let missing: Vec<&str> =
        wanted.iter().copied().filter(|field| !items.iter().any(|item| item.get(*field).is_some())).collect();
    for item in items.iter_mut().filter_map(Value::as_object_mut) {
        item.retain(|field, _| field == "id" || wanted.contains(&field.as_str()));
    }
    let known = invocation.spec.output_schema();
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
        list.notes.push(format!("No item has {}.", odd.join(", ")));
    }
}
