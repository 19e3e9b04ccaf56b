//! Writing: new files in the folder that the operator allows.

use super::name;
use crate::error::{Code, Error, Result};
use std::{
    fs::{self, OpenOptions},
    io::{self, Seek, SeekFrom, Write},
    path::{Path, PathBuf, absolute},
};
use tempfile::NamedTempFile;

/// The most files of one name.
const MOST_OF_A_NAME: u32 = 10_000;

/// The folder that new files may be written in (`--write-dir`). Without one, none may.
#[derive(Debug, Clone, Default)]
pub struct WriteFolder(Option<PathBuf>);

impl WriteFolder {
    /// This folder, and no other.
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self(folder)
    }

    /// Begins a file. It has a temporary name and this user's permissions until [`NewFile::finish`] names it. `purpose`
    /// says in errors what would be written, such as "The answer is a file".
    ///
    /// # Errors
    /// `policy_denied` naming the setting, without a folder or where nothing can be written in it.
    pub fn create(&self, purpose: &str) -> Result<NewFile> {
        let denied = |what: String| Error::new(Code::PolicyDenied, format!("{purpose}, and {what}"));
        let folder = self.0.as_deref().ok_or_else(|| {
            denied("no folder may be written in. Start the server with --write-dir DIR (GHL_WRITE_DIR).".to_owned())
        })?;
        let unusable = |fault: io::Error| {
            let folder = folder.display();
            denied(format!("nothing can be written in --write-dir (GHL_WRITE_DIR) {folder}: {fault}.")).caused_by(fault)
        };
        let folder = absolute(folder).map_err(unusable)?;
        let file = tempfile::Builder::new().prefix(".highlevel-mcp-").suffix(".part").tempfile_in(&folder);
        Ok(NewFile { file: file.map_err(|fault| unusable(cause(fault)))?, folder })
    }
}

/// The fault without the path that `tempfile` adds to it.
fn cause(fault: io::Error) -> io::Error {
    fault.raw_os_error().map_or(fault, io::Error::from_raw_os_error)
}

/// A file that is being written. Without [`NewFile::finish`] it is removed.
#[derive(Debug)]
pub struct NewFile {
    file: NamedTempFile,
    folder: PathBuf,
}

impl NewFile {
    /// Begins a file in a folder that a person named, or that is this program's own.
    ///
    /// # Errors
    /// `internal` where nothing can be written.
    pub fn beside(path: &Path) -> Result<Self> {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = absolute(parent).map_err(|fault| write_failed(parent, fault))?;
        let file = tempfile::Builder::new().prefix(".highlevel-mcp-").suffix(".part").tempfile_in(&folder);
        Ok(Self { file: file.map_err(|fault| write_failed(&folder, cause(fault)))?, folder })
    }

    /// Gives the whole file exactly this path, which has to be in its folder.
    ///
    /// # Errors
    /// `conflict` where the name is taken and may not be replaced; `internal` if the file cannot be kept. It is then removed.
    pub fn finish_at(mut self, path: &Path, replaces: bool) -> Result<()> {
        let failed = |fault| write_failed(&self.folder, fault);
        self.file.flush().and_then(|()| self.file.as_file().sync_all()).map_err(failed)?;
        if replaces {
            return self.file.persist(path).map(drop).map_err(|kept| write_failed(&self.folder, kept.error));
        }
        keep(self.file, path).map_err(|(fault, _)| match fault.kind() {
            io::ErrorKind::AlreadyExists => Error::new(Code::Conflict, format!("{} exists already.", path.display())),
            _ => write_failed(&self.folder, fault),
        })
    }

    /// Gives the whole file its name, made fit for a file system, and says where it is. A name that is taken gets a
    /// number: `name-2.csv`. No file is replaced, and no link followed.
    ///
    /// # Errors
    /// `internal` if the file cannot be kept. It is then removed.
    pub fn finish(self, name: &str) -> Result<PathBuf> {
        let Self { mut file, folder } = self;
        let failed = |fault| write_failed(&folder, fault);
        file.flush().and_then(|()| file.as_file().sync_all()).map_err(failed)?;
        let name = name::file_name(name);
        for number in 1..=MOST_OF_A_NAME {
            let path = folder.join(name::numbered(&name, number));
            match keep(file, &path) {
                Ok(()) => return Ok(path),
                Err((fault, _)) if fault.kind() != io::ErrorKind::AlreadyExists => return Err(failed(fault)),
                Err((_, same)) => file = same,
            }
        }
        let message = format!("{} has {MOST_OF_A_NAME} files named {name}. Remove some.", folder.display());
        Err(Error::new(Code::Conflict, message))
    }

    /// The folder that it is written in.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The error for a file that could not be written further.
    pub fn failed(&self, fault: io::Error) -> Error {
        write_failed(&self.folder, fault)
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.as_file_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_file_mut().flush()
    }
}

