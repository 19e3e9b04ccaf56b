//! One row of a file, or why it could not be read.

use crate::Cell;
use std::fmt;

/// How much of an unreadable row is kept.
const MOST_RAW: usize = 64 * 1024;

/// One row of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The line of the file where the row begins, from 1. In a workbook and a JSON array, too.
    pub line: u64,
    /// One cell for each column of the reader.
    pub values: Vec<Cell>,
    /// Members of a JSON object that are not among the columns.
    pub extra: Vec<(String, Cell)>,
}

/// A row that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowError {
    /// The line of the file where the row begins, from 1.
    pub line: u64,
    /// What is wrong.
    pub problem: RowProblem,
    /// What is wrong and how to mend it, for a person.
    pub message: String,
    /// The row as it is in the file, if it has such a form; cut at 64 KiB.
    pub raw: Option<String>,
}

/// What is wrong with a row that could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RowProblem {
    /// A quoted cell that does not end, or goes on behind its closing quote.
    BrokenQuotes,
    /// More cells than the header has.
    TooManyCells,
    /// Bytes that are not text in the file's encoding, or a NUL character.
    NotText,
    /// Larger than a row may be.
    TooLarge,
    /// Not valid JSON.
    NotJson,
    /// JSON, but not an object.
    NotAnObject,
    /// The rest of the file cannot be read: it is damaged, or the system refused. No row follows.
    Unreadable,
}

impl RowProblem {
    /// A stable name, such as `broken_quotes`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::BrokenQuotes => "broken_quotes",
            Self::TooManyCells => "too_many_cells",
            Self::NotText => "not_text",
            Self::TooLarge => "too_large",
            Self::NotJson => "not_json",
            Self::NotAnObject => "not_an_object",
            Self::Unreadable => "unreadable",
        }
    }

    /// Whether no row follows this one.
    pub const fn is_last(self) -> bool {
        matches!(self, Self::Unreadable)
    }
}

impl RowError {
    pub(crate) fn new(line: u64, problem: RowProblem, message: impl Into<String>) -> Self {
        Self { line, problem, message: message.into(), raw: None }
    }

    pub(crate) fn with_raw(self, raw: &str) -> Self {
        let end = raw.floor_char_boundary(MOST_RAW);
        Self { raw: Some(raw.get(..end).unwrap_or(raw).trim_end_matches(['\r', '\n']).to_owned()), ..self }
    }
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

impl std::error::Error for RowError {}
