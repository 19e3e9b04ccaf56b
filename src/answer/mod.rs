//! The last touch on what leaves: answers, errors and previews are cleaned of what nobody can see, and kept under a bound.
//!
//! Everything below hands on what the API said, so that hashes, merges and copies are of the raw text. What is done here
//! is said in the answer: `removedCharacters`, `note`, and where to read on.

mod list;
mod object;
mod shrink;
mod size;
#[cfg(test)]
mod tests;

pub(crate) use list::{COUNT, OFFSETS, unreadable};
pub use size::DEFAULT_MOST;

use highlevel_catalog::{Invocation, Shape};
use highlevel_core::clean;
use highlevel_core::error::Error;
use serde_json::{Map, Value};
use shrink::Cut;

/// The least that `--max-answer` may be: room for one object's id, a few texts and a note.
pub const LEAST: usize = 4096;

/// The member that says how many characters were removed, if any were.
pub const REMOVED: &str = "removedCharacters";

/// Room for what is added to an answer that is cut.
const REMARKS: usize = 1500;

/// An error's message is a sentence or two.
const MESSAGE: usize = 2000;

/// The answer to an invocation, clean and at most `most` bytes of compact JSON.
pub fn finish(invocation: &Invocation, mut value: Value, most: usize) -> Value {
    let most = most.max(LEAST);
    let removed = clean::value(&mut value);
    match invocation.entry.shape {
        Shape::Many => list::fit(invocation, &mut value, most),
        Shape::One(_) | Shape::Deleted => object::fit(invocation, &mut value, most),
    }
    if let (Some(members), true) = (value.as_object_mut(), removed > 0) {
        members.insert(REMOVED.to_owned(), removed.into());
    }
    value
}

/// An error, clean and at most `most` bytes of compact JSON: it may quote the account and the API.
pub fn finish_error(mut error: Error, most: usize) -> Error {
    let most = most.max(LEAST);
    let mut removed = 0;
    for text in std::iter::once(&mut error.message).chain(&mut error.field) {
        let (clean, count) = clean::text(text);
        removed += count;
        let (part, _) = shrink::beginning(&clean, MESSAGE);
        *text = if part.len() < clean.len() { format!("{part}…") } else { clean.into_owned() };
    }
    let mut details = Value::Object(std::mem::take(&mut error.details));
    removed += clean::value(&mut details);
    shrink::fit(&mut details, room_in_error(most), &["confirmationToken"]);
    if let Value::Object(details) = details {
        error.details = details;
    }
    if removed > 0 { error.with(REMOVED, removed) } else { error }
}

/// How much an error's details may hold where an answer has at most `most` bytes.
pub fn room_in_error(most: usize) -> usize {
    most.max(LEAST).saturating_sub(3 * MESSAGE).max(MESSAGE)
}

/// Members to be shown to a person, clean, each text one line of at most `line` characters. Cuts nothing else.
pub fn lines(members: Map<String, Value>, line: usize) -> Map<String, Value> {
    let mut value = Value::Object(members);
    let removed = clean::value(&mut value);
    one_line(&mut value, line);
    let mut members = match value {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    if removed > 0 {
        // What a person agrees to holds more than they see.
        members.insert(REMOVED.to_owned(), removed.into());
    }
    members
}

/// Whether a value costs at most `most`, as answers are measured.
pub fn fits(value: &Value, most: usize) -> bool {
    shrink::fits(value, most)
}

/// Makes a value cost at most `most`; the member `id` stays. Says what was cut, if anything was.
pub fn cut(value: &mut Value, most: usize) -> Option<String> {
    let cuts = shrink::fit(value, most, &["id"]);
    (!cuts.is_empty()).then(|| in_words(&cuts))
}

fn one_line(value: &mut Value, most: usize) {
    match value {
        Value::String(text) => *text = clean::line(text, most),
        Value::Array(items) => items.iter_mut().for_each(|item| one_line(item, most)),
        Value::Object(members) => members.values_mut().for_each(|member| one_line(member, most)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Adds a remark to the answer's `note`.
pub(crate) fn remark(members: &mut Map<String, Value>, text: &str) {
    let before = members.get("note").and_then(Value::as_str).map(|note| format!("{note} ")).unwrap_or_default();
    members.insert("note".to_owned(), format!("{before}{text}").into());
}

/// What was cut, in words; the first few of it.
fn in_words(cuts: &[Cut]) -> String {
    const TOLD: usize = 4;
    /// The names on the way to a field are the account's, and may be long.
    const FIELD: usize = 120;
    let told = cuts.iter().take(TOLD).map(|cut| {
        let (field, _) = shrink::beginning(&cut.field, FIELD);
        let more = if field.len() < cut.field.len() { "…" } else { "" };
        format!("{field}{more} ({} of {} {})", cut.shown, cut.whole, cut.unit)
    });
    let more = cuts.len().saturating_sub(TOLD);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    format!("{}{more}", told.collect::<Vec<_>>().join(", "))
}
