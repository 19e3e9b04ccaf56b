//! Responses to requests that are not served: a status, and a text that says what to do.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

/// Why a request is not served.
#[derive(Debug)]
pub(super) struct HttpError {
    status: StatusCode,
    message: String,
    headers: HeaderMap,
}

impl HttpError {
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), headers: HeaderMap::new() }
    }

    /// The same for a request that may succeed after so many seconds.
    pub(super) fn retry_after(mut self, seconds: u64) -> Self {
        self.headers.insert(header::RETRY_AFTER, seconds.into());
        self
    }

    /// The same with a challenge for the client.
    pub(super) fn challenge(mut self, challenge: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(challenge) {
            self.headers.insert(header::WWW_AUTHENTICATE, value);
        }
        self
    }

    /// The same for a connection that ends with it.
    pub(super) fn last(mut self) -> Self {
        self.headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        self
    }
}

impl IntoResponse for HttpError {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(format!("{}\n", self.message)));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        let text = HeaderValue::from_static("text/plain; charset=utf-8");
        response.headers_mut().insert(header::CONTENT_TYPE, text);
        response
    }
}
