//! Sessions of the protocols before 2026-07-28: bounded in number, each good for one caller only.

use highlevel_core::context::Caller;
use rmcp::{
    model::{ClientJsonRpcMessage, RequestId, ServerJsonRpcMessage},
    transport::streamable_http_server::session::{
        ServerSseMessage, SessionId, SessionManager,
        local::{LocalSessionManager, LocalSessionManagerError, SessionConfig},
    },
};
use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// How long a finished answer is kept for a client whose connection broke before it had it.
const ANSWER_KEPT: Duration = Duration::from_secs(30);

tokio::task_local! {
    /// Who makes the request that is being served: a session that it opens is the caller's.
    pub(super) static CALLER: Caller;
}

/// The sessions of one client, over rmcp's own.
#[derive(Debug)]
pub(super) struct Sessions {
    inner: LocalSessionManager,
    known: Mutex<HashMap<SessionId, Known>>,
    most: usize,
}

#[derive(Debug)]
struct Known {
    caller: Caller,
    used: Instant,
    /// The requests that are not answered yet.
    open: HashSet<RequestId>,
}

/// A request of a session, until its answer has ended.
#[derive(Debug)]
pub(super) struct OpenRequest {
    sessions: Arc<Sessions>,
    session: SessionId,
    id: RequestId,
}

impl Sessions {
    /// Sessions that end after `idle` without a request, at most so many.
    pub(super) fn new(idle: Duration, most: usize) -> Self {
        let mut config = SessionConfig::default();
        config.keep_alive = Some(idle);
        config.completed_cache_ttl = ANSWER_KEPT.min(idle);
        let mut inner = LocalSessionManager::default();
        inner.session_config = config;
        Self { inner, known: Mutex::default(), most }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<SessionId, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.known().len()
    }

    /// Whether this is a session of the caller's, which is in use from now on.
    pub(super) fn touch(&self, id: &str, caller: &Caller) -> bool {
        let mut known = self.known();
        let Some(session) = known.get_mut(id).filter(|session| session.caller == *caller) else { return false };
        session.used = Instant::now();
        true
    }

    /// Registers a request of a session. `None` if another one with this id is not answered yet.
    pub(super) fn open(self: &Arc<Self>, session: &str, id: &RequestId) -> Option<OpenRequest> {
        let session = SessionId::from(session);
        let is_new = self.known().get_mut(&session).is_none_or(|known| known.open.insert(id.clone()));
        is_new.then(|| OpenRequest { sessions: Arc::clone(self), session, id: id.clone() })
    }

    /// Ends the session that is idle for the longest time, if there are as many as there may be.
    ///
    /// Returns false if each of them has a request under way.
    pub(super) async fn make_room(&self) -> bool {
        let idle = {
            let known = self.known();
            if known.len() < self.most {
                return true;
            }
            let idle = known.iter().filter(|(_, session)| session.open.is_empty());
            idle.min_by_key(|(_, session)| session.used).map(|(id, _)| SessionId::clone(id))
        };
        match idle {
            Some(id) => self.close_session(&id).await.is_ok(),
            None => false,
        }
    }
}

impl Drop for OpenRequest {
    fn drop(&mut self) {
        if let Some(session) = self.sessions.known().get_mut(&self.session) {
            session.open.remove(&self.id);
            session.used = Instant::now();
        }
    }
}

type Done<T> = Result<T, LocalSessionManagerError>;

impl SessionManager for Sessions {
    type Error = LocalSessionManagerError;
    type Transport = <LocalSessionManager as SessionManager>::Transport;

    async fn create_session(&self) -> Done<(SessionId, Self::Transport)> {
        let created = self.inner.create_session().await?;
        if let Ok(caller) = CALLER.try_with(Caller::clone) {
            let known = Known { caller, used: Instant::now(), open: HashSet::new() };
            self.known().insert(SessionId::clone(&created.0), known);
        }
        Ok(created)
    }

    async fn initialize_session(&self, id: &SessionId, message: ClientJsonRpcMessage) -> Done<ServerJsonRpcMessage> {
        self.inner.initialize_session(id, message).await
    }

    async fn has_session(&self, id: &SessionId) -> Done<bool> {
        self.inner.has_session(id).await
    }

    async fn close_session(&self, id: &SessionId) -> Done<()> {
        self.known().remove(id);
        self.inner.close_session(id).await
    }

    async fn create_stream(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Done<impl futures::Stream<Item = ServerSseMessage> + Send + Sync + 'static> {
        self.inner.create_stream(id, message).await
    }

    async fn accept_message(&self, id: &SessionId, message: ClientJsonRpcMessage) -> Done<()> {
        self.inner.accept_message(id, message).await
    }

    async fn create_standalone_stream(
        &self,
        id: &SessionId,
    ) -> Done<impl futures::Stream<Item = ServerSseMessage> + Send + Sync + 'static> {
        self.inner.create_standalone_stream(id).await
    }

    async fn resume(
        &self,
        id: &SessionId,
        last_event_id: String,
    ) -> Done<impl futures::Stream<Item = ServerSseMessage> + Send + Sync + 'static> {
        self.inner.resume(id, last_event_id).await
    }
}
