//! Answers and errors as results of the protocol.

use crate::account::Answer;
use base64::{Engine, prelude::BASE64_STANDARD as BASE64};
use futures::FutureExt;
use highlevel_core::error::{Code, Error, Result};
use rmcp::{
    ErrorData,
    model::{CallToolResponse, CallToolResult, ContentBlock, MetaObject},
};
use serde_json::Value;
use std::panic::AssertUnwindSafe;

/// The member of a result's `_meta` that says where its content comes from.
const PROVENANCE: &str = "highlevel-mcp/provenance";
const ACCOUNT_DATA: &str = "account-data";

/// The longest URI that an error repeats.
const URI_BYTES: usize = 2000;

/// Marks a result as data that others wrote. Errors are marked, too, because they may quote such data. The mark is not in the
/// text, which equals the structured content; the server's instructions explain it.
pub(super) fn mark_provenance(meta: &mut Option<MetaObject>) {
    meta.get_or_insert_default().insert(PROVENANCE.to_owned(), ACCOUNT_DATA.into());
}

/// A tool's result: the answer as structured content and as text, and its image if there is one.
pub(super) fn success(answer: Answer) -> CallToolResponse {
    let mut content = vec![ContentBlock::text(answer.text)];
    content.extend(answer.image.map(|png| ContentBlock::image(BASE64.encode(png), "image/png")));
    let mut result = CallToolResult::success(content);
    result.structured_content = Some(answer.value);
    mark_provenance(&mut result.meta);
    result.into()
}

/// A tool's error as a result: one text block of JSON. It has no structured content, because hosts would validate that
/// against the tool's output schema.
pub(super) fn failure(error: &Error) -> CallToolResponse {
    let mut result = CallToolResult::error(vec![ContentBlock::text(error.to_json().to_string())]);
    mark_provenance(&mut result.meta);
    result.into()
}

/// The protocol's error for a request that is not a tool call. Its `data` is the error object that a tool's result would have.
pub(super) fn protocol_error(error: Error) -> ErrorData {
    let data = error.to_json().get("error").cloned();
    match error.code {
        Code::InvalidArguments => ErrorData::invalid_params(error.message, data),
        // From revision 2026-07-28 on, rmcp turns it into invalid parameters, as that revision has it.
        Code::NotFound => ErrorData::resource_not_found(error.message, data),
        _ => ErrorData::internal_error(error.message, data),
    }
}

/// The protocol's error for a read of `uri`. The data of a resource that is not there names it.
pub(super) fn resource_error(error: Error, uri: &str) -> ErrorData {
    let is_missing = error.code == Code::NotFound;
    let mut error = protocol_error(error);
    if let Some(data) =
        error.data.as_mut().and_then(Value::as_object_mut).filter(|_| is_missing && uri.len() <= URI_BYTES)
    {
        data.insert("uri".to_owned(), uri.into());
    }
    error
}

/// The outcome of `work`. A panic becomes an error, because rmcp never answers a request whose handler panicked.
pub(super) fn catch_panic<T>(work: impl Future<Output = Result<T>>) -> impl Future<Output = Result<T>> {
    // Boxed, because rmcp moves a request's future several times before it runs.
    AssertUnwindSafe(Box::pin(work)).catch_unwind().map(|outcome| {
        outcome.unwrap_or_else(|_| {
            Err(Error::new(
                Code::Internal,
                "This call failed by a fault of the server. If it writes, check what became of it before repeating it.",
            ))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::{catch_panic, failure};
    use rmcp::model::CallToolResponse;

    #[tokio::test]
    async fn a_call_that_panics_is_answered() {
        let error = catch_panic::<()>(async { panic!("on purpose") }).await.unwrap_err();
        let CallToolResponse::Complete(result) = failure(&error) else { panic!("another response") };
        assert_eq!(result.is_error, Some(true));
        let text = &result.content[0].as_text().unwrap().text;
        assert!(text.contains(r#""code":"internal""#) && !text.contains("on purpose"), "{text}");
    }
}
