//! Answers that a client may not have got: its connection broke on the way, since the machine went to sleep or a proxy was
//! restarted. A client that comes back with `Last-Event-ID` gets the answer then.
//!
//! rmcp resumes the stream of a request that is not answered yet. The answer itself it forgets when it has handed it to a
//! connection, whether that still exists or not.

use futures::{Stream, StreamExt};
use rmcp::{
    model::JsonRpcMessage,
    transport::streamable_http_server::session::{ServerSseMessage, SessionId},
};
use std::{
    collections::VecDeque,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};
use tokio::runtime::Handle;

/// How long an answer is kept.
const TIME: Duration = Duration::from_secs(30);

/// How many answers of a caller are kept: as many as he can have in the making.
const MOST: usize = 32;

/// The last answers of a caller's sessions.
#[derive(Debug, Default)]
pub(super) struct KeptAnswers(Mutex<VecDeque<KeptAnswer>>);

#[derive(Debug)]
struct KeptAnswer {
    session: SessionId,
    event: ServerSseMessage,
    since: Instant,
}

impl KeptAnswers {
    fn kept(&self) -> MutexGuard<'_, VecDeque<KeptAnswer>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, session: &SessionId, event: &ServerSseMessage) {
        let (session, event) = (SessionId::clone(session), event.clone());
        let mut kept = self.kept();
        kept.truncate(MOST - 1);
        kept.push_front(KeptAnswer { session, event, since: Instant::now() });
    }

    /// The answer in the stream of this event, if it came after the event.
    pub(super) fn after(&self, session: &SessionId, event: &str) -> Option<ServerSseMessage> {
        let last = EventPlace::of(event)?;
        let is_next = |kept: &&KeptAnswer| {
            let place = kept.event.event_id.as_deref().and_then(EventPlace::of);
            let is_after = place.is_some_and(|place| place.request == last.request && place.index > last.index);
            kept.session == *session && is_after
        };
        self.kept().iter().find(is_next).map(|kept| kept.event.clone())
    }

    /// Forgets answers that are older than they need to be.
    pub(super) fn forget_old(&self) {
        self.kept().retain(|kept| kept.since.elapsed() < TIME);
    }

    /// The events of a request's stream, whose answer is kept.
    pub(super) fn keeping<S>(self: &Arc<Self>, session: &SessionId, events: S) -> KeepingStream
    where
        S: Stream<Item = ServerSseMessage> + Send + Sync + 'static,
    {
        KeepingStream { events: Some(Box::pin(events)), session: SessionId::clone(session), answers: Arc::clone(self) }
    }
}

/// Whether an event is in the stream of a request. A session has another stream, on which the server speaks.
pub(super) fn is_of_request(event: &str) -> bool {
    EventPlace::of(event).is_some()
}

/// Where an event is: rmcp's ids are `INDEX/REQUEST`.
struct EventPlace<'a> {
    index: u64,
    request: &'a str,
}

impl<'a> EventPlace<'a> {
    fn of(event: &'a str) -> Option<Self> {
        let (index, request) = event.split_once('/')?;
        Some(Self { index: index.parse().ok()?, request })
    }
}

/// The events of a request's stream. When the client is gone, they are read on until the answer is there.
pub(super) struct KeepingStream {
    events: Option<Pin<Box<dyn Stream<Item = ServerSseMessage> + Send + Sync>>>,
    session: SessionId,
    answers: Arc<KeptAnswers>,
}

impl Stream for KeepingStream {
    type Item = ServerSseMessage;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<ServerSseMessage>> {
        let Some(events) = &mut self.events else { return Poll::Ready(None) };
        let event = ready!(events.as_mut().poll_next(context));
        match &event {
            Some(event) if is_answer(event) => self.answers.keep(&self.session, event),
            Some(_) => return Poll::Ready(event),
            None => {}
        }
        self.events = None;
        Poll::Ready(event)
    }
}

impl Drop for KeepingStream {
    fn drop(&mut self) {
        let (Some(mut events), Ok(runtime)) = (self.events.take(), Handle::try_current()) else { return };
        let (session, answers) = (SessionId::clone(&self.session), Arc::clone(&self.answers));
        // The request ends by its own deadline. A client that resumes the stream takes it over from here.
        runtime.spawn(async move {
            while let Some(event) = events.next().await {
                if is_answer(&event) {
                    return answers.keep(&session, &event);
                }
            }
        });
    }
}

fn is_answer(event: &ServerSseMessage) -> bool {
    matches!(event.message.as_deref(), Some(JsonRpcMessage::Response(_) | JsonRpcMessage::Error(_)))
}
