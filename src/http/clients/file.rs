//! `clients.toml` as it stands while the server runs.

use crate::settings::clients::ClientsFile;
use highlevel_store::CredentialStamp;
use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

/// The file, which is read again when it has changed.
#[derive(Debug)]
pub(super) struct WatchedClients {
    path: PathBuf,
    seen: Mutex<Option<SeenFile>>,
}

#[derive(Debug)]
struct SeenFile {
    stamp: CredentialStamp,
    content: Result<Arc<ClientsFile>, ()>,
}

impl WatchedClients {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, seen: Mutex::default() }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The clients as they stand; none without a file. A problem is logged once.
    pub(super) fn read(&self) -> Result<Arc<ClientsFile>, ()> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        // Before the file is read, so that no change is missed.
        let stamp = CredentialStamp::of_file(&self.path);
        if let Some(known) = seen.as_ref().filter(|known| known.stamp == stamp) {
            return known.content.clone();
        }
        let content = ClientsFile::read(&self.path).map(|file| Arc::new(file.unwrap_or_default()));
        let content = content.map_err(|error| tracing::warn!("nobody may connect: {}", error.message));
        *seen = Some(SeenFile { stamp, content: content.clone() });
        content
    }
}
