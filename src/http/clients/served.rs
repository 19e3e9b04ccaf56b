//! What one client is served by.

use crate::{
    http::{HttpOptions, limits::ClientLimits, sessions::Sessions},
    mcp::{self, CallObserver, Handler, Server, transport::AnswerSlot},
    runtime::Runtime,
    settings::clients::ClientEntry,
};
use highlevel_core::error::Result;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use std::{sync::Arc, time::Duration};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// How many bodies of a client are read at once.
const MAX_BODIES: usize = 8;

/// The bounds of each client.
#[derive(Debug, Clone)]
pub(super) struct Bounds {
    idle: Duration,
    sessions: usize,
    requests: u32,
    observer: CallObserver,
}

impl Bounds {
    pub(super) fn new(options: &HttpOptions, observer: CallObserver) -> Self {
        Self {
            idle: Duration::from_secs(options.session_idle),
            sessions: usize::try_from(options.max_sessions).unwrap_or(usize::MAX),
            requests: options.max_requests,
            observer,
        }
    }
}

/// What one client is served by: its own server over its own accounts, with its own sessions.
pub(in crate::http) struct Served {
    /// The entry that this was built from.
    pub(in crate::http) entry: Option<ClientEntry>,
    pub(in crate::http) runtime: Arc<Runtime>,
    pub(in crate::http) server: Arc<Server>,
    pub(in crate::http) sessions: Arc<Sessions>,
    pub(in crate::http) mcp: StreamableHttpService<Handler, Sessions>,
    pub(in crate::http) limits: ClientLimits,
    /// The answers under way.
    pub(in crate::http) slots: Arc<Semaphore>,
    /// The bodies that are being read.
    pub(in crate::http) bodies: Semaphore,
    ended: CancellationToken,
}

impl Served {
    pub(super) fn new(
        entry: Option<ClientEntry>,
        runtime: Arc<Runtime>,
        bounds: &Bounds,
        closing: CancellationToken,
    ) -> Result<Self> {
        let server = Server::new(Arc::clone(&runtime), closing)?.observed_by(bounds.observer.clone());
        let server = Arc::new(server);
        let sessions = Arc::new(Sessions::new(bounds.idle, bounds.sessions));
        let ended = CancellationToken::new();
        // Hosts and origins are checked for every path, not only for this one.
        let config = StreamableHttpServerConfig::default()
            .disable_allowed_hosts()
            .disable_allowed_origins()
            .with_max_request_body_bytes(usize::MAX)
            .with_cancellation_token(ended.clone());
        let template = Arc::clone(&server);
        let mcp = StreamableHttpService::new(
            move || Ok(mcp::handler(template.another_session())),
            Arc::clone(&sessions),
            config,
        );
        Ok(Self {
            entry,
            runtime,
            server,
            sessions,
            mcp,
            limits: ClientLimits::new(bounds.requests, bounds.sessions),
            slots: AnswerSlot::slots(),
            bodies: Semaphore::new(MAX_BODIES),
            ended,
        })
    }

    /// Ends its sessions, streams and calls.
    pub(super) fn end(&self) {
        self.ended.cancel();
    }
}
