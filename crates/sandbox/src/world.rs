//! Everything that a request may touch, and what a request does to it: quota, faults, checks, account.

use super::account::{Account, Fields};
use super::answer::Answer;
use super::limits::{Limits, Rate};
use super::manners::Manners;
use super::operations::{self, Effect, Found, Label, Route};
use super::request_log::{RequestId, RequestLog};
use super::routes::{self, perform};
use super::tokens::Tokens;
use super::{Api, checks, official, query, scopes};
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use serde_json::json;
use std::time::{Duration, Instant, SystemTime};

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
    #[cfg(feature = "faults")]
    pub(super) faults: super::faults::FaultInjector,
    pub(super) manners: Manners,
    pub(super) log: RequestLog,
    pub(super) clock: Clock,
    /// The seed of the faults that `POST /sandbox/faults` sets.
    #[cfg(all(feature = "faults", feature = "management"))]
    pub(super) seed: u64,
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

/// How a request goes on after its arrival was entered.
pub(super) enum Step {
    /// It is answered at once.
    Refused(Answer),
    /// It is for this operation.
    Goes(Target),
}

/// An operation of one of the APIs, and the ids in the request's path.
#[derive(Debug, Clone)]
pub(super) enum Target {
    Session(&'static Route, String),
    Official(&'static official::Route, Vec<String>),
}

impl Target {
    fn label(&self) -> Label {
        match self {
            Self::Session(route, _) => route.label(),
            Self::Official(route, _) => route.label(),
        }
    }
}

/// The headers that tell of the quota.
pub(super) type RateHeaders = Vec<(&'static str, u64)>;

impl World {
    /// Logs a request, counts it, and finds its operation.
    pub(super) fn arrive(&mut self, call: &Call) -> (RequestId, RateHeaders, Step) {
        let now = self.clock.now();
        let (found, path_exists) = self.find(call);
        let label = found.as_ref().map(Target::label);
        let request = self.log.arrived(now, call, label.map(|label| label.name));
        let Some(target) = found else {
            let (status, message) = if path_exists {
                (StatusCode::METHOD_NOT_ALLOWED, format!("{} has no {}", call.path, call.method))
            } else {
                (StatusCode::NOT_FOUND, format!("Cannot {} {}", call.method, call.path))
            };
            let rate = self.limits.peek(now);
            let (_, headers) = self.day(rate, now, false);
            return (request, headers, Step::Refused(self.finished(Answer::refuse(status, message))));
        };
        let rate = self.limits.count(now);
        let (day_admits, headers) = self.day(rate, now, true);
        if !rate.admitted || !day_admits {
            let refusal = Answer::refuse(StatusCode::TOO_MANY_REQUESTS, "Too Many Requests");
            return (request, headers, Step::Refused(self.finished(refusal)));
        }
        (request, headers, Step::Goes(target))
    }

    /// Draws the faults of a request, and logs its delays.
    #[cfg(feature = "faults")]
    pub(super) fn draw_faults(&mut self, target: &Target) -> super::faults::DrawnFaults {
        let mut drawn = self.faults.draw(target.label());
        for name in drawn.delays.drain(..) {
            self.log.fault(name);
        }
        drawn
    }

    /// The operation of a request, and whether its path has any.
    fn find(&self, call: &Call) -> (Option<Target>, bool) {
        let method = call.method.as_str();
        match self.api {
            Api::Session => match operations::find(method, &call.path) {
                Found::Route(route, ids) => (Some(Target::Session(route, ids.concat())), true),
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
            Api::Session => (true, rate.headers()),
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
            Api::Session => answer,
            Api::Official => official::errors::traced(answer, &self.official.trace()),
        }
    }

    /// A new token of the kind that this world's API is spoken with.
    pub(super) fn issue(&mut self) -> String {
        match self.api {
            Api::Session => self.tokens.issue(self.clock.now()),
            Api::Official => self.official.tokens.issue_private(),
        }
    }

    /// Checks a request and performs its operation.
    pub(super) fn perform(&mut self, call: &Call, target: &Target) -> Answer {
        self.account.tick(self.clock.now(), self.manners.lag);
        let done = match target {
            Target::Session(route, id) => self.try_perform(call, route, id),
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
        checks::headers(call, route.body, self.manners.version)?;
        scopes::judge(&self.manners.missing_scopes, route.label())?;
        let query = query::read(route.op, &call.query).map_err(Answer::bad_request)?;
        let body: Fields = checks::body(call, route.body)?;
        if route.effect == Effect::Refresh {
            let (token, seconds) = self.tokens.refresh(token, now).ok_or_else(checks::unauthorized)?;
            self.log.refreshed();
            return Ok(Answer::ok(json!({ "tokenId": token, "expiresIn": seconds })));
        }
        let manners = &self.manners;
        let now = manners.written_at(now);
        let request = routes::Request { op: route.op, id, query: &query, body: &body, manners, now };
        let done = perform(&mut self.account, &request)?;
        if let Some((change, id)) = done.change {
            self.log.changed(change, id);
        }
        Ok(done.answer)
    }
}
