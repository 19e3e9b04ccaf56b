//! An overview of the mirror, for writing a statement: the number of rows, and the frequent values of columns that have few.

use super::{
    Mirror,
    reader::Reader,
    scans::{self, TableState},
    schema::Table,
    unusable,
};
use highlevel_core::error::Result;
use rusqlite::Connection;
use std::sync::Arc;

/// Columns with few different values, the most useful first.
const WORDS: &[(&str, &str)] = &[
    ("opportunities", "status"),
    ("opportunities", "stage"),
    ("opportunities", "currency"),
    ("contact_tags", "tag"),
    ("contact_fields", "key"),
    ("opportunity_tags", "tag"),
    ("contacts", "source"),
    ("campaigns", "status"),
    ("campaigns", "type"),
    ("pages", "status"),
    ("funnels", "type"),
    ("conversations", "type"),
    ("messages", "type"),
    ("messages", "status"),
    ("appointments", "status"),
    ("invoices", "status"),
    ("invoices", "currency"),
    ("transactions", "status"),
    ("transactions", "entityType"),
    ("submission_fields", "key"),
    ("workflows", "status"),
];

/// An overview of the mirror.
#[derive(Debug, Clone)]
pub struct Overview {
    /// Each table with its number of rows and its state.
    pub tables: Vec<(&'static Table, u64, TableState)>,
    /// The frequent values of columns.
    pub words: Arc<[ColumnWords]>,
}

/// The frequent values of a column.
#[derive(Debug)]
pub struct ColumnWords {
    /// The table.
    pub table: &'static str,
    /// Its column.
    pub column: &'static str,
    /// The values, the most frequent first.
    pub often: Vec<String>,
    /// Whether there are more.
    pub more: bool,
}

/// The tables that are counted, and how many values of a column.
pub(super) type OfWhat = (Vec<&'static str>, usize);

/// The rows of each table, and the values.
pub(super) type Counted = (Arc<[u64]>, Arc<[ColumnWords]>);

impl Mirror {
    /// An overview of these tables, with at most `most` values per column, if all of them are `as_wanted`; else `None`. It is
    /// counted once until somebody writes.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn overview(
        &self,
        tables: Vec<&'static Table>,
        most: usize,
        as_wanted: impl Fn(&Table, &TableState) -> bool + Send + 'static,
    ) -> Result<Option<Overview>> {
        let dir = self.dir().to_owned();
        self.reading(move |reader| overview(reader, &tables, most, &as_wanted).map_err(|fault| unusable(&dir, fault)))
            .await
    }
}

fn overview(
    reader: &mut Reader,
    tables: &[&'static Table],
    most: usize,
    as_wanted: impl Fn(&Table, &TableState) -> bool,
) -> rusqlite::Result<Option<Overview>> {
    let moment = reader.db.unchecked_transaction()?;
    let mut states = scans::states(&moment)?;
    states.retain(|(table, _)| tables.iter().any(|shown| shown.name == table.name));
    if !states.iter().all(|(table, state)| as_wanted(table, state)) {
        return Ok(None);
    }
    let of = (tables.iter().map(|table| table.name).collect(), most);
    let (rows, words) = reader
        .counted
        .get_or(&moment, of, || Ok((rows(&moment, tables)?.into(), words(&moment, tables, most)?.into())))?;
    let all = states.into_iter().zip(&*rows).map(|((table, state), rows)| (table, *rows, state)).collect();
    Ok(Some(Overview { tables: all, words }))
}

fn rows(db: &Connection, tables: &[&'static Table]) -> rusqlite::Result<Vec<u64>> {
    let count = |table: &&Table| db.query_row(&format!("SELECT count(*) FROM {}", table.name), [], |row| row.get(0));
    tables.iter().map(count).collect()
}

fn words(db: &Connection, tables: &[&'static Table], most: usize) -> rusqlite::Result<Vec<ColumnWords>> {
    let shown = |table: &Table| tables.iter().any(|shown| shown.name == table.name);
    let columns = WORDS.iter().filter(|(table, _)| Table::owning(table).is_some_and(shown));
    let words = columns.map(|(table, column)| {
        let mut often = often(db, table, column, most + 1)?;
        let more = often.len() > most;
        often.truncate(most);
        Ok(ColumnWords { table, column, often, more })
    });
    words.collect()
}

fn often(db: &Connection, table: &str, column: &str, most: usize) -> rusqlite::Result<Vec<String>> {
    let sql = format!(
        "SELECT {column} FROM {table} WHERE {column} <> '' GROUP BY {column} ORDER BY count(*) DESC, {column} LIMIT {most}"
    );
    let mut statement = db.prepare(&sql)?;
    let found = statement.query_map([], |row| row.get(0))?;
    found.collect()
}
