//! The process that answers questions: it opens the mirror for reading, and takes orders on stdin.

use super::protocol::{Order, Reply};
use crate::{
    Fault,
    mirror::{
        reader::Reader,
        scans::TableState,
        schema::Table,
        statement::{self, Listener},
    },
    unusable,
};
use highlevel_core::error::{Code, Error, Result};
use serde::Serialize;
use serde_json::Value;
use std::{
    io::{BufRead, BufWriter, StdinLock, StdoutLock, Write},
    path::Path,
    process::ExitCode,
};

/// The memory that SQLite may take for one statement, sorting and temporary tables among it.
const MEMORY: i64 = 128 * 1024 * 1024;

/// The address space of the whole process: a second bound, for what SQLite does not count.
#[cfg(unix)]
const ADDRESS_SPACE: u64 = 1024 * 1024 * 1024;

/// How often the process looks whether its server is still there.
#[cfg(unix)]
const LOOK: std::time::Duration = std::time::Duration::from_millis(500);

/// Answers questions of the mirror in this file until stdin ends.
pub fn answer_questions(path: &Path) -> ExitCode {
    bound_process();
    end_with_server();
    let (from, to) = (std::io::stdin().lock(), BufWriter::new(std::io::stdout().lock()));
    let mut out = Out { from, to, fine: Vec::new() };
    let mut reader = None;
    while let Some(order) = out.order() {
        let Order::Prepare(query, fine) = order else { continue };
        out.fine = fine;
        let done = match opened(&mut reader, path, query.accounts.is_some()) {
            Ok(reader) => statement::in_time(reader, &query, &mut out),
            Err(error) => Err(error),
        };
        let said = match done {
            Ok(Some(end)) => out.say(&Reply::Done(end)),
            // The server knows.
            Ok(None) => Ok(()),
            Err(error) => out.say(&Reply::Failed(error.into())),
        };
        if said.is_err() {
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// Ends the process soon after the server, whatever SQLite does. While it waits for an order, the end of stdin ends it at
/// once.
#[cfg(unix)]
fn end_with_server() {
    use std::os::unix::process::parent_id;
    let server = parent_id();
    std::thread::spawn(move || {
        while parent_id() == server {
            std::thread::sleep(LOOK);
        }
        std::process::exit(0);
    });
}

/// A statement ends by its own clock.
#[cfg(not(unix))]
fn end_with_server() {}

/// The file, which stays open: it is that of one mirror, or of all accounts.
fn opened<'a>(reader: &'a mut Option<Reader>, path: &Path, of_all: bool) -> Result<&'a mut Reader> {
    if reader.is_none() {
        *reader = Some(open(path, of_all).map_err(|fault| unusable(path.parent().unwrap_or(path), fault))?);
    }
    reader.as_mut().ok_or_else(|| Error::new(Code::Internal, "The mirror is not open."))
}

fn open(path: &Path, of_all: bool) -> rusqlite::Result<Reader> {
    let reader = if of_all { Reader::open_union(path) } else { Reader::open(path) }?;
    // A question writes nothing to disk, and its memory is bounded.
    reader.db.pragma_update(None, "temp_store", "MEMORY")?;
    reader.db.pragma_update(None, "hard_heap_limit", MEMORY)?;
    Ok(reader)
}

#[cfg(unix)]
fn bound_process() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let at_most = |most| Rlimit { current: Some(most), maximum: Some(most) };
    for (of, most) in [(Resource::As, ADDRESS_SPACE), (Resource::Core, 0)] {
        // Where the system has no such limit, SQLite's own still holds.
        let _ = setrlimit(of, at_most(most));
    }
}

#[cfg(not(unix))]
fn bound_process() {}

/// The connection to the server.
struct Out<'a> {
    from: StdinLock<'a>,
    to: BufWriter<StdoutLock<'a>>,
    /// The tables that the statement may read at once.
    fine: Vec<String>,
}

impl Out<'_> {
    /// The next order; none at the end.
    fn order(&mut self) -> Option<Order> {
        let mut line = String::new();
        self.from.read_line(&mut line).ok()?;
        serde_json::from_str(&line).ok()
    }

    fn say(&mut self, reply: &Reply) -> Result<()> {
        self.line(reply)?;
        self.to.flush().map_err(gone)
    }

    fn line(&mut self, line: &impl Serialize) -> Result<()> {
        serde_json::to_writer(&mut self.to, line).map_err(gone)?;
        self.to.write_all(b"\n").map_err(gone)
    }
}

impl Listener for Out<'_> {
    fn reads(&mut self, states: Vec<(&'static Table, TableState)>, columns: &[String]) -> Result<bool> {
        let states: Vec<_> = states.into_iter().map(|(table, state)| (table.name.to_owned(), state)).collect();
        let at_once = states.iter().all(|(table, _)| self.fine.contains(table));
        // Said before it runs: from here on the server counts the time.
        self.say(&Reply::Reads { states, columns: columns.to_vec(), at_once })?;
        Ok(at_once || matches!(self.order(), Some(Order::Run)))
    }

    fn row(&mut self, row: Vec<Value>) -> Result<()> {
        self.line(&row)
    }
}

fn gone(fault: impl Into<Fault>) -> Error {
    let fault = fault.into();
    Error::new(Code::Internal, format!("The server is gone: {fault}.")).caused_by(fault)
}
