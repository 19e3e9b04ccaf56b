//! Finding objects by what a person remembers of them: a name, an address, a phone number.

use super::{
    Mirror, full_text,
    rows::values,
    schema::{self, Table},
};
use highlevel_core::error::Result;
use rusqlite::{Connection, OptionalExtension, params};
use serde_json::{Map, Value};

/// One object that was found.
#[derive(Debug, Clone)]
pub struct Found {
    /// Its table.
    pub table: &'static Table,
    /// Its id.
    pub id: String,
    /// What its name is made of, what was searched and what a table shows beside, by column.
    pub fields: Map<String, Value>,
}

/// What a search found.
#[derive(Debug, Clone)]
pub struct Search {
    /// The objects that fit best.
    pub found: Vec<Found>,
    /// How many fit in all.
    pub total: u64,
}

impl Mirror {
    /// The objects of these tables that fit best, names before the rest. Other objects are named only if they are of a table
    /// that is `readable`.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn search(
        &self,
        text: &str,
        tables: Vec<&'static Table>,
        readable: Vec<&'static Table>,
        most: usize,
    ) -> Result<Search> {
        let (text, matching) = (text.trim().to_owned(), full_text::query(text));
        self.read(move |db| {
            let names = schema::names(&tables);
            let transaction = db.transaction()?;
            let mut keys: Vec<(String, String)> = Vec::new();
            let of_id = "SELECT name, id FROM searchable WHERE id = ?1 AND name IN (SELECT value FROM json_each(?2))";
            let exact = transaction.query_row(of_id, params![text, names], |row| Ok((row.get(0)?, row.get(1)?)));
            keys.extend(exact.optional()?);
            let mut total = keys.len() as u64;
            if let Some(matching) = matching {
                let found = "FROM search JOIN searchable ON key = search.rowid
                     WHERE search MATCH ?1 AND name IN (SELECT value FROM json_each(?2))";
                let mut statement = transaction
                    .prepare(&format!("SELECT name, id {found} ORDER BY bm25(search, 4.0, 1.0, 1.0) LIMIT ?3"))?;
                let best = statement.query_map(params![matching, names, most], |row| Ok((row.get(0)?, row.get(1)?)))?;
                let best = best.collect::<rusqlite::Result<Vec<_>>>()?;
                // Counted only where there may be more.
                let fit = if best.len() < most {
                    best.len() as u64
                } else {
                    transaction
                        .query_row(&format!("SELECT count(*) {found}"), params![matching, names], |row| row.get(0))?
                };
                total = if best.iter().any(|key| keys.contains(key)) { fit } else { total + fit };
                let others: Vec<_> = best.into_iter().filter(|key| !keys.contains(key)).collect();
                keys.extend(others);
            }
            keys.truncate(most);
            let mut found = Vec::with_capacity(keys.len());
            for (name, id) in keys {
                let Some(table) = Table::named(&name) else { continue };
                let fields = fields(&transaction, table, &id, &readable)?;
                found.extend(fields.map(|fields| Found { table, id, fields }));
            }
            Ok(Search { found, total })
        })
        .await
    }

    /// The ids of a table's objects that begin so, then those of the objects that fit best; without a text the first ones.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn ids(&self, text: &str, table: &'static Table, most: usize) -> Result<Vec<String>> {
        let beginning = text.trim().to_owned();
        let found = self.search(text, vec![table], Vec::new(), most).await?.found.into_iter().map(|found| found.id);
        let mut ids = self
            .read(move |db| {
                let sql = format!("SELECT id FROM {} WHERE substr(id, 1, length(?1)) = ?1 LIMIT ?2", table.name);
                let mut statement = db.prepare_cached(&sql)?;
                let ids = statement.query_map(params![beginning, most], |row| row.get(0))?;
                ids.collect::<rusqlite::Result<Vec<String>>>()
            })
            .await?;
        for id in found {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        ids.truncate(most);
        Ok(ids)
    }
}

/// The columns that hold an object's id, what a hit calls the object, and the table that names it.
const REFERENCES: [(&str, &str, &str); 5] = [
    ("assignedTo", "owner", "users"),
    ("userId", "user", "users"),
    ("contactId", "contact", "contacts"),
    ("calendarId", "calendar", "calendars"),
    ("formId", "form", "forms"),
];

/// The tables whose names a hit of these tables shows.
pub fn named_in_hits(tables: &[&Table]) -> impl Iterator<Item = &'static str> {
    let shows = |column: &str| tables.iter().any(|table| table.shown.contains(&column));
    let named: Vec<_> = REFERENCES.iter().filter(|(column, ..)| shows(column)).map(|(_, _, of)| *of).collect();
    named.into_iter()
}

/// The most characters of a text in a hit.
const LONGEST: usize = 200;

/// What a hit shows of an object: with names for ids, so that it needs no second look, and the beginning of long texts.
fn fields(
    db: &Connection,
    table: &Table,
    id: &str,
    readable: &[&Table],
) -> rusqlite::Result<Option<Map<String, Value>>> {
    let columns: Vec<_> = table.title.iter().chain(table.searched).chain(table.shown).copied().collect();
    let mut statement =
        db.prepare_cached(&format!("SELECT {} FROM {} WHERE id = ?1", columns.join(", "), table.name))?;
    let Some(mut fields) = statement.query_row([id], |row| values(row, &columns)).optional()? else { return Ok(None) };
    for value in fields.values_mut() {
        if let Value::String(text) = value
            && let Some((end, _)) = text.char_indices().nth(LONGEST)
        {
            text.truncate(end);
            text.push('…');
        }
    }
    for (column, label, of) in REFERENCES {
        let Some(id) = fields.shift_remove(column) else { continue };
        let of = Table::named(of).filter(|of| readable.iter().any(|table| table.name == of.name));
        let named = match (of, id.as_str()) {
            (Some(of), Some(id)) => name(db, of, id)?,
            _ => None,
        };
        fields.insert(label.to_owned(), named.map_or(id, Value::from));
    }
    Ok(Some(fields))
}

/// An object's name, if it has one.
fn name(db: &Connection, table: &Table, id: &str) -> rusqlite::Result<Option<String>> {
    let parts: Vec<_> = table.title.iter().map(|column| format!("coalesce({column}, '')")).collect();
    let sql = format!("SELECT trim({}) FROM {} WHERE id = ?1", parts.join(" || ' ' || "), table.name);
    let named = db.prepare_cached(&sql)?.query_row([id], |row| row.get::<_, String>(0)).optional()?;
    Ok(named.filter(|named| !named.is_empty()))
}
