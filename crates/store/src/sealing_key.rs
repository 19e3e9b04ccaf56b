//! The key by which this machine's servers seal what a host keeps for them between two rounds of a call.

use super::{Store, create_private_dir, files::FileLock, off_thread, read_file, replace_file, unusable};
use std::{
    io::{self, Read},
    path::Path,
};

/// The file's name in the state directory.
const FILE: &str = "sealing.key";

/// The bytes of a key.
const LENGTH: usize = 32;

/// As much as is read of a file that is no key.
const MOST: u64 = 64;

impl Store {
    /// The state directory's key, which only this user can read. It is made when it is first needed.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used, or the file in it is no key.
    pub async fn sealing_key(&self) -> highlevel_core::error::Result<[u8; LENGTH]> {
        let dir = self.dir.clone();
        off_thread(move || key_in(&dir).map_err(|fault| unusable(&dir, fault))).await
    }
}

fn key_in(dir: &Path) -> io::Result<[u8; LENGTH]> {
    let path = dir.join(FILE);
    if let Some(key) = read(&path)? {
        return Ok(key);
    }
    create_private_dir(dir)?;
    // Of two processes that start together, the second one reads what the first one wrote.
    let _lock = FileLock::acquire(&path)?;
    if let Some(key) = read(&path)? {
        return Ok(key);
    }
    let key: [u8; LENGTH] = rand::random();
    replace_file(&path, &key)?;
    Ok(key)
}

fn read(path: &Path) -> io::Result<Option<[u8; LENGTH]>> {
    let mut bytes = Vec::new();
    match read_file(path).and_then(|file| file.take(MOST).read_to_end(&mut bytes)) {
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other.map(drop)?,
    }
    let what = format!("{} is no key of {LENGTH} bytes. Remove it: a new one is made", path.display());
    bytes.try_into().map(Some).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, what))
}
