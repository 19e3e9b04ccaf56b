//! The checks that come before every operation: token, version, content type and body.

use super::account::Fields;
use super::answer::Answer;
use super::operations::BodyRule;
use super::world::Call;
use http::{HeaderMap, StatusCode, header};

/// The refusal of a token.
pub(super) fn unauthorized() -> Answer {
    Answer::refuse(StatusCode::UNAUTHORIZED, "Invalid or expired token")
}

/// A header that may stand once only.
pub(super) fn single<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(first)
}

/// The token of a request.
pub(super) fn token(headers: &HeaderMap) -> Result<&str, Answer> {
    single(headers, "token-id").filter(|token| !token.is_empty()).ok_or_else(unauthorized)
}

/// The refusal of a request without a version, as live accounts give it: the token is good all the same.
pub(super) fn no_version() -> Answer {
    Answer::refuse(StatusCode::UNAUTHORIZED, "version header was not found")
}

/// The headers other than the token's.
pub(super) fn headers(call: &Call, rule: BodyRule, version_is_asked_for: bool) -> Result<(), Answer> {
    let headers = &call.headers;
    if version_is_asked_for && !headers.contains_key("version") {
        return Err(no_version());
    }
    if single(headers, "version") != Some("1.0") {
        return Err(Answer::bad_request("header version is required and must be 1.0"));
    }
    let content_type = headers.contains_key(header::CONTENT_TYPE);
    match rule {
        BodyRule::Json if !is_json(headers) => Err(Answer::bad_request("Content-Type must be application/json")),
        BodyRule::None | BodyRule::Empty if content_type => {
            Err(Answer::bad_request("Content-Type must not be sent without a body"))
        }
        BodyRule::Empty if !headers.contains_key(header::CONTENT_LENGTH) => {
            Err(Answer::refuse(StatusCode::LENGTH_REQUIRED, "Content-Length: 0 is required"))
        }
        _ => Ok(()),
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = single(headers, header::CONTENT_TYPE.as_str()).unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}

/// The body: a JSON object where one belongs, and nothing elsewhere.
pub(super) fn body(call: &Call, rule: BodyRule) -> Result<Fields, Answer> {
    match rule {
        BodyRule::Json => serde_json::from_slice(&call.body)
            .map_err(|error| Answer::bad_request(format!("the body must be a JSON object: {error}"))),
        BodyRule::None | BodyRule::Empty if call.body.is_empty() => Ok(Fields::new()),
        BodyRule::None | BodyRule::Empty => Err(Answer::bad_request("this request must not have a body")),
    }
}
