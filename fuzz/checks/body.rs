//! The body of an answer, to what a host is given: it fits the bound and has its id.

#[path = "../../src/api/invocations.rs"]
mod invocations;

use super::tool;
use highlevel_api_client::{Body, Moment, Response};
use highlevel_catalog::AnswerShape;
use highlevel_mcp::{answer, api::session};
use http::StatusCode;
use invocations::any_invocation;

pub(crate) fn check(data: &[u8]) {
    let Some((entry, rest)) = tool::of(data) else { return };
    let Some(invocation) = any_invocation(entry) else { panic!("no call of {} is valid", entry.name) };
    for status in [StatusCode::OK, StatusCode::CREATED, StatusCode::NOT_FOUND, StatusCode::CONFLICT] {
        let body = Body::parse(&String::from_utf8_lossy(rest));
        let response = Response { status, body, sent_at: Moment::now(), repeated_after_doubt: false };
        match session::answer(&invocation, response) {
            Ok(value) => {
                let answer = answer::finish(&invocation, value, answer::MIN_MAX_BYTES);
                assert!(answer.to_string().len() <= answer::MIN_MAX_BYTES, "{answer}");
                match entry.answer {
                    AnswerShape::Many => assert!(answer["data"].is_array(), "{answer}"),
                    AnswerShape::One(_) => assert!(answer["id"].is_string(), "{answer}"),
                    AnswerShape::Deleted => assert_eq!(answer["deleted"], true, "{answer}"),
                }
            }
            Err((error, _)) => {
                let error = answer::finish_error(error, answer::MIN_MAX_BYTES).to_json().to_string();
                assert!(error.len() <= 2 * answer::MIN_MAX_BYTES && !error.contains('\u{202e}'), "{error}");
            }
        }
    }
}
