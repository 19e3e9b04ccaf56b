//! The way of one request: connection, books, faults, and back. What it does to the account is the [`World`]'s.

use super::answer::Payload;
#[cfg(feature = "faults")]
use super::faults::serve as perform;
use super::world::{Call, RateHeaders, Step, World};
use http::{HeaderValue, Response};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// The largest request body that is read.
const MAX_BODY: usize = 4 * 1024 * 1024;

/// The world as connections share it.
pub(super) type Shared = Arc<Mutex<World>>;

/// The world, for a moment. No lock is held across an await.
pub(super) fn lock(world: &Shared) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The connection ends without an answer: hyper closes it when the service fails.
#[derive(Debug)]
struct Dropped;

impl std::fmt::Display for Dropped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the connection is dropped")
    }
}

impl std::error::Error for Dropped {}

/// Accepts connections until the task is aborted; its connections end with it.
pub(super) async fn run(listener: TcpListener, world: Shared) {
    let mut connections = JoinSet::new();
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // Mostly too many open files: others have to close first.
                    tracing::warn!(%error, "sandbox: a connection was not accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
            Some(_) = connections.join_next() => continue,
        };
        let _ = stream.set_nodelay(true);
        let world = world.clone();
        connections.spawn(async move {
            let service = service_fn(move |request| serve(world.clone(), request));
            if let Err(error) = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await {
                tracing::debug!(%error, "sandbox: a connection ended early");
            }
        });
    }
}

async fn serve(world: Shared, request: http::Request<Incoming>) -> Result<Response<Payload>, Dropped> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, MAX_BODY).collect().await else { return Err(Dropped) };
    let call = Call {
        method: head.method,
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers,
        body: body.to_bytes(),
    };
    if let Some(response) = own_endpoint(&world, &call) {
        return Ok(response);
    }
    let (request, rate, step) = lock(&world).arrive(&call);
    let response = match step {
        Step::Refused(answer) => Some(answer.into_response()),
        Step::Goes(target) => perform(&world, &call, target).await,
    };
    let status = response.as_ref().map(|response| response.status().as_u16());
    lock(&world).log.answered(request, status);
    response.map(|response| with_rate(response, rate)).ok_or(Dropped)
}

/// Answers a request to an endpoint under `/sandbox/`, if this build has it.
fn own_endpoint(world: &Shared, call: &Call) -> Option<Response<Payload>> {
    #[cfg(feature = "oauth")]
    if let Some(answer) = super::official::oauth::consent(&mut lock(world), call) {
        return Some(answer.into_response());
    }
    #[cfg(feature = "management")]
    if let Some(path) = call.path.strip_prefix("/sandbox/") {
        return Some(super::management::answer(&mut lock(world), call, path));
    }
    #[cfg(not(any(feature = "oauth", feature = "management")))]
    let _ = (world, call);
    None
}

/// Performs an operation in a build without faults.
#[cfg(not(feature = "faults"))]
async fn perform(world: &Shared, call: &Call, target: super::world::Target) -> Option<Response<Payload>> {
    Some(lock(world).perform(call, &target).into_response())
}

/// Adds the quota's headers, which every answer bears.
fn with_rate(mut response: Response<Payload>, rate: RateHeaders) -> Response<Payload> {
    for (name, value) in rate {
        response.headers_mut().insert(name, HeaderValue::from(value));
    }
    response
}
