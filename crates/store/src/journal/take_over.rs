//! The take-over of an older version's files, `journal.jsonl` and `journal-N.jsonl`: once, under their own lock. Their lines
//! become events as they are, so that their hashes stay good. The files are then moved into a folder beside.
//!
//! One transaction stores all lines and the names of the files that still have to be moved. A process that ends before
//! the commit leaves nothing behind. One that ends after it leaves only files to move.

use super::{
    chain::{self, Head},
    old_lines::{self, OldLine},
};
use crate::{Fault, create_private_dir, hex, private_file, read_file};
use rusqlite::{Connection, Transaction, TransactionBehavior};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::{
    fs::{self, File, TryLockError},
    io::{self, ErrorKind, Read},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// The folder of the files whose lines are here.
const ASIDE: &str = "journal-before-sqlite";

/// The most foreign lines that the chain describes one by one.
const DESCRIBED: usize = 100;

/// How often the held lock is tried again.
const TRY_AGAIN: Duration = Duration::from_millis(5);

/// How long another process may take over.
const PATIENCE: Duration = Duration::from_secs(120);

/// A file whose lines are here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct TakenFile {
    name: String,
    bytes: u64,
    sha256: String,
}

/// The files of an older version in this directory, oldest first.
pub(super) fn old_files(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(fault) if fault.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(fault) => return Err(fault),
    };
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let number = name.strip_prefix("journal-").and_then(|name| name.strip_suffix(".jsonl"));
        let number = number.and_then(|number| number.parse::<u64>().ok());
        if let Some(last) = number.or((name == "journal.jsonl").then_some(u64::MAX)) {
            files.push((last, entry.path()));
        }
    }
    files.sort();
    Ok(files.into_iter().map(|(_, path)| path).collect())
}

/// Takes over what there is, unless that is done, and moves what still has to be moved.
pub(super) fn take_over(dir: &Path, db: &mut Connection) -> Result<(), Fault> {
    if marked(db)?.is_some_and(|left| left.is_empty()) {
        return Ok(());
    }
    let _lock = if old_files(dir)?.is_empty() { None } else { Some(lock(dir)?) };
    db.pragma_update(None, "synchronous", "FULL")?;
    let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let left = match marked(&transaction)? {
        Some(left) => left,
        None => {
            let files = old_files(dir)?;
            let taken = take_lines(&transaction, &files)?;
            mark(&transaction, &taken)?;
            taken
        }
    };
    transaction.commit()?;
    if left.is_empty() {
        return Ok(());
    }
    match put_aside(dir, &left) {
        Ok(()) => mark(db, &[])?,
        // The lines are here. The next process tries again.
        Err(fault) => tracing::warn!("the journal's old files could not be moved into {ASIDE}: {fault}"),
    }
    Ok(())
}

/// The old files that lie here although the take-over is done: an older version still writes.
pub(super) fn turned_up(dir: &Path, db: &Connection) -> Result<Vec<String>, Fault> {
    let Some(left) = marked(db)? else { return Ok(Vec::new()) };
    let names = old_files(dir)?.into_iter().filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()));
    Ok(names.filter(|name| left.iter().all(|file| file.name != *name)).collect())
}

/// The files that are still to be moved. `None` while nothing is taken over.
fn marked(db: &Connection) -> Result<Option<Vec<TakenFile>>, Fault> {
    let text: Option<String> = db.query_row("SELECT taken_over FROM state", [], |row| row.get(0))?;
    Ok(text.map(|text| serde_json::from_str(&text)).transpose()?)
}

fn mark(db: &Connection, left: &[TakenFile]) -> Result<(), Fault> {
    db.execute("UPDATE state SET taken_over = ?1", [serde_json::to_string(left)?])?;
    Ok(())
}

