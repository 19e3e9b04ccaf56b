//! Where the server keeps its files.

use super::Settings;
use crate::service::MirrorPlace;
use highlevel_core::error::{Error, Result};
use highlevel_store::{Journal, JournalLimits};
use std::path::PathBuf;

impl Settings {
    /// The state directory: `--state-dir`, or else the platform's data directory.
    ///
    /// # Errors
    /// `invalid_arguments` naming `--state-dir` when the platform has no data directory. So have the methods below.
    pub fn state_dir(&self) -> Result<PathBuf> {
        let platform =
            || directories::ProjectDirs::from("", "", "highlevel-mcp").map(|dirs| dirs.data_dir().to_owned());
        self.state_dir.clone().or_else(platform).ok_or_else(|| {
            Error::invalid("--state-dir", "This system has no data directory. Set one with --state-dir.")
        })
    }

    /// The journal's name for the account. One state directory may serve several accounts.
    pub fn name_in_journal(&self) -> String {
        if let Some(name) = &self.account_name {
            return name.clone();
        }
        match self.backend_url.as_ref().or(self.base_url.as_ref()) {
            _ if self.sandbox => "sandbox".to_owned(),
            Some(url) => url.host_str().unwrap_or_default().to_owned(),
            None => "live".to_owned(),
        }
    }

    /// Where the mirror is kept. The embedded account's is temporary, as the account is.
    pub fn mirror_place(&self) -> Result<MirrorPlace> {
        if self.sandbox { Ok(MirrorPlace::Temporary) } else { self.state_dir().map(MirrorPlace::In) }
    }

    /// The journal, unless it is turned off.
    pub fn journal(&self) -> Result<Option<Journal>> {
        self.journal.then(|| self.stored_journal()).transpose()
    }

    /// The journal, even if nothing is to be added to it.
    pub fn stored_journal(&self) -> Result<Journal> {
        let limits = JournalLimits { image_bytes: self.journal_max, image_days: self.journal_images_days };
        Ok(Journal::new(self.state_dir()?, limits))
    }
}
