//! Cuts an answer that is a list: first the longest items, then the number of items. `meta.nextOffset` says where the next
//! call goes on.

use super::{NOTE_BYTES, add_note, describe, shrink, shrink::Cut, size};
use highlevel_catalog::{AnswerShape, Catalog, Effect, Invocation};
use serde_json::{Map, Value};

/// One item may take at most a quarter of the answer, so that one long text does not leave out all other items.
const MAX_ITEM_SHARE: usize = 4;

/// Cuts the list. `offsets` are the items' offsets in the unfiltered list, for a list that was filtered here.
pub(super) fn fit(invocation: &Invocation, value: &mut Value, offsets: Option<&[u64]>, max_bytes: usize) {
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
    let kept = first_items(items, room, &mut cuts);
    let shown = kept.len();
    let Some(list) = value.as_object_mut() else { return };
    list.insert("data".to_owned(), kept.into());
    if !cuts.is_empty() {
        let text = format!("Cut to fit: {}.{} Do not write a cut text back.", describe(&cuts), more(invocation));
        add_note(list, &text);
    }
    if shown < all {
        let offset = invocation.window().offset;
        let next = offsets.and_then(|at| at.get(shown).copied()).unwrap_or(offset.saturating_add(shown as u64));
        let meta = list.entry("meta").or_insert_with(|| Map::new().into());
        if let Some(meta) = meta.as_object_mut() {
            meta.insert("nextOffset".to_owned(), next.into());
        }
        let text = format!(
            "Only {shown} of {all} items fit in one answer: call again with offset {next} (meta.nextOffset), or ask for fewer `fields`."
        );
        add_note(list, &text);
    }
}

/// The first items that fit into `room`, each cut to its share. The cuts are added to `cuts`.
fn first_items(items: Vec<Value>, room: usize, cuts: &mut Vec<Cut>) -> Vec<Value> {
    let mut kept = Vec::with_capacity(items.len());
    let mut used = 0;
    for mut item in items {
        let cut = shrink::fit(&mut item, room / MAX_ITEM_SHARE, &["id"]);
        used += size::value(&item) + 1;
        if used > room {
            break;
        }
        let id = item.get("id").and_then(Value::as_str).unwrap_or_default();
        cuts.extend(cut.into_iter().map(|cut| Cut { field: format!("{} of {id}", cut.field), ..cut }));
        kept.push(item);
    }
    kept
}

/// A sentence that names the tool that shows one item in full.
fn more(list: &Invocation) -> String {
    let get = Catalog::declared().iter().find(|spec| {
        let of_one = matches!(spec.answer, AnswerShape::One(_)) && spec.effect == Effect::Read;
        spec.toolset == list.spec.toolset && of_one && spec.id_field.is_some()
    });
    get.map_or_else(String::new, |get| format!(" {} shows more of one.", get.name))
}
