//! The process that answers questions: it opens the mirror for reading, and takes orders on stdin.

use super::protocol::{Order, Reply};
use crate::{
    error::{Code, Error, Result},
    store::{
        mirror::{
            reader::Reader,
            scans::State,
            schema::Table,
            statement::{self, Listener},
        },
        unusable,
    },
};
use serde::Serialize;
use serde_json::Value;
use std::{
    io::{BufRead, BufWriter, StdoutLock, Write},
    path::Path,
    process::ExitCode,
    sync::mpsc::{Receiver, channel},
};

/// The memory that SQLite may take for one statement, sorting and temporary tables among it.
const MEMORY: i64 = 128 * 1024 * 1024;

/// The address space of the whole process: a second bound, for what SQLite does not count.
#[cfg(unix)]
const ADDRESS_SPACE: u64 = 1024 * 1024 * 1024;

/// Answers questions of the mirror in this file until stdin ends.
pub fn answer_questions(path: &Path) -> ExitCode {
    bound_process();
    let orders = orders();
    let mut out = Out { to: BufWriter::new(std::io::stdout().lock()), orders, fine: Vec::new() };
    let mut reader = None;
    while let Ok(order) = out.orders.recv() {
        let Order::Prepare(query, fine) = order else { continue };
        out.fine = fine;
        let done = match opened(&mut reader, path) {
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

/// The orders as they come. When the server is gone the process ends at once, whatever SQLite is at.
fn orders() -> Receiver<Order> {
    let (tell, orders) = channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let order = line.ok().and_then(|line| serde_json::from_str(&line).ok());
            let Some(order) = order else { break };
            if tell.send(order).is_err() {
                break;
            }
        }
        std::process::exit(0);
    });
    orders
}

fn opened<'a>(reader: &'a mut Option<Reader>, path: &Path) -> Result<&'a mut Reader> {
    if reader.is_none() {
        *reader = Some(open(path).map_err(|fault| unusable(path.parent().unwrap_or(path), &fault))?);
    }
    reader.as_mut().ok_or_else(|| Error::new(Code::Internal, "The mirror is not open."))
}

fn open(path: &Path) -> rusqlite::Result<Reader> {
    let reader = Reader::open(path)?;
    // Nothing of a question goes to the disk, and what it takes of memory is counted.
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

/// The way back to the server.
struct Out<'a> {
    to: BufWriter<StdoutLock<'a>>,
    orders: Receiver<Order>,
    /// The tables that the statement may read at once.
    fine: Vec<String>,
}

impl Out<'_> {
    fn say(&mut self, reply: &Reply) -> Result<()> {
        self.line(reply)?;
        self.to.flush().map_err(|fault| gone(&fault))
    }

    fn line(&mut self, line: &impl Serialize) -> Result<()> {
        serde_json::to_writer(&mut self.to, line).map_err(|fault| gone(&fault))?;
        self.to.write_all(b"\n").map_err(|fault| gone(&fault))
    }
}

impl Listener for Out<'_> {
    fn reads(&mut self, states: Vec<(&'static Table, State)>) -> Result<bool> {
        let states: Vec<_> = states.into_iter().map(|(table, state)| (table.name.to_owned(), state)).collect();
        let at_once = states.iter().all(|(table, _)| self.fine.contains(table));
        // Said before it runs: from here on the server counts the time.
        self.say(&Reply::Reads { states, at_once })?;
        Ok(at_once || matches!(self.orders.recv(), Ok(Order::Run)))
    }

    fn row(&mut self, row: Vec<Value>) -> Result<()> {
        self.line(&row)
    }
}

fn gone(fault: &dyn std::fmt::Display) -> Error {
    Error::new(Code::Internal, format!("The server is gone: {fault}."))
}
