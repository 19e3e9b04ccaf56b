//! One attempt: sends the request, passes the answer's headers to quota and clock, and judges the answer.

use super::{
    AnswerFile, Body, Expect, Fate, Repeat, Scheme,
    breaker::{AttemptVerdict, BreakerPass},
    clock::{Clock, Moment},
    content::{self, Content},
    fault_response,
    http::{Read, connect_fault, is_no_http, read, safe_cause},
    message::api_message,
    quota::{AnswerHeaders, Permit},
    retry::AttemptFailure,
    runtime::Runtime,
    urls::Outgoing,
};
use chrono::{TimeDelta, Utc};
use highlevel_core::context::CallContext;
use highlevel_core::error::{Code, Error};
use highlevel_store::Lesson;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use secrecy::{ExposeSecret, SecretString};
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

/// The most bytes that are read of a failure's body.
const FAILURE_BODY: usize = 64 * 1024;

/// How a login's requests are sent, whichever of its accounts they are for.
#[derive(Debug)]
pub(crate) struct Wire {
    pub(crate) runtime: Runtime,
    /// The server's.
    pub(crate) clock: Arc<Clock>,
    pub(crate) scheme: Scheme,
    /// `Accept` and the fixed headers; `version` where all requests have the same.
    pub(crate) headers: HeaderMap,
    pub(crate) max_body: usize,
}

/// How one attempt ended.
#[derive(Debug)]
pub(crate) enum AttemptOutcome {
    /// 2xx, or a 4xx that is neither 401 nor 429.
    Answer(StatusCode, Body),
    /// 401: the token was not accepted, and nothing was executed. With the API's message.
    Unauthorized(Option<String>),
    /// 429: nothing was executed, and the quota holds all calls back.
    Limited,
    /// No definite answer.
    Failed(AttemptFailure),
}

/// How the body of a 2xx is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// As the request expects it; tokens in it are replaced.
    Scrubbed(Expect),
    /// As received: the answer to a token refresh is a token.
    Raw,
}

impl Wire {
    /// Sends once, within the attempt's timeout and the call's bounds.
    pub(crate) async fn attempt(
        &self,
        out: &Outgoing,
        reading: Reading,
        token: Option<&SecretString>,
        permit: Permit,
        context: &CallContext,
    ) -> (Moment, AttemptOutcome) {
        let sent_at = Moment::now();
        let ready = self.runtime.http().client(out.url.scheme()).await.and_then(|client| {
            let mut headers = self.headers.clone();
            match (token, self.scheme) {
                (Some(token), Scheme::TokenId) => headers.insert("token-id", token_header(token)?),
                (Some(token), Scheme::Bearer) => headers.insert(header::AUTHORIZATION, bearer(token)?),
                (None, _) => None,
            };
            if let Some(version) = out.version {
                headers.insert("version", HeaderValue::from_static(version));
            }
            if out.save.is_some() {
                headers.insert(header::ACCEPT, HeaderValue::from_static("*/*"));
            }
            Ok((client, headers))
        });
        let (client, headers) = match ready {
            Ok(ready) => ready,
            Err(error) => {
                permit.unused();
                return (sent_at, AttemptOutcome::Failed(AttemptFailure::lasting(error, Fate::NotExecuted)));
            }
        };
        let mut builder = client.request(out.method.clone(), out.url.clone()).headers(headers);
        if let Some(body) = &out.body {
            builder = builder.header(header::CONTENT_TYPE, out.content_type.as_ref()).body(body.clone());
        } else if [Method::POST, Method::PUT, Method::PATCH].contains(&out.method) {
            builder = builder.header(header::CONTENT_LENGTH, 0);
        }
        let timeout = self.runtime.attempt_timeout();
        let sent = Instant::now();
        tracing::debug!(method = %out.method, host = out.url.host_str(), path = out.url.path(), "sending");
        let ended = |code, message: &str| {
            AttemptOutcome::Failed(AttemptFailure::lasting(Error::new(code, message), Fate::Unknown))
        };
        let outcome = tokio::select! {
            biased;
            outcome = self.exchange(builder, out, reading, permit, sent_at) => outcome,
            // What must not be done twice is waited for: whoever left asks again, and then its outcome has to be known.
            () = context.cancel.cancelled(), if out.repeat == Repeat::Freely => {
                ended(Code::Cancelled, "The call was cancelled while its request was under way.")
            }
            () = tokio::time::sleep_until(context.deadline) => {
                ended(Code::Timeout, "The call's time ran out while its request was under way.")
            }
            // A large file may take longer. Its pieces have to arrive within this time, each.
            () = tokio::time::sleep(timeout), if out.save.is_none() => silent(timeout),
        };
        tracing::debug!(took = ?sent.elapsed(), outcome = outcome.in_short(), "ended");
        (sent_at, outcome)
    }

