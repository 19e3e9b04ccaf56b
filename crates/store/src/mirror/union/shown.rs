//! A statement over several accounts, checked before it runs, and the accounts that it sees.
//!
//! Two schemas take part. The outline has empty tables under the names that a statement may use and nothing else: a statement
//! that SQLite prepares there names no other table, whatever its WITH terms are called. Then it runs on the views, which show
//! the rows of the wanted accounts.

use super::schema::{self, SHOWN, create_views};
use crate::mirror::{
    authorizer::{Authorizer, Watch},
    reader::Reader,
    schema::Table,
    statement,
};
use highlevel_core::error::{Code, Error, Result};
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// An account whose rows a statement sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownAccount {
    /// Its name, as the column `account` shows it.
    pub name: String,
    /// The name of its mirror's file.
    pub mirror: String,
    /// Its tables that may be shown.
    pub tables: Vec<String>,
}

/// The schema that a statement sees, without rows.
#[derive(Debug)]
pub(crate) struct Outline {
    pub(crate) db: Connection,
    pub(crate) authorizer: Authorizer,
    /// Whether the views look at the copy of each row, and not at the account's name only.
    by_place: bool,
}

impl Outline {
    pub(crate) fn new() -> rusqlite::Result<Self> {
        let mut db = Connection::open_in_memory()?;
        db.execute_batch(&schema::outline())?;
        statement::bound(&db)?;
        let authorizer = Authorizer::of(&mut db)?;
        Ok(Self { db, authorizer, by_place: false })
    }

    /// Checks a statement that is watched.
    ///
    /// # Errors
    /// SQLite's own, for the caller to explain, in the outer result; the refusal in the inner one.
    pub(crate) fn check(&self, watch: &Watch<'_>, sql: &str) -> rusqlite::Result<Result<()>> {
        match self.db.prepare(sql) {
            Ok(statement) if statement.readonly() => {}
            Ok(_) => return Ok(Err(crate::mirror::authorizer::only_reading())),
            Err(error) => return watch.refused().map_or(Err(error), |refused| Ok(Err(refused))),
        }
        Ok(watch.settle(&self.db, sql))
    }

    /// Makes the views ones that show these accounts and no others.
    pub(crate) fn fit_views(&mut self, db: &Connection, accounts: &[ShownAccount]) -> rusqlite::Result<()> {
        let by_place = has_namesakes(db, accounts)?;
        if by_place != self.by_place {
            writing(db, || create_views(db, by_place))?;
            self.by_place = by_place;
        }
        Ok(())
    }

    /// Shows the rows of these accounts in these tables, until the transaction ends.
    ///
    /// # Errors
    /// `conflict` if the file changed too much since the views were made: an account's rows are not in it any more.
    pub(crate) fn show(
        &self,
        db: &Connection,
        accounts: &[ShownAccount],
        tables: &[&Table],
    ) -> rusqlite::Result<Result<()>> {
        if !self.by_place && has_namesakes(db, accounts)? {
            return Ok(Err(changed("The names of accounts")));
        }
        let mut find = db.prepare_cached("SELECT number FROM copies WHERE mirror = ?1 AND account = ?2")?;
        let mut is_folded = db.prepare_cached("SELECT count(*) > 0 FROM folded WHERE copy = ?1 AND name = ?2")?;
        writing(db, || {
            let mut add = db.prepare_cached("INSERT INTO temp.shown (name, copy, account) VALUES (?1, ?2, ?3)")?;
            for account in accounts {
                let found = find.query_row([&account.mirror, &account.name], |row| row.get::<_, i64>(0)).optional()?;
                for table in tables.iter().filter(|table| account.tables.iter().any(|name| name == table.name)) {
                    match found {
                        Some(copy) if is_folded.query_row(params![copy, table.name], |row| row.get(0))? => {
                            add.execute(params![table.name, copy, account.name])?;
                        }
                        _ => return Ok(Err(changed(&format!("The rows of {}", account.name)))),
                    }
                }
            }
            Ok(Ok(()))
        })
    }
}

/// Opens the file of all accounts for reading, with views that show nothing yet.
pub(crate) fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let db = Reader::connect(path)?;
    // Before there is a temporary table: SQLite deletes them all when this changes.
    db.pragma_update(None, "temp_store", "MEMORY")?;
    writing(&db, || {
        db.execute_batch(SHOWN)?;
        create_views(&db, false)
    })?;
    Ok(db)
}

/// Runs `work`, which writes temporary tables: the file is open for reading only.
fn writing<T>(db: &Connection, work: impl FnOnce() -> rusqlite::Result<T>) -> rusqlite::Result<T> {
    db.pragma_update(None, "query_only", false)?;
    let done = work();
    db.pragma_update(None, "query_only", true)?;
    done
}

/// Whether another copy has the name of one of these accounts: settings of the same state directory may give one name to
/// two accounts.
fn has_namesakes(db: &Connection, accounts: &[ShownAccount]) -> rusqlite::Result<bool> {
    let mut others = db.prepare_cached("SELECT count(*) > 0 FROM copies WHERE account = ?1 AND mirror <> ?2")?;
    for account in accounts {
        if others.query_row([&account.name, &account.mirror], |row| row.get(0))? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn changed(what: &str) -> Error {
    Error::new(Code::Conflict, format!("{what} changed in the file of all accounts while the question ran. Ask again."))
}
