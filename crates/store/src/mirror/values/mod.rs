//! Dates and numbers in the many forms in which the API gives them. What cannot be read, or could mean two things, stays
//! as it came. Pure.

mod dates;
mod numbers;
#[cfg(test)]
mod tests;

use dates::normal_date;
use numbers::parse_number;
use rusqlite::types::Value as Cell;
use serde_json::Value;

/// A date or a time as SQLite's own functions write it, in UTC; the value's text if it is neither.
pub(super) fn date(value: &Value) -> Cell {
    let text = as_text(value);
    Cell::Text(match value {
        Value::Number(_) | Value::String(_) => normal_date(&text).unwrap_or(text),
        _ => text,
    })
}

/// A day, also where it came as its first moment; a time of a day stays one.
pub(super) fn day(value: &Value) -> Cell {
    match date(value) {
        Cell::Text(text) => Cell::Text(text.strip_suffix(" 00:00:00").map_or(text.clone(), str::to_owned)),
        cell => cell,
    }
}

/// A number, from a number or from a text that means exactly one; else the value's text.
pub(super) fn number(value: &Value) -> Cell {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => parse_number(text),
        _ => None,
    };
    number.filter(|number| number.is_finite()).map_or_else(|| Cell::Text(as_text(value)), Cell::Real)
}

/// A value as text: a text itself, anything else as JSON.
pub(super) fn as_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The most characters of a long text that are kept.
const BODY_CHARS: usize = 10_000;

/// The beginning of a long text.
pub(super) fn body(value: &Value) -> Cell {
    let mut text = as_text(value);
    if let Some((end, _)) = text.char_indices().nth(BODY_CHARS) {
        text.truncate(end);
        text.push('…');
    }
    Cell::Text(text)
}

/// 1 or 0, from a truth value in any form; else the value's text.
pub(super) fn flag(value: &Value) -> Cell {
    let text = as_text(value);
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "1" | "1.0" | "yes" => Cell::Integer(1),
        "false" | "0" | "0.0" | "no" | "" => Cell::Integer(0),
        _ => Cell::Text(text),
    }
}
