//! Batches: several messages on one line, which revision 2025-03-26 of the protocol has. Their answers leave on one line, too.

use rmcp::model::RequestId;
use std::collections::HashSet;

pub(super) const MAX_MESSAGES: usize = 64;

/// One batch, until all its answers are there.
#[derive(Debug, Default)]
pub(super) struct Batch {
    waiting: HashSet<RequestId>,
    answers: Vec<Vec<u8>>,
}

/// The batches whose answers are incomplete.
#[derive(Debug, Default)]
pub(super) struct Batches(Vec<Batch>);

impl Batch {
    /// Adds a request that the service will answer.
    pub(super) fn wait_for(&mut self, id: RequestId) {
        self.waiting.insert(id);
    }

    /// Adds an answer.
    pub(super) fn push(&mut self, answer: Vec<u8>) {
        self.answers.push(answer);
    }

    /// The line of a complete batch, empty if it needs no answer.
    fn into_line(self) -> Vec<u8> {
        if self.answers.is_empty() { Vec::new() } else { [b"[".as_slice(), &self.answers.join(&b','), b"]"].concat() }
    }
}

impl Batches {
    /// Adds a batch. Returns its line if it is complete.
    pub(super) fn open(&mut self, batch: Batch) -> Option<Vec<u8>> {
        if batch.waiting.is_empty() {
            return Some(batch.into_line());
        }
        self.0.push(batch);
        None
    }

    /// Whether a batch waits for the answer to this request.
    pub(super) fn wait_for(&self, id: &RequestId) -> bool {
        self.0.iter().any(|batch| batch.waiting.contains(id))
    }

    /// Adds the answer to a request, or that there will be none. Returns the batch's line if that completes it.
    pub(super) fn close(&mut self, id: &RequestId, answer: Option<Vec<u8>>) -> Option<Vec<u8>> {
        let at = self.0.iter().position(|batch| batch.waiting.contains(id))?;
        let batch = self.0.get_mut(at)?;
        batch.waiting.remove(id);
        batch.answers.extend(answer);
        batch.waiting.is_empty().then(|| self.0.swap_remove(at).into_line())
    }
}
