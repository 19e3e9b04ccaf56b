//! Cuts an answer that is a list: first the longest items, then the number of items. `meta.nextOffset` says where the next
//! call goes on.

use super::{NOTE_BYTES, describe, remark, shrink, size};
use highlevel_catalog::{ALL, Effect, Invocation, Shape};
use highlevel_core::UNREADABLE;
use serde_json::{Map, Value};

/// The member of `meta` with each item's offset in the unfiltered list, from which [`fit`] takes `nextOffset`. It is
/// internal: no answer that leaves the process has it.
pub(crate) const OFFSETS: &str = "itemOffsets";

/// The member of `meta` with the number of items in a list that was read to its end. It is internal as well.
pub(crate) const COUNT: &str = "itemCount";

/// One item may take at most a quarter of the answer, so that one long text does not leave out all other items.
const MAX_ITEM_SHARE: usize = 4;

pub(super) fn fit(invocation: &Invocation, value: &mut Value, max_bytes: usize) {
    let offsets = take_offsets(value);
    if shrink::fits(value, max_bytes) {
        return;
    }
    let items = match value.get_mut("data").map(Value::take) {
        Some(Value::Array(items)) => items,
        other => {
            // Without a list of items it is cut like an object.
            if let (Some(data), Some(members)) = (other, value.as_object_mut()) {
                members.insert("data".to_owned(), data);
            }
            drop(shrink::fit(value, max_bytes, &["data", "meta"]));
            return;
        }
    };
    // An empty list keeps the position of `data`.
    if let Some(data) = value.get_mut("data") {
        *data = Vec::<Value>::new().into();
    }
    let mut cuts = shrink::fit(value, max_bytes / MAX_ITEM_SHARE, &["data", "meta"]);
    let room = max_bytes.saturating_sub(NOTE_BYTES + size::value(value));
    let all = items.len();
    let mut kept = Vec::with_capacity(all);
    let mut used = 0;
    for mut item in items {
        let cut = shrink::fit(&mut item, room / MAX_ITEM_SHARE, &["id"]);
        used += size::value(&item) + 1;
        if used > room {
            break;
        }
        let id = item.get("id").and_then(Value::as_str).unwrap_or_default();
        cuts.extend(cut.into_iter().map(|cut| shrink::Cut { field: format!("{} of {id}", cut.field), ..cut }));
        kept.push(item);
    }
    let shown = kept.len();
    let Some(list) = value.as_object_mut() else { return };
    list.insert("data".to_owned(), kept.into());
    if !cuts.is_empty() {
        let text = format!("Cut to fit: {}.{} Do not write a cut text back.", describe(&cuts), more(invocation));
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
            "Only {shown} of {all} items fit in one answer: call again with offset {next} (meta.nextOffset), or ask for fewer `fields`."
        );
        remark(list, &text);
    }
}

/// Takes the internal member out of `meta`.
fn take_offsets(value: &mut Value) -> Option<Vec<u64>> {
    let offsets = value.get_mut("meta")?.as_object_mut()?.shift_remove(OFFSETS)?;
    offsets.as_array()?.iter().map(Value::as_u64).collect()
}

/// A sentence that names the tool that shows one item in full.
fn more(list: &Invocation) -> String {
    let get = ALL.iter().find(|entry| {
        let of_one = matches!(entry.shape, Shape::One(_)) && entry.effect == Effect::Read;
        let takes_id = entry.input_schema().get("required").is_some();
        entry.toolset == list.entry.toolset && of_one && takes_id
    });
    get.map_or_else(String::new, |get| format!(" {} shows more of one.", get.name))
}

/// How many items of a page were set aside because they could not be read. They still take up offsets in the list.
pub(crate) fn unreadable(list: &Map<String, Value>) -> u64 {
    list.get(UNREADABLE).and_then(Value::as_array).map_or(0, |items| items.len() as u64)
}
