//! What an account's own mirror says of its tables: their states, and the stamps of their rows.

use crate::{
    Fault,
    mirror::{LAYOUT, file, reader::Reader, scans::TableState, schema::Table, table_state},
};
use rusqlite::Connection;
use std::{collections::HashMap, path::Path};

/// The stamp of each table that has rows, or had some.
pub(super) type Stamps = HashMap<String, i64>;

/// What a mirror says of its tables, as of one moment.
#[derive(Debug, Clone, Default)]
pub(super) struct Probe {
    pub(super) states: Vec<(&'static Table, TableState)>,
    pub(super) stamps: Stamps,
}

/// Looks at a mirror on a connection of its own, which is closed again: 200 accounts would have more open files than a
/// process may. A mirror without a file has no rows and no states.
pub(super) fn probe(mirror: &Path) -> Result<Probe, Fault> {
    if !mirror.try_exists()? {
        return Ok(Probe::default());
    }
    let db = Reader::connect(mirror)?;
    if file::version(&db)? == LAYOUT.version() {
        return Ok(looked_at(&db)?);
    }
    drop(db);
    Ok(looked_at(&LAYOUT.open(mirror)?)?)
}

fn looked_at(db: &Connection) -> rusqlite::Result<Probe> {
    let moment = db.unchecked_transaction()?;
    Ok(Probe { states: table_state::states(&moment)?, stamps: stamps(&moment, "SELECT name, stamp FROM revisions")? })
}

/// The stamps that a query of names and stamps gives.
pub(super) fn stamps(db: &Connection, sql: &str) -> rusqlite::Result<Stamps> {
    let mut statement = db.prepare(sql)?;
    let found = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    found.collect()
}
