//! How answers and failures leave, whatever was asked for.

use crate::app::Answer;
use base64::{Engine, prelude::BASE64_STANDARD as BASE64};
use futures::FutureExt;
use highlevel_core::error::{Code, Error, Result};
use rmcp::{
    ErrorData,
    model::{CallToolResponse, CallToolResult, ContentBlock, MetaObject},
};
use std::panic::AssertUnwindSafe;

/// The mark on every result, in its `_meta`.
const PROVENANCE: &str = "highlevel-mcp/provenance";
const ACCOUNT_DATA: &str = "account-data";

/// Marks a result as data that others wrote: errors too may quote it. Not in the text, which is exactly the structured
/// content; the instructions say what the mark means.
pub(super) fn of_the_account(meta: &mut Option<MetaObject>) {
    meta.get_or_insert_default().insert(PROVENANCE.to_owned(), ACCOUNT_DATA.into());
}

/// An answer as a tool's result: structured, the same as text, and its picture if it has one.
pub(super) fn done(answer: Answer) -> CallToolResponse {
    let mut content = vec![ContentBlock::text(answer.text)];
    content.extend(answer.image.map(|png| ContentBlock::image(BASE64.encode(png), "image/png")));
    let mut result = CallToolResult::success(content);
    result.structured_content = Some(answer.value);
    of_the_account(&mut result.meta);
    result.into()
}

/// An error as a tool's result: one text block of JSON and no structured content, which validating hosts would hold
/// against the output schema.
pub(super) fn failed(error: &Error) -> CallToolResponse {
    let mut result = CallToolResult::error(vec![ContentBlock::text(error.to_json().to_string())]);
    of_the_account(&mut result.meta);
    result.into()
}

/// An error of what is no tool, and so has no result that could carry it. The protocol's `data` is the error object that a
/// tool's result would hold.
pub(super) fn refusal(error: Error) -> ErrorData {
    let data = error.to_json().get("error").cloned();
    match error.code {
        Code::InvalidArguments => ErrorData::invalid_params(error.message, data),
        // rmcp makes it invalid parameters from 2026-07-28 on, as that revision has it.
        Code::NotFound => ErrorData::resource_not_found(error.message, data),
        _ => ErrorData::internal_error(error.message, data),
    }
}

/// What the work comes to, also when it panics: rmcp never answers a request whose handler panicked.
pub(super) async fn always_answered<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| {
        Err(Error::new(
            Code::Internal,
            "This call failed by a fault of the server. If it writes, check what became of it before repeating it.",
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::{always_answered, failed};
    use rmcp::model::CallToolResponse;

    #[tokio::test]
    async fn a_call_that_panics_is_answered() {
        let error = always_answered::<()>(async { panic!("on purpose") }).await.unwrap_err();
        let CallToolResponse::Complete(result) = failed(&error) else { panic!("another response") };
        assert_eq!(result.is_error, Some(true));
        let text = &result.content[0].as_text().unwrap().text;
        assert!(text.contains(r#""code":"internal""#) && !text.contains("on purpose"), "{text}");
    }
}
