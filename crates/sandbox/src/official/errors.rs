//! Refusals as the files shape them: `{statusCode, message, error, traceId}`.
//!
//! Which status stands for what is mostly not in the files, which list 400, 401 and 422 for nearly every operation; the
//! words and the statuses of what is missing are those that users of the live service have reported.

use super::super::answer::Answer;
use http::StatusCode;
use serde_json::{Value, json};

/// The request is understood and its content is wrong: the messages are a list here, as the live service gives them.
pub(super) fn unprocessable(message: impl Into<String>) -> Answer {
    let mut answer = Answer::refuse(StatusCode::UNPROCESSABLE_ENTITY, "");
    if let Value::Object(body) = &mut answer.body {
        body.insert("message".into(), json!([message.into()]));
    }
    answer
}

/// The token is missing, unknown, expired, or of the wrong kind.
pub(super) fn unauthorized(message: &str) -> Answer {
    Answer::refuse(StatusCode::UNAUTHORIZED, message)
}

/// Another location than the account's.
pub(super) fn foreign() -> Answer {
    Answer::refuse(StatusCode::FORBIDDEN, "The token does not have access to this location.")
}

/// There is no such object: the files of contacts and opportunities have no 404.
pub(super) fn missing(what: &str) -> Answer {
    Answer::bad_request(format!("{what} not found"))
}

/// Gives a refusal its trace.
pub(crate) fn traced(mut answer: Answer, trace: &str) -> Answer {
    if let (false, Value::Object(body)) = (answer.status.is_success(), &mut answer.body) {
        body.insert("traceId".into(), trace.into());
    }
    answer
}
