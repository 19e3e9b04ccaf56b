//! The end of the journal's write-ahead log, as a loss of power may leave it.

use super::database;
use rand::{RngExt, rngs::StdRng};
use std::{fs, path::Path};

/// The bytes before the first frame, and those before the page of a frame.
const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;

/// The attempt of the last event, if that is an outcome. Reads copies, since SQLite would tidy up the files themselves.
pub(super) fn last_outcome(state: &Path) -> Option<u64> {
    let copy = tempfile::tempdir().unwrap();
    for name in ["journal.db", "journal.db-wal"] {
        if state.join(name).exists() {
            fs::copy(state.join(name), copy.path().join(name)).unwrap();
        }
    }
    let sql = "SELECT iif(event = 'outcome', attempt, NULL) FROM events ORDER BY position DESC LIMIT 1";
    database(copy.path()).query_row(sql, [], |row| row.get(0)).ok().flatten()
}

/// Cuts the log at a random place within its last transaction.
pub(super) fn tear_last_commit(state: &Path, random: &mut StdRng) {
    let path = state.join("journal.db-wal");
    let log = fs::read(&path).unwrap_or_default();
    let Some((start, end)) = last_commit(&log) else { return };
    let keep = random.random_range(start..end);
    fs::File::options().write(true).open(&path).unwrap().set_len(keep as u64).unwrap();
}

/// Where the last transaction begins and ends.
fn last_commit(log: &[u8]) -> Option<(usize, usize)> {
    let number = |at: usize| log.get(at..at + 4).map(|bytes| u32::from_be_bytes(bytes.try_into().unwrap()));
    let frame = FRAME_HEADER + number(8)? as usize;
    let salt = log.get(16..24)?;
    let mut commits = vec![HEADER];
    for at in (HEADER..).step_by(frame) {
        // Frames with another salt are left over from before the log began anew.
        if log.len() < at + frame || log.get(at + 8..at + 16) != Some(salt) {
            break;
        }
        if number(at + 4)? != 0 {
            commits.push(at + frame);
        }
    }
    match commits.as_slice() {
        [.., start, end] => Some((*start, *end)),
        _ => None,
    }
}
