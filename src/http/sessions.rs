//! Sessions of the protocols before 2026-07-28: bounded in number, each good for one caller only.

use super::kept::{self, KeptAnswers};
use futures::{future::Either, stream};
use highlevel_core::context::Caller;
use rmcp::{
    model::{ClientJsonRpcMessage, JsonRpcMessage, ProtocolVersion, RequestId, ServerJsonRpcMessage, ServerResult},
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

/// How long a session may take to hear that it ends.
const CLOSE_TIME: Duration = Duration::from_millis(500);

tokio::task_local! {
    /// Who makes the request that is being served: a session that it opens is the caller's.
    pub(super) static CALLER: Caller;
}

/// The sessions of one caller, over rmcp's own.
#[derive(Debug)]
pub(super) struct Sessions {
    inner: LocalSessionManager,
    known: Mutex<HashMap<SessionId, Known>>,
    answers: Arc<KeptAnswers>,
    idle: Duration,
    most: usize,
}

#[derive(Debug)]
struct Known {
    caller: Caller,
    used: Instant,
    /// Whether the revision that the session speaks has batches.
    takes_batches: bool,
    /// The requests that are not answered yet.
    requests: HashSet<RequestId>,
    /// How many streams are open on which the server speaks.
    streams: usize,
}

/// A response of a session that has not ended: the answer to a request, or a stream on which the server speaks.
#[derive(Debug)]
pub(super) struct OpenResponse {
    sessions: Arc<Sessions>,
    session: SessionId,
    request: Option<RequestId>,
}

/// How soon a session ends when there are too many: those without a stream first, and then the longest idle one.
pub(super) type Idleness = (bool, Instant);

impl Sessions {
    /// Sessions that end after `idle` without an open response, at most so many.
    pub(super) fn new(idle: Duration, most: usize) -> Self {
        let mut config = SessionConfig::default();
        // rmcp's own clock would end a session whose call takes longer.
        config.keep_alive = None;
        let mut inner = LocalSessionManager::default();
        inner.session_config = config;
        Self { inner, known: Mutex::default(), answers: Arc::default(), idle, most }
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

    /// Whether the revision that a session speaks has batches.
    pub(super) fn takes_batches(&self, id: &str) -> bool {
        self.known().get(id).is_some_and(|session| session.takes_batches)
    }

    /// Registers a request of a session. `None` if another one with this id is not answered yet.
    pub(super) fn open(self: &Arc<Self>, session: &str, id: &RequestId) -> Option<OpenResponse> {
        let session = SessionId::from(session);
        let is_new = self.known().get_mut(&session).is_none_or(|known| known.requests.insert(id.clone()));
        is_new.then(|| OpenResponse { sessions: Arc::clone(self), session, request: Some(id.clone()) })
    }

    /// Registers a stream of a session.
    pub(super) fn listen(self: &Arc<Self>, session: &str) -> OpenResponse {
        let session = SessionId::from(session);
        if let Some(known) = self.known().get_mut(&session) {
            known.streams += 1;
        }
        OpenResponse { sessions: Arc::clone(self), session, request: None }
    }

    /// Ends the longest idle session, if there are as many as there may be. Returns false if each of them has a request under
    /// way.
    pub(super) async fn make_room(&self) -> bool {
        self.count() < self.most || self.end_longest_idle().await
    }

    /// The idleness of the session that would end first. `None` if each has a request under way.
    pub(super) fn idleness(&self) -> Option<Idleness> {
        self.longest_idle().map(|(idleness, _)| idleness)
    }

    /// Ends the longest idle session. Returns false if each has a request under way.
    pub(super) async fn end_longest_idle(&self) -> bool {
        let Some((_, id)) = self.longest_idle() else { return false };
        self.close_session(&id).await.is_ok()
    }

    fn longest_idle(&self) -> Option<(Idleness, SessionId)> {
        let known = self.known();
        let idle = known.iter().filter(|(_, session)| session.requests.is_empty());
        let idle = idle.map(|(id, session)| ((session.streams != 0, session.used), id));
        idle.min().map(|(idleness, id)| (idleness, SessionId::clone(id)))
    }

    /// Ends the sessions that have been idle for too long, and forgets old answers.
    pub(super) async fn end_idle(&self) {
        self.answers.forget_old();
        for id in self.idle() {
            drop(self.close_session(&id).await);
        }
    }

    fn idle(&self) -> Vec<SessionId> {
        let is_idle = |session: &Known| {
            session.requests.is_empty() && session.streams == 0 && session.used.elapsed() >= self.idle
        };
        self.known().iter().filter(|(_, session)| is_idle(session)).map(|(id, _)| SessionId::clone(id)).collect()
    }
}

impl Drop for OpenResponse {
    fn drop(&mut self) {
        if let Some(session) = self.sessions.known().get_mut(&self.session) {
            match &self.request {
                Some(id) => drop(session.requests.remove(id)),
                None => session.streams = session.streams.saturating_sub(1),
            }
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
            let (requests, streams) = (HashSet::new(), 0);
            let known = Known { caller, used: Instant::now(), takes_batches: false, requests, streams };
            self.known().insert(SessionId::clone(&created.0), known);
        }
        Ok(created)
    }

    async fn initialize_session(&self, id: &SessionId, message: ClientJsonRpcMessage) -> Done<ServerJsonRpcMessage> {
        let answer = self.inner.initialize_session(id, message).await?;
        if let JsonRpcMessage::Response(response) = &answer
            && let ServerResult::InitializeResult(hello) = &response.result
            && let Some(session) = self.known().get_mut(id)
        {
            session.takes_batches = hello.protocol_version == ProtocolVersion::V_2025_03_26;
        }
        Ok(answer)
    }

    async fn has_session(&self, id: &SessionId) -> Done<bool> {
        self.inner.has_session(id).await
    }

    async fn close_session(&self, id: &SessionId) -> Done<()> {
        self.known().remove(id);
        // Where a client does not read, the session takes no further event. It is forgotten all the same.
        tokio::time::timeout(CLOSE_TIME, self.inner.close_session(id)).await.unwrap_or(Ok(()))
    }

    async fn create_stream(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Done<impl futures::Stream<Item = ServerSseMessage> + Send + Sync + 'static> {
        let events = self.inner.create_stream(id, message).await?;
        Ok(self.answers.keeping(id, events))
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
        if let Some(answer) = self.answers.after(id, &last_event_id) {
            return Ok(Either::Left(stream::iter([answer])));
        }
        let is_of_request = kept::is_of_request(&last_event_id);
        let events = self.inner.resume(id, last_event_id).await?;
        Ok(Either::Right(match is_of_request {
            true => Either::Left(self.answers.keeping(id, events)),
            false => Either::Right(events),
        }))
    }
}
