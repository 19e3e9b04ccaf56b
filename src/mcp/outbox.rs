//! What is owed to the host: requests without an answer, and bytes that wait to be written. Both are bounded, so a host
//! that floods without reading cannot make memory grow.

use rmcp::model::RequestId;
use std::{
    collections::HashSet,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Notify;

/// Above this many bytes waiting to be written, nothing more is read and no call is started.
const MOST_BYTES: usize = 1024 * 1024;

/// Above this many requests without an answer, nothing more is read.
const MOST_REQUESTS: usize = 4096;

#[derive(Debug, Default)]
struct Owed {
    bytes: usize,
    requests: HashSet<RequestId>,
    broken: bool,
}

/// The account of what is owed. Shared by the transport and the calls.
#[derive(Debug, Default)]
pub struct Outbox {
    owed: Mutex<Owed>,
    changed: Notify,
}

impl Outbox {
    fn owed(&self) -> MutexGuard<'_, Owed> {
        self.owed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request came in; false if one of this id is still unanswered.
    pub(super) fn open(&self, id: &RequestId) -> bool {
        self.owed().requests.insert(id.clone())
    }

    /// A request was answered or cancelled.
    pub(super) fn close(&self, id: &RequestId) {
        self.owed().requests.remove(id);
        self.changed.notify_waiters();
    }

    pub(super) fn queued(&self, bytes: usize) {
        self.owed().bytes += bytes;
    }

    pub(super) fn written(&self, bytes: usize) {
        let mut owed = self.owed();
        owed.bytes = owed.bytes.saturating_sub(bytes);
        drop(owed);
        self.changed.notify_waiters();
    }

    /// The host's end is gone: nothing will be written any more.
    pub(super) fn break_off(&self) {
        let mut owed = self.owed();
        owed.bytes = 0;
        owed.broken = true;
        drop(owed);
        self.changed.notify_waiters();
    }

    pub(super) fn is_broken(&self) -> bool {
        self.owed().broken
    }

    /// Waits until little enough waits to be written.
    pub async fn has_room(&self) {
        self.until(|owed| owed.bytes < MOST_BYTES).await;
    }

    /// Waits until another message may be read.
    pub(super) async fn may_read(&self) {
        self.until(|owed| owed.bytes < MOST_BYTES && owed.requests.len() < MOST_REQUESTS).await;
    }

    /// Waits until every request is answered.
    pub(super) async fn settled(&self) {
        self.until(|owed| owed.requests.is_empty()).await;
    }

    async fn until(&self, holds: impl Fn(&Owed) -> bool) {
        loop {
            let changed = self.changed.notified();
            let mut changed = std::pin::pin!(changed);
            // Enabled before the look, so that a change between look and wait is not missed.
            changed.as_mut().enable();
            if holds(&self.owed()) {
                return;
            }
            changed.await;
        }
    }
}
