//! Processes that run users' statements. A statement can take any time and memory within one step of SQLite, where no handler
//! stops it. A process of its own can be killed, and its memory is separate.
//!
//! A process answers one question at a time. It is started with the first question, kept for the next ones, and ended when
//! it is idle for a while.

mod child;
mod protocol;

pub use child::answer_questions;

use super::{
    scans::TableState,
    sql_query::{MirrorAnswer, QueryOutcome, SqlQuery, StreamedRow, unwanted},
    statement::{TIME_LIMIT, too_large, too_long},
};
use highlevel_core::error::{Code, Error, Result};
use protocol::{Order, Reply, tables};
use std::{
    collections::HashMap,
    ffi::OsString,
    io,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStdin, ChildStdout, Command},
    sync::Semaphore,
};

/// The hidden first argument of a process that answers questions; the second is the file.
const ARGUMENT: &str = "answer-questions";

/// The most processes at once; further questions wait.
const MOST: usize = 4;

/// How long a process may take to start, on a machine that is busy.
const START: Duration = Duration::from_secs(30);

/// What the process itself gets to end a statement, before it is killed.
const GRACE: Duration = Duration::from_millis(500);

/// How long an idle process is kept.
const IDLE: Duration = Duration::from_secs(60);

/// The mirror's file, if these are the arguments of a process that answers questions.
pub fn question_file(arguments: impl IntoIterator<Item = OsString>) -> Option<PathBuf> {
    let mut arguments = arguments.into_iter().skip(1);
    (arguments.next()? == ARGUMENT).then(|| arguments.next().map(PathBuf::from)).flatten()
}

/// The processes that answer questions of one file.
#[derive(Debug)]
pub(super) struct Workers {
    program: PathBuf,
    file: PathBuf,
    places: Semaphore,
    resting: Arc<Mutex<Resting>>,
    /// The tables' states at their last question: with them most questions can run at once.
    stood: Mutex<HashMap<&'static str, TableState>>,
}

/// The idle processes, the last used one at the end.
#[derive(Debug, Default)]
struct Resting {
    workers: Vec<(Worker, Instant)>,
    /// Whether a task ends them in time.
    is_watched: bool,
}

/// Why a process does not answer.
enum Fault {
    /// It is gone.
    Gone,
    /// It was stopped, because it took too long.
    Late,
    /// Nobody takes its rows.
    Unwanted,
    /// Its reply cannot be read.
    Unreadable(String),
}

impl Workers {
    /// Processes of this program, for this file. Starts none yet.
    pub(super) fn new(program: PathBuf, file: PathBuf) -> Self {
        Self { program, file, places: Semaphore::new(MOST), resting: Arc::default(), stood: Mutex::default() }
    }

    /// Asks an idle process, or starts one. When this future is dropped, the process is killed.
    pub(super) async fn ask(&self, query: &SqlQuery, as_wanted: &impl Fn(&TableState) -> bool) -> Result<QueryOutcome> {
        let _place = self.places.acquire().await;
        let mut fine = Vec::new();
        // Rows that have left cannot be taken back, so that a stream waits for the word to run.
        if !query.streams {
            fine.extend(
                lock(&self.stood).iter().filter(|(_, state)| as_wanted(state)).map(|(name, _)| (*name).to_owned()),
            );
        }
        let order = line(&Order::Prepare(query.clone(), fine))?;
        loop {
            let spare = lock(&self.resting).workers.pop();
            let (mut worker, is_new) = match spare {
                Some((worker, _)) => (worker, false),
                None => (Worker::start(&self.program, &self.file).map_err(cannot_start)?, true),
            };
            match worker.ask(query, &order, is_new, as_wanted).await {
                Ok(Ok(asked)) => {
                    self.keep(worker);
                    if let QueryOutcome::Answered(answer) = &asked {
                        let states = answer.states.iter().map(|(table, state)| (table.name, state.clone()));
                        lock(&self.stood).extend(states);
                    }
                    return Ok(asked);
                }
                Ok(Err(error)) => {
                    // It may still hold the memory.
                    if error.code != Code::TooLarge {
                        self.keep(worker);
                    }
                    return Err(error);
                }
                // It ended while it was idle.
                Err(Fault::Gone) if !is_new && !worker.runs => {}
                // The system's own memory ran out, or somebody killed it.
                Err(Fault::Gone) if worker.runs => return Err(too_large()),
                Err(Fault::Gone) => return Err(cannot_start("it ended at once")),
                Err(Fault::Unwanted) => return Err(unwanted()),
                Err(Fault::Late) => return Err(too_long()),
                Err(Fault::Unreadable(fault)) => return Err(cannot_start(fault)),
            }
        }
    }

    /// Keeps a process for the next question.
    fn keep(&self, worker: Worker) {
        let mut resting = lock(&self.resting);
        resting.workers.push((worker, Instant::now()));
        if !std::mem::replace(&mut resting.is_watched, true) {
            tokio::spawn(end_idle(Arc::downgrade(&self.resting)));
        }
    }
}

fn lock<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends processes that are idle for a while, until there is none.
async fn end_idle(all: Weak<Mutex<Resting>>) {
    while let Some(left) = all.upgrade().and_then(|all| next_end(&mut lock(&all))) {
        tokio::time::sleep(left).await;
    }
}

