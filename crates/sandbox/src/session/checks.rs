//! The checks before every operation: token, version, content type and body.

use super::routes::BodyRule;
use crate::account::Fields;
use crate::response::ApiResponse;
use crate::state::RawRequest;
use http::{HeaderMap, StatusCode, header};

/// The error for a token that is missing or invalid.
pub(crate) fn unauthorized() -> ApiResponse {
    ApiResponse::error(StatusCode::UNAUTHORIZED, "Invalid or expired token")
}

/// The value of a header, if it is present exactly once.
pub(crate) fn single<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(first)
}

/// The token of a request.
pub(crate) fn token(headers: &HeaderMap) -> Result<&str, ApiResponse> {
    single(headers, "token-id").filter(|token| !token.is_empty()).ok_or_else(unauthorized)
}

/// The error for a request without a version. Live accounts answer 401, although the token is valid.
pub(crate) fn no_version() -> ApiResponse {
    ApiResponse::error(StatusCode::UNAUTHORIZED, "version header was not found")
}

/// Checks the headers other than the token.
pub(crate) fn headers(raw: &RawRequest, rule: BodyRule, version_is_asked_for: bool) -> Result<(), ApiResponse> {
    let headers = &raw.headers;
    if version_is_asked_for && !headers.contains_key("version") {
        return Err(no_version());
    }
    if single(headers, "version") != Some("1.0") {
        return Err(ApiResponse::bad_request("header version is required and must be 1.0"));
    }
    let content_type = headers.contains_key(header::CONTENT_TYPE);
    match rule {
        BodyRule::Json if !is_json(headers) => Err(ApiResponse::bad_request("Content-Type must be application/json")),
        BodyRule::None | BodyRule::Empty if content_type => {
            Err(ApiResponse::bad_request("Content-Type must not be sent without a body"))
        }
        BodyRule::Empty if !headers.contains_key(header::CONTENT_LENGTH) => {
            Err(ApiResponse::error(StatusCode::LENGTH_REQUIRED, "Content-Length: 0 is required"))
        }
        _ => Ok(()),
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = single(headers, header::CONTENT_TYPE.as_str()).unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}

/// Reads the body: a JSON object, or nothing if the operation takes no body.
pub(crate) fn body(raw: &RawRequest, rule: BodyRule) -> Result<Fields, ApiResponse> {
    match rule {
        BodyRule::Json => serde_json::from_slice(&raw.body)
            .map_err(|error| ApiResponse::bad_request(format!("the body must be a JSON object: {error}"))),
        BodyRule::None | BodyRule::Empty if raw.body.is_empty() => Ok(Fields::new()),
        BodyRule::None | BodyRule::Empty => Err(ApiResponse::bad_request("this request must not have a body")),
    }
}
