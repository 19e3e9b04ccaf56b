//! The journal: every write attempt before it is sent, what became of it, and the object before and after, in SQLite
//! (docs/journal.md). One file here a concern; nothing here runs on the runtime's threads.

mod append;
mod chain;
mod entries;
mod images;
mod old_lines;
mod prune;
mod schema;
mod take_over;
#[cfg(test)]
mod tests;
mod verify;
mod walk;

pub use chain::Head;
pub use entries::{EntryFilter, EntryRange, JournalEntry, UNFINISHED};
pub use verify::Report;
pub use walk::Problem;

use super::{Fault, Slot, off_thread};
use highlevel_core::error::{Code, Error, Result};
use rusqlite::Connection;
use std::{
    path::{Path, PathBuf},
    sync::{Arc, PoisonError},
};
use tokio::sync::Mutex;

/// How much is kept of images, the objects before and after writes. Events are kept without limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JournalLimits {
    /// The most bytes of all images.
    pub image_bytes: u64,
    /// The most days that an image is kept after its last use.
    pub image_days: u32,
}

/// The journal in a state directory. Several processes may write to one.
#[derive(Debug)]
pub struct Journal {
    place: JournalPlace,
    connection: Slot,
    /// Calls of this process write in turn, so that only one of its threads waits for other processes.
    turn: Mutex<()>,
}

/// Where a journal is, and what it may keep.
#[derive(Debug, Clone)]
struct JournalPlace {
    dir: PathBuf,
    limits: JournalLimits,
}

impl Journal {
    /// The journal in this directory. Touches nothing yet.
    pub fn new(dir: PathBuf, limits: JournalLimits) -> Self {
        Self { place: JournalPlace { dir, limits }, connection: Slot::default(), turn: Mutex::new(()) }
    }

    /// Takes over the files of an older version, if there are any. Creates nothing otherwise.
    ///
    /// # Errors
    /// `internal`, naming the directory.
    pub async fn take_over(&self) -> Result<()> {
        self.read(|| (), |_| Ok(())).await
    }

    /// Runs `work` with the journal on a thread that may block; opens it at the first need.
    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        let (place, slot) = (self.place.clone(), Arc::clone(&self.connection));
        off_thread(move || {
            let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
            on_open(&mut slot, || place.open(), |db| work(db).map_err(Fault::from))
                .map_err(|fault| unusable(&place.dir, "written", fault))
        })
        .await
    }

    /// Runs `work` with the journal on a thread that may block. Without a journal gives `empty` and creates nothing.
    async fn read<T: Send + 'static>(
        &self,
        empty: impl FnOnce() -> T + Send + 'static,
        work: impl FnOnce(&mut Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T> {
        let (place, slot) = (self.place.clone(), Arc::clone(&self.connection));
        off_thread(move || read(&place, &slot, empty, work).map_err(|fault| unusable(&place.dir, "read", fault))).await
    }
}

fn read<T>(
    place: &JournalPlace,
    slot: &Slot,
    empty: impl FnOnce() -> T,
    work: impl FnOnce(&mut Connection) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
    if slot.is_none() {
        if !place.exists()? {
            return Ok(empty());
        }
        match place.open() {
            Ok(connection) => *slot = Some(connection),
            // A journal that can only be read is read all the same; the error of opening it to write says more.
            Err(fault) => return work(&mut place.open_to_read().map_err(|_| fault)?),
        }
    }
    on_open(&mut slot, || place.open(), work)
}

/// Runs `work` with the open connection. A panic in `work` drops the connection.
fn on_open<T>(
    slot: &mut Option<Connection>,
    open: impl FnOnce() -> Result<Connection, Fault>,
    work: impl FnOnce(&mut Connection) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let mut connection = slot.take().map_or_else(open, Ok)?;
    let done = work(&mut connection);
    *slot = Some(connection);
    done
}

/// The error of a journal that cannot be used: which directory, why, and what to do.
fn unusable(dir: &Path, what: &str, fault: Fault) -> Error {
    let message = format!(
        "The journal in {} cannot be {what}: {fault}. Make the directory writable, choose another with --state-dir, or do without a journal by --journal off.",
        dir.display()
    );
    Error::new(Code::Internal, message).caused_by(fault)
}
