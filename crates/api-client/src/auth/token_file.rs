//! Reading the file of `--token-file`: a mounted secret, a link to one, or a pipe.

use highlevel_store::text_of;
use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Error, ErrorKind, Read},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// The most bytes of a token.
const LONGEST: usize = 64 * 1024;

/// The longest wait for a pipe's token.
const PATIENCE: Duration = Duration::from_secs(5);
const TRY_AGAIN: Duration = Duration::from_millis(10);

/// What was read from pipes: it can be read once, and is needed again.
static PIPED: Mutex<BTreeMap<PathBuf, String>> = Mutex::new(BTreeMap::new());

/// The file's text.
///
/// # Errors
/// What the system says; `PermissionDenied` for a file that others may write, `TimedOut` for a pipe that gives nothing.
pub(super) fn read(path: &Path) -> io::Result<String> {
    let mut file = open(path)?;
    let about = file.metadata()?;
    if about.is_dir() {
        return Err(Error::new(ErrorKind::IsADirectory, "it is a directory"));
    }
    if about.is_file() {
        refuse_if_others_write(path, &about)?;
        let mut text = Vec::new();
        file.take(LONGEST as u64 + 1).read_to_end(&mut text)?;
        return readable(text);
    }
    let mut piped = PIPED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(text) = piped.get(path) {
        return Ok(text.clone());
    }
    let text = readable(drain(&mut file)?)?;
    piped.insert(path.to_owned(), text.clone());
    Ok(text)
}

/// Reads a pipe or a device to its end, within bounds.
fn drain(pipe: &mut File) -> io::Result<Vec<u8>> {
    let give_up = Instant::now() + PATIENCE;
    let mut text = Vec::new();
    let mut piece = [0; 4096];
    while text.len() <= LONGEST {
        match pipe.read(&mut piece) {
            // A named pipe without a writer looks ended.
            Ok(0) if !text.is_empty() => return Ok(text),
            Ok(read) if read > 0 => {
                text.extend(piece.iter().take(read));
                continue;
            }
            Err(fault) if !matches!(fault.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => return Err(fault),
            _ => {}
        }
        if Instant::now() >= give_up {
            let what = format!("it gave no whole token within {} s", PATIENCE.as_secs());
            return Err(Error::new(ErrorKind::TimedOut, what));
        }
        std::thread::sleep(TRY_AGAIN);
    }
    Ok(text)
}

fn readable(text: Vec<u8>) -> io::Result<String> {
    if text.len() > LONGEST {
        return Err(Error::new(ErrorKind::InvalidData, "it is too large for a token"));
    }
    // The error itself would quote the content.
    text_of(text)
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    // Opening a named pipe without a writer would block.
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    File::options().read(true).custom_flags(flags).open(path)
}

#[cfg(not(unix))]
fn refuse_if_others_write(_: &Path, _: &std::fs::Metadata) -> io::Result<()> {
    Ok(())
}

/// A user who can write the file chooses the account.
#[cfg(unix)]
fn refuse_if_others_write(path: &Path, about: &std::fs::Metadata) -> io::Result<()> {
    let mode = std::os::unix::fs::MetadataExt::mode(about) & 0o777;
    if mode & 0o022 == 0 {
        return Ok(());
    }
    let what = format!("other users may write it (mode {mode:03o}); chmod go-w {}", path.display());
    Err(Error::new(ErrorKind::PermissionDenied, what))
}
