//! What a change of an object was, field by field, as it was and as it is: short, whatever the values are.

use super::{
    rows::Row,
    schema::{Child, Parts, Table},
};
use rusqlite::types::Value as Cell;
use serde_json::{Map, Value, json};

/// So many fields of one change are told with their values.
const MOST: usize = 12;

/// The longest text, in characters.
const LONGEST: usize = 80;

/// The fields in which two rows of a table differ: each with `old` and `new`.
pub(super) fn differences(table: &Table, new: &Row, old: &Row) -> Map<String, Value> {
    let mut all = Map::new();
    let mut tell = |name: String, old: Value, new: Value| {
        all.insert(name, json!({"old": bounded(old), "new": bounded(new)}));
    };
    for (column, (new, old)) in table.columns.iter().zip(new.cells.iter().zip(&old.cells)) {
        if new != old {
            tell(column.name.to_owned(), shown(old.as_ref()), shown(new.as_ref()));
        }
    }
    for (child, (new, old)) in table.children.iter().zip(new.parts.iter().zip(&old.parts)) {
        if new == old {
            continue;
        }
        let (old, new) = (members(child, old.as_deref()), members(child, new.as_deref()));
        if child.parts == Parts::Fields {
            for (name, old, new) in each(&old, &new) {
                tell(format!("{}.{name}", child.from), old, new);
            }
        } else {
            let names = |all: &Map<String, Value>| all.keys().map(String::as_str).collect::<Vec<_>>().join(", ").into();
            tell(child.from.to_owned(), names(&old), names(&new));
        }
    }
    let object = |text: &Option<String>| -> Map<String, Value> {
        text.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    };
    // Members without a column differ between an object's own answer and its list's: what one leaves out is no change.
    let others = each(&object(&old.other), &object(&new.other)).into_iter();
    for (name, old, new) in others.filter(|(_, old, new)| !old.is_null() && !new.is_null()) {
        tell(name, old, new);
    }
    let more = all.len().saturating_sub(MOST);
    if more > 0 {
        all = all.into_iter().take(MOST).collect();
        all.insert("…".to_owned(), format!("{more} more fields").into());
    }
    all
}

/// The members in which the two differ, with both values.
fn each(old: &Map<String, Value>, new: &Map<String, Value>) -> Vec<(String, Value, Value)> {
    let added = new.keys().filter(|name| !old.contains_key(*name));
    let names = old.keys().chain(added);
    let value = |of: &Map<String, Value>, name: &str| of.get(name).cloned().unwrap_or_default();
    let all = names.map(|name| (name.clone(), value(old, name), value(new, name)));
    all.filter(|(_, old, new)| old != new).collect()
}

/// The rows of a table of parts by what they are called.
fn members(child: &Child, rows: Option<&[Vec<Cell>]>) -> Map<String, Value> {
    // A funnel's page, for example, is known by its name, which follows its id.
    let at = usize::from(child.parts == Parts::InOrder);
    let rows = rows.unwrap_or_default().iter();
    rows.filter_map(|row| {
        let name = match row.get(at)? {
            Cell::Text(name) => name.clone(),
            other => shown(Some(other)).to_string(),
        };
        Some((name, shown(row.get(at + 1))))
    })
    .collect()
}

fn shown(cell: Option<&Cell>) -> Value {
    match cell {
        None | Some(Cell::Null) => Value::Null,
        Some(Cell::Integer(number)) => (*number).into(),
        Some(Cell::Real(number)) => number_of(*number),
        Some(Cell::Text(text)) => text.as_str().into(),
        Some(Cell::Blob(blob)) => format!("[{} bytes]", blob.len()).into(),
    }
}

/// A whole number without a fraction, as the API writes it.
fn number_of(number: f64) -> Value {
    let whole = (number.fract() == 0.0).then(|| format!("{number:.0}").parse::<i64>().ok()).flatten();
    whole.map_or_else(|| number.into(), Value::from)
}

/// A value that is no longer than a short text.
fn bounded(value: Value) -> Value {
    match value {
        Value::String(text) => short(&text),
        Value::Array(_) | Value::Object(_) => short(&value.to_string()),
        plain => plain,
    }
}

fn short(text: &str) -> Value {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()).into(),
        None => text.into(),
    }
}
