//! One object: its longest texts are cut, and a page's content is given part by part.

use super::{REMARKS, in_words, shrink, size};
use highlevel_catalog::{Invocation, Shape, Toolset};
use serde_json::{Map, Value};

/// What an object cannot do without.
const KEPT: [&str; 3] = ["id", "deleted", "status"];

pub(super) fn fit(invocation: &Invocation, value: &mut Value, most: usize) {
    let of_pages = invocation.entry.toolset == Toolset::Pages && matches!(invocation.entry.shape, Shape::One(_));
    let offset = invocation.number("contentOffset").unwrap_or(0);
    let whole = offset == 0 && shrink::fits(value, most);
    if whole {
        return;
    }
    let content = match value.as_object_mut().and_then(|page| page.get_mut("content")) {
        // A place in the object that the part takes again.
        Some(content) if of_pages && content.is_string() => Some(content.take()),
        _ => None,
    };
    let room = most.saturating_sub(REMARKS);
    let cuts = shrink::fit(value, if content.is_some() { room / 2 } else { room }, &KEPT);
    let left = room.saturating_sub(size::value(value));
    let Some(object) = value.as_object_mut() else { return };
    let mut remarks = Vec::new();
    if !cuts.is_empty() {
        remarks.push(format!(
            "Cut to fit this answer: {}. Do not write a cut text back. The server's --max-answer allows more.",
            in_words(&cuts)
        ));
    }
    if let Some(Value::String(content)) = content {
        remarks.extend(part(object, &content, offset, left));
    }
    if !remarks.is_empty() {
        // The object may have a `note` of its own.
        let name = if object.contains_key("note") { "answerNote" } else { "note" };
        object.insert(name.to_owned(), remarks.join(" ").into());
    }
}

/// Gives the part of a page's content from `offset` on that there is room for, and says where to read on.
fn part(page: &mut Map<String, Value>, content: &str, offset: u64, room: usize) -> Option<String> {
    let skipped = usize::try_from(offset).unwrap_or(usize::MAX);
    let start = content.char_indices().nth(skipped).map_or(content.len(), |(at, _)| at);
    let rest = content.get(start..).unwrap_or_default();
    let (part, shown) = shrink::beginning(rest, room);
    page.insert("content".into(), part.into());
    page.insert("contentLength".into(), content.chars().count().into());
    if part.len() == rest.len() {
        return None;
    }
    let next = skipped.saturating_add(shown);
    page.insert("nextContentOffset".into(), next.into());
    Some(format!(
        "content goes on: get_page with contentOffset {next} reads on. Do not write a part back as the whole."
    ))
}
