//! Messages and their lines.

use rmcp::{
    RoleServer,
    model::{
        CallToolRequestMethod, CallToolRequestParams, ClientRequest, JsonRpcMessage, JsonRpcRequest, JsonRpcVersion2_0,
        Request, RequestId,
    },
    service::{RxJsonRpcMessage, TxJsonRpcMessage},
};
use serde::{Deserialize, Serialize};

/// A `tools/call` request.
#[derive(Deserialize)]
struct ToolCall {
    jsonrpc: JsonRpcVersion2_0,
    id: RequestId,
    method: CallToolRequestMethod,
    params: CallToolRequestParams,
}

/// The message of a line. rmcp copies the whole message and tries one type after another; `tools/call`, by far the most
/// frequent request, is read directly as what it is.
///
/// # Errors
/// What is wrong with the line.
pub(super) fn decode(line: &[u8]) -> serde_json::Result<RxJsonRpcMessage<RoleServer>> {
    let Ok(call) = serde_json::from_slice::<ToolCall>(line) else { return serde_json::from_slice(line) };
    let ToolCall { jsonrpc, id, method, mut params } = call;
    let meta = params.meta.take();
    let mut request = Request::new(params);
    request.method = method;
    // rmcp keeps `_meta` among the extensions.
    if let Some(meta) = meta {
        request.extensions.insert(meta);
    }
    Ok(JsonRpcMessage::Request(JsonRpcRequest { jsonrpc, id, request: ClientRequest::CallToolRequest(request) }))
}

/// The line of a message, without its end. `written_id` is the request's id as the host wrote it, where rmcp works with
/// another one.
///
/// # Errors
/// What cannot be written as JSON.
pub(super) fn encode(message: &TxJsonRpcMessage<RoleServer>, written_id: Option<&str>) -> serde_json::Result<Vec<u8>> {
    match (message, written_id) {
        (JsonRpcMessage::Response(response), Some(id)) => encode_answer(id, "result", &response.result),
        (JsonRpcMessage::Error(error), Some(id)) => encode_answer(id, "error", &error.error),
        _ => serde_json::to_vec(message),
    }
}

fn encode_answer(id: &str, member: &str, value: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    let mut line = format!(r#"{{"jsonrpc":"2.0","id":{id},"{member}":"#).into_bytes();
    serde_json::to_writer(&mut line, value)?;
    line.push(b'}');
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rmcp::model::{ErrorData, GetMeta, ServerResult};
    use serde_json::json;

    #[test]
    fn a_call_is_read_as_rmcp_reads_it() {
        let calls = [
            json!({"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": "get_contact", "arguments": {"id": "a", "b": {"c": [1, 2.5, null]}}}}),
            json!({"jsonrpc": "2.0", "id": "x", "method": "tools/call", "params": {"name": "n", "_meta": {"progressToken": 5, "io.modelcontextprotocol/protocolVersion": "2026-07-28"}}}),
            json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "n", "unknown": 1, "requestState": "s", "arguments": {}}, "more": 1}),
        ];
        let others = ["tools/list", "ping", "notifications/initialized"]
            .map(|method| json!({"jsonrpc": "2.0", "id": 1, "method": method}));
        let wrong = [
            json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": 5}}),
            json!([]),
            json!({}),
            json!(""),
        ];
        for message in calls.into_iter().chain(others).chain(wrong) {
            let ours = decode(message.to_string().as_bytes()).map(|message| serde_json::to_value(message).unwrap());
            let theirs = serde_json::from_value::<RxJsonRpcMessage<RoleServer>>(message.clone());
            let theirs = theirs.map(|message| serde_json::to_value(message).unwrap());
            assert_eq!(ours.map_err(drop), theirs.map_err(drop), "{message}");
        }
        let call =
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"n","_meta":{"progressToken":5}}}"#;
        let Ok(JsonRpcMessage::Request(request)) = decode(call.as_bytes()) else { panic!("another message") };
        assert!(request.request.get_meta().get_progress_token().is_some(), "where rmcp looks for it");
    }

    #[test]
    fn an_answer_differs_by_its_id_alone() {
        let id = RequestId::Number(7);
        for message in [
            TxJsonRpcMessage::<RoleServer>::response(ServerResult::empty(()), id.clone()),
            TxJsonRpcMessage::<RoleServer>::error(ErrorData::invalid_params("wrong", Some(json!({"a": 1}))), Some(id)),
        ] {
            let [plain, written] =
                [None, Some("7.50")].map(|id| String::from_utf8(encode(&message, id).unwrap()).unwrap());
            assert_eq!(written, plain.replace(r#""id":7,"#, r#""id":7.50,"#));
            assert_ne!(written, plain);
        }
    }
}
