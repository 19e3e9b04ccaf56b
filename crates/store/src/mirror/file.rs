//! A mirror's file: created, migrated to this program's version, or rebuilt.

use super::{BUSY, CACHE_KIB, LOG_PAGES};
use crate::{Fault, create_private_dir, open_private};
use rusqlite::{Connection, TransactionBehavior};
use std::{borrow::Cow, fs, io, path::Path};

/// What a file of one sort contains, and how an older one becomes a current one.
#[derive(Debug)]
pub(super) struct Layout {
    /// The statements that fill an empty file.
    pub(super) ddl: fn() -> String,
    /// The oldest version that is migrated. A file of any other unknown version is rebuilt.
    pub(super) oldest: u32,
    /// Each step brings a file from one version to the next, beginning with the oldest.
    pub(super) steps: &'static [Step],
}

/// What brings a file to the next version.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    /// These statements.
    Fixed(&'static str),
    /// The statements that this makes.
    Made(fn() -> String),
}

impl Step {
    fn sql(self) -> Cow<'static, str> {
        match self {
            Self::Fixed(sql) => sql.into(),
            Self::Made(make) => make().into(),
        }
    }
}

impl Layout {
    /// The current version.
    pub(super) fn version(&self) -> u32 {
        self.steps.iter().fold(self.oldest, |version, _| version + 1)
    }

    /// The steps that a file of this version lacks. `None` for a version that cannot be migrated.
    fn lacking(&self, version: u32) -> Option<&'static [Step]> {
        self.steps.get(usize::try_from(version.checked_sub(self.oldest)?).ok()?..)
    }

    /// Opens the file for writing. Creates, migrates or rebuilds it first, where necessary.
    pub(super) fn open(&self, path: &Path) -> Result<Connection, Fault> {
        if let Some(dir) = path.parent() {
            create_private_dir(dir)?;
        }
        let mut connection = open_writer(path)?;
        match version(&connection)? {
            current if current == self.version() => return Ok(connection),
            0 => {}
            older if self.lacking(older).is_some() => {}
            _ => {
                drop(connection);
                remove(path)?;
                connection = open_writer(path)?;
            }
        }
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Another process may have been first.
        match version(&transaction)? {
            0 => transaction.execute_batch(&(self.ddl)())?,
            older => {
                for step in self.lacking(older).unwrap_or_default() {
                    transaction.execute_batch(&step.sql())?;
                }
            }
        }
        transaction.pragma_update(None, "user_version", self.version())?;
        transaction.commit()?;
        Ok(connection)
    }
}

/// The version of an open file; 0 for an empty one.
pub(super) fn version(connection: &Connection) -> rusqlite::Result<u32> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

fn open_writer(path: &Path) -> Result<Connection, Fault> {
    let connection = open_private(path, BUSY)?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES)?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(connection)
}

/// Removes the file with what SQLite keeps beside it.
fn remove(path: &Path) -> io::Result<()> {
    for suffix in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        match fs::remove_file(&name) {
            Err(fault) if fault.kind() != io::ErrorKind::NotFound => return Err(fault),
            _ => {}
        }
    }
    Ok(())
}
