//! Answers: a status, a JSON body and a few headers.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
use serde_json::{Value, json};
use std::io;

/// The body of an HTTP answer. Faults make it fail half way.
pub(crate) type ResponseBody = UnsyncBoxBody<Bytes, io::Error>;

/// An answer of either API, a success or an error.
#[derive(Debug, Clone)]
pub(crate) struct ApiResponse {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
    pub(crate) headers: Vec<(HeaderName, String)>,
    /// A file in the place of the JSON body.
    file: Option<Payload>,
}

/// A body that is not JSON.
#[derive(Debug, Clone)]
struct Payload {
    content_type: &'static str,
    bytes: Bytes,
}

impl ApiResponse {
    /// A success with status 200.
    pub(crate) fn ok(body: Value) -> Self {
        Self { status: StatusCode::OK, body, headers: Vec::new(), file: None }
    }

    /// A success with status 201.
    pub(crate) fn created(body: Value) -> Self {
        Self { status: StatusCode::CREATED, body, headers: Vec::new(), file: None }
    }

    /// An error in the shape that the service uses for all errors.
    pub(crate) fn error(status: StatusCode, message: impl Into<String>) -> Self {
        let error = status.canonical_reason().unwrap_or("Error");
        let body = json!({ "statusCode": status.as_u16(), "message": message.into(), "error": error });
        Self { status, body, headers: Vec::new(), file: None }
    }

    /// An error with status 400.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::error(StatusCode::BAD_REQUEST, message)
    }

    /// The same answer with a file in the place of its body.
    pub(crate) fn with_file(mut self, content_type: &'static str, bytes: Vec<u8>) -> Self {
        self.file = Some(Payload { content_type, bytes: bytes.into() });
        self
    }

    /// The body's type and the body.
    pub(crate) fn content(&self) -> (&'static str, Bytes) {
        match &self.file {
            Some(Payload { content_type, bytes }) => (content_type, bytes.clone()),
            None => ("application/json; charset=utf-8", self.body.to_string().into()),
        }
    }

    /// The same answer with one more header.
    pub(crate) fn with_header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The answer as HTTP.
    pub(crate) fn into_response(self) -> Response<ResponseBody> {
        let (content_type, bytes) = self.content();
        self.with_payload(content_type, full(bytes))
    }

    /// The status and headers with another body.
    pub(crate) fn with_payload(self, content_type: &'static str, payload: ResponseBody) -> Response<ResponseBody> {
        let mut response = Response::new(payload);
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        for (name, value) in self.headers {
            // Only a fault's parameter can be invalid as a header. The answer is sent without it.
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        }
        response
    }
}

/// A body that is complete.
pub(crate) fn full(text: impl Into<Bytes>) -> ResponseBody {
    Full::new(text.into()).map_err(|never| match never {}).boxed_unsync()
}
