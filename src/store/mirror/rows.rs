//! From an object as the API gives it to the rows of its table, without a loss: what has no column goes into `other`.

use super::schema::{Child, Column, Kind, Parts, Table};
use chrono::{DateTime, NaiveDate, NaiveDateTime, Timelike, Utc};
use rusqlite::types::Value as Cell;
use serde_json::{Map, Value};

/// An object as its table keeps it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    pub(super) id: String,
    /// In the order of the table's columns; `None` where the object does not say.
    pub(super) cells: Vec<Option<Cell>>,
    pub(super) other: Option<String>,
    /// The rows of each table of parts, without the owner's id; `None` where the object does not say.
    pub(super) parts: Vec<Option<Vec<Vec<Cell>>>>,
}

/// The object's row; `None` for what has no id.
pub(super) fn row(table: &Table, object: &Map<String, Value>) -> Option<Row> {
    let id = object.get("id")?.as_str()?.to_owned();
    let cells = table.columns.iter().map(|column| find(object, column.from).map(|value| cell(column, value))).collect();
    let parts = table.children.iter().map(|child| object.get(child.from).map(|value| parts(child, value))).collect();
    let rest = rest(table, object);
    let other = (!rest.is_empty()).then(|| Value::Object(rest).to_string());
    Some(Row { id, cells, other, parts })
}

fn find<'a>(object: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    match path.split_once('.') {
        // An address that is there lacks what it does not name.
        Some((outer, inner)) => object.get(outer).map(|object| object.get(inner).unwrap_or(&Value::Null)),
        None => object.get(path),
    }
}

/// The members that no column and no table of parts takes.
fn rest(table: &Table, object: &Map<String, Value>) -> Map<String, Value> {
    let mut rest = object.clone();
    rest.shift_remove("id");
    for name in table.columns.iter().map(|column| column.from).chain(table.dropped.iter().copied()) {
        match name.split_once('.') {
            Some((outer, inner)) => {
                if let Some(Value::Object(object)) = rest.get_mut(outer) {
                    object.shift_remove(inner);
                }
            }
            None => drop(rest.shift_remove(name)),
        }
    }
    for child in table.children {
        rest.shift_remove(child.from);
    }
    rest.retain(|_, value| !value.is_null() && value.as_object().is_none_or(|object| !object.is_empty()));
    rest
}

fn cell(column: &Column, value: &Value) -> Cell {
    match (column.kind, value) {
        (_, Value::Null) => Cell::Null,
        (Kind::Date, Value::String(text)) => Cell::Text(date(text)),
        (Kind::Number, Value::Number(number)) => number.as_f64().map_or(Cell::Null, Cell::Real),
        (Kind::Number, Value::String(text)) => match text.trim().parse::<f64>() {
            Ok(number) if number.is_finite() => Cell::Real(number),
            _ => Cell::Text(text.clone()),
        },
        (_, other) => Cell::Text(as_text(other)),
    }
}

fn as_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A value with its own type; what SQLite has no type for becomes JSON text.
fn plain(value: &Value) -> Cell {
    match value {
        Value::Null => Cell::Null,
        Value::Bool(yes) => Cell::Integer((*yes).into()),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Cell::Integer(whole),
            (None, Some(real)) => Cell::Real(real),
            (None, None) => Cell::Text(number.to_string()),
        },
        Value::String(text) => Cell::Text(text.clone()),
        Value::Array(_) | Value::Object(_) => Cell::Text(value.to_string()),
    }
}

fn parts(child: &Child, value: &Value) -> Vec<Vec<Cell>> {
    match (child.parts, value) {
        (Parts::Tags, Value::Array(tags)) => tags.iter().map(|tag| vec![Cell::Text(as_text(tag))]).collect(),
        (Parts::Fields, Value::Object(fields)) => {
            fields.iter().map(|(key, value)| vec![Cell::Text(key.clone()), plain(value)]).collect()
        }
        (Parts::Pages, Value::Array(pages)) => {
            let text = |page: &Value, name| page.get(name).map_or(Cell::Null, |value| Cell::Text(as_text(value)));
            let position = |page: &Value| page.get("order").map_or(Cell::Null, plain);
            pages.iter().map(|page| vec![text(page, "id"), text(page, "name"), position(page)]).collect()
        }
        _ => Vec::new(),
    }
}

