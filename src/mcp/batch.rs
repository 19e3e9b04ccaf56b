//! Batches of messages on one line (JSON-RPC's, which revision 2025-03-26 has): their answers leave on one line too.

use rmcp::model::RequestId;
use std::collections::HashSet;

/// The most messages of one batch.
pub(super) const MOST: usize = 64;

/// The answers to one batch, until it has all of them.
#[derive(Debug, Default)]
pub(super) struct Batch {
    waiting: HashSet<RequestId>,
    answers: Vec<Vec<u8>>,
}

/// The batches whose answers are not complete.
#[derive(Debug, Default)]
pub(super) struct Batches(Vec<Batch>);

impl Batch {
    /// A request of it was handed on.
    pub(super) fn wait_for(&mut self, id: RequestId) {
        self.waiting.insert(id);
    }

    /// The answer to one of its messages.
    pub(super) fn push(&mut self, answer: Vec<u8>) {
        self.answers.push(answer);
    }

    /// The line of a batch that waits for nothing; empty where nothing has to be said.
    fn line(self) -> Vec<u8> {
        if self.answers.is_empty() { Vec::new() } else { [b"[".as_slice(), &self.answers.join(&b','), b"]"].concat() }
    }
}

impl Batches {
    /// Takes a batch in; gives its line if it is complete.
    pub(super) fn open(&mut self, batch: Batch) -> Option<Vec<u8>> {
        if batch.waiting.is_empty() {
            return Some(batch.line());
        }
        self.0.push(batch);
        None
    }

    /// Whether a batch waits for this answer.
    pub(super) fn wait_for(&self, id: &RequestId) -> bool {
        self.0.iter().any(|batch| batch.waiting.contains(id))
    }

    /// Takes an answer, or that none will come; gives the batch's line if that completes it.
    pub(super) fn close(&mut self, id: &RequestId, answer: Option<Vec<u8>>) -> Option<Vec<u8>> {
        let at = self.0.iter().position(|batch| batch.waiting.contains(id))?;
        let batch = self.0.get_mut(at)?;
        batch.waiting.remove(id);
        batch.answers.extend(answer);
        batch.waiting.is_empty().then(|| self.0.swap_remove(at).line())
    }
}
