//! Upserts and removals of objects, with a record of the changes.

use super::{
    accents,
    differences::differences,
    full_text,
    rows::{Row, row},
    schema::{Child, Table},
    write_through::{self, Writer},
};
use rusqlite::{Connection, OptionalExtension, params, params_from_iter, types::Value as Cell};
use serde_json::{Map, Value};

/// How an object is upserted or removed.
#[derive(Debug, Clone, Copy)]
pub(super) struct UpsertOptions<'a> {
    /// Members that the object lacks become empty; otherwise they stay.
    pub(super) whole: bool,
    /// Whether changes are recorded. They are not in a table's first scan, where everything is new.
    pub(super) record: bool,
    /// When it was read, in milliseconds.
    pub(super) at: i64,
    /// The tool that wrote it, if one did.
    pub(super) tool: Option<&'static str>,
    /// The client that called the tool.
    pub(super) client: Option<&'a str>,
}

/// Inserts or updates an object.
pub(super) fn upsert(
    db: &Connection,
    table: &Table,
    object: &Map<String, Value>,
    how: UpsertOptions<'_>,
) -> rusqlite::Result<()> {
    let Some(new) = row(table, object) else { return Ok(()) };
    let old = stored(db, table, &new.id)?;
    let known = old.is_some();
    let new = fill(new, old.as_ref(), how.whole);
    let changed = changed(table, &new, old.as_ref());
    if known && changed.is_empty() {
        return Ok(());
    }
    revise(db, table)?;
    write_row(db, table, &new)?;
    for (at, child) in table.children.iter().enumerate() {
        let same = old.as_ref().is_some_and(|old| old.parts.get(at) == new.parts.get(at));
        if !same {
            let parts = new.parts.get(at).cloned().flatten().unwrap_or_default();
            if known {
                clear_parts(db, child, &new.id)?;
            }
            add_parts(db, child, &new.id, parts)?;
        }
    }
    let title = title(table, &new);
    if !known || table.title.iter().chain(table.searched).any(|name| changed.contains(name)) {
        let texts: Vec<String> = table.searched.iter().filter_map(|name| cell_text(table, &new, name)).collect();
        index(db, table.name, &new.id, &title, &texts.join(" "))?;
    }
    if !how.record {
        return Ok(());
    }
    let Some(old) = &old else { return record(db, table, &new.id, how, "added", &title, None) };
    let fields = differences(table, &new, old);
    // A member that only one of two answers has is no change.
    if fields.is_empty() { Ok(()) } else { record(db, table, &new.id, how, "changed", &title, Some(fields)) }
}

/// Removes an object.
pub(super) fn remove(db: &Connection, table: &Table, id: &str, how: UpsertOptions<'_>) -> rusqlite::Result<()> {
    let Some(old) = stored(db, table, id)? else { return Ok(()) };
    revise(db, table)?;
    db.prepare_cached(&format!("DELETE FROM {} WHERE id = ?1", table.name))?.execute([id])?;
    for child in table.children {
        clear_parts(db, child, id)?;
    }
    let key = db
        .prepare_cached("DELETE FROM searchable WHERE name = ?1 AND id = ?2 RETURNING key")?
        .query_row([table.name, id], |row| row.get::<_, i64>(0))
        .optional()?;
    if let Some(key) = key {
        db.prepare_cached("DELETE FROM search WHERE rowid = ?1")?.execute([key])?;
    }
    if how.record {
        record(db, table, id, how, "removed", &title(table, &old), None)?;
    }
    Ok(())
}

/// Marks the table as changed, for the copies of its rows.
fn revise(db: &Connection, table: &Table) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT INTO revisions (name, stamp) VALUES (?1, random())
         ON CONFLICT (name) DO UPDATE SET stamp = excluded.stamp",
    )?
    .execute([table.name])
    .map(drop)
}

/// The row as it is stored.
fn stored(db: &Connection, table: &Table, id: &str) -> rusqlite::Result<Option<Row>> {
    let mut statement = db.prepare_cached(&format!("SELECT * FROM {} WHERE id = ?1", table.name))?;
    let count = table.columns.len();
    let found = statement
        .query_row([id], |row| {
            let cells = (1..=count).map(|at| row.get::<_, Cell>(at).map(Some)).collect::<rusqlite::Result<Vec<_>>>()?;
            Ok((cells, row.get::<_, Option<String>>(count + 1)?))
        })
        .optional()?;
    let Some((cells, other)) = found else { return Ok(None) };
    let mut parts = Vec::with_capacity(table.children.len());
    for child in table.children {
        let [owner, rest @ ..] = child.columns else { continue };
        let sql = format!("SELECT {} FROM {} WHERE {owner} = ?1 ORDER BY rowid", rest.join(", "), child.name);
        let mut statement = db.prepare_cached(&sql)?;
        let rows = statement.query_map([id], |row| (0..rest.len()).map(|at| row.get(at)).collect())?;
        parts.push(Some(rows.collect::<rusqlite::Result<_>>()?));
    }
    Ok(Some(Row { id: id.to_owned(), cells, other, parts }))
}