    async fn exchange(
        &self,
        builder: reqwest::RequestBuilder,
        out: &Outgoing,
        reading: Reading,
        permit: Permit,
        sent_at: Moment,
    ) -> AttemptOutcome {
        let timeout = self.runtime.attempt_timeout();
        let response = match tokio::time::timeout(timeout, builder.send()).await {
            Err(_) => return silent(timeout),
            Ok(Ok(response)) => response,
            Ok(Err(fault)) => {
                let failure = unanswered(&fault, out);
                let error = failure.error.caused_by(safe_cause(fault, self.runtime.secrets()));
                return AttemptOutcome::Failed(AttemptFailure { error, ..failure });
            }
        };
        let received_at = Moment::now();
        let status = response.status();
        let headers = AnswerHeaders::read(response.headers(), self.clock.guess(received_at));
        if let Some(date) = headers.date {
            self.clock.learn(date, TimeDelta::seconds(1), sent_at, received_at);
        }
        permit.teaching(lesson(status, &headers, reading)).answered(&headers, status == StatusCode::TOO_MANY_REQUESTS);

        if out.save.is_some() && (status.is_success() || status.is_redirection()) {
            return self.receive_file(response, reading, out).await;
        }
        let content_type = content::content_type(response.headers());
        if status.is_success() {
            return match read(response, self.max_body).await {
                Read::Whole(bytes) => self.understand(status, &content_type, &bytes, reading, out),
                Read::TooLarge(_) => {
                    AttemptOutcome::Failed(AttemptFailure::lasting(too_large(self.max_body), Fate::Unknown))
                }
                Read::Broken(_) => unreadable("it broke off"),
            };
        }
        let target = response.headers().get(header::LOCATION).cloned();
        let bytes = read(response, FAILURE_BODY.min(self.max_body)).await.any();
        // A body that was cut off still explains the status.
        let body = match content::of(&bytes, &content_type) {
            Content::Binary => Body::Empty,
            _ => Body::parse(&self.runtime.secrets().scrub(&String::from_utf8_lossy(&bytes))),
        };
        if status.is_redirection() {
            return AttemptOutcome::Failed(redirected(status, target.as_ref(), out));
        }
        if status == StatusCode::TOO_MANY_REQUESTS {
            return AttemptOutcome::Limited;
        }
        self.judge(status, body, headers.retry_after, out)
    }

    /// What an answer without success means.
    fn judge(&self, status: StatusCode, body: Body, after: Option<Duration>, out: &Outgoing) -> AttemptOutcome {
        if let Some(failure) = fault_response::of(status, &body, out, self.scheme) {
            let at = after.and_then(|after| Utc::now().checked_add_signed(TimeDelta::from_std(after).ok()?));
            let error = Error { retry_at: at, ..failure.error };
            return AttemptOutcome::Failed(AttemptFailure { error, ..failure });
        }
        match status {
            StatusCode::UNAUTHORIZED => AttemptOutcome::Unauthorized(api_message(&body)),
            _ if status.is_client_error() => AttemptOutcome::Answer(status, body),
            _ => {
                let said = api_message(&body).map_or_else(|| ".".to_owned(), |said| format!(": {said}"));
                let error = Error::new(Code::UpstreamError, format!("The API answered {status}{said}"));
                let error = error.with("status", status.as_u16());
                AttemptOutcome::Failed(AttemptFailure {
                    after,
                    ..AttemptFailure::passing(error, Fate::AnsweredFailure)
                })
            }
        }
    }

