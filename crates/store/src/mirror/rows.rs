//! From an object as the API gives it to the rows of its table, without a loss: what has no column goes into `other`.

use super::{
    schema::{Child, Column, ColumnKind, Parts, Table},
    values::{self, as_text},
};
use highlevel_core::UNREADABLE;
use rusqlite::types::Value as Cell;
use serde_json::{Map, Value};
use std::borrow::Cow;

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
    let object = &*in_place(object);
    let id = object.get("id")?.as_str()?.to_owned();
    let cells = table.columns.iter().map(|column| find(object, column.from).map(|value| cell(column, value))).collect();
    let parts =
        table.children.iter().map(|child| object.get(child.from).and_then(|value| parts(child, value))).collect();
    let rest = rest(table, object);
    let other = (!rest.is_empty()).then(|| Value::Object(rest).to_string());
    Some(Row { id, cells, other, parts })
}

/// The object with what the tools' schemas have no form for back in its place: a column has one for everything.
fn in_place(object: &Map<String, Value>) -> Cow<'_, Map<String, Value>> {
    let is_aside = |name: &String| name.trim_end_matches('_') == UNREADABLE;
    let aside: Vec<_> = object.iter().filter(|(name, value)| is_aside(name) && value.is_object()).collect();
    if aside.is_empty() {
        return Cow::Borrowed(object);
    }
    let mut whole = object.clone();
    for (name, values) in aside {
        let Some(values) = values.as_object().filter(|values| values.keys().all(|name| !object.contains_key(name)))
        else {
            continue;
        };
        whole.shift_remove(name);
        whole.extend(values.clone());
    }
    Cow::Owned(whole)
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
        if object.get(child.from).is_some_and(|value| parts(child, value).is_some()) {
            rest.shift_remove(child.from);
        }
    }
    rest.retain(|_, value| !value.is_null() && value.as_object().is_none_or(|object| !object.is_empty()));
    rest
}

fn cell(column: &Column, value: &Value) -> Cell {
    match (column.kind, value) {
        (_, Value::Null) => Cell::Null,
        (ColumnKind::Date, _) => values::date(value),
        (ColumnKind::Day, _) => values::day(value),
        (ColumnKind::Number, _) => values::number(value),
        (ColumnKind::Flag, _) => values::flag(value),
        (ColumnKind::Body, _) => values::body(value),
        (ColumnKind::Text | ColumnKind::Json, _) => Cell::Text(as_text(value)),
    }
}

/// A value with its own type; what SQLite has no type for becomes JSON text, such as `true`.
fn plain(value: &Value) -> Cell {
    match value {
        Value::Null => Cell::Null,
        Value::Bool(_) => Cell::Text(value.to_string()),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Cell::Integer(whole),
            (None, Some(real)) => Cell::Real(real),
            (None, None) => Cell::Text(number.to_string()),
        },
        Value::String(text) => Cell::Text(text.clone()),
        Value::Array(_) | Value::Object(_) => Cell::Text(value.to_string()),
    }
}

/// The rows of a table of parts. `None` for a form that is unknown, which stays in `other`.
fn parts(child: &Child, value: &Value) -> Option<Vec<Vec<Cell>>> {
    Some(match (child.parts, value) {
        (_, Value::Null) => Vec::new(),
        (Parts::Tags, Value::Array(tags)) => tags.iter().filter_map(tag).map(|tag| vec![Cell::Text(tag)]).collect(),
        (Parts::Tags, Value::String(tags)) => {
            let tags = tags.split(',').map(str::trim).filter(|tag| !tag.is_empty());
            tags.map(|tag| vec![Cell::Text(tag.to_owned())]).collect()
        }
        (Parts::Fields, Value::Object(fields)) => {
            fields.iter().map(|(key, value)| vec![Cell::Text(key.clone()), plain(value)]).collect()
        }
        (Parts::Fields, Value::Array(fields)) => fields.iter().map(field).collect::<Option<_>>()?,
        (Parts::InOrder, Value::Array(parts)) => {
            let text = |part: &Value, name| part.get(name).map_or(Cell::Null, |value| Cell::Text(as_text(value)));
            let position = |part: &Value| ["order", "position"].iter().find_map(|name| part.get(*name)).map(plain);
            let row = |(at, part): (i64, &Value)| {
                vec![text(part, "id"), text(part, "name"), position(part).unwrap_or(Cell::Integer(at))]
            };
            (1..).zip(parts).map(row).collect()
        }
        _ => return None,
    })
}

