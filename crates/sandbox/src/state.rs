//! The state of a sandbox, and the steps of a request: quota, faults, checks, operation.

use crate::account::Account;
use crate::manners::Manners;
use crate::operation::{OperationLabel, RouteMatch};
use crate::rate_limit::{RateLimiter, RateStatus};
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
    /// Which API the account is served as.
    pub(crate) api: Api,
    pub(crate) account: Account,
    pub(crate) official: official::OfficialState,
    pub(crate) tokens: SessionTokens,
    pub(crate) limits: RateLimiter,
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
    Admitted(MatchedRoute),
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

/// The headers that report the quota.
pub(crate) type RateHeaders = Vec<(&'static str, u64)>;

impl SandboxState {
    /// Logs a request, counts it, and finds its operation.
    pub(crate) fn arrive(&mut self, raw: &RawRequest) -> (RequestId, RateHeaders, Admission) {
        let now = self.clock.now();
        let (found, path_exists) = self.find(raw);
        let label = found.as_ref().map(MatchedRoute::label);
        let request = self.log.arrived(now, raw, label.map(|label| label.name));
        let Some(target) = found else {
            let (status, message) = if path_exists {
                (StatusCode::METHOD_NOT_ALLOWED, format!("{} has no {}", raw.path, raw.method))
            } else {
                (StatusCode::NOT_FOUND, format!("Cannot {} {}", raw.method, raw.path))
            };
            let rate = self.limits.peek(now);
            let (_, headers) = self.day(rate, now, false);
            return (request, headers, Admission::Refused(self.finished(ApiResponse::error(status, message))));
        };
        let rate = self.limits.count(now);
        let (day_admits, headers) = self.day(rate, now, true);
        if !rate.admitted || !day_admits {
            let refusal = ApiResponse::error(StatusCode::TOO_MANY_REQUESTS, "Too Many Requests");
            return (request, headers, Admission::Refused(self.finished(refusal)));
        }
        (request, headers, Admission::Admitted(target))
    }

    /// Draws the faults of a request, and logs its delays.
    #[cfg(feature = "faults")]
    pub(crate) fn draw_faults(&mut self, target: &MatchedRoute) -> crate::faults::DrawnFaults {
        let mut drawn = self.faults.draw(target.label());
        for name in drawn.delays.drain(..) {
            self.log.fault(name);
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

    /// Whether the daily limit admits a request, and the headers that report the quota. Only the official API has a daily
    /// limit.
    fn day(&mut self, rate: RateStatus, now: Duration, counts: bool) -> (bool, RateHeaders) {
        match self.api {
            Api::Session => (true, rate.headers()),
            Api::Official => {
                let day = &mut self.official.day;
                let left = if counts { day.count(now) } else { day.peek(now) };
                (left.admitted, official::daily_limit::headers(rate, self.limits.length(), left))
            }
        }
    }

    /// Adds what the API adds to every answer: the official API a trace id to errors.
    fn finished(&mut self, answer: ApiResponse) -> ApiResponse {
        match self.api {
            Api::Session => answer,
            Api::Official => official::errors::with_trace_id(answer, &self.official.trace()),
        }
    }

    /// Issues a token for the API.
    pub(crate) fn issue(&mut self) -> String {
        match self.api {
            Api::Session => self.tokens.issue(self.clock.now()),
            Api::Official => self.official.tokens.issue_private(),
        }
    }

    /// Checks a request and performs its operation.
    pub(crate) fn perform(&mut self, raw: &RawRequest, target: &MatchedRoute) -> ApiResponse {
        self.account.set_time(self.clock.now(), self.manners.lag);
        let done = match target {
            MatchedRoute::Session(route, id) => session::perform(self, raw, route, id),
            MatchedRoute::Official(route, ids) => official::perform(self, raw, route, ids),
        };
        let answer = done.unwrap_or_else(|refusal| refusal);
        self.finished(answer)
    }
}
