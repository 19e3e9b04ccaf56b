//! The way from an invocation to its request, and from a body to its answer, for the benches.

use super::document;
use crate::{
    answer,
    client::{self, Moment, Request, Response},
    crm::Invocation,
    error::{Code, Error, Result},
};
use http::StatusCode;

/// The request for an invocation with the document's API.
///
/// # Errors
/// `invalid_arguments` for an id that names another resource.
pub fn request(invocation: &Invocation) -> Result<Request> {
    document::request(invocation)
}

/// What a model is given of a body: at most `most` bytes of JSON.
///
/// # Errors
/// As the document's API has them, for a body that is no answer.
pub fn answer(invocation: &Invocation, body: &str, most: usize) -> Result<String> {
    let body = client::benching::body(body);
    let response = Response { status: StatusCode::OK, body, sent_at: Moment::now(), repeated_after_doubt: false };
    let value = document::answer(invocation, response).map_err(|(error, _)| error)?;
    serde_json::to_string(&answer::finish(invocation, value, most))
        .map_err(|fault| Error::new(Code::Internal, fault.to_string()))
}
