//! The journal: every write attempt before it is sent and what became of it, as JSON Lines in a chain of hashes
//! (docs/journal.md). One file here a concern; nothing here runs on the runtime's threads.

mod entries;
mod files;
mod line;
mod verify;

pub use entries::{JournalEntry, UNFINISHED, Wanted};
pub use line::Head;
pub use verify::{Problem, Report};

use super::off_thread;
use files::Files;
use highlevel_core::context::CallContext;
use highlevel_core::error::{Code, Error, Result};
use serde_json::{Map, Value};
use std::{io, path::PathBuf};
use tokio::sync::Mutex;

/// The journal in a state directory. Several processes may write to one.
#[derive(Debug)]
pub struct Journal {
    files: Files,
    /// Calls of this process write in turn, so that only one of its threads waits for other processes.
    turn: Mutex<()>,
}

impl Journal {
    /// The journal in this directory, of `max` bytes at most. Touches nothing yet.
    pub fn new(dir: PathBuf, max: u64) -> Self {
        Self { files: Files::new(dir, max), turn: Mutex::new(()) }
    }

    /// The most bytes that one value in a line should have, so that lines fit into files.
    pub fn value_bytes(&self) -> usize {
        usize::try_from(self.files.part_bytes() / 4).unwrap_or(usize::MAX)
    }

    /// Writes down an attempt that is about to be made, and waits until the disk has it. Gives its number.
    ///
    /// # Errors
    /// `internal`, naming the directory, when it cannot be written down: then it must not be made. `cancelled` and
    /// `timeout` by the call's context.
    pub async fn attempt(&self, members: Map<String, Value>, context: &CallContext) -> Result<u64> {
        let _turn = context.bound(self.turn.lock()).await?;
        // Not bound to the context: a line that is being written will be there.
        self.append("attempt", members, true).await.map_err(|mut error| {
            error.message.push_str(" Nothing was sent: what is not written down first is not done.");
            error
        })
    }

    /// Writes down what became of the attempt with this number, whatever has become of the call.
    ///
    /// # Errors
    /// `internal`, naming the directory. The attempt then shows as unfinished.
    pub async fn outcome(&self, attempt: u64, mut members: Map<String, Value>) -> Result<()> {
        let _turn = self.turn.lock().await;
        members.shift_insert(0, "attempt".into(), attempt.into());
        self.append("outcome", members, false).await.map(drop)
    }

    async fn append(&self, kind: &'static str, members: Map<String, Value>, durable: bool) -> Result<u64> {
        self.off_thread("written", move |files| {
            let mut event = files::event(kind);
            event.extend(members);
            files.append(&event, durable)
        })
        .await
    }

    /// Mends a last line that a kill tore, if there is one. Creates nothing.
    ///
    /// # Errors
    /// `internal`, naming the directory.
    pub async fn heal(&self) -> Result<()> {
        self.off_thread("written", Files::heal).await
    }

    /// The wanted attempts with their outcomes, oldest first.
    ///
    /// # Errors
    /// `internal`, naming the directory.
    pub async fn entries(&self, wanted: Wanted) -> Result<Vec<JournalEntry>> {
        self.off_thread("read", move |files| files.reading(|parts| entries::entries(parts, &wanted))).await
    }

    /// Checks the chain; with a hash that `head` gave once, also that it leads there.
    ///
    /// # Errors
    /// `internal`, naming the directory.
    pub async fn verify(&self, head: Option<String>) -> Result<Report> {
        self.off_thread("read", move |files| files.reading(|parts| verify::verify(parts, head.as_deref()))).await
    }

    async fn off_thread<T: Send + 'static>(
        &self,
        what: &'static str,
        work: impl FnOnce(&Files) -> io::Result<T> + Send + 'static,
    ) -> Result<T> {
        let files = self.files.clone();
        off_thread(move || work(&files).map_err(|fault| unusable(&files, what, fault))).await
    }
}

/// The error of a journal that cannot be used: which directory, why, and what to do.
fn unusable(files: &Files, what: &str, fault: io::Error) -> Error {
    let message = format!(
        "The journal in {} cannot be {what}: {fault}. Make the directory writable, choose another with --state-dir, or do without a journal by --journal off.",
        files.dir().display()
    );
    Error::new(Code::Internal, message).caused_by(fault)
}
