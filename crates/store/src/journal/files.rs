//! The journal's files: `journal.jsonl`, which grows, and `journal-N.jsonl`, full ones, by the number of their last
//! line. All that touches them holds the lock on `journal.lock`, so that several processes write one chain.

use super::line::{Head, Line};
use crate::{BUSY, create_private_dir, growing_file, private_file, read_file, sha256_hex};
use chrono::{SecondsFormat, Utc};
use serde_json::{Map, Value};
use std::{
    fs::{self, File, TryLockError},
    io::{self, Error, ErrorKind, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// In how many files the journal's bound is shared out. The oldest goes when the bound is reached.
const PARTS: u64 = 8;

/// How often a held lock is tried again.
const TRY_AGAIN: Duration = Duration::from_millis(2);

/// How much of a file's end is read first in search of its last line.
const WINDOW: u64 = 16 * 1024;

/// The files in one directory.
#[derive(Debug, Clone)]
pub(super) struct Files {
    dir: PathBuf,
    max: u64,
}

/// One file of the journal.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) path: PathBuf,
    /// The number of its last line; above all others for the file that grows.
    last: u64,
}

/// The file that grows, open, with its length and the chain's end.
struct Growing {
    file: File,
    length: u64,
    head: Head,
}

impl Files {
    pub(super) fn new(dir: PathBuf, max: u64) -> Self {
        Self { dir, max }
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// The most bytes that one file holds, and one line.
    pub(super) fn part_bytes(&self) -> u64 {
        self.max / PARTS
    }

    fn current(&self) -> PathBuf {
        self.dir.join("journal.jsonl")
    }

    /// Adds a line for this event and gives its number. `durable` waits until the disk has it.
    pub(super) fn append(&self, event: &Map<String, Value>, durable: bool) -> io::Result<u64> {
        create_private_dir(&self.dir)?;
        let _lock = self.lock()?;
        let mut growing = self.open()?;
        let (text, _) = growing.head.next(event);
        if growing.length > 0 && growing.length.saturating_add(length(&text)) > self.part_bytes() {
            growing = self.rotate(growing)?;
        }
        growing.write(event)?;
        if durable {
            growing.file.sync_data()?;
        }
        Ok(growing.head.count)
    }

    /// Mends what a kill in the middle of a write left behind. Creates nothing.
    pub(super) fn heal(&self) -> io::Result<()> {
        if !self.current().try_exists()? {
            return Ok(());
        }
        let _lock = self.lock()?;
        self.open().map(drop)
    }

    /// Runs `work` with the files, oldest first, while nobody writes.
    pub(super) fn reading<T>(&self, work: impl FnOnce(&[Part]) -> io::Result<T>) -> io::Result<T> {
        // Without the lock's file nobody has written, or what lies here is a copy.
        let lock = match read_file(&self.lock_path()) {
            Ok(file) => Some(file),
            Err(fault) if fault.kind() == ErrorKind::NotFound => None,
            Err(fault) => return Err(fault),
        };
        if let Some(file) = &lock {
            patiently(|| file.try_lock_shared())?;
        }
        work(&self.parts()?)
    }

    fn lock_path(&self) -> PathBuf {
        self.dir.join("journal.lock")
    }

    /// The lock, which ends with the file. Apart from the journal's files, since those are renamed.
    fn lock(&self) -> io::Result<File> {
        let file = private_file(&self.lock_path())?;
        patiently(|| file.try_lock())?;
        Ok(file)
    }

    /// All files, oldest first.
    fn parts(&self) -> io::Result<Vec<Part>> {
        let mut parts = self.full_parts()?;
        if self.current().try_exists()? {
            parts.push(Part { path: self.current(), last: u64::MAX });
        }
        Ok(parts)
    }

    fn full_parts(&self) -> io::Result<Vec<Part>> {
        let entries = match fs::read_dir(&self.dir) {
            Ok(entries) => entries,
            Err(fault) if fault.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(fault) => return Err(fault),
        };
        let mut parts = Vec::new();
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name();
            let number = name.to_str().and_then(|name| name.strip_prefix("journal-")?.strip_suffix(".jsonl"));
            if let Some(last) = number.and_then(|number| number.parse().ok()) {
                parts.push(Part { path: entry.path(), last });
            }
        }
        parts.sort_by_key(|part| part.last);
        Ok(parts)
    }

    /// Opens the file that grows, mends its end, and finds the chain's end.
    fn open(&self) -> io::Result<Growing> {
        let mut file = growing_file(&self.current())?;
        let end = End::of(&mut file)?;
        let head = match &end.last {
            Some(last) => readable(last, &self.current())?.head(),
            None => self.head_before()?,
        };
        let mut growing = Growing { file, length: end.whole, head };
        if !end.torn.is_empty() {
            growing.mend(&end.torn)?;
        }
        Ok(growing)
    }

    /// The chain's end as the newest full file has it, for a growing file without a line.
    fn head_before(&self) -> io::Result<Head> {
        let Some(newest) = self.full_parts()?.pop() else { return Ok(Head::start()) };
        let end = End::of(&mut read_file(&newest.path)?)?;
        end.last.map_or_else(|| Ok(Head::start()), |last| readable(&last, &newest.path).map(|line| line.head()))
    }

    /// Puts the full file aside, begins a new one, and removes the oldest beyond the bound. What is removed is said in the
    /// chain first, so that it can be told from lines that somebody took away.
    fn rotate(&self, full: Growing) -> io::Result<Growing> {
        full.file.sync_data()?;
        fs::rename(self.current(), self.dir.join(format!("journal-{:012}.jsonl", full.head.count)))?;
        let mut new = self.open()?;
        let parts = self.full_parts()?;
        let sizes =
            parts.iter().map(|part| fs::metadata(&part.path).map(|meta| meta.len())).collect::<Result<Vec<_>, _>>()?;
        let mut total: u64 = sizes.iter().sum();
        let mut doomed = Vec::new();
        for (part, size) in parts.iter().zip(sizes) {
            if total.saturating_add(self.part_bytes()) <= self.max {
                break;
            }
            total = total.saturating_sub(size);
            let last = End::of(&mut read_file(&part.path)?)?.last.and_then(|last| Line::read(&last));
            if let Some(last) = last {
                let mut event = event("dropped");
                event.insert("through".into(), last.seq.into());
                event.insert("throughHash".into(), last.hash.into());
                new.write(&event)?;
            }
            doomed.push(&part.path);
        }
        new.file.sync_data()?;
        for path in doomed {
            fs::remove_file(path)?;
        }
        Ok(new)
    }
}

impl Growing {
    /// One line by one write. What a failed write left is taken back, so that the next one finds a whole file.
    fn write(&mut self, event: &Map<String, Value>) -> io::Result<()> {
        let (mut text, head) = self.head.next(event);
        text.push('\n');
        if let Err(fault) = self.file.write_all(text.as_bytes()) {
            // Failing this too, the next writer mends it.
            let _ = self.file.set_len(self.length);
            return Err(fault);
        }
        self.length = self.length.saturating_add(length(&text));
        self.head = head;
        Ok(())
    }

    /// The line that was being written at the end is kept if only its newline is missing. A partial one is taken away, and
    /// the chain says so: nothing was sent for an attempt whose line was not whole.
    fn mend(&mut self, torn: &[u8]) -> io::Result<()> {
        if let Some(line) = Line::read(torn).filter(|line| line.sound && line.prev == self.head.hash) {
            self.file.write_all(b"\n")?;
            self.length = self.file.metadata()?.len();
            self.head = line.head();
            return Ok(());
        }
        self.file.set_len(self.length)?;
        let mut event = event("healed");
        event.insert("tornBytes".into(), torn.len().into());
        event.insert("tornHash".into(), sha256_hex(torn).into());
        self.write(&event)
    }
}

/// The end of a file: its last whole line, where whole lines end, and what stands after them.
struct End {
    last: Option<Vec<u8>>,
    whole: u64,
    torn: Vec<u8>,
}

impl End {
    fn of(file: &mut File) -> io::Result<Self> {
        let length = file.metadata()?.len();
        let mut window = WINDOW;
        loop {
            let from = length.saturating_sub(window);
            file.seek(SeekFrom::Start(from))?;
            let mut tail = Vec::new();
            file.take(length - from).read_to_end(&mut tail)?;
            let mut pieces = tail.rsplitn(3, |byte| *byte == b'\n');
            let (torn, last, before) = (pieces.next().unwrap_or_default(), pieces.next(), pieces.next());
            // A last line that reaches to the window's begin may begin before it.
            if from == 0 || before.is_some() {
                let whole = length.saturating_sub(torn.len().try_into().unwrap_or(u64::MAX));
                return Ok(Self { last: last.map(<[u8]>::to_vec), whole, torn: torn.to_vec() });
            }
            window = window.saturating_mul(4);
        }
    }
}

/// An event of this kind, at this time.
pub(super) fn event(kind: &str) -> Map<String, Value> {
    let time = Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true);
    Map::from_iter([("time".to_owned(), time.into()), ("event".to_owned(), kind.into())])
}

fn readable(text: &[u8], path: &Path) -> io::Result<Line> {
    Line::read(text).ok_or_else(|| damaged(path))
}

fn damaged(path: &Path) -> Error {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let message = format!(
        "{name} holds what is no line of a journal, so no line can follow; see `highlevel-mcp journal verify`, then move the journal's files away"
    );
    Error::new(ErrorKind::InvalidData, message)
}

fn length(text: &str) -> u64 {
    text.len().try_into().unwrap_or(u64::MAX)
}

/// Takes a lock, waiting for another process that writes, but not for one that hangs.
fn patiently(mut lock: impl FnMut() -> Result<(), TryLockError>) -> io::Result<()> {
    let give_up = Instant::now() + BUSY;
    loop {
        match lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::Error(fault)) => return Err(fault),
            Err(TryLockError::WouldBlock) if Instant::now() < give_up => std::thread::sleep(TRY_AGAIN),
            Err(TryLockError::WouldBlock) => {
                return Err(Error::new(ErrorKind::TimedOut, "another process keeps journal.lock"));
            }
        }
    }
}