    pub(crate) fn understand(
        &self,
        status: StatusCode,
        content_type: &str,
        bytes: &[u8],
        reading: Reading,
        out: &Outgoing,
    ) -> AttemptOutcome {
        let text = String::from_utf8_lossy(bytes);
        let expect = match reading {
            Reading::Raw => return AttemptOutcome::Answer(status, Body::parse(&text)),
            Reading::Scrubbed(expect) => expect,
        };
        // Most bodies are JSON, and its bytes need no second look.
        let body = match Body::parse(&self.runtime.secrets().scrub(&text)) {
            Body::Text(_) if content::of(bytes, content_type) == Content::Binary => {
                let (bytes, content_type) = (bytes.len() as u64, content_type.to_owned());
                Body::File(AnswerFile { path: None, bytes, content_type })
            }
            body => body,
        };
        if fault_response::is_page(&body) {
            let host = out.url.host_str().unwrap_or_default();
            let error = Error::new(Code::UpstreamError, fault_response::page(host, status, &body));
            return AttemptOutcome::Failed(AttemptFailure::passing(error, Fate::Unknown));
        }
        match fault_response::inner_failure(&body) {
            None => {}
            Some(Some(inner)) if inner.is_client_error() && inner != StatusCode::TOO_MANY_REQUESTS => {
                return self.judge(inner, body, None, out);
            }
            Some(inner) => return unsuccessful(inner, &body),
        }
        match (expect, body) {
            (Expect::Json, Body::Empty) => unreadable("it is empty"),
            (Expect::Json, Body::Text(_)) => unreadable("it is plain text and no JSON"),
            (Expect::Json, Body::File(_)) => unreadable("it is a file and no JSON"),
            (_, Body::Empty) if out.save.is_some() => unreadable("it is empty and no file"),
            (_, body) => AttemptOutcome::Answer(status, body),
        }
    }
}

impl AttemptOutcome {
    /// Reports to the breaker what this says of the API. An attempt that the call's own bounds or a fault of this program
    /// ended does not count.
    pub(crate) fn report_to(&self, pass: BreakerPass<'_>) {
        match self {
            Self::Answer(..) | Self::Unauthorized(_) | Self::Limited => pass.ended(AttemptVerdict::Answered),
            // More requests would prolong a block.
            Self::Failed(failure) if failure.passing || failure.error.code == Code::UpstreamUnreachable => {
                pass.ended(AttemptVerdict::Trouble(failure.error.message.clone()));
            }
            Self::Failed(failure) if matches!(failure.error.code, Code::TooLarge | Code::UpstreamError) => {
                pass.ended(AttemptVerdict::Answered);
            }
            Self::Failed(_) => drop(pass),
        }
    }

    fn in_short(&self) -> String {
        match self {
            Self::Answer(status, _) => status.as_u16().to_string(),
            Self::Unauthorized(_) => "401".to_owned(),
            Self::Limited => "429".to_owned(),
            Self::Failed(failure) => format!("{}, {:?}", failure.error.code, failure.fate),
        }
    }
}

/// What an answer says of the quota if it is the account's first.
fn lesson(status: StatusCode, headers: &AnswerHeaders, reading: Reading) -> Lesson {
    let tells = headers.limit.is_some() || headers.interval.is_some();
    match status {
        // Refused before it was counted; and a token refresh is another service's.
        StatusCode::UNAUTHORIZED | StatusCode::TOO_MANY_REQUESTS => Lesson::None,
        _ if reading == Reading::Raw => Lesson::None,
        _ if status.is_success() && !tells => Lesson::Silent,
        _ => Lesson::Partial,
    }
}

