//! What one caller is served by: the callers of a client share its accounts and policy, and each has its own sessions and
//! bounds, so that no person of a team can lock the others out.

use super::served::Bounds;
use crate::{
    http::{limits::ClientLimits, sessions::Sessions},
    mcp::{self, Handler, Server, transport::AnswerSlot},
};
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// How many bodies of a caller are read at once.
const MAX_BODIES: usize = 8;

/// What one caller is served by.
pub(in crate::http) struct CallerService {
    pub(in crate::http) sessions: Arc<Sessions>,
    pub(in crate::http) mcp: StreamableHttpService<Handler, Sessions>,
    pub(in crate::http) limits: ClientLimits,
    /// The answers under way.
    pub(in crate::http) slots: Arc<Semaphore>,
    /// The bodies that are being read.
    pub(in crate::http) bodies: Semaphore,
    used: Mutex<Instant>,
    ended: CancellationToken,
}

impl CallerService {
    /// Of this server, until `ended` is cancelled.
    pub(super) fn new(server: &Arc<Server>, bounds: &Bounds, ended: CancellationToken) -> Self {
        let sessions = Arc::new(Sessions::new(bounds.idle, bounds.sessions));
        // Hosts and origins are checked for every path, not only for this one.
        let config = StreamableHttpServerConfig::default()
            .disable_allowed_hosts()
            .disable_allowed_origins()
            .with_max_request_body_bytes(usize::MAX)
            .with_cancellation_token(ended.clone());
        let template = Arc::clone(server);
        let mcp = StreamableHttpService::new(
            move || Ok(mcp::handler(template.another_session())),
            Arc::clone(&sessions),
            config,
        );
        Self {
            sessions,
            mcp,
            limits: ClientLimits::new(bounds.requests, bounds.sessions),
            slots: AnswerSlot::slots(),
            bodies: Semaphore::new(MAX_BODIES),
            used: Mutex::new(Instant::now()),
            ended,
        }
    }

    pub(super) fn touch(&self) {
        *self.used.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// For how long it has been without a request, unless one is under way or a stream is open.
    pub(super) fn idle(&self) -> Option<Duration> {
        let used = *self.used.lock().unwrap_or_else(PoisonError::into_inner);
        self.limits.are_free().then(|| used.elapsed())
    }

    /// Ends its sessions and streams.
    pub(super) fn end(&self) {
        self.ended.cancel();
    }
}
