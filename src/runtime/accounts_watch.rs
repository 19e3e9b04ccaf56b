//! Changes of `accounts.toml` while the process runs.

use crate::settings::accounts::{AccountsFile, NamedAccount};
use highlevel_core::error::{Code, Error, Result};
use highlevel_store::CredentialStamp;
use std::{
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

/// The file that the accounts are from. Each call looks whether the entry of its account is still the one that the
/// process took over: a name may stand for another location by now, or its policy may forbid the call.
#[derive(Debug)]
pub(super) struct AccountsWatch {
    path: PathBuf,
    seen: Mutex<SeenFile>,
}

/// The file as it was last read.
#[derive(Debug)]
struct SeenFile {
    stamp: CredentialStamp,
    /// `None` while it is the file that the process took over.
    content: Option<Result<AccountsFile>>,
}

impl AccountsWatch {
    /// Watches this file from now on. It has to be read after that.
    pub(super) fn new(path: PathBuf) -> Self {
        let stamp = CredentialStamp::of_file(&path);
        Self { path, seen: Mutex::new(SeenFile { stamp, content: None }) }
    }

    /// The stamp of the file as it was last read.
    pub(super) fn stamp(&self) -> CredentialStamp {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).stamp.clone()
    }

    /// Refuses a call to an account whose entry has changed, and a write while the file cannot be read.
    ///
    /// # Errors
    /// `policy_denied` with what to do.
    pub(super) fn check(&self, entry: &NamedAccount, is_write: bool) -> Result<()> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let stamp = CredentialStamp::of_file(&self.path);
        if stamp != seen.stamp {
            let content = AccountsFile::read(&self.path).map(Option::unwrap_or_default);
            *seen = SeenFile { stamp, content: Some(content) };
        }
        match &seen.content {
            None => Ok(()),
            Some(Ok(file)) if file.accounts.contains(entry) => Ok(()),
            Some(Ok(_)) => Err(denied(
                "The account's entry in accounts.toml has changed. The server takes it over within seconds, and works neither by the old entry nor by the new one until then: repeat the call. If it is refused again, the file cannot be served as it is: `highlevel-mcp accounts list` says why.",
            )),
            Some(Err(error)) if is_write => {
                Err(denied(&format!("Nothing is written while accounts.toml cannot be read. {}", error.message)))
            }
            Some(Err(_)) => Ok(()),
        }
    }
}

fn denied(message: &str) -> Error {
    Error::new(Code::PolicyDenied, message)
}