/// A tag: a text, or an object that has a name.
fn tag(value: &Value) -> Option<String> {
    let named = value.get("name").or_else(|| value.get("tag")).filter(|name| name.is_string());
    (!value.is_null()).then(|| as_text(named.unwrap_or(value)))
}

/// One member of custom fields that came as a list: `{id, value}`, with the value under one of several names.
fn field(item: &Value) -> Option<Vec<Cell>> {
    let item = item.as_object()?;
    let key = ["key", "fieldKey", "name", "id"].iter().find_map(|name| item.get(*name)?.as_str())?;
    let is_value = |name: &str| name == "value" || name.starts_with("fieldValue") || name.starts_with("field_value");
    let mut values = item.iter().filter(|(name, value)| is_value(name) && !value.is_null());
    Some(vec![Cell::Text(key.to_owned()), values.next().map_or(Cell::Null, |(_, value)| plain(value))])
}

/// The values of a row that has these columns, without the empty ones.
pub(super) fn values(row: &rusqlite::Row<'_>, columns: &[&str]) -> rusqlite::Result<Map<String, Value>> {
    let mut all = Map::new();
    for (at, column) in columns.iter().enumerate() {
        let value = super::statement::value(row.get_ref(at)?, &mut 0);
        if !value.is_null() && value != "" {
            all.insert((*column).to_owned(), value);
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mirror::schema::Table;
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
    fn what_a_schema_set_aside_is_back_in_its_place() {
        let plain = contact(&json!({"id": "c", "phone": {"n": 1}, "tags": 7}));
        assert_eq!(contact(&json!({"id": "c", "unreadable": {"phone": {"n": 1}, "tags": 7}})), plain);
        assert_eq!(contact(&json!({"id": "c", "unreadable": "x"})).other.as_deref(), Some(r#"{"unreadable":"x"}"#));
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
    fn parts_are_understood_in_every_form_and_never_lost() {
        let text = |text: &str| Cell::Text(text.to_owned());
        for (tags, kept) in [
            (json!(["vip", "hot"]), &["vip", "hot"][..]),
            (json!("vip, hot ,"), &["vip", "hot"]),
            (json!("vip"), &["vip"]),
            (json!([{"name": "vip"}, null, 7]), &["vip", "7"]),
            (json!(null), &[]),
            (json!(""), &[]),
        ] {
            let row = contact(&json!({"id": "c", "tags": tags}));
            assert_eq!(row.parts[0], Some(kept.iter().map(|tag| vec![text(tag)]).collect()), "{tags}");
        }
        let fields = json!([{"id": "f1", "value": "x"}, {"key": "k", "id": "f2", "fieldValueDate": 5}, {"id": "f3"}]);
        let row = contact(&json!({"id": "c", "customFields": fields}));
        let kept = [("f1", text("x")), ("k", Cell::Integer(5)), ("f3", Cell::Null)];
        assert_eq!(row.parts[1], Some(kept.into_iter().map(|(key, value)| vec![text(key), value]).collect()));
        let row = contact(&json!({"id": "c", "tags": 7, "customFields": ["x"], "address": "1 Main St"}));
        assert_eq!(row.other.as_deref(), Some(r#"{"tags":7,"customFields":["x"],"address":"1 Main St"}"#));
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
