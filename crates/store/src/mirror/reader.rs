//! A read-only connection, with its caches.

use super::{
    BUSY, CACHE_KIB,
    authorizer::Authorizer,
    money::{self, Met},
    overview::{Counted, OfWhat},
    statement,
};
use rusqlite::{Connection, OpenFlags, Transaction};
use std::path::Path;

/// A connection that cannot write.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) db: Connection,
    /// Authorizes users' statements.
    pub(super) authorizer: Authorizer,
    pub(super) counted: Cached<OfWhat, Counted>,
    pub(super) currencies: Cached<(), Vec<String>>,
    /// The currencies that sums have met.
    pub(super) met: Met,
}

/// A result about the whole file, valid until somebody writes.
///
/// It belongs to the connection: SQLite's `data_version` shows a connection that others wrote, and its values mean nothing
/// to another connection.
#[derive(Debug)]
pub(super) struct Cached<A, F>(Option<(i64, A, F)>);

impl<A, F> Default for Cached<A, F> {
    fn default() -> Self {
        Self(None)
    }
}

impl<A: PartialEq, F: Clone> Cached<A, F> {
    /// The cached result for `asked`, or else what `find` finds in the same transaction.
    pub(super) fn get_or(
        &mut self,
        db: &Transaction<'_>,
        asked: A,
        find: impl FnOnce() -> rusqlite::Result<F>,
    ) -> rusqlite::Result<F> {
        let version = db.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?;
        match &self.0 {
            Some((of, before, found)) if (*of, before) == (version, &asked) => Ok(found.clone()),
            _ => {
                let found = find()?;
                self.0 = Some((version, asked, found.clone()));
                Ok(found)
            }
        }
    }
}

impl Reader {
    /// Opens the file, which has to exist.
    pub(super) fn open(path: &Path) -> rusqlite::Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut db = Connection::open_with_flags(path, flags)?;
        db.busy_timeout(BUSY)?;
        db.pragma_update(None, "query_only", true)?;
        db.pragma_update(None, "cache_size", -CACHE_KIB)?;
        statement::bound(&db)?;
        let met = money::functions(&db)?;
        let authorizer = Authorizer::of(&mut db)?;
        Ok(Self { db, authorizer, counted: Cached::default(), currencies: Cached::default(), met })
    }

    /// Runs `work`, and interrupts SQLite when `over` returns true, which is checked every `steps` steps.
    pub(super) fn until<T>(
        &mut self,
        steps: i32,
        over: impl FnMut() -> bool + Send + 'static,
        work: impl FnOnce(&mut Self) -> T,
    ) -> rusqlite::Result<T> {
        self.db.progress_handler(steps, Some(over))?;
        let done = work(self);
        // Before anything else runs on this connection.
        self.db.progress_handler(0, None::<fn() -> bool>)?;
        Ok(done)
    }
}
