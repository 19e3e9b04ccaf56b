//! Search by words as people say them.

use crate::operation::Operation;

/// What a search found.
#[derive(Debug)]
pub struct Found {
    /// The operations, the best first.
    pub operations: Vec<&'static Operation>,
    /// A sentence on what HighLevel's API cannot do, if that was asked for.
    pub absent: Option<&'static str>,
}

/// The operations for a job in words, at most `limit`.
pub fn search(_query: &str, _limit: usize) -> Found {
    Found { operations: Vec::new(), absent: None }
}
