//! A connection that reads, with what is kept beside it.

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
    /// Watches others' statements.
    pub(super) authorizer: Authorizer,
    pub(super) counted: Cached<OfWhat, Counted>,
    pub(super) currencies: Cached<(), Vec<String>>,
    /// Where sums note the currencies that they meet.
    pub(super) met: Met,
}

/// What was last found out about the whole file, for as long as nobody writes.
///
/// It stays with the connection: SQLite tells a connection what all others wrote, this process's own writer among them,
/// and one that only reads needs no more; but what it says to one connection means nothing to another.
#[derive(Debug)]
pub(super) struct Cached<A, F>(Option<(i64, A, F)>);

impl<A, F> Default for Cached<A, F> {
    fn default() -> Self {
        Self(None)
    }
}

impl<A: PartialEq, F: Clone> Cached<A, F> {
    /// What was found for `asked`, or else what `find` finds. All of it is of the moment at which `db` reads.
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
    /// Opens the file, which has to be there.
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

    /// Runs `work`, and interrupts SQLite when it is `over`, at which it looks every so many steps of its machine.
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