/// Ends the processes that were idle long enough. Returns the time until the next one is.
fn next_end(resting: &mut Resting) -> Option<Duration> {
    resting.workers.retain(|(_, since)| since.elapsed() < IDLE);
    let next = resting.workers.first().map(|(_, since)| IDLE.saturating_sub(since.elapsed()));
    resting.is_watched = next.is_some();
    next
}

/// One process. It is killed when this is dropped.
#[derive(Debug)]
struct Worker {
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    line: Vec<u8>,
    /// Whether a statement runs.
    runs: bool,
    _child: Child,
}

impl Worker {
    fn start(program: &Path, file: &Path) -> io::Result<Self> {
        let mut command = Command::new(program);
        // The environment holds the credential.
        command.arg(ARGUMENT).arg(file).env_clear();
        // Windows starts nothing without it.
        command.envs(std::env::var_os("SystemRoot").map(|root| ("SystemRoot", root)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        // A terminal's Ctrl-C is for the server, which lets the questions in flight finish.
        #[cfg(unix)]
        command.process_group(0);
        let mut child = command.spawn()?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::Error::other("it has no pipes"));
        };
        Ok(Self { input, output: BufReader::new(output), line: Vec::new(), runs: false, _child: child })
    }

    async fn ask(
        &mut self,
        query: &SqlQuery,
        order: &[u8],
        is_new: bool,
        as_wanted: &impl Fn(&TableState) -> bool,
    ) -> Result<Result<QueryOutcome>, Fault> {
        self.runs = false;
        self.say(order).await?;
        let mut left = TIME_LIMIT + GRACE + if is_new { START } else { Duration::ZERO };
        let (states, columns, runs) = match self.reply(&mut left).await? {
            Reply::Reads { states, columns, at_once } => (tables(states), columns, at_once),
            Reply::Failed(failure) => return Ok(Err(failure.into())),
            Reply::Done(_) => return Err(Fault::Unreadable("an answer to nothing".to_owned())),
        };
        let is_wanted = states.iter().all(|(_, state)| as_wanted(state));
        if !is_wanted && !runs {
            self.say(&line(&Order::Leave).map_err(|error| Fault::Unreadable(error.message))?).await?;
            return Ok(Ok(QueryOutcome::NotYet(states.into_iter().map(|(table, _)| table).collect())));
        }
        if !runs {
            self.say(&line(&Order::Run).map_err(|error| Fault::Unreadable(error.message))?).await?;
        }
        self.runs = true;
        give(query, StreamedRow::Columns(columns)).await?;
        let (mut left, mut rows) = (TIME_LIMIT + GRACE, Vec::new());
        loop {
            self.next_line(&mut left).await?;
            if self.line.first() == Some(&b'[') {
                if query.streams {
                    give(query, StreamedRow::Row(self.read()?)).await?;
                    left = TIME_LIMIT + GRACE;
                } else {
                    rows.push(self.read()?);
                }
                continue;
            }
            return match self.read()? {
                Reply::Done(end) if is_wanted => {
                    give(query, StreamedRow::End).await?;
                    Ok(Ok(QueryOutcome::Answered(MirrorAnswer::new(states, rows, end))))
                }
                // A table came to be too old between two looks.
                Reply::Done(_) => Ok(Ok(QueryOutcome::NotYet(states.into_iter().map(|(table, _)| table).collect()))),
                Reply::Failed(failure) => Ok(Err(failure.into())),
                Reply::Reads { .. } => Err(Fault::Unreadable("no end".to_owned())),
            };
        }
    }

    async fn reply(&mut self, left: &mut Duration) -> Result<Reply, Fault> {
        self.next_line(left).await?;
        self.read()
    }

    /// Reads a line, and takes the time that it waits for it from what is left.
    async fn next_line(&mut self, left: &mut Duration) -> Result<(), Fault> {
        self.line.clear();
        let since = Instant::now();
        let read = tokio::time::timeout(*left, self.output.read_until(b'\n', &mut self.line)).await;
        *left = left.saturating_sub(since.elapsed());
        match read {
            Err(_) => Err(Fault::Late),
            Ok(Ok(_)) if self.line.ends_with(b"\n") => Ok(()),
            Ok(_) => Err(Fault::Gone),
        }
    }

    fn read<T: serde::de::DeserializeOwned>(&self) -> Result<T, Fault> {
        serde_json::from_slice(&self.line).map_err(|fault| Fault::Unreadable(fault.to_string()))
    }

    async fn say(&mut self, line: &[u8]) -> Result<(), Fault> {
        self.input.write_all(line).await.map_err(|_| Fault::Gone)
    }
}

/// Gives a part of the answer to who takes it as it comes.
async fn give(query: &SqlQuery, part: StreamedRow) -> Result<(), Fault> {
    match &query.rows_to {
        Some(to) => to.send(part).await.map_err(|_| Fault::Unwanted),
        None => Ok(()),
    }
}

fn line(order: &Order) -> Result<Vec<u8>> {
    let mut line = serde_json::to_vec(order).map_err(|fault| {
        Error::new(Code::Internal, format!("The question cannot be written: {fault}.")).caused_by(fault)
    })?;
    line.push(b'\n');
    Ok(line)
}

fn cannot_start(fault: impl Into<crate::Fault>) -> Error {
    let fault = fault.into();
    let message = format!(
        "The process that answers questions does not work: {fault}. Check that this program can start itself, then try again."
    );
    Error::new(Code::Internal, message).caused_by(fault)
}
