//! Why a chart was not drawn.

use std::fmt;

/// The result of drawing.
pub type Result<T> = std::result::Result<T, ChartError>;

/// Why a chart was not drawn. Each message says what is allowed instead.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChartError {
    /// The table cannot be drawn as any chart of its kind: too few columns, too many rows, or a cell that is not a number.
    Table(String),
    /// This kind of chart cannot show the table, and another kind can.
    Kind(String),
    /// The picture could not be rendered or encoded. The table is not at fault.
    Render(String),
}

impl fmt::Display for ChartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Table(message) | Self::Kind(message) => f.write_str(message),
            Self::Render(reason) => write!(f, "The chart could not be drawn: {reason}."),
        }
    }
}

impl std::error::Error for ChartError {}

/// A name that no variant of the enum has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownName {
    pub(super) given: String,
    pub(super) allowed: Vec<&'static str>,
}

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown name \"{}\"; allowed are {}", self.given, self.allowed.join(", "))
    }
}

impl std::error::Error for UnknownName {}
