//! What the sandbox answers with: a status, a JSON body and a few headers, as HTTP sees them.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
use serde_json::{Value, json};
use std::io;

/// The body of an HTTP answer. It may fail half way: that is what faults are for.
pub(super) type Payload = UnsyncBoxBody<Bytes, io::Error>;

/// An answer, not yet HTTP.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Value,
    pub(super) headers: Vec<(HeaderName, String)>,
}

impl Answer {
    /// A success with this body.
    pub(super) fn ok(body: Value) -> Self {
        Self { status: StatusCode::OK, body, headers: Vec::new() }
    }

    /// A creation.
    pub(super) fn created(body: Value) -> Self {
        Self { status: StatusCode::CREATED, body, headers: Vec::new() }
    }

    /// A refusal in the form the service uses for all of them.
    pub(super) fn refuse(status: StatusCode, message: impl Into<String>) -> Self {
        let error = status.canonical_reason().unwrap_or("Error");
        let body = json!({ "statusCode": status.as_u16(), "message": message.into(), "error": error });
        Self { status, body, headers: Vec::new() }
    }

    /// The request was understood and is wrong.
    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::refuse(StatusCode::BAD_REQUEST, message)
    }

    /// The same answer with one more header.
    #[cfg(any(feature = "faults", feature = "oauth"))]
    pub(super) fn with(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The answer as HTTP.
    pub(super) fn into_response(self) -> Response<Payload> {
        let text = self.body.to_string();
        self.with_payload("application/json; charset=utf-8", full(text))
    }

    /// The answer's status and headers around another body.
    pub(super) fn with_payload(self, content_type: &'static str, payload: Payload) -> Response<Payload> {
        let mut response = Response::new(payload);
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        for (name, value) in self.headers {
            // A value that no header can hold comes from a fault's parameter only; the answer goes without it.
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        }
        response
    }
}

/// A body known in full.
pub(super) fn full(text: impl Into<Bytes>) -> Payload {
    Full::new(text.into()).map_err(|never| match never {}).boxed_unsync()
}
