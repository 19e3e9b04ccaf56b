//! A connection that reads, with what is kept beside it.

use super::{
    BUSY, CACHE_KIB,
    guard::Guard,
    money::{self, Met},
    overview::{Counted, OfWhat},
    statement,
};
use highlevel_core::error::Result;
use rusqlite::{Connection, OpenFlags, Transaction, limits::Limit};
use std::{
    path::Path,
    time::{Duration, Instant},
};

/// A mirror of so many pages, of 4 KiB each, is small: one step of SQLite's machine may count a whole table, and here that
/// takes no more than about a millisecond.
const SMALL: i64 = 2_000;

/// How long the thread that serves calls is kept: no longer than a change to another thread and back may take.
const MOMENT: Duration = Duration::from_micros(200);

/// How often a moment is looked at, in steps of SQLite's machine.
const MOMENT_STEPS: i32 = 100;

/// The longest text that there is in a moment, in bytes: one step may look for a text in another, letter by letter.
const MOMENT_TEXT: i32 = 10_000;

/// A connection that cannot write.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) db: Connection,
    /// Watches others' statements.
    pub(super) guard: Guard,
    pub(super) counted: Kept<OfWhat, Counted>,
    pub(super) currencies: Kept<(), Vec<String>>,
    /// Where sums note the currencies that they meet.
    pub(super) met: Met,
}

/// What was last found out about the whole file, for as long as nobody writes.
///
/// It stays with the connection: SQLite tells a connection what all others wrote, this process's own writer among them,
/// and one that only reads needs no more; but what it says to one connection means nothing to another.
#[derive(Debug)]
pub(super) struct Kept<A, F>(Option<(i64, A, F)>);

impl<A, F> Default for Kept<A, F> {
    fn default() -> Self {
        Self(None)
    }
}

impl<A: PartialEq, F: Clone> Kept<A, F> {
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
        let guard = Guard::of(&mut db)?;
        Ok(Self { db, guard, counted: Kept::default(), currencies: Kept::default(), met })
    }

    /// Runs `work` if the mirror is small and it takes but a moment, and nobody has to be waited for; `None` if not, or if it
    /// failed.
    pub(super) fn in_a_moment<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T>) -> Option<T> {
        let longest = self.db.limit(Limit::SQLITE_LIMIT_LENGTH).ok()?;
        self.db.busy_timeout(Duration::ZERO).ok()?;
        self.db.set_limit(Limit::SQLITE_LIMIT_LENGTH, MOMENT_TEXT).ok()?;
        let until = Instant::now() + MOMENT;
        let done = self.until(
            MOMENT_STEPS,
            move || Instant::now() >= until,
            |reader| reader.is_small().unwrap_or(false).then(|| work(reader)),
        );
        self.db.set_limit(Limit::SQLITE_LIMIT_LENGTH, longest).ok()?;
        self.db.busy_timeout(BUSY).ok()?;
        done.ok()??.ok()
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

    fn is_small(&self) -> rusqlite::Result<bool> {
        let pages: i64 = self.db.prepare_cached("PRAGMA page_count")?.query_row([], |row| row.get(0))?;
        Ok(pages <= SMALL)
    }
}
