//! The folders of a person's files: those whose files may be read, and the one that files may be written in.
//!
//! The state directory is not among them: `highlevel-store` keeps it.

mod name;
mod read;
mod write;

pub use read::ReadFolders;
pub use write::{NewFile, WriteFolder};

/// The allowed folders of an account.
#[derive(Debug, Clone, Default)]
pub struct Folders {
    /// Where files are read: uploads, imports.
    pub read: ReadFolders,
    /// Where files are written: downloads, exports.
    pub write: WriteFolder,
}