/// The row with every cell filled: from the object, else from the stored row, else empty.
fn fill(mut new: Row, old: Option<&Row>, whole: bool) -> Row {
    let old = old.filter(|_| !whole);
    for (at, cell) in new.cells.iter_mut().enumerate() {
        let before = || old.and_then(|old| old.cells.get(at).cloned().flatten());
        *cell = Some(cell.take().or_else(before).unwrap_or(Cell::Null));
    }
    for (at, parts) in new.parts.iter_mut().enumerate() {
        let before = || old.and_then(|old| old.parts.get(at).cloned().flatten());
        *parts = Some(parts.take().or_else(before).unwrap_or_default());
    }
    if new.other.is_none() {
        new.other = old.and_then(|old| old.other.clone());
    }
    new
}

/// The columns and tables of parts in which two rows differ, by the API's names.
fn changed(table: &Table, new: &Row, old: Option<&Row>) -> Vec<&'static str> {
    let Some(old) = old else { return Vec::new() };
    let cells = table.columns.iter().zip(new.cells.iter().zip(&old.cells));
    let cells = cells.filter(|(_, (new, old))| new != old).map(|(column, _)| column.name);
    let parts = table.children.iter().zip(new.parts.iter().zip(&old.parts));
    let parts = parts.filter(|(_, (new, old))| new != old).map(|(child, _)| child.from);
    let other = (new.other != old.other).then_some("other");
    cells.chain(parts).chain(other).collect()
}

fn write_row(db: &Connection, table: &Table, row: &Row) -> rusqlite::Result<()> {
    let marks = vec!["?"; table.columns.len() + 2].join(", ");
    let mut statement = db.prepare_cached(&format!("REPLACE INTO {} VALUES ({marks})", table.name))?;
    let id = Cell::Text(row.id.clone());
    let other = row.other.clone().map_or(Cell::Null, Cell::Text);
    let cells = row.cells.iter().map(|cell| cell.clone().unwrap_or(Cell::Null));
    statement.execute(params_from_iter(std::iter::once(id).chain(cells).chain([other])))?;
    Ok(())
}

fn clear_parts(db: &Connection, child: &Child, id: &str) -> rusqlite::Result<()> {
    let Some(owner) = child.columns.first() else { return Ok(()) };
    db.prepare_cached(&format!("DELETE FROM {} WHERE {owner} = ?1", child.name))?.execute([id]).map(drop)
}

fn add_parts(db: &Connection, child: &Child, id: &str, rows: Vec<Vec<Cell>>) -> rusqlite::Result<()> {
    let marks = vec!["?"; child.columns.len()].join(", ");
    let mut statement = db.prepare_cached(&format!("INSERT INTO {} VALUES ({marks})", child.name))?;
    for row in rows {
        statement.execute(params_from_iter(std::iter::once(Cell::Text(id.to_owned())).chain(row)))?;
    }
    Ok(())
}

fn index(db: &Connection, name: &str, id: &str, title: &str, other: &str) -> rusqlite::Result<()> {
    let key: i64 = db
        .prepare_cached(
            "INSERT INTO searchable (name, id) VALUES (?1, ?2)
             ON CONFLICT (name, id) DO UPDATE SET id = excluded.id RETURNING key",
        )?
        .query_row([name, id], |row| row.get(0))?;
    db.prepare_cached("DELETE FROM search WHERE rowid = ?1")?.execute([key])?;
    db.prepare_cached("INSERT INTO search (rowid, title, other, digits) VALUES (?1, ?2, ?3, ?4)")?.execute(params![
        key,
        accents::remove(title),
        accents::remove(other),
        full_text::numbers_backwards(other)
    ])?;
    Ok(())
}

/// Whether a field that changed is one of these members, as tools send them.
fn is_of(table: &Table, field: &str, members: &[String]) -> bool {
    let from = table.columns.iter().find(|column| column.name == field).map_or(field, |column| column.from);
    let member = from.split('.').next().unwrap_or(from);
    field == "updatedAt" || members.iter().any(|written| written == member)
}

/// Records a change with the tool that made it: the one that wrote just now, or the one that may have written since the last
/// complete reading, if it sent all of the change.
fn record(
    db: &Connection,
    table: &Table,
    id: &str,
    how: UpsertOptions<'_>,
    change: &str,
    title: &str,
    fields: Option<Map<String, Value>>,
) -> rusqlite::Result<()> {
    let sent_all = |writer: &Writer| {
        let mut names = fields.iter().flat_map(|fields| fields.keys());
        let all = writer.members.is_empty() || names.all(|name| is_of(table, name, &writer.members));
        writer.tool.starts_with("delete_") == (change == "removed") && all
    };
    let (tool, client) = match how.tool {
        Some(tool) => (Some(tool.to_owned()), how.client.map(str::to_owned)),
        None => write_through::writer(db, table, id)?
            .filter(sent_all)
            .map_or((None, None), |writer| (Some(writer.tool), writer.client)),
    };
    let fields = fields.map(|fields| Value::Object(fields).to_string());
    db.prepare_cached(
        "INSERT INTO changes (at, name, id, change, title, fields, tool, client) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![how.at, table.name, id, change, title, fields, tool, client])?;
    Ok(())
}

fn cell_text(table: &Table, row: &Row, name: &str) -> Option<String> {
    let at = table.columns.iter().position(|column| column.name == name)?;
    match row.cells.get(at)?.as_ref()? {
        Cell::Text(text) if !text.is_empty() => Some(text.clone()),
        _ => None,
    }
}

/// The object's display name.
fn title(table: &Table, row: &Row) -> String {
    table.title.iter().filter_map(|name| cell_text(table, row, name)).collect::<Vec<_>>().join(" ")
}
