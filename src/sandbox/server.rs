//! The way of one request: connection, books, quota, faults, checks, account, and back.

use super::account::{Account, Fields};
use super::answer::{Answer, Payload};
use super::books::{Books, Entry};
use super::faults::{Drawn, Faults, Kind, Rule};
use super::limits::{Limits, Rate};
use super::official;
use super::operations::{self, Effect, Found, Label, Route};
use super::routes::{self, perform};
use super::tokens::Tokens;
use super::{Api, checks, query, strike};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::json;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// The largest request body that is read.
const MAX_BODY: usize = 4 * 1024 * 1024;

/// Time since 1970 that never steps back.
#[derive(Debug)]
pub(super) struct Clock {
    started: Instant,
    unix: Duration,
}

impl Clock {
    pub(super) fn start() -> Self {
        let unix = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self { started: Instant::now(), unix }
    }

    pub(super) fn now(&self) -> Duration {
        self.unix + self.started.elapsed()
    }
}

/// Everything that a request may touch.
#[derive(Debug)]
pub(super) struct World {
    /// Which API the account is served as.
    pub(super) api: Api,
    pub(super) account: Account,
    pub(super) official: official::State,
    pub(super) tokens: Tokens,
    pub(super) limits: Limits,
    pub(super) faults: Faults,
    pub(super) books: Books,
    pub(super) clock: Clock,
    pub(super) seed: u64,
}

/// The world as connections share it.
pub(super) type Shared = Arc<Mutex<World>>;

/// The world, for a moment. No lock is held across an await.
pub(super) fn lock(world: &Shared) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A request as it came on the wire.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
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

/// How a request goes on after its arrival was entered.
enum Step {
    /// It is answered at once.
    Refused(Answer),
    /// It is for this operation.
    Goes(Target, Drawn),
}

/// An operation of one of the APIs, and the ids in the request's path.
#[derive(Debug, Clone)]
pub(super) enum Target {
    Document(&'static Route, String),
    Official(&'static official::Route, Vec<String>),
}

impl Target {
    fn label(&self) -> Label {
        match self {
            Self::Document(route, _) => route.label(),
            Self::Official(route, _) => route.label(),
        }
    }
}

/// The headers that tell of the quota.
type RateHeaders = Vec<(&'static str, u64)>;

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

impl World {
    /// Enters a request, counts it, and draws its faults.
    fn arrive(&mut self, call: &Call) -> (Entry, RateHeaders, Step) {
        let now = self.clock.now();
        let (found, path_exists) = self.find(call);
        let label = found.as_ref().map(Target::label);
        let entry = self.books.arrive(now, call.clone(), label.map(|label| label.name));
        let (Some(target), Some(label)) = (found, label) else {
            let (status, message) = if path_exists {
                (StatusCode::METHOD_NOT_ALLOWED, format!("{} has no {}", call.path, call.method))
            } else {
                (StatusCode::NOT_FOUND, format!("Cannot {} {}", call.method, call.path))
            };
            let rate = self.limits.peek(now);
            let (_, headers) = self.day(rate, now, false);
            return (entry, headers, Step::Refused(self.finished(Answer::refuse(status, message))));
        };
        let rate = self.limits.count(now);
        let (day_admits, headers) = self.day(rate, now, true);
        if !rate.admitted || !day_admits {
            let refusal = Answer::refuse(StatusCode::TOO_MANY_REQUESTS, "Too Many Requests");
            return (entry, headers, Step::Refused(self.finished(refusal)));
        }
        let mut drawn = self.faults.draw(label);
        for wait in drawn.waits.drain(..) {
            self.books.fault(wait);
        }
        (entry, headers, Step::Goes(target, drawn))
    }

    /// The operation of a request, and whether its path has any.
    fn find(&self, call: &Call) -> (Option<Target>, bool) {
        let method = call.method.as_str();
        match self.api {
            Api::Document => match operations::find(method, &call.path) {
                Found::Route(route, ids) => (Some(Target::Document(route, ids.concat())), true),
                Found::WrongMethod => (None, true),
                Found::Nothing => (None, false),
            },
            Api::Official => match official::operations::find(method, &call.path) {
                Found::Route(route, ids) => (Some(Target::Official(route, ids)), true),
                Found::WrongMethod => (None, true),
                Found::Nothing => (None, false),
            },
        }
    }

    /// Whether the day's budget, which only the official API has, lets a request pass; and the headers that say so.
    fn day(&mut self, rate: Rate, now: Duration, counts: bool) -> (bool, RateHeaders) {
        match self.api {
            Api::Document => (true, rate.headers()),
            Api::Official => {
                let day = &mut self.official.day;
                let left = if counts { day.count(now) } else { day.peek(now) };
                (left.admitted, official::limits::headers(rate, self.limits.length(), left))
            }
        }
    }

    /// Gives an answer what its API gives all answers of its kind.
    fn finished(&mut self, answer: Answer) -> Answer {
        match self.api {
            Api::Document => answer,
            Api::Official => official::errors::traced(answer, &self.official.trace()),
        }
    }

    /// A new token of the kind that this world's API is spoken with.
    pub(super) fn issue(&mut self) -> String {
        match self.api {
            Api::Document => self.tokens.issue(self.clock.now()),
            Api::Official => self.official.auth.private(),
        }
    }

    /// Checks a request and performs its operation.
    fn perform(&mut self, call: &Call, target: &Target) -> Answer {
        let done = match target {
            Target::Document(route, id) => self.try_perform(call, route, id),
            Target::Official(route, ids) => official::perform(self, call, route, ids),
        };
        let answer = done.unwrap_or_else(|refusal| refusal);
        self.finished(answer)
    }

    fn try_perform(&mut self, call: &Call, route: &Route, id: &str) -> Result<Answer, Answer> {
        let now = self.clock.now();
        let token = checks::token(&call.headers)?;
        if route.effect != Effect::Refresh && !self.tokens.is_valid(token, now) {
            return Err(checks::unauthorized());
        }
        checks::headers(call, route.body)?;
        let query = query::read(route.op, &call.query).map_err(Answer::bad_request)?;
        let body: Fields = checks::body(call, route.body)?;
        if route.effect == Effect::Refresh {
            let (token, seconds) = self.tokens.refresh(token, now).ok_or_else(checks::unauthorized)?;
            self.books.refresh();
            return Ok(Answer::ok(json!({ "tokenId": token, "expiresIn": seconds })));
        }
        let request = routes::Request { op: route.op, id, query: &query, body: &body, now };
        let done = perform(&mut self.account, &request)?;
        if let Some((change, id)) = done.change {
            self.books.change(change, id);
        }
        Ok(done.answer)
    }
}

/// Adds the quota's headers, which every answer bears.
fn with_rate(mut response: Response<Payload>, rate: RateHeaders) -> Response<Payload> {
    for (name, value) in rate {
        response.headers_mut().insert(name, HeaderValue::from(value));
    }
    response
}
