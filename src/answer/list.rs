//! A list: no item takes more than its share, and what does not fit is left for the next call, which is told where to go
//! on.

use super::{REMARKS, in_words, remark, shrink, size};
use highlevel_catalog::{ALL, Effect, Invocation, Shape};
use highlevel_core::UNREADABLE;
use serde_json::{Map, Value};

/// Where each item of a filtered list stands in the unfiltered one, for [`fit`] to know where to go on. A member of `meta`
/// on the way up; it never leaves.
pub(crate) const OFFSETS: &str = "itemOffsets";

/// How many items a list has that was read to its end. A member of `meta` on the way up; it never leaves.
pub(crate) const COUNT: &str = "itemCount";

/// No item takes more than this part of an answer, so that one long text does not crowd the others out.
const SHARE: usize = 4;

pub(super) fn fit(invocation: &Invocation, value: &mut Value, most: usize) {
    let offsets = take_offsets(value);
    if shrink::fits(value, most) {
        return;
    }
    let items = match value.get_mut("data").map(Value::take) {
        Some(Value::Array(items)) => items,
        other => {
            // No list to cut at an item: then it is cut like an object.
            if let (Some(data), Some(members)) = (other, value.as_object_mut()) {
                members.insert("data".to_owned(), data);
            }
            drop(shrink::fit(value, most, &["data", "meta"]));
            return;
        }
    };
    // `data` stands where it stood, empty for now.
    if let Some(data) = value.get_mut("data") {
        *data = Vec::<Value>::new().into();
    }
    let mut cuts = shrink::fit(value, most / SHARE, &["data", "meta"]);
    let room = most.saturating_sub(REMARKS + size::value(value));
    let before = items.len();
    let (mut kept, mut used) = (Vec::with_capacity(before), 0);
    for mut item in items {
        let cut = shrink::fit(&mut item, room / SHARE, &["id"]);
        used += size::value(&item) + 1;
        if used > room {
            break;
        }
        let id = item.get("id").and_then(Value::as_str).unwrap_or_default();
        cuts.extend(cut.into_iter().map(|cut| shrink::Cut { field: format!("{} of {id}", cut.field), ..cut }));
        kept.push(item);
    }
    let (shown, all) = (kept.len(), before);
    let Some(list) = value.as_object_mut() else { return };
    list.insert("data".to_owned(), kept.into());
    if !cuts.is_empty() {
        let text = format!("Cut to fit: {}.{} Do not write a cut text back.", in_words(&cuts), more(invocation));
        remark(list, &text);
    }
    if shown < all {
        let offset = invocation.number("offset").unwrap_or(0);
        let next = offsets.and_then(|at| at.get(shown).copied()).unwrap_or(offset.saturating_add(shown as u64));
        let meta = list.entry("meta").or_insert_with(|| Map::new().into());
        if let Some(meta) = meta.as_object_mut() {
            meta.insert("nextOffset".to_owned(), next.into());
        }
        let text = format!(
            "Only {shown} of these {all} items fit in one answer: go on from meta.nextOffset ({next}), or ask for fewer `fields`."
        );
        remark(list, &text);
    }
}

/// Takes the private member out of `meta`.
fn take_offsets(value: &mut Value) -> Option<Vec<u64>> {
    let offsets = value.get_mut("meta")?.as_object_mut()?.shift_remove(OFFSETS)?;
    offsets.as_array()?.iter().map(Value::as_u64).collect()
}

/// The tool that shows more of one item, in words.
fn more(list: &Invocation) -> String {
    let get = ALL.iter().find(|entry| {
        let of_one = matches!(entry.shape, Shape::One(_)) && entry.effect == Effect::Read;
        let takes_id = entry.input_schema().get("required").is_some();
        entry.toolset == list.entry.toolset && of_one && takes_id
    });
    get.map_or_else(String::new, |get| format!(" {} shows more of one.", get.name))
}

/// How many items of a page were set aside because they could not be read: they stand in the list all the same.
pub(crate) fn unreadable(list: &Map<String, Value>) -> u64 {
    list.get(UNREADABLE).and_then(Value::as_array).map_or(0, |items| items.len() as u64)
}
