//! The last step before an answer leaves the process: remove invisible characters, and keep the answer below its bound.
//!
//! The layers below work on what the API sent, so that hashes, merges and copies use the original text. Every change made
//! here is reported in the answer: in `removedCharacters`, in `note`, and by where to read on.

mod list;
mod object;
mod shrink;
mod size;
#[cfg(test)]
mod tests;

pub use size::DEFAULT_MAX_BYTES;

use highlevel_catalog::{Answer, AnswerShape, Invocation, answer::add_note};
use highlevel_core::clean;
use highlevel_core::error::Error;
use serde_json::{Map, Value};
use shrink::Cut;

/// The smallest `--max-answer`: room for one object's id, a few texts and a note.
pub const MIN_MAX_BYTES: usize = 4096;

/// The member that counts the removed characters. It is absent when none were removed.
pub const REMOVED: &str = "removedCharacters";

/// Bytes reserved for the notes of an answer that is cut.
const NOTE_BYTES: usize = 1500;

/// The bound of an error's message and of its field. A message has one or two sentences, but may quote a long name.
const MAX_ERROR_TEXT: usize = 2000;

/// Cleans an invocation's answer, and cuts it to at most `max_bytes` of compact JSON.
pub fn finish(invocation: &Invocation, answer: Answer, max_bytes: usize) -> Value {
    let max_bytes = max_bytes.max(MIN_MAX_BYTES);
    let (mut value, removed) = match answer {
        Answer::List(mut list) => {
            let offsets = list.paging.item_offsets.take();
            let mut value = list.into_json();
            let removed = clean::value(&mut value);
            list::fit(invocation, &mut value, offsets.as_deref(), max_bytes);
            (value, removed)
        }
        Answer::Object(mut value) => {
            let removed = clean::value(&mut value);
            match invocation.spec.answer {
                // Questions of the mirror answer with lists of their own.
                AnswerShape::Many => list::fit(invocation, &mut value, None, max_bytes),
                AnswerShape::One(_) | AnswerShape::Deleted => object::fit(invocation, &mut value, max_bytes),
            }
            (value, removed)
        }
    };
    if let (Some(members), true) = (value.as_object_mut(), removed > 0) {
        members.insert(REMOVED.to_owned(), removed.into());
    }
    value
}

/// Does the same for an error, whose texts may quote the account and the API.
pub fn finish_error(mut error: Error, max_bytes: usize) -> Error {
    let max_bytes = max_bytes.max(MIN_MAX_BYTES);
    let mut removed = 0;
    for text in std::iter::once(&mut error.message).chain(&mut error.field) {
        let (clean, count) = clean::text(text);
        removed += count;
        let (part, _) = shrink::prefix(&clean, MAX_ERROR_TEXT);
        *text = if part.len() < clean.len() { format!("{part}…") } else { clean.into_owned() };
    }
    let mut details = Value::Object(std::mem::take(&mut error.details));
    removed += clean::value(&mut details);
    shrink::fit(&mut details, max_error_details(max_bytes), &["confirmationToken"]);
    if let Value::Object(details) = details {
        error.details = details;
    }
    if removed > 0 { error.with(REMOVED, removed) } else { error }
}

/// The bound of an error's details, for answers of at most `max_bytes`.
pub fn max_error_details(max_bytes: usize) -> usize {
    max_bytes.max(MIN_MAX_BYTES).saturating_sub(3 * MAX_ERROR_TEXT).max(MAX_ERROR_TEXT)
}

/// Prepares members for display: cleaned, and each text on one line of at most `max_chars` characters.
pub fn one_line_texts(members: Map<String, Value>, max_chars: usize) -> Map<String, Value> {
    let mut value = Value::Object(members);
    let removed = clean::value(&mut value);
    one_line(&mut value, max_chars);
    let mut members = match value {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    if removed > 0 {
        // A person who confirms this has to know that they do not see all of it.
        members.insert(REMOVED.to_owned(), removed.into());
    }
    members
}

/// Whether a value is within a bound, by the measure of `size`.
pub fn fits(value: &Value, max_bytes: usize) -> bool {
    shrink::fits(value, max_bytes)
}

/// Cuts a value to a bound but keeps its member `id`. Describes what was cut, or returns `None`.
pub fn truncate(value: &mut Value, max_bytes: usize) -> Option<String> {
    let cuts = shrink::fit(value, max_bytes, &["id"]);
    (!cuts.is_empty()).then(|| describe(&cuts))
}

fn one_line(value: &mut Value, max_chars: usize) {
    match value {
        Value::String(text) => *text = clean::line(text, max_chars),
        Value::Array(items) => items.iter_mut().for_each(|item| one_line(item, max_chars)),
        Value::Object(members) => members.values_mut().for_each(|member| one_line(member, max_chars)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Describes the first few cuts in words.
fn describe(cuts: &[Cut]) -> String {
    const MAX_DESCRIBED: usize = 4;
    /// A field's path consists of the account's own names, which may be long.
    const MAX_PATH: usize = 120;
    let described = cuts.iter().take(MAX_DESCRIBED).map(|cut| {
        let (path, _) = shrink::prefix(&cut.field, MAX_PATH);
        let ellipsis = if path.len() < cut.field.len() { "…" } else { "" };
        format!("{path}{ellipsis} ({} of {} {})", cut.shown, cut.whole, cut.unit)
    });
    let described = described.collect::<Vec<_>>().join(", ");
    match cuts.len().saturating_sub(MAX_DESCRIBED) {
        0 => described,
        more => format!("{described} and {more} more"),
    }
}
