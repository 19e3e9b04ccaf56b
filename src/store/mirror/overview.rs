//! What there is in the mirror, for who writes a statement: how many rows, and which words stand in the columns that have
//! few.

use super::{
    Mirror,
    scans::{self, State},
    schema::Table,
};
use crate::error::Result;
use rusqlite::Connection;

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
    /// Columns with the words that stand in them most often, and whether there are more.
    pub words: Vec<(&'static str, &'static str, Vec<String>, bool)>,
}

impl Mirror {
    /// What there is in these tables, with at most `most` words a column.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn overview(&self, tables: Vec<&'static Table>, most: usize) -> Result<Overview> {
        self.read(move |db| {
            let transaction = db.transaction()?;
            let shown = |table: &&Table| tables.iter().any(|shown| shown.name == table.name);
            let mut all = Vec::new();
            for table in &tables {
                let rows =
                    transaction.query_row(&format!("SELECT count(*) FROM {}", table.name), [], |row| row.get(0))?;
                all.push((*table, rows, scans::state(&transaction, table)?));
            }
            let mut words = Vec::new();
            for (table, column) in WORDS {
                if Table::owning(table).as_ref().is_some_and(shown) {
                    let mut found = often(&transaction, table, column, most + 1)?;
                    let more = found.len() > most;
                    found.truncate(most);
                    words.push((*table, *column, found, more));
                }
            }
            Ok(Overview { tables: all, words })
        })
        .await
    }
}

fn often(db: &Connection, table: &str, column: &str, most: usize) -> rusqlite::Result<Vec<String>> {
    let sql = format!(
        "SELECT {column} FROM {table} WHERE {column} <> '' GROUP BY {column} ORDER BY count(*) DESC, {column} LIMIT {most}"
    );
    let mut statement = db.prepare(&sql)?;
    let found = statement.query_map([], |row| row.get(0))?;
    found.collect()
}
