//! The state of a sandbox, and the steps of a request: quota, faults, checks, operation.

use crate::agency::{Agency, LocationIndex, Owner};
use crate::manners::Manners;
use crate::operation::{OperationLabel, RouteMatch};
use crate::quota::RateHeaders;
use crate::request_log::{RequestId, RequestLog};
use crate::response::ApiResponse;
use crate::session::tokens::SessionTokens;
use crate::{Api, official, session};
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use std::time::{Duration, Instant, SystemTime};

/// The time since 1970, which never goes backwards.
#[derive(Debug)]
pub(crate) struct Clock {
    started: Instant,
    unix: Duration,
}

impl Clock {
    pub(crate) fn start() -> Self {
        let unix = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self { started: Instant::now(), unix }
    }

    pub(crate) fn now(&self) -> Duration {
        self.unix + self.started.elapsed()
    }
}

/// The state of a sandbox.
#[derive(Debug)]
pub(crate) struct SandboxState {
    /// Which API the agency is served as.
    pub(crate) api: Api,
    pub(crate) agency: Agency,
    pub(crate) official: official::OfficialState,
    pub(crate) tokens: SessionTokens,
    #[cfg(feature = "faults")]
    pub(crate) faults: crate::faults::FaultInjector,
    pub(crate) manners: Manners,
    pub(crate) log: RequestLog,
    pub(crate) clock: Clock,
    /// The seed of the faults that `POST /sandbox/faults` sets.
    #[cfg(all(feature = "faults", feature = "management"))]
    pub(crate) seed: u64,
}

/// A request as it was received.
#[derive(Debug, Clone)]
pub(crate) struct RawRequest {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Whether a request is performed.
pub(crate) enum Admission {
    /// No: it gets this answer.
    Refused(ApiResponse),
    /// Yes: it is for this operation.
    Admitted(Target),
}

/// The operation of an admitted request, and whose request it is.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) route: MatchedRoute,
    /// The owner of the request's token, whether or not the token is still valid.
    #[cfg_attr(not(feature = "faults"), expect(dead_code, reason = "only faults read it"))]
    pub(crate) owner: Owner,
}

/// An operation of one of the APIs, and the ids in the request's path.
#[derive(Debug, Clone)]
pub(crate) enum MatchedRoute {
    Session(&'static session::Route, String),
    Official(&'static official::Route, Vec<String>),
}

impl MatchedRoute {
    fn label(&self) -> OperationLabel {
        match self {
            Self::Session(route, _) => route.label(),
            Self::Official(route, _) => route.label(),
        }
    }
}

impl SandboxState {
    /// Logs a request, counts it, and finds its operation.
    pub(crate) fn arrive(&mut self, raw: &RawRequest) -> (RequestId, RateHeaders, Admission) {
        let now = self.clock.now();
        let (found, path_exists) = self.find(raw);
        let label = found.as_ref().map(MatchedRoute::label);
        let owner = match self.api {
            Api::Session => Owner::FIRST,
            Api::Official => self.official.owner(raw),
        };
        let request = self.log.arrived(now, raw, label.map(|label| label.name), owner);
        let quota = self.agency.quota_mut(owner);
        let Some(route) = found else {
            let (status, message) = if path_exists {
                (StatusCode::METHOD_NOT_ALLOWED, format!("{} has no {}", raw.path, raw.method))
            } else {
                (StatusCode::NOT_FOUND, format!("Cannot {} {}", raw.method, raw.path))
            };
            let headers = quota.peek(now);
            return (request, headers, Admission::Refused(self.finished(ApiResponse::error(status, message))));
        };
        let (admitted, headers) = quota.count(now);
        if !admitted {
            let refusal = ApiResponse::error(StatusCode::TOO_MANY_REQUESTS, "Too Many Requests");
            return (request, headers, Admission::Refused(self.finished(refusal)));
        }
        (request, headers, Admission::Admitted(Target { route, owner }))
    }

    /// Draws the faults of a request, and logs its delays.
    #[cfg(feature = "faults")]
    pub(crate) fn draw_faults(&mut self, target: &Target) -> crate::faults::DrawnFaults {
        let mut drawn = self.faults.draw(target.route.label(), self.agency.owner_id(target.owner));
        for name in drawn.delays.drain(..) {
            self.log.fault(target.owner, &name);
        }
        drawn
    }

    /// The operation of a request, and whether its path has any operation.
    fn find(&self, raw: &RawRequest) -> (Option<MatchedRoute>, bool) {
        let method = raw.method.as_str();
        match self.api {
            Api::Session => match session::routes::find(method, &raw.path) {
                RouteMatch::Route(route, ids) => (Some(MatchedRoute::Session(route, ids.concat())), true),
                RouteMatch::WrongMethod => (None, true),
                RouteMatch::NoSuchPath => (None, false),
            },
            Api::Official => match official::routes::find(method, &raw.path) {
                RouteMatch::Route(route, ids) => (Some(MatchedRoute::Official(route, ids)), true),
                RouteMatch::WrongMethod => (None, true),
                RouteMatch::NoSuchPath => (None, false),
            },
        }
    }

    /// Adds what the API adds to every answer: the official API a trace id to errors.
    fn finished(&mut self, answer: ApiResponse) -> ApiResponse {
        match self.api {
            Api::Session => answer,
            Api::Official => official::errors::with_trace_id(answer, &self.official.trace()),
        }
    }

    /// Issues a token of a location. The session API has the first location only.
    pub(crate) fn issue(&mut self, location: LocationIndex) -> String {
        match self.api {
            Api::Session => self.tokens.issue(self.clock.now()),
            Api::Official => self.official.tokens.issue_private(location),
        }
    }

    /// Checks a request and performs its operation.
    pub(crate) fn perform(&mut self, raw: &RawRequest, target: &Target) -> ApiResponse {
        let done = match &target.route {
            MatchedRoute::Session(route, id) => session::perform(self, raw, route, id),
            MatchedRoute::Official(route, ids) => official::perform(self, raw, route, ids),
        };
        let answer = done.unwrap_or_else(|refusal| refusal);
        self.finished(answer)
    }
}
