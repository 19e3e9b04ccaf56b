//! One session with a host: its name, and which accounts it has seen listed.

use super::{logging::LogLevel, subscriptions::Subscriptions};
use highlevel_core::context::process_name;
use rmcp::{RoleServer, model::ProtocolVersion, service::RequestContext};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

/// The most subscriptions of 2026-07-28 that one session has open.
const MOST_LISTENERS: usize = 16;

/// A session. Over HTTP, hosts of 2026-07-28 have none: each of their requests is one.
#[derive(Debug)]
pub(super) struct Session {
    /// The name in the journal.
    pub(super) name: String,
    /// Whether the transport serves several hosts.
    is_shared: bool,
    /// The generation of the accounts when the host last listed the tools, or when it came.
    listed: AtomicU64,
    /// What the host of an earlier protocol subscribed to.
    pub(super) subscriptions: Arc<Mutex<Subscriptions>>,
    /// What it wants of the server's log.
    pub(super) log_level: Arc<LogLevel>,
    /// How many subscriptions of 2026-07-28 are open.
    listeners: Arc<Semaphore>,
    /// Cancelled when the session ends.
    pub(super) ended: CancellationToken,
}

impl Session {
    pub(super) fn new(generation: u64, is_shared: bool) -> Self {
        Self {
            name: process_name(),
            is_shared,
            listed: AtomicU64::new(generation),
            subscriptions: Arc::default(),
            log_level: Arc::default(),
            listeners: Arc::new(Semaphore::new(MOST_LISTENERS)),
            ended: CancellationToken::new(),
        }
    }

    /// Whether the transport serves several hosts, which must not learn of each other.
    pub(super) fn is_shared(&self) -> bool {
        self.is_shared
    }

    /// The right to one more subscription, until it is dropped.
    pub(super) fn listener(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.listeners).try_acquire_owned().ok()
    }

    /// Notes that the host was given the lists of these accounts.
    pub(super) fn note_listed(&self, generation: u64) {
        self.listed.fetch_max(generation, Ordering::Relaxed);
    }

    /// The generation of the accounts that the host of a request knows; `None` for a request that stands alone.
    pub(super) fn listed(&self, request: &RequestContext<RoleServer>) -> Option<u64> {
        (!(self.is_shared && is_modern(request))).then(|| self.listed.load(Ordering::Relaxed))
    }
}

/// Whether a request is one of 2026-07-28 or later.
pub(super) fn is_modern(request: &RequestContext<RoleServer>) -> bool {
    request.protocol_version().is_some_and(|version| version >= ProtocolVersion::V_2026_07_28)
}

impl Drop for Session {
    fn drop(&mut self) {
        self.ended.cancel();
    }
}
