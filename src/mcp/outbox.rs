//! What is owed to the host: requests without an answer, answers that are being made, and bytes that wait to be written.
//! All are bounded, so a host that floods without reading cannot make memory grow.

use rmcp::model::RequestId;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// Above this many bytes waiting to be written, nothing more is read.
const MOST_BYTES: usize = 1024 * 1024;

/// Above this many requests without an answer, nothing more is read.
const MOST_REQUESTS: usize = 1024;

/// How many answers may be under way, from the call's start until its last byte is written. The other calls wait before
/// they begin, where they cost least.
const MOST_ANSWERS: usize = 48;

/// The right to have an answer under way; ends when it is dropped.
pub(super) type Slot = OwnedSemaphorePermit;

#[derive(Debug, Default)]
struct Owed {
    bytes: usize,
    requests: HashMap<RequestId, Option<Slot>>,
    broken: bool,
}

/// The account of what is owed. Shared by the transport and the calls.
#[derive(Debug)]
pub struct Outbox {
    owed: Mutex<Owed>,
    changed: Notify,
    slots: Arc<Semaphore>,
}

impl Default for Outbox {
    fn default() -> Self {
        Self { owed: Mutex::default(), changed: Notify::new(), slots: Arc::new(Semaphore::new(MOST_ANSWERS)) }
    }
}

impl Outbox {
    fn owed(&self) -> MutexGuard<'_, Owed> {
        self.owed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request came in; false if one of this id is still unanswered.
    pub(super) fn open(&self, id: &RequestId) -> bool {
        let mut owed = self.owed();
        let is_new = !owed.requests.contains_key(id);
        if is_new {
            owed.requests.insert(id.clone(), None);
        }
        is_new
    }

    /// Waits until the answer to a request may be made. The slot goes with the answer until it is written.
    pub(super) async fn begin(&self, id: &RequestId) {
        // The semaphore is never closed.
        let Ok(slot) = Arc::clone(&self.slots).acquire_owned().await else { return };
        // Of a request that was cancelled meanwhile, no answer will be written, and the slot is free again.
        if let Some(place) = self.owed().requests.get_mut(id) {
            *place = Some(slot);
        }
    }

    /// A request is answered or cancelled; its slot, if it has one, is the caller's to keep until the answer is written.
    pub(super) fn close(&self, id: &RequestId) -> Option<Slot> {
        let slot = self.owed().requests.remove(id).flatten();
        self.changed.notify_waiters();
        slot
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
