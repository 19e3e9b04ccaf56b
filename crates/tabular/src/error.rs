//! Why a file could not be opened or written.

use std::{fmt, io, path::Path};

/// The result of opening or writing a file.
pub type Result<T> = std::result::Result<T, TabularError>;

/// Why a file could not be opened or written. Each message says what to do next.
#[derive(Debug)]
#[non_exhaustive]
pub enum TabularError {
    /// The system refused to read or write.
    Io {
        /// What was attempted, with the path.
        doing: String,
        /// The system's error.
        source: io::Error,
    },
    /// The file is in no format that this crate reads, or it is damaged.
    Unreadable(String),
    /// An option does not fit the file: a sheet that it does not have, an unknown encoding.
    Option(String),
    /// The rows do not fit the format, such as more rows than a sheet of Excel holds.
    Limit(String),
}

impl TabularError {
    pub(crate) fn reading(path: &Path, source: io::Error) -> Self {
        Self::Io { doing: format!("read {}", path.display()), source }
    }
}

impl fmt::Display for TabularError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { doing, source } => write!(f, "cannot {doing}: {source}"),
            Self::Unreadable(message) | Self::Option(message) | Self::Limit(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for TabularError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::Unreadable(_) | Self::Option(_) | Self::Limit(_) => None,
        }
    }
}
