//! The file that is written: under a temporary name until it is whole.

use crate::{Result, TabularError};
use std::{
    fs::File,
    io::{self, BufWriter},
    path::{Path, PathBuf},
};
use tempfile::NamedTempFile;

/// A file that gets its name when it is whole. Only its owner can read it: rows of a CRM are private.
pub(super) struct Target {
    path: PathBuf,
    file: NamedTempFile,
    overwrite: bool,
}

impl Target {
    pub(super) fn create(path: &Path, overwrite: bool) -> Result<Self> {
        if !overwrite && path.symlink_metadata().is_ok() {
            return Err(TabularError::writing(path, exists()));
        }
        let directory = directory(path);
        let file = NamedTempFile::new_in(directory).map_err(|error| TabularError::writing(path, error))?;
        Ok(Self { path: path.to_owned(), file, overwrite })
    }

    pub(super) fn directory(&self) -> &Path {
        directory(&self.path)
    }

    pub(super) fn writer(&self) -> Result<BufWriter<File>> {
        self.file.as_file().try_clone().map(BufWriter::new).map_err(|error| self.failed(error))
    }

    pub(super) fn failed(&self, error: io::Error) -> TabularError {
        TabularError::writing(&self.path, error)
    }

    pub(super) fn publish(self) -> Result<()> {
        let Self { path, file, overwrite } = self;
        let failed = |error| TabularError::writing(&path, error);
        file.as_file().sync_all().map_err(failed)?;
        let named = if overwrite { file.persist(&path) } else { file.persist_noclobber(&path) };
        named
            .map_err(|error| if error.error.kind() == io::ErrorKind::AlreadyExists { exists() } else { error.error })
            .map_err(failed)?;
        Ok(())
    }
}

fn directory(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn exists() -> io::Error {
    io::Error::new(io::ErrorKind::AlreadyExists, "the file exists; choose another name or allow it to be replaced")
}
