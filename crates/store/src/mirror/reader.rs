//! A read-only connection, with its caches.

use super::{
    BUSY, CACHE_KIB,
    authorizer::Authorizer,
    money::{self, Met},
    overview::{Counted, OfWhat},
    statement,
    union::{self, Outline, ShownAccount},
};
use crate::{off_thread, unusable};
use highlevel_core::error::Result;
use rusqlite::{Connection, OpenFlags, Transaction};
use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Connections of one file that cannot write. They are opened when they are needed, and kept for the next question.
#[derive(Debug, Clone)]
pub(super) struct Readers {
    path: PathBuf,
    open: fn(&Path) -> rusqlite::Result<Reader>,
    spare: Arc<Mutex<Vec<Reader>>>,
}

impl Readers {
    /// Opens nothing yet.
    pub(super) fn new(path: PathBuf, open: fn(&Path) -> rusqlite::Result<Reader>) -> Self {
        Self { path, open, spare: Arc::default() }
    }

    /// Runs `work` on a connection of its own, away from the runtime's threads. The file has to exist.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Reader) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let this = self.clone();
        off_thread(move || {
            let spare = this.spare().pop();
            let dir = this.path.parent().unwrap_or(&this.path);
            let mut reader = match spare {
                Some(open) => open,
                None => (this.open)(&this.path).map_err(|fault| unusable(dir, fault))?,
            };
            let done = work(&mut reader);
            this.spare().push(reader);
            done
        })
        .await
    }

    /// Closes the connections that are not in use.
    pub(super) fn close(&self) {
        self.spare().clear();
    }

    fn spare(&self) -> MutexGuard<'_, Vec<Reader>> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection that cannot write.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) db: Connection,
    /// Authorizes users' statements.
    pub(super) authorizer: Authorizer,
    pub(super) counted: Cached<OfWhat, Counted>,
    /// Of the accounts that are shown, and of these tables.
    pub(super) currencies: Cached<(Vec<ShownAccount>, Vec<&'static str>), Vec<String>>,
    /// The currencies that sums have met.
    pub(super) met: Met,
    /// For the file of all accounts: what checks a statement before it runs on the views.
    pub(super) outline: Option<Outline>,
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
    /// Opens a mirror's file, which has to exist.
    pub(super) fn open(path: &Path) -> rusqlite::Result<Self> {
        Self::guarded(Self::connect(path)?, Authorizer::of, None)
    }

    /// Opens the file of all accounts, which has to exist.
    pub(super) fn open_union(path: &Path) -> rusqlite::Result<Self> {
        Self::guarded(union::connect(path)?, Authorizer::of_views, Some(Outline::new()?))
    }

    /// A connection that only reads.
    pub(super) fn connect(path: &Path) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(path, flags)?;
        db.busy_timeout(BUSY)?;
        db.pragma_update(None, "query_only", true)?;
        db.pragma_update(None, "cache_size", -CACHE_KIB)?;
        Ok(db)
    }

    fn guarded(
        mut db: Connection,
        authorizer: fn(&mut Connection) -> rusqlite::Result<Authorizer>,
        outline: Option<Outline>,
    ) -> rusqlite::Result<Self> {
        statement::bound(&db)?;
        let met = money::functions(&db)?;
        let authorizer = authorizer(&mut db)?;
        Ok(Self { db, authorizer, counted: Cached::default(), currencies: Cached::default(), met, outline })
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