impl Seek for NewFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.as_file_mut().seek(to)
    }
}

fn write_failed(folder: &Path, fault: io::Error) -> Error {
    let message = format!("A file could not be written in {}: {fault}.", folder.display());
    Error::new(Code::Internal, message).caused_by(fault)
}

/// Renames the file unless the name is taken.
fn keep(file: NamedTempFile, path: &Path) -> Result<(), (io::Error, NamedTempFile)> {
    match file.persist_noclobber(path) {
        Ok(_) => Ok(()),
        Err(failed) if failed.error.kind() == io::ErrorKind::AlreadyExists => Err((failed.error, failed.file)),
        // Network drives and some disks have no such renaming.
        Err(failed) => keep_by_reserving(failed.file, path),
    }
}

/// Takes the name with an empty file, which the renaming then replaces.
fn keep_by_reserving(file: NamedTempFile, path: &Path) -> Result<(), (io::Error, NamedTempFile)> {
    if let Err(fault) = OpenOptions::new().write(true).create_new(true).open(path) {
        return Err((fault, file));
    }
    file.persist(path).map(drop).map_err(|failed| {
        // The renaming's error is reported; the empty file is removed if possible.
        drop(fs::remove_file(path));
        (failed.error, failed.file)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn folder() -> (tempfile::TempDir, WriteFolder) {
        let dir = tempfile::tempdir().unwrap();
        let folder = WriteFolder::new(Some(dir.path().to_owned()));
        (dir, folder)
    }

    #[test]
    fn a_file_has_its_name_when_it_is_whole() {
        let (dir, folder) = folder();
        let mut file = folder.create("An export").unwrap();
        file.write_all(b"id\n1\n").unwrap();
        assert!(names(dir.path()).iter().all(|name| name.ends_with(".part")));
        let path = file.finish("../contacts.csv").unwrap();
        assert_eq!(path, dir.path().join("contacts.csv"));
        assert_eq!(fs::read_to_string(&path).unwrap(), "id\n1\n");
        assert_eq!(names(dir.path()), ["contacts.csv"]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn nothing_remains_of_a_file_that_is_not_finished() {
        let (dir, folder) = folder();
        let mut file = folder.create("An export").unwrap();
        file.write_all(b"half").unwrap();
        drop(file);
        assert!(names(dir.path()).is_empty());
    }

    #[test]
    fn files_with_the_same_name_are_numbered() {
        let (dir, folder) = folder();
        fs::write(dir.path().join("contacts.csv"), "mine").unwrap();
        fs::create_dir(dir.path().join("contacts-2.csv")).unwrap();
        // Its target is not made.
        #[cfg(unix)]
        std::os::unix::fs::symlink("elsewhere.csv", dir.path().join("contacts-3.csv")).unwrap();
        #[cfg(not(unix))]
        fs::write(dir.path().join("contacts-3.csv"), "mine").unwrap();
        let made = [(); 2].map(|()| folder.create("An export").unwrap().finish("contacts.csv").unwrap());
        assert_eq!(made, ["contacts-4.csv", "contacts-5.csv"].map(|name| dir.path().join(name)));
        assert_eq!(fs::read_to_string(dir.path().join("contacts.csv")).unwrap(), "mine");
        assert_eq!(names(dir.path()).len(), 5);
    }

    #[test]
    fn a_name_is_reserved_where_a_renaming_would_replace() {
        let (dir, folder) = folder();
        let path = dir.path().join("a.csv");
        let begin = |text: &str| {
            let mut file = folder.create("An export").unwrap();
            file.write_all(text.as_bytes()).unwrap();
            file.file
        };
        keep_by_reserving(begin("first"), &path).unwrap();
        let (fault, _) = keep_by_reserving(begin("second"), &path).unwrap_err();
        assert_eq!(fault.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!((fs::read_to_string(&path).unwrap().as_str(), names(dir.path()).len()), ("first", 1));
    }

    #[test]
    fn without_a_usable_folder_the_setting_is_named() {
        let error = WriteFolder::default().create("The answer is a file").unwrap_err();
        let expected = "The answer is a file, and no folder may be written in. Start the server with --write-dir DIR (GHL_WRITE_DIR).";
        assert_eq!((error.code, error.message.as_str()), (Code::PolicyDenied, expected));
        let (dir, _) = folder();
        let missing = WriteFolder::new(Some(dir.path().join("missing")));
        let error = missing.create("The answer is a file").unwrap_err();
        assert_eq!(error.code, Code::PolicyDenied);
        assert!(error.message.contains("--write-dir (GHL_WRITE_DIR)"), "{}", error.message);
        assert!(!dir.path().join("missing").exists());
    }
}
