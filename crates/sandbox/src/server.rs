//! The way of one request: connection, books, faults, and back. What it does to the account is the [`World`]'s.

use super::answer::Payload;
use super::faults::{Drawn, Kind, Rule};
use super::strike;
use super::world::{Call, RateHeaders, Step, Target, World};
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
    if let Some(path) = call.path.strip_prefix("/sandbox/") {
        return Ok(super::manage::answer(&mut lock(&world), &call, path));
    }
    let (entry, rate, step) = lock(&world).arrive(&call);
    let response = match step {
        Step::Refused(answer) => Some(answer.into_response()),
        Step::Goes(target, drawn) => attend(&world, &call, target, drawn).await,
    };
    let status = response.as_ref().map(|response| response.status().as_u16());
    lock(&world).books.answer(entry, status);
    response.map(|response| with_rate(response, rate)).ok_or(Dropped)
}

/// Performs an operation, with the faults that were drawn for it.
async fn attend(world: &Shared, call: &Call, target: Target, drawn: Drawn) -> Option<Response<Payload>> {
    wait(drawn.before).await;
    let fault = match drawn.fault {
        Some(Rule { name, kind, after: false, .. }) => {
            lock(world).books.fault(name);
            if let Kind::Late(delay) = kind {
                let (world, call) = (world.clone(), call.clone());
                tokio::spawn(async move {
                    tokio::time::sleep(delay).await;
                    lock(&world).perform(&call, &target);
                });
            }
            return strike::answer(&kind, call, None);
        }
        fault => fault,
    };
    let answer = lock(world).perform(call, &target);
    wait(drawn.after).await;
    match fault {
        Some(rule) if answer.status.is_success() => {
            lock(world).books.fault(rule.name);
            strike::answer(&rule.kind, call, Some(answer))
        }
        _ => Some(answer.into_response()),
    }
}

/// Waits, if there is something to wait for: even a sleep of nothing takes a tick of the timer.
async fn wait(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}

/// Adds the quota's headers, which every answer bears.
fn with_rate(mut response: Response<Payload>, rate: RateHeaders) -> Response<Payload> {
    for (name, value) in rate {
        response.headers_mut().insert(name, HeaderValue::from(value));
    }
    response
}
