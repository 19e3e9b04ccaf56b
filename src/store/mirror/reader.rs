//! A connection that reads, with what is kept beside it.

use super::{BUSY, CACHE_KIB, guard::Guard, overview::Counted, query};
use rusqlite::{Connection, OpenFlags};
use std::path::Path;

/// A connection that cannot write.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) db: Connection,
    /// Watches others' statements.
    pub(super) guard: Guard,
    /// What was counted last. Kept here because a connection is told of what others wrote, this process's own writer among
    /// them, and not of what another connection was told.
    pub(super) counted: Option<Counted>,
}

impl Reader {
    /// Opens the file, which has to be there.
    pub(super) fn open(path: &Path) -> rusqlite::Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut db = Connection::open_with_flags(path, flags)?;
        db.busy_timeout(BUSY)?;
        db.pragma_update(None, "query_only", true)?;
        db.pragma_update(None, "cache_size", -CACHE_KIB)?;
        query::bound(&db)?;
        let guard = Guard::of(&mut db)?;
        Ok(Self { db, guard, counted: None })
    }
}
