//! Reading: files below the folders that the operator allows.

use crate::error::{Code, Error, Result};
use std::{
    fs::File,
    path::{Path, PathBuf},
};

/// The folders whose files may be read (`--read-dir`). Without any, none may.
#[derive(Debug, Clone, Default)]
pub struct ReadFolders(Vec<PathBuf>);

impl ReadFolders {
    /// These folders, and no others.
    pub fn new(folders: Vec<PathBuf>) -> Self {
        Self(folders)
    }

    /// The canonical path of a file in one of the folders, or below it, after all links are followed. A relative path is
    /// looked up in each folder. Errors name the argument.
    ///
    /// # Errors
    /// `policy_denied` without folders. `invalid_arguments` for what is no file in one of them.
    pub fn find(&self, argument: &str, path: &str) -> Result<PathBuf> {
        if self.0.is_empty() {
            let message =
                format!("`{argument}`: no folder may be read. Start the server with --read-dir DIR (GHL_READ_DIR).");
            return Err(Error { field: Some(argument.to_owned()), ..Error::new(Code::PolicyDenied, message) });
        }
        let found = self.0.iter().find_map(|folder| inside(folder, path));
        found.ok_or_else(|| self.not_found(argument))
    }

    /// Opens a file in one of the folders, as [`ReadFolders::find`] finds it, and says where it is.
    ///
    /// # Errors
    /// As [`ReadFolders::find`], and for a file that cannot be opened.
    pub fn open(&self, argument: &str, path: &str) -> Result<(File, PathBuf)> {
        let path = self.find(argument, path)?;
        let file = File::open(&path).map_err(|fault| {
            let message = format!("`{argument}`: {} cannot be opened: {fault}.", path.display());
            Error::invalid(argument, message).caused_by(fault)
        })?;
        // Something else may have taken the name since.
        match file.metadata().is_ok_and(|about| about.is_file()) {
            true => Ok((file, path)),
            false => Err(self.not_found(argument)),
        }
    }

    fn not_found(&self, argument: &str) -> Error {
        let folders: Vec<String> = self.0.iter().map(|folder| folder.display().to_string()).collect();
        let mut message = format!("`{argument}` must be a file in {}.", folders.join(" or "));
        for missing in self.0.iter().filter(|folder| !folder.is_dir()) {
            message.push_str(&format!(" --read-dir: there is no folder {}.", missing.display()));
        }
        Error::invalid(argument, message)
    }
}

/// The file at a path, if it is in the folder when all links are followed. Opening anything but a file could block.
fn inside(folder: &Path, path: &str) -> Option<PathBuf> {
    let folder = folder.canonicalize().ok()?;
    let file = folder.join(path).canonicalize().ok()?;
    (file.starts_with(&folder) && file.is_file()).then_some(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// Two folders with a file each in a common parent, which has one as well.
    fn folders() -> (tempfile::TempDir, ReadFolders) {
        let parent = tempfile::tempdir().unwrap();
        fs::write(parent.path().join("outside.csv"), "secret").unwrap();
        let two = ["one", "two"].map(|name| {
            let folder = parent.path().join(name);
            fs::create_dir_all(folder.join("below")).unwrap();
            fs::write(folder.join(format!("below/{name}.csv")), name).unwrap();
            folder
        });
        (parent, ReadFolders::new(two.to_vec()))
    }

    #[test]
    fn a_file_is_found_by_its_relative_and_its_absolute_path() {
        let (parent, folders) = folders();
        let expected = parent.path().join("two/below/two.csv").canonicalize().unwrap();
        for path in ["below/two.csv", "below/../below/two.csv", expected.to_str().unwrap()] {
            assert_eq!(folders.find("file", path).unwrap(), expected);
            assert_eq!(folders.open("file", path).unwrap().1, expected);
        }
    }

    #[test]
    fn nothing_else_is_found() {
        let (parent, folders) = folders();
        let outside = parent.path().join("outside.csv");
        for path in ["../outside.csv", outside.to_str().unwrap(), "below", "missing.csv", "", "/"] {
            let error = folders.find("file", path).unwrap_err();
            assert_eq!((error.code, error.field.as_deref()), (Code::InvalidArguments, Some("file")), "{path}");
            assert!(error.message.starts_with("`file` must be a file in "), "{}", error.message);
        }
        let error = ReadFolders::default().find("file", "below/one.csv").unwrap_err();
        assert_eq!(error.code, Code::PolicyDenied);
        assert!(error.message.contains("--read-dir DIR (GHL_READ_DIR)"), "{}", error.message);
    }

    #[test]
    fn a_folder_that_is_missing_is_named() {
        let (parent, ReadFolders(mut folders)) = folders();
        let missing = parent.path().join("three");
        folders.push(missing.clone());
        let folders = ReadFolders::new(folders);
        assert!(folders.find("file", "below/two.csv").is_ok(), "the other folders serve");
        let message = folders.find("file", "nothing.csv").unwrap_err().message;
        assert!(message.ends_with(&format!("--read-dir: there is no folder {}.", missing.display())), "{message}");
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_and_stay_inside() {
        let (parent, folders) = folders();
        let link = |from: &str, to: &str| std::os::unix::fs::symlink(from, parent.path().join(to)).unwrap();
        link("below/one.csv", "one/inner.csv");
        link("../outside.csv", "one/outer.csv");
        link("..", "one/up");
        assert_eq!(folders.find("file", "inner.csv").unwrap(), folders.find("file", "below/one.csv").unwrap());
        for path in ["outer.csv", "up/outside.csv"] {
            assert_eq!(folders.find("file", path).unwrap_err().code, Code::InvalidArguments, "{path}");
        }
    }
}