/// `Bearer` and the token.
fn bearer(token: &SecretString) -> Result<HeaderValue, Error> {
    token_header(&format!("Bearer {}", token.expose_secret()).into())
}

/// The token as a header that debug output does not show.
pub(crate) fn token_header(token: &SecretString) -> Result<HeaderValue, Error> {
    let mut value = HeaderValue::from_str(token.expose_secret()).map_err(|_| {
        Error::new(
            Code::Unauthorized,
            "The token holds characters that no header can carry. Set it again, as one line.",
        )
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// No answer, or none of its pieces, in the time of an attempt.
pub(crate) fn silent(waited: Duration) -> AttemptOutcome {
    let error = Error::new(Code::Timeout, format!("The API did not answer within {} s.", waited.as_secs_f64()));
    AttemptOutcome::Failed(AttemptFailure::passing(error, Fate::Unknown))
}

/// A 2xx whose body says that it failed. Its effect is unknown.
fn unsuccessful(inner: Option<StatusCode>, body: &Body) -> AttemptOutcome {
    let inner = inner.map_or_else(String::new, |inner| format!(" with {inner}"));
    let said = api_message(body).map_or_else(|| ".".to_owned(), |said| format!(": {said}"));
    let message = format!("The API's answer has a status of success, and its body says that it failed{inner}{said}");
    AttemptOutcome::Failed(AttemptFailure::lasting(Error::new(Code::UpstreamError, message), Fate::Refused))
}

pub(crate) fn unreadable(why: &str) -> AttemptOutcome {
    let error = Error::new(Code::UpstreamError, format!("The API's answer says success but cannot be read: {why}."));
    AttemptOutcome::Failed(AttemptFailure::passing(error, Fate::Unknown))
}

pub(crate) fn too_large(limit: usize) -> Error {
    let message = format!(
        "The answer is larger than {limit} bytes. Ask for less (a smaller limit), or allow more with --max-body."
    );
    Error::new(Code::TooLarge, message)
}

/// A request without an answer. Without a connection nothing was written; after that, the effect is unknown.
fn unanswered(fault: &reqwest::Error, out: &Outgoing) -> AttemptFailure {
    let host = out.url.host_str().unwrap_or_default();
    if fault.is_connect() {
        let message = format!(
            "{host} cannot be reached: {}. Check the network and the base URL settings, then try again.",
            connect_fault(fault)
        );
        return AttemptFailure::passing(Error::new(Code::UpstreamUnreachable, message), Fate::NotExecuted);
    }
    let message = if is_no_http(fault) {
        format!("What {host} sent is no HTTP answer, or one with headers of absurd size. Check the base URL settings.")
    } else {
        format!("The connection to {host} broke before an answer came.")
    };
    AttemptFailure::passing(Error::new(Code::UpstreamError, message), Fate::Unknown)
}

pub(crate) fn redirected(status: StatusCode, target: Option<&HeaderValue>, out: &Outgoing) -> AttemptFailure {
    let target = target.and_then(|value| value.to_str().ok()).and_then(|value| out.url.join(value).ok());
    let host = target.as_ref().and_then(url::Url::host_str).unwrap_or("another address");
    let message = format!(
        "The API answered {status} and points to {host}. Redirects are not followed, because the token would travel with them; check the base URL settings."
    );
    // A server that redirects the same request has not executed it; 302 and 303 may follow an effect.
    let elsewhere = [StatusCode::MOVED_PERMANENTLY, StatusCode::TEMPORARY_REDIRECT, StatusCode::PERMANENT_REDIRECT];
    let fate = if elsewhere.contains(&status) { Fate::NotExecuted } else { Fate::AnsweredFailure };
    AttemptFailure::lasting(Error::new(Code::UpstreamError, message), fate)
}
