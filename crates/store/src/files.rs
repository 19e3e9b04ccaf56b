//! The state directory's files: private to this user, and never opened through another user's links.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::Path,
};

/// Creates the directory (and missing parents) for this user alone. One that exists keeps its permissions, but is refused
/// where another user could put files into it or take them away.
pub(super) fn create_private_dir(dir: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)?;
    #[cfg(unix)]
    ours::directory(dir)?;
    Ok(())
}

/// Replaces a file's content in one step: a reader sees the old content or the new, never a part. The file is this
/// user's alone, as are the directories that this creates.
///
/// # Errors
/// What the system reports; the file then has its old content.
pub fn replace_file(path: &Path, content: &[u8]) -> io::Result<()> {
    let dir = path.parent().unwrap_or(Path::new("."));
    create_private_dir(dir)?;
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let temporary = dir.join(name);
    let written = private_file(&temporary).and_then(|mut file| {
        file.set_len(0)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    });
    if written.is_err() {
        // The first error is reported; the temporary file is removed if possible.
        drop(fs::remove_file(&temporary));
    }
    written
}

/// A lock that one process at a time holds while it changes a file. It is released when this is dropped.
#[derive(Debug)]
pub struct FileLock(#[expect(dead_code, reason = "the lock lives as long as its file is open")] File);

impl FileLock {
    /// Waits until no other process holds the lock of the file at `path`. The lock is a file beside it, because the file
    /// itself is replaced.
    ///
    /// # Errors
    /// What the system reports.
    pub fn acquire(path: &Path) -> io::Result<Self> {
        create_private_dir(path.parent().unwrap_or(Path::new(".")))?;
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".lock");
        let file = private_file(&path.with_file_name(name))?;
        file.lock()?;
        Ok(Self(file))
    }
}

/// Creates the file for this user alone, or narrows an existing one.
pub(super) fn private_file(path: &Path) -> io::Result<File> {
    open(path, OpenOptions::new().write(true).create(true).truncate(false))
}

/// Opens a file that is there for reading.
pub(super) fn read_file(path: &Path) -> io::Result<File> {
    open(path, OpenOptions::new().read(true))
}

/// Fails if there is something at this path that is not this user's file.
pub(super) fn check(path: &Path) -> io::Result<()> {
    match read_file(path) {
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other.map(drop),
    }
}

#[cfg(not(unix))]
fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    options.open(path)
}

#[cfg(unix)]
fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    use rustix::fs::OFlags;
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
    // Opening a named pipe would block.
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let file = options.mode(0o600).custom_flags(flags).open(path).map_err(|fault| ours::unopened(path, fault))?;
    let about = file.metadata()?;
    ours::file(path, &about)?;
    if about.permissions().mode() & 0o077 != 0 {
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
    }
    Ok(file)
}

#[cfg(unix)]
mod ours {
    //! Checks that a file or directory belongs to this user alone.

    use std::{
        fs::{self, Metadata},
        io::{Error, ErrorKind, Result},
        os::unix::fs::{FileTypeExt, MetadataExt},
        path::Path,
    };

    /// Writable by the group, or by everyone.
    const OTHERS: u32 = 0o022;
    /// In such a directory others cannot rename or remove what is not theirs.
    const STICKY: u32 = 0o1000;

    pub(super) fn file(path: &Path, about: &Metadata) -> Result<()> {
        if !about.is_file() {
            return Err(odd(path, about));
        }
        if about.uid() != rustix::process::geteuid().as_raw() {
            return refuse(format!(
                "{} belongs to another user (uid {}), who may have written what is in it. Remove it, or make it yours with chown",
                path.display(),
                about.uid()
            ));
        }
        if about.mode() & OTHERS != 0 {
            return refuse(format!(
                "{0} may be written by other users (mode {1:03o}). If what is in it is yours: chmod 600 {0}",
                path.display(),
                about.mode() & 0o777
            ));
        }
        Ok(())
    }

    pub(super) fn directory(dir: &Path) -> Result<()> {
        let about = fs::metadata(dir)?;
        let owner = about.uid();
        if owner != 0 && owner != rustix::process::geteuid().as_raw() {
            return refuse(format!("the directory belongs to another user (uid {owner}); use one of your own"));
        }
        if about.mode() & OTHERS != 0 && about.mode() & STICKY == 0 {
            return refuse(format!(
                "other users may write into it (mode {:03o}): chmod go-w {}, or use a new directory in it, which is made for you alone",
                about.mode() & 0o777,
                dir.display()
            ));
        }
        Ok(())
    }

    /// Why a path could not be opened: what is there is no file, or what the system says.
    pub(super) fn unopened(path: &Path, fault: Error) -> Error {
        match fs::symlink_metadata(path) {
            Ok(about) if !about.is_file() => odd(path, &about),
            _ => fault,
        }
    }

    fn odd(path: &Path, about: &Metadata) -> Error {
        let kind = match about.file_type() {
            kind if kind.is_symlink() => "a symbolic link",
            kind if kind.is_fifo() => "a named pipe",
            kind if kind.is_dir() => "a directory",
            _ => "no regular file",
        };
        let what = format!(
            "{} is {kind}, and a state file is only ever a file of its own. See who put it there, then remove it",
            path.display()
        );
        Error::new(ErrorKind::InvalidInput, what)
    }

    fn refuse(what: String) -> Result<()> {
        Err(Error::new(ErrorKind::PermissionDenied, what))
    }
}
