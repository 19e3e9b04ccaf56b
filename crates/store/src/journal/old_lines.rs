//! The lines of an older version's files. A line is an event whose last member is its hash.

use super::chain::ChainEvent;
use crate::{read_file, sha256_hex};
use std::{
    io::{self, BufRead, BufReader},
    path::Path,
};

/// What one piece of a file between newlines is.
#[derive(Debug)]
pub(super) enum OldLine {
    /// An event: its text without the hash, and the hash.
    Event { text: String, hash: String, event: ChainEvent },
    /// A whole line that is no event.
    Foreign(Vec<u8>),
    /// A last line that a kill cut off.
    Torn(Vec<u8>),
}

/// Reads a file line by line.
pub(super) fn each(
    path: &Path,
    mut take: impl FnMut(usize, OldLine) -> Result<(), crate::Fault>,
) -> Result<(), crate::Fault> {
    let mut file = BufReader::new(read_file(path)?);
    for number in 1.. {
        let Some((line, whole)) = next(&mut file)? else { break };
        take(number, OldLine::read(line, whole))?;
    }
    Ok(())
}

/// The next line without its newline, and whether it has one.
fn next(file: &mut impl BufRead) -> io::Result<Option<(Vec<u8>, bool)>> {
    let mut line = Vec::new();
    if file.read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    let whole = line.pop_if(|byte| *byte == b'\n').is_some();
    Ok(Some((line, whole)))
}

impl OldLine {
    fn read(line: Vec<u8>, whole: bool) -> Self {
        match event(&line) {
            // Without its newline a line is taken only if it is complete otherwise.
            Some((text, hash, event)) if whole || event.is_sound => Self::Event { text, hash, event },
            _ if whole => Self::Foreign(line),
            _ => Self::Torn(line),
        }
    }
}

/// The event of a line. An altered line whose hash is not where it was written stays whole, so that it never fits its hash.
fn event(line: &[u8]) -> Option<(String, String, ChainEvent)> {
    let whole = std::str::from_utf8(line).ok()?;
    let members = ChainEvent::read(whole, "")?.members;
    let hash = members.get("hash")?.as_str()?.to_owned();
    let text = match whole.strip_suffix(&format!(r#","hash":"{hash}"}}"#)) {
        Some(open) => format!("{open}}}"),
        None => whole.to_owned(),
    };
    let event = ChainEvent::read(&text, &hash)?;
    Some((text, hash, event))
}

/// The size and hash of what is no event.
pub(super) fn remains(bytes: &[u8]) -> (usize, String) {
    (bytes.len(), sha256_hex(bytes))
}
