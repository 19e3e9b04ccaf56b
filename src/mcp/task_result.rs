//! A call's result as that of its task.

use rmcp::model::{CallToolResponse, TaskPayload};
use serde_json::Value;

/// A call's result as that of its task.
pub(super) fn result_of(response: CallToolResponse) -> TaskPayload {
    let result = match response {
        CallToolResponse::Complete(result) => serde_json::to_value(result),
        CallToolResponse::InputRequired(result) => serde_json::to_value(result),
        other => return unwritten(&format!("{other:?}")),
    };
    match result {
        Ok(Value::Object(result)) => TaskPayload::Completed { result },
        Ok(_) => unwritten("the result is no object"),
        Err(fault) => unwritten(&fault.to_string()),
    }
}

fn unwritten(why: &str) -> TaskPayload {
    tracing::warn!("the result of a task cannot be written: {why}");
    let error = rmcp::ErrorData::internal_error("The result cannot be written.", None);
    let error = serde_json::to_value(error).ok().and_then(|error| error.as_object().cloned());
    TaskPayload::Failed { error: error.unwrap_or_default() }
}
