//! What is in flight to the host: requests without an answer, answers in the making, and bytes that wait to be written. Each is
//! bounded, so that a host that sends without reading cannot make memory grow.

use super::http::{AnswerSlot, attached};
use rmcp::{RoleServer, model::RequestId, service::RequestContext};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// With this many bytes waiting to be written, the transport reads no further message.
const MAX_QUEUED_BYTES: usize = 1024 * 1024;

/// With this many requests unanswered, the transport reads no further message.
const MAX_OPEN_REQUESTS: usize = 1024;

/// How many answers may be under way, each from the start of its call until its last byte is written. Further calls wait
/// before they start, where they take the least memory. An answer is a value until it is sent, which takes several times the
/// memory of its text.
pub(super) const MAX_ANSWERS: usize = 32;

/// The right to have an answer under way, until it is dropped.
pub(super) type Slot = OwnedSemaphorePermit;

/// Goes with a request, so that its handler can wait for a slot.
#[derive(Debug, Clone)]
pub(super) struct Slots(pub(super) Arc<Outbox>);

/// Waits for the slot of a request, if its transport bounds how many answers are under way.
pub(in crate::mcp) async fn acquire_slot(request: &RequestContext<RoleServer>) {
    if let Some(Slots(outbox)) = request.extensions.get() {
        outbox.acquire(&request.id).await;
    } else if let Some(slot) = attached::<AnswerSlot>(request) {
        slot.acquire().await;
    }
}

#[derive(Debug, Default)]
struct InFlight {
    bytes: usize,
    requests: HashMap<RequestId, Option<Slot>>,
    disconnected: bool,
}

/// Counts what is in flight. The transport, its writer and the calls share it.
#[derive(Debug)]
pub(super) struct Outbox {
    in_flight: Mutex<InFlight>,
    changed: Notify,
    slots: Arc<Semaphore>,
}

impl Default for Outbox {
    fn default() -> Self {
        Self { in_flight: Mutex::default(), changed: Notify::new(), slots: Arc::new(Semaphore::new(MAX_ANSWERS)) }
    }
}

impl Outbox {
    fn in_flight(&self) -> MutexGuard<'_, InFlight> {
        self.in_flight.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Registers a request. False if another one with this id is still unanswered.
    pub(super) fn open(&self, id: &RequestId) -> bool {
        let mut in_flight = self.in_flight();
        let is_new = !in_flight.requests.contains_key(id);
        if is_new {
            in_flight.requests.insert(id.clone(), None);
        }
        is_new
    }

    /// Waits for a slot, which then belongs to the request until its answer is written.
    async fn acquire(&self, id: &RequestId) {
        // The semaphore is never closed.
        let Ok(slot) = Arc::clone(&self.slots).acquire_owned().await else { return };
        // A request that was cancelled meanwhile is not there any more: its slot is free again.
        if let Some(held) = self.in_flight().requests.get_mut(id) {
            *held = Some(slot);
        }
    }

    /// Removes a request that is answered or cancelled. The caller keeps its slot until the answer is written.
    pub(super) fn close(&self, id: &RequestId) -> Option<Slot> {
        let slot = self.in_flight().requests.remove(id).flatten();
        self.changed.notify_waiters();
        slot
    }

    pub(super) fn add_queued(&self, bytes: usize) {
        self.in_flight().bytes += bytes;
    }

    pub(super) fn add_written(&self, bytes: usize) {
        let mut in_flight = self.in_flight();
        in_flight.bytes = in_flight.bytes.saturating_sub(bytes);
        drop(in_flight);
        self.changed.notify_waiters();
    }

    /// Records that the host's end is closed: nothing will be written any more.
    pub(super) fn disconnect(&self) {
        let mut in_flight = self.in_flight();
        in_flight.bytes = 0;
        in_flight.disconnected = true;
        drop(in_flight);
        self.changed.notify_waiters();
    }

    pub(super) fn is_disconnected(&self) -> bool {
        self.in_flight().disconnected
    }

    /// Waits until another message may be read.
    pub(super) async fn may_read(&self) {
        self.until(|in_flight| in_flight.bytes < MAX_QUEUED_BYTES && in_flight.requests.len() < MAX_OPEN_REQUESTS)
            .await;
    }

    /// Waits until every request is answered.
    pub(super) async fn drained(&self) {
        self.until(|in_flight| in_flight.requests.is_empty()).await;
    }

    async fn until(&self, holds: impl Fn(&InFlight) -> bool) {
        loop {
            let changed = self.changed.notified();
            let mut changed = std::pin::pin!(changed);
            // Enabled before the check, so that a change between check and wait is not missed.
            changed.as_mut().enable();
            if holds(&self.in_flight()) {
                return;
            }
            changed.await;
        }
    }
}
