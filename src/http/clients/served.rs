//! What one client is served by.

use super::CallerService;
use crate::{
    http::HttpOptions,
    mcp::{CallObserver, Server},
    runtime::Runtime,
    settings::clients::ClientEntry,
};
use highlevel_core::{context::Caller, error::Result};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// How many callers of a client are served at once. Beyond that, the longest idle one begins anew when it comes again.
const MAX_CALLERS: usize = 1024;

/// The bounds of each caller.
#[derive(Debug, Clone)]
pub(super) struct Bounds {
    pub(super) idle: Duration,
    pub(super) sessions: usize,
    pub(super) requests: u32,
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

/// What one client is served by: its own server over its own accounts.
pub(in crate::http) struct Served {
    /// The entry that this was built from.
    pub(in crate::http) entry: Option<ClientEntry>,
    pub(in crate::http) runtime: Arc<Runtime>,
    pub(in crate::http) server: Arc<Server>,
    callers: Mutex<HashMap<Caller, Arc<CallerService>>>,
    bounds: Bounds,
    /// From now on nothing lasts: streams and questions to people end.
    pub(in crate::http) closing: CancellationToken,
    ended: CancellationToken,
}

impl Served {
    pub(super) fn new(
        entry: Option<ClientEntry>,
        runtime: Arc<Runtime>,
        bounds: Bounds,
        closing: CancellationToken,
    ) -> Result<Self> {
        let closing = closing.child_token();
        let server = Server::new(Arc::clone(&runtime), closing.clone())?.observed_by(bounds.observer.clone());
        let (server, callers, ended) = (Arc::new(server), Mutex::default(), CancellationToken::new());
        Ok(Self { entry, runtime, server, callers, bounds, closing, ended })
    }

    fn callers(&self) -> MutexGuard<'_, HashMap<Caller, Arc<CallerService>>> {
        self.callers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a caller of this client is served by. `None` if there are as many as may be, each with a request under way.
    pub(super) fn caller(&self, caller: &Caller) -> Option<Arc<CallerService>> {
        let mut callers = self.callers();
        if let Some(known) = callers.get(caller) {
            known.touch();
            return Some(Arc::clone(known));
        }
        if callers.len() >= MAX_CALLERS {
            let idle = callers.iter().filter_map(|(caller, service)| Some((service.idle()?, caller)));
            let longest = idle.max_by_key(|(idle, _)| *idle).map(|(_, caller)| caller.clone())?;
            if let Some(left) = callers.remove(&longest) {
                left.end();
            }
        }
        let service = CallerService::new(&self.server, &self.bounds, self.ended.child_token());
        let service = Arc::new(service);
        callers.insert(caller.clone(), Arc::clone(&service));
        Some(service)
    }

    /// What its callers are served by.
    pub(super) fn all_callers(&self) -> Vec<Arc<CallerService>> {
        self.callers().values().cloned().collect()
    }

    /// Ends sessions that are idle for too long, and forgets callers that have not come for as long.
    pub(super) async fn end_idle(&self) {
        for service in self.all_callers() {
            service.sessions.end_idle().await;
        }
        let idle = self.bounds.idle;
        self.callers().retain(|_, service| {
            let is_left = service.sessions.count() == 0 && service.idle().is_some_and(|since| since >= idle);
            if is_left {
                service.end();
            }
            !is_left
        });
    }

    /// Ends its streams at once, and its sessions when the calls under way are answered: what they sent to HighLevel is not
    /// taken back by nobody hearing of it. They have as long as `most`.
    pub(super) async fn retire(&self, most: Duration) {
        self.closing.cancel();
        let answered = async {
            for caller in self.all_callers() {
                caller.limits.drained().await;
            }
        };
        drop(tokio::time::timeout(most, answered).await);
        self.end();
    }

    /// Ends its sessions, streams and calls.
    pub(super) fn end(&self) {
        self.ended.cancel();
    }
}
