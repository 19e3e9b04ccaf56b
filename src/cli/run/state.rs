//! What was done of a script: one JSON object a line, appended as lines of the script are sent and end.

use super::script::ScriptLine;
use chrono::{SecondsFormat, Utc};
use highlevel_core::error::{Code, Error, Result};
use serde_json::{Map, Value, json};
use std::{
    collections::HashMap,
    fs::{File, OpenOptions, TryLockError},
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LineState {
    /// It is about to be sent, or its process ended before the answer.
    Sent,
    Done,
    /// Nothing was done.
    Failed,
    /// It is not known whether it was done.
    Unknown,
}

impl LineState {
    fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }

    fn of(text: &str) -> Option<Self> {
        [Self::Sent, Self::Done, Self::Failed, Self::Unknown].into_iter().find(|state| state.as_str() == text)
    }
}

/// The last of what is known of a line.
#[derive(Debug)]
struct Known {
    state: LineState,
    sha256: String,
    result: Value,
}

/// The file of what was done, which one process at a time has.
#[derive(Debug)]
pub(super) struct StateFile {
    path: PathBuf,
    file: File,
    known: HashMap<usize, Known>,
}

impl StateFile {
    /// Opens the file, or creates it.
    ///
    /// # Errors
    /// `conflict` while another process runs the script; `internal` for a file that cannot be used; `invalid_arguments` for
    /// one that is something else.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true);
        // Answers hold personal data.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(|fault| unusable(path, fault))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let message = format!("Another process runs this script: it holds {}.", path.display());
                return Err(Error::new(Code::Conflict, message));
            }
            Err(TryLockError::Error(fault)) => return Err(unusable(path, fault)),
        }
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(|fault| unusable(path, fault))?;
        // A process that was killed may have left half a line.
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        let text = text.get(..whole).unwrap_or_default();
        let known = read(text).ok_or_else(|| {
            let message = format!("{} is not what `run` keeps of a script. Move it away.", path.display());
            Error::invalid("SCRIPT", message)
        })?;
        let end = u64::try_from(whole).unwrap_or_default();
        file.set_len(end).and_then(|()| file.seek(SeekFrom::End(0))).map_err(|fault| unusable(path, fault))?;
        Ok(Self { path: path.to_owned(), file, known })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) -> Result<()> {
        self.known.clear();
        let emptied = self.file.set_len(0).and_then(|()| self.file.seek(SeekFrom::Start(0)));
        emptied.map(drop).map_err(|fault| unusable(&self.path, fault))
    }

    pub(super) fn is_done(&self, line: usize) -> bool {
        self.known.get(&line).is_some_and(|known| known.state == LineState::Done)
    }

    /// Whether a line may have been done.
    pub(super) fn is_doubtful(&self, line: usize) -> bool {
        self.known.get(&line).is_some_and(|known| matches!(known.state, LineState::Sent | LineState::Unknown))
    }

    /// The answer of a line that was done.
    pub(super) fn result(&self, line: usize) -> Option<&Value> {
        self.known.get(&line).filter(|known| known.state == LineState::Done).map(|known| &known.result)
    }

    /// Whether a line is as it was when it was done.
    pub(super) fn is_same(&self, line: &ScriptLine) -> bool {
        self.known.get(&line.number).is_some_and(|known| known.sha256 == line.sha256)
    }

    /// Notes, on the disk, that a line is about to be sent.
    pub(super) fn sent(&mut self, line: &ScriptLine) -> Result<()> {
        self.add(line, LineState::Sent, Map::new())
    }

    /// Notes a line's answer.
    pub(super) fn done(&mut self, line: &ScriptLine, result: &Value) -> Result<()> {
        let name = line.name.as_ref().map(|name| ("as".to_owned(), name.as_str().into()));
        let members = name.into_iter().chain([("result".to_owned(), result.clone())]);
        self.add(line, LineState::Done, members.collect())
    }

    /// Notes a line's error.
    pub(super) fn failed(&mut self, line: &ScriptLine, state: LineState, error: &Error) -> Result<()> {
        self.add(line, state, Map::from_iter([("error".to_owned(), shown(error).into())]))
    }

    fn add(&mut self, line: &ScriptLine, state: LineState, members: Map<String, Value>) -> Result<()> {
        let at = Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true);
        let entry =
            json!({"line": line.number, "state": state.as_str(), "at": at, "tool": line.tool, "sha256": line.sha256});
        let mut entry = entry.as_object().cloned().unwrap_or_default();
        entry.extend(members);
        let text = format!("{}\n", Value::Object(entry.clone()));
        let written = self.file.write_all(text.as_bytes()).and_then(|()| self.file.sync_data());
        written.map_err(|fault| unusable(&self.path, fault))?;
        let result = entry.get("result").cloned().unwrap_or_default();
        self.known.insert(line.number, Known { state, sha256: line.sha256.clone(), result });
        Ok(())
    }
}

/// An error as an object: its code, message and what else it has.
pub(super) fn shown(error: &Error) -> Map<String, Value> {
    match error.to_json().get_mut("error").map(Value::take) {
        Some(Value::Object(members)) => members,
        _ => Map::new(),
    }
}

/// The last entry of each line; `None` for a text that is something else.
fn read(text: &str) -> Option<HashMap<usize, Known>> {
    let mut known = HashMap::new();
    for line in text.lines() {
        let entry: Map<String, Value> = serde_json::from_str(line).ok()?;
        let number = usize::try_from(entry.get("line")?.as_u64()?).ok()?;
        let state = LineState::of(entry.get("state")?.as_str()?)?;
        let sha256 = entry.get("sha256")?.as_str()?.to_owned();
        let result = entry.get("result").cloned().unwrap_or_default();
        known.insert(number, Known { state, sha256, result });
    }
    Some(known)
}

fn unusable(path: &Path, fault: std::io::Error) -> Error {
    let message = format!("{} cannot be used, which keeps what was done: {fault}.", path.display());
    Error::new(Code::Internal, message).caused_by(fault)
}
