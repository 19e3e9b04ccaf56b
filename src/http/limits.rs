//! How many requests may be under way.

use super::refusal::HttpError;
use axum::http::StatusCode;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many requests of all clients may be under way.
const MAX_REQUESTS: u32 = 512;

/// How many streams of all clients may be open beside them.
const MAX_STREAMS: usize = 4096;

/// After how many seconds a request that came at a full moment may come again.
const RETRY_AFTER: u64 = 1;

/// The requests and streams of all clients.
#[derive(Debug)]
pub(super) struct Limits {
    requests: Arc<Semaphore>,
    streams: Arc<Semaphore>,
}

/// The requests and streams of one caller.
#[derive(Debug)]
pub(super) struct ClientLimits {
    requests: Arc<Semaphore>,
    streams: Arc<Semaphore>,
    most: u32,
    most_streams: usize,
}

/// What a request under way holds, until its call and its response have ended.
#[derive(Debug, Clone)]
pub(super) struct InFlight(Arc<Mutex<Option<Arc<[OwnedSemaphorePermit; 2]>>>>);

impl InFlight {
    fn of(permits: [OwnedSemaphorePermit; 2]) -> Self {
        Self(Arc::new(Mutex::new(Some(Arc::new(permits)))))
    }

    /// The same place for a further message of the request. It is free when each of them has given it back.
    pub(super) fn another(&self) -> Self {
        let permits = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Self(Arc::new(Mutex::new(permits)))
    }

    /// Gives the place back: the whole response is written. A call that goes on as a task is none of HTTP's.
    pub(super) fn release(&self) {
        drop(self.0.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

impl Limits {
    pub(super) fn new() -> Self {
        let requests = usize::try_from(MAX_REQUESTS).unwrap_or(Semaphore::MAX_PERMITS);
        Self { requests: Arc::new(Semaphore::new(requests)), streams: Arc::new(Semaphore::new(MAX_STREAMS)) }
    }

    /// The place of a request.
    pub(super) fn request(&self, client: &ClientLimits) -> Result<InFlight, HttpError> {
        let own = Arc::clone(&client.requests).try_acquire_owned().map_err(|_| {
            let message =
                format!("This client has {} requests under way, which is the most. Wait for one.", client.most);
            HttpError::new(StatusCode::TOO_MANY_REQUESTS, message).retry_after(RETRY_AFTER)
        })?;
        let all = Arc::clone(&self.requests).try_acquire_owned().map_err(|_| full())?;
        Ok(InFlight::of([own, all]))
    }

    /// The place of a stream, on which the server speaks for as long as the client listens.
    pub(super) fn stream(&self, client: &ClientLimits) -> Result<InFlight, HttpError> {
        let own = Arc::clone(&client.streams).try_acquire_owned().map_err(|_| {
            let message = "This client listens to as many streams as it may have sessions. Close one.";
            HttpError::new(StatusCode::TOO_MANY_REQUESTS, message).retry_after(RETRY_AFTER)
        })?;
        let all = Arc::clone(&self.streams).try_acquire_owned().map_err(|_| full())?;
        Ok(InFlight::of([own, all]))
    }

    /// How many requests are under way.
    pub(super) fn under_way(&self) -> usize {
        usize::try_from(MAX_REQUESTS).unwrap_or_default().saturating_sub(self.requests.available_permits())
    }

    /// Waits until no request is under way. Streams do not count.
    pub(super) async fn drained(&self) {
        drop(self.requests.acquire_many(MAX_REQUESTS).await);
    }
}

impl ClientLimits {
    pub(super) fn new(requests: u32, streams: usize) -> Self {
        let permits = usize::try_from(requests).unwrap_or(Semaphore::MAX_PERMITS);
        Self {
            requests: Arc::new(Semaphore::new(permits)),
            streams: Arc::new(Semaphore::new(streams)),
            most: requests,
            most_streams: streams,
        }
    }

    /// Waits until no request is under way. Streams do not count.
    pub(super) async fn drained(&self) {
        drop(self.requests.acquire_many(self.most).await);
    }

    /// Whether no request is under way and no stream open.
    pub(super) fn are_free(&self) -> bool {
        let most = usize::try_from(self.most).unwrap_or(Semaphore::MAX_PERMITS);
        self.requests.available_permits() == most && self.streams.available_permits() == self.most_streams
    }
}

fn full() -> HttpError {
    HttpError::new(StatusCode::SERVICE_UNAVAILABLE, "The server is busy. Repeat the request later.")
        .retry_after(RETRY_AFTER)
}
