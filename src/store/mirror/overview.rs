//! What there is in the mirror, for who writes a statement: how many rows, and which words stand in the columns that have
//! few.

use super::{
    Mirror,
    reader::Reader,
    scans::{self, State},
    schema::Table,
    unusable,
};
use crate::error::Result;
use rusqlite::Connection;
use std::sync::Arc;

/// Columns that hold one of a few words, in the order of their worth to a reader.
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
];

/// What there is.
#[derive(Debug, Clone)]
pub struct Overview {
    /// Each table with its number of rows and its state.
    pub tables: Vec<(&'static Table, u64, State)>,
    /// The words that stand in columns.
    pub words: Arc<[Words]>,
}

/// The words that stand in a column.
#[derive(Debug)]
pub struct Words {
    /// The table.
    pub table: &'static str,
    /// Its column.
    pub column: &'static str,
    /// The words, the most frequent first.
    pub often: Vec<String>,
    /// Whether there are more.
    pub more: bool,
}

/// What was counted last, of which tables, with how many words, and at which version of the file.
#[derive(Debug)]
pub(super) struct Counted {
    of: (i64, Vec<&'static str>, usize),
    rows: Vec<u64>,
    words: Arc<[Words]>,
}

impl Mirror {
    /// What there is in these tables, with at most `most` words a column. While nobody writes, it is counted once.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn overview(&self, tables: Vec<&'static Table>, most: usize) -> Result<Overview> {
        let dir = self.dir().to_owned();
        self.reading(move |reader| overview(reader, &tables, most).map_err(|fault| unusable(&dir, &fault))).await
    }
}

fn overview(reader: &mut Reader, tables: &[&'static Table], most: usize) -> rusqlite::Result<Overview> {
    let moment = reader.db.unchecked_transaction()?;
    // Another number than before where another connection has written since, and of the moment at which all is read.
    let version = moment.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?;
    let of = (version, tables.iter().map(|table| table.name).collect(), most);
    let counted = match reader.counted.take() {
        Some(counted) if counted.of == of => counted,
        _ => Counted { of, rows: rows(&moment, tables)?, words: words(&moment, tables, most)?.into() },
    };
    let mut states = scans::states(&moment)?;
    states.retain(|(table, _)| tables.iter().any(|shown| shown.name == table.name));
    let all = states.into_iter().zip(&counted.rows).map(|((table, state), rows)| (table, *rows, state)).collect();
    let overview = Overview { tables: all, words: Arc::clone(&counted.words) };
    reader.counted = Some(counted);
    Ok(overview)
}

fn rows(db: &Connection, tables: &[&'static Table]) -> rusqlite::Result<Vec<u64>> {
    let count = |table: &&Table| db.query_row(&format!("SELECT count(*) FROM {}", table.name), [], |row| row.get(0));
    tables.iter().map(count).collect()
}

fn words(db: &Connection, tables: &[&'static Table], most: usize) -> rusqlite::Result<Vec<Words>> {
    let shown = |table: &Table| tables.iter().any(|shown| shown.name == table.name);
    let columns = WORDS.iter().filter(|(table, _)| Table::owning(table).is_some_and(shown));
    let words = columns.map(|(table, column)| {
        let mut often = often(db, table, column, most + 1)?;
        let more = often.len() > most;
        often.truncate(most);
        Ok(Words { table, column, often, more })
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
