//! Errors in the shape of the OpenAPI files: `{statusCode, message, error, traceId}`.
//!
//! The files list 400, 401 and 422 for nearly every operation and rarely say what each stands for. The other statuses and
//! messages follow the reports of the live service's users.

use crate::response::ApiResponse;
use http::StatusCode;
use serde_json::{Value, json};

/// A request with invalid content. `message` is a list here, as in the live service.
pub(crate) fn unprocessable(message: impl Into<String>) -> ApiResponse {
    let mut answer = ApiResponse::error(StatusCode::UNPROCESSABLE_ENTITY, "");
    if let Value::Object(body) = &mut answer.body {
        body.insert("message".into(), json!([message.into()]));
    }
    answer
}

/// A token that is missing, unknown, expired, or of the wrong kind.
pub(crate) fn unauthorized(message: &str) -> ApiResponse {
    ApiResponse::error(StatusCode::UNAUTHORIZED, message)
}

/// A request for another location.
pub(crate) fn other_location() -> ApiResponse {
    ApiResponse::error(StatusCode::FORBIDDEN, "The token does not have access to this location.")
}

/// A missing object. The OpenAPI files of contacts and opportunities have no 404.
pub(crate) fn not_found(what: &str) -> ApiResponse {
    ApiResponse::bad_request(format!("{what} not found"))
}

/// Adds the trace id to an error.
pub(crate) fn with_trace_id(mut answer: ApiResponse, trace: &str) -> ApiResponse {
    if let (false, Value::Object(body)) = (answer.status.is_success(), &mut answer.body) {
        body.insert("traceId".into(), trace.into());
    }
    answer
}
