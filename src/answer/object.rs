//! Cuts an answer that is one object: its longest texts are shortened, and a page's content is given in parts.

use super::{NOTE_BYTES, describe, shrink, size};
use highlevel_catalog::Invocation;
use serde_json::{Map, Value};

/// Members that are never cut.
const PROTECTED: [&str; 3] = ["id", "deleted", "status"];

pub(super) fn fit(invocation: &Invocation, value: &mut Value, max_bytes: usize) {
    let long_text = invocation.spec.long_text.as_deref();
    let offset = invocation.arguments.number("contentOffset").unwrap_or(0);
    if offset == 0 && shrink::fits(value, max_bytes) {
        return;
    }
    let content = match long_text.zip(value.as_object_mut()).and_then(|(name, object)| object.get_mut(name)) {
        // `null` keeps the member's position until its part is inserted.
        Some(content) if content.is_string() => Some(content.take()),
        _ => None,
    };
    let room = max_bytes.saturating_sub(NOTE_BYTES);
    let cuts = shrink::fit(value, if content.is_some() { room / 2 } else { room }, &PROTECTED);
    let left = room.saturating_sub(size::value(value));
    let Some(object) = value.as_object_mut() else { return };
    let mut notes = Vec::new();
    if !cuts.is_empty() {
        notes.push(format!(
            "Cut to fit this answer: {}. Do not write a cut text back. To see more, raise the server's --max-answer.",
            describe(&cuts)
        ));
    }
    if let Some(Value::String(content)) = content {
        notes.extend(part(object, &content, offset, left));
    }
    if !notes.is_empty() {
        // The object may have a field `note`.
        let name = if object.contains_key("note") { "answerNote" } else { "note" };
        object.insert(name.to_owned(), notes.join(" ").into());
    }
}

/// Inserts the part of a page's content that starts at `offset` and fits into `room`. Returns a note on where to read on,
/// if this is not the last part.
fn part(page: &mut Map<String, Value>, content: &str, offset: u64, room: usize) -> Option<String> {
    let skipped = usize::try_from(offset).unwrap_or(usize::MAX);
    let start = content.char_indices().nth(skipped).map_or(content.len(), |(at, _)| at);
    let rest = content.get(start..).unwrap_or_default();
    let (part, shown) = shrink::prefix(rest, room);
    page.insert("content".into(), part.into());
    page.insert("contentLength".into(), content.chars().count().into());
    if part.len() == rest.len() {
        return None;
    }
    let next = skipped.saturating_add(shown);
    page.insert("nextContentOffset".into(), next.into());
    Some(format!(
        "This is a part of the content: call get_page with contentOffset {next} for the next part. Do not write a part back as the whole content."
    ))
}