/// Stores the lines of all files as events, and one event that accounts for them.
fn take_lines(db: &Transaction<'_>, files: &[PathBuf]) -> Result<Vec<TakenFile>, Fault> {
    let mut taken = Taken::default();
    for path in files {
        taken.file(db, path)?;
    }
    if taken.files.is_empty() {
        return Ok(Vec::new());
    }
    // By the highest number, not by the last line: lines may have been moved.
    let (text, head) = taken.head.take().unwrap_or_else(Head::start).next("taken_over", taken.members());
    chain::insert(db, &text, &head.hash)?;
    db.execute_batch(
        "INSERT OR IGNORE INTO unfinished SELECT seq FROM events AS attempts WHERE event = 'attempt' AND seq NOT NULL
         AND NOT EXISTS (SELECT 1 FROM events WHERE event = 'outcome' AND attempt = attempts.seq)",
    )?;
    Ok(taken.files)
}

/// What was found in the files.
#[derive(Default)]
struct Taken {
    files: Vec<TakenFile>,
    lines: u64,
    /// The line with the highest number.
    head: Option<Head>,
    foreign: Vec<Value>,
    foreign_lines: u64,
    torn: Vec<Value>,
}

impl Taken {
    fn file(&mut self, db: &Connection, path: &Path) -> Result<(), Fault> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (bytes, sha256) = fingerprint(path)?;
        self.files.push(TakenFile { name: name.clone(), bytes, sha256 });
        old_lines::each(path, |number, line| {
            match line {
                OldLine::Event { text, hash, event } => {
                    chain::insert(db, &text, &hash)?;
                    self.lines += 1;
                    if self.head.as_ref().is_none_or(|head| event.seq >= head.count) {
                        self.head = Some(event.head());
                    }
                }
                OldLine::Foreign(line) => {
                    self.foreign_lines += 1;
                    if self.foreign.len() < DESCRIBED {
                        let (bytes, sha256) = old_lines::remains(&line);
                        self.foreign.push(json!({"file": name, "line": number, "bytes": bytes, "sha256": sha256}));
                    }
                }
                OldLine::Torn(line) => {
                    let (bytes, sha256) = old_lines::remains(&line);
                    self.torn.push(json!({"file": name, "bytes": bytes, "sha256": sha256}));
                }
            }
            Ok(())
        })
    }

    /// The members of the event that accounts for the files.
    fn members(&self) -> Map<String, Value> {
        let mut members = Map::new();
        members.insert("lines".into(), self.lines.into());
        members.insert("files".into(), self.files.iter().map(|file| json!(file)).collect());
        if !self.torn.is_empty() {
            members.insert("torn".into(), self.torn.clone().into());
        }
        if self.foreign_lines > 0 {
            members.insert("foreignLines".into(), self.foreign_lines.into());
            members.insert("foreign".into(), self.foreign.clone().into());
        }
        members
    }
}

/// Moves these files into the folder beside. What has changed since its lines were taken over stays.
fn put_aside(dir: &Path, files: &[TakenFile]) -> Result<(), Fault> {
    let aside = dir.join(ASIDE);
    create_private_dir(&aside)?;
    for file in files {
        let path = dir.join(&file.name);
        match fingerprint(&path) {
            Ok((bytes, sha256)) if bytes == file.bytes && sha256 == file.sha256 => {
                fs::rename(&path, aside.join(&file.name))?;
            }
            Err(fault) if fault.kind() != ErrorKind::NotFound => return Err(fault.into()),
            _ => {}
        }
    }
    Ok(())
}

/// The size and SHA-256 of a file.
fn fingerprint(path: &Path) -> io::Result<(u64, String)> {
    let mut file = read_file(path)?;
    let mut hash = Sha256::new();
    let mut part = vec![0; 64 * 1024];
    let mut bytes = 0;
    loop {
        let length = file.read(&mut part)?;
        let Some(read) = part.get(..length).filter(|read| !read.is_empty()) else { break };
        hash.update(read);
        bytes += u64::try_from(length).unwrap_or(u64::MAX);
    }
    Ok((bytes, hex(&hash.finalize())))
}

/// The lock of the older version, which ends with the file.
fn lock(dir: &Path) -> Result<File, Fault> {
    let file = private_file(&dir.join("journal.lock"))?;
    let give_up = Instant::now() + PATIENCE;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(fault)) => return Err(fault.into()),
            Err(TryLockError::WouldBlock) if Instant::now() < give_up => std::thread::sleep(TRY_AGAIN),
            Err(TryLockError::WouldBlock) => return Err("another process keeps journal.lock".into()),
        }
    }
}
