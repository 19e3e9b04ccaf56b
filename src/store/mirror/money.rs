//! Whether a statement adds up values of several currencies.

use super::{guard::MONEY, query::Query};
use rusqlite::Connection;

/// The currencies of the table's money.
pub(super) fn currencies(db: &Connection) -> rusqlite::Result<Vec<String>> {
    let (table, _, currency) = MONEY;
    let mut statement = db.prepare_cached(&format!(
        "SELECT DISTINCT {currency} FROM {table} WHERE {currency} <> '' ORDER BY 1 LIMIT 10"
    ))?;
    let found = statement.query_map([], |row| row.get(0))?;
    found.collect()
}

/// The currencies that a statement adds up together, if there are several.
pub(super) fn mixed(_: &Connection, _: &Query, sees_currency: bool, all: Vec<String>) -> Vec<String> {
    if sees_currency { Vec::new() } else { all }
}
