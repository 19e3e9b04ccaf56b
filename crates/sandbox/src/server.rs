//! The HTTP server: accepts connections, reads requests and sends answers. [`SandboxState`] performs the operations.

#[cfg(feature = "faults")]
use crate::faults::serve as perform;
use crate::quota::RateHeaders;
use crate::response::ResponseBody;
use crate::state::{Admission, RawRequest, SandboxState};
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

/// The state, shared by all connections.
pub(crate) type SharedState = Arc<Mutex<SandboxState>>;

/// Locks the state. No lock is held across an await.
pub(crate) fn lock(state: &SharedState) -> MutexGuard<'_, SandboxState> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Drops the connection: hyper closes it when the service fails.
#[derive(Debug)]
struct Dropped;

impl std::fmt::Display for Dropped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the connection is dropped")
    }
}

impl std::error::Error for Dropped {}

/// Accepts connections until the task is aborted, which ends its connections too.
pub(crate) async fn run(listener: TcpListener, state: SharedState) {
    let mut connections = JoinSet::new();
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // Usually too many open files: wait for other connections to close.
                    tracing::warn!(%error, "sandbox: a connection was not accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
            Some(_) = connections.join_next() => continue,
        };
        let _ = stream.set_nodelay(true);
        let state = state.clone();
        connections.spawn(async move {
            let service = service_fn(move |request| serve(state.clone(), request));
            if let Err(error) = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await {
                tracing::debug!(%error, "sandbox: a connection ended early");
            }
        });
    }
}

async fn serve(state: SharedState, request: http::Request<Incoming>) -> Result<Response<ResponseBody>, Dropped> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, MAX_BODY).collect().await else { return Err(Dropped) };
    let raw = RawRequest {
        method: head.method,
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers,
        body: body.to_bytes(),
    };
    if let Some(response) = own_endpoint(&state, &raw) {
        return Ok(response);
    }
    let (request, rate, step) = lock(&state).arrive(&raw);
    let response = match step {
        Admission::Refused(answer) => Some(answer.into_response()),
        Admission::Admitted(target) => perform(&state, &raw, target).await,
    };
    let status = response.as_ref().map(|response| response.status().as_u16());
    lock(&state).log.answered(request, status);
    response.map(|response| with_rate(response, rate)).ok_or(Dropped)
}

/// Answers a request to an endpoint under `/sandbox/`, if this build has it, and to the host of files.
fn own_endpoint(state: &SharedState, raw: &RawRequest) -> Option<Response<ResponseBody>> {
    if let Some(answer) = crate::official::signed_file(&lock(state), raw) {
        return Some(answer.into_response());
    }
    #[cfg(feature = "oauth")]
    if let Some(answer) = crate::official::oauth::consent(&mut lock(state), raw) {
        return Some(answer.into_response());
    }
    #[cfg(feature = "management")]
    if let Some(path) = raw.path.strip_prefix("/sandbox/") {
        return Some(crate::management::answer(&mut lock(state), raw, path));
    }
    None
}

/// Performs an operation in a build without faults.
#[cfg(not(feature = "faults"))]
async fn perform(
    state: &SharedState,
    raw: &RawRequest,
    target: crate::state::Target,
) -> Option<Response<ResponseBody>> {
    Some(lock(state).perform(raw, &target).into_response())
}

/// Adds the quota's headers, which every answer has.
fn with_rate(mut response: Response<ResponseBody>, rate: RateHeaders) -> Response<ResponseBody> {
    for (name, value) in rate {
        response.headers_mut().insert(name, HeaderValue::from(value));
    }
    response
}
