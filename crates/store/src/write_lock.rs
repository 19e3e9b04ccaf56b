//! Write locks: one holder at a time for each key, in all processes of a state directory.

use super::{Store, create_private_dir, off_thread, private_file, sha256_hex, unusable};
use highlevel_core::context::CallContext;
use highlevel_core::error::{Code, Error, Result};
use std::{
    collections::HashMap,
    fs::{self, File, TryLockError},
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime},
};
use tokio::sync::{Mutex as Queue, OwnedMutexGuard};

/// The waits between two tries at a lock that another process holds: the first, and the longest.
const WAITS: (Duration, Duration) = (Duration::from_millis(2), Duration::from_millis(20));

/// A lock file that a killed process left is removed at this age.
const LEFT_BEHIND: Duration = Duration::from_secs(24 * 60 * 60);

/// The queues of this process, one for each key that is held or waited for.
#[derive(Default)]
pub(super) struct Queues {
    by_key: Mutex<HashMap<String, Weak<Queue<()>>>>,
    swept: AtomicBool,
}

/// A lock on one key. It is released when it is dropped; the kernel releases it when the process dies.
#[must_use = "the lock is released when this is dropped"]
pub struct WriteLock {
    // Dropped in this order: first for other processes, then for the next call of this one.
    _file: Option<LockFile>,
    _place: OwnedMutexGuard<()>,
}

impl Store {
    /// Waits until no other call holds `key` of `account`, in this process or another one of this state directory. Calls of
    /// one process get the lock in the order in which they came.
    ///
    /// In a directory that cannot be written, only the calls of this process wait for each other.
    ///
    /// # Errors
    /// `timeout` or `cancelled` when the call ends before it gets the lock; `internal` when the lock cannot be taken.
    pub async fn write_lock(&self, account: &str, key: &str, context: &CallContext) -> Result<WriteLock> {
        let name = sha256_hex(format!("{account}\n{key}").as_bytes());
        let queue = self.queues.of(&name);
        let tell = || context.report("waiting: another call writes the same object");
        let place = match Arc::clone(&queue).try_lock_owned() {
            Ok(place) => place,
            Err(_) => {
                tell();
                context.bound(queue.lock_owned()).await.map_err(gave_up)?
            }
        };
        let dir = self.dir.join("turns");
        if !self.queues.swept.swap(true, Ordering::Relaxed) {
            let dir = dir.clone();
            off_thread(move || {
                sweep(&dir);
                Ok(())
            })
            .await?;
        }
        let mut wait = WAITS.0;
        loop {
            let (dir, path) = (dir.clone(), dir.join(&name));
            match off_thread(move || Ok(LockFile::take(&dir, path))).await? {
                Ok(Some(file)) => return Ok(WriteLock { _file: Some(file), _place: place }),
                Ok(None) => {
                    if wait == WAITS.0 {
                        tell();
                    }
                    context.bound(tokio::time::sleep(wait)).await.map_err(gave_up)?;
                    wait = (wait * 2).min(WAITS.1);
                }
                Err(fault) if is_not_writable(&fault) => {
                    tracing::warn!(
                        "{} cannot be written ({fault}): writes are ordered in this process alone",
                        self.dir.display()
                    );
                    return Ok(WriteLock { _file: None, _place: place });
                }
                Err(fault) => return Err(unusable(&self.dir, fault)),
            }
        }
    }
}

impl Queues {
    fn of(&self, name: &str) -> Arc<Queue<()>> {
        let mut by_key = self.by_key.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(queue) = by_key.get(name).and_then(Weak::upgrade) {
            return queue;
        }
        by_key.retain(|_, queue| queue.strong_count() > 0);
        let queue = Arc::default();
        by_key.insert(name.to_owned(), Arc::downgrade(&queue));
        queue
    }
}

/// A file whose lock this process holds. It is removed with the lock, so that no key leaves one behind.
struct LockFile {
    _file: File,
    path: PathBuf,
}

impl LockFile {
    /// Takes the lock, unless another process holds it.
    fn take(dir: &Path, path: PathBuf) -> io::Result<Option<Self>> {
        loop {
            create_private_dir(dir)?;
            let file = private_file(&path)?;
            match file.try_lock() {
                // Its last holder may have removed it between our opening and locking it.
                Ok(()) if is_at(&file, &path)? => return Ok(Some(Self { _file: file, path })),
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(fault)) => return Err(fault),
            }
        }
    }
}

impl Drop for LockFile {
    fn drop(&mut self) {
        // Before the lock is released: its next holder checks whether the file is still at its path.
        if cfg!(unix) {
            drop(fs::remove_file(&self.path));
        }
    }
}

/// Whether the open file is the one at this path.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let open = file.metadata()?;
    match fs::metadata(path) {
        Ok(there) => Ok((open.dev(), open.ino()) == (there.dev(), there.ino())),
        Err(fault) if fault.kind() == ErrorKind::NotFound => Ok(false),
        Err(fault) => Err(fault),
    }
}

/// Lock files are never removed here.
#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> io::Result<bool> {
    Ok(true)
}

/// Removes the lock files that killed processes left behind.
fn sweep(dir: &Path) {
    let old = SystemTime::now().checked_sub(LEFT_BEHIND);
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let modified = entry.metadata().and_then(|entry| entry.modified());
        if modified.is_ok_and(|modified| Some(modified) < old) {
            drop(LockFile::take(dir, entry.path()));
        }
    }
}

fn is_not_writable(fault: &io::Error) -> bool {
    use ErrorKind::{NotADirectory, PermissionDenied, ReadOnlyFilesystem, Unsupported};
    [PermissionDenied, ReadOnlyFilesystem, NotADirectory, Unsupported].contains(&fault.kind())
}

fn gave_up(error: Error) -> Error {
    match error.code {
        Code::Timeout => Error::new(
            Code::Timeout,
            "Another call was writing the same object until this call's time ran out. Nothing was sent; try again.",
        ),
        _ => error,
    }
}
