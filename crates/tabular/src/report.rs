//! What was met while reading that did not make a row an error.

use std::collections::BTreeMap;

/// How many lines are kept of each.
const MOST_LINES: usize = 10;
/// How many keys are kept that are no columns.
const MOST_KEYS: usize = 200;

/// What was met so far that did not make a row an error. It is complete when the reader has ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Rows that were read.
    pub rows: u64,
    /// Rows that could not be read.
    pub errors: u64,
    /// Rows without any value, which were skipped.
    pub blank: Lines,
    /// Rows with fewer cells than the header. The missing cells are empty.
    pub short: Lines,
    /// Rows of a sheet with values right of the last column, which were left out.
    pub beyond: Lines,
    /// Members of JSON objects that are no columns, because they first appear far into the file. The rows have them in
    /// [`Row::extra`](crate::Row::extra).
    pub late_keys: BTreeMap<String, Lines>,
}

impl Report {
    pub(crate) fn late_key(&mut self, key: &str, line: u64) {
        if let Some(lines) = self.late_keys.get_mut(key) {
            lines.add(line);
        } else if self.late_keys.len() < MOST_KEYS {
            self.late_keys.entry(key.to_owned()).or_default().add(line);
        }
    }
}

/// A count of lines, and the first ten of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lines {
    /// How many lines there are.
    pub count: u64,
    /// The first ten.
    pub first: Vec<u64>,
}

impl Lines {
    pub(crate) fn add(&mut self, line: u64) {
        self.count = self.count.saturating_add(1);
        if self.first.len() < MOST_LINES {
            self.first.push(line);
        }
    }
}