/// The texts of a row that has these columns, without the empty ones.
pub(super) fn texts(row: &rusqlite::Row<'_>, columns: &[&str]) -> rusqlite::Result<Map<String, Value>> {
    let mut texts = Map::new();
    for (at, column) in columns.iter().enumerate() {
        if let Some(text) = row.get::<_, Option<String>>(at)?.filter(|text| !text.is_empty()) {
            texts.insert((*column).to_owned(), text.into());
        }
    }
    Ok(texts)
}

/// A date or a time as SQLite's own functions write it, in UTC; what is neither stays as it is.
pub(super) fn date(text: &str) -> String {
    let moment = DateTime::parse_from_rfc3339(text).map(|time| time.with_timezone(&Utc).naive_utc());
    let moment = moment.or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f"));
    let moment = moment.or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f"));
    match moment {
        Ok(time) if time.nanosecond() == 0 => time.format("%Y-%m-%d %H:%M:%S").to_string(),
        Ok(time) => time.format("%Y-%m-%d %H:%M:%S%.3f").to_string(),
        Err(_) => NaiveDate::parse_from_str(text, "%Y-%m-%d")
            .map_or_else(|_| text.to_owned(), |date| date.format("%Y-%m-%d").to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::mirror::schema::Table;
    use serde_json::json;

    fn contact(object: &Value) -> Row {
        row(Table::named("contacts").unwrap(), object.as_object().unwrap()).unwrap()
    }

    #[test]
    fn what_has_no_column_is_kept_as_json() {
        let row = contact(&json!({"id": "c", "dnd": true, "address": {"city": "Ulm", "floor": 3}, "none": null}));
        assert_eq!(row.other.as_deref(), Some(r#"{"dnd":true,"address":{"floor":3}}"#));
        let row = contact(&json!({"id": "c", "address": {"city": "Ulm"}}));
        assert_eq!(row.other, None);
    }

    #[test]
    fn absent_and_empty_differ() {
        let row = contact(&json!({"id": "c", "phone": null, "tags": []}));
        let cell = |name: &str| {
            let at = Table::named("contacts").unwrap().columns.iter().position(|column| column.name == name);
            row.cells[at.unwrap()].clone()
        };
        assert_eq!((cell("phone"), cell("email"), cell("city")), (Some(Cell::Null), None, None));
        assert_eq!(row.parts, [Some(vec![]), None]);
    }

    #[test]
    fn dates_are_written_as_sqlite_does() {
        for (given, kept) in [
            ("2025-11-03T15:30:00Z", "2025-11-03 15:30:00"),
            ("2025-11-03T15:30:00.000Z", "2025-11-03 15:30:00"),
            ("2025-11-03T15:30:00.250Z", "2025-11-03 15:30:00.250"),
            ("2025-11-03T17:30:00+02:00", "2025-11-03 15:30:00"),
            ("2025-11-03T15:30:00", "2025-11-03 15:30:00"),
            ("2025-11-03", "2025-11-03"),
            ("soon", "soon"),
        ] {
            assert_eq!(date(given), kept, "{given}");
        }
    }

    #[test]
    fn a_deals_worth_is_a_number_however_it_is_written() {
        let table = Table::named("opportunities").unwrap();
        for value in [json!(1500), json!("1500"), json!(1500.0)] {
            let row = row(table, json!({"id": "o", "value": value}).as_object().unwrap()).unwrap();
            assert!(row.cells.contains(&Some(Cell::Real(1500.0))), "{value}");
        }
    }
}
