//! Messages and their lines: where rmcp's own way costs much on every call, another way to the same.

use super::tools::ToolList;
use rmcp::{
    RoleServer,
    model::{
        CallToolRequestMethod, CallToolRequestParams, ClientRequest, JsonRpcMessage, JsonRpcRequest, JsonRpcVersion2_0,
        Request, RequestId, ServerResult,
    },
    service::{RxJsonRpcMessage, TxJsonRpcMessage},
};
use serde::Deserialize;
use serde_json::{Map, Value};

/// A call of a tool, as it stands on its line.
#[derive(Deserialize)]
struct ToolCall {
    jsonrpc: JsonRpcVersion2_0,
    id: RequestId,
    method: CallToolRequestMethod,
    params: CallToolRequestParams,
}

/// The message on a line. rmcp tries one kind after another, by way of a copy of the whole; a call, which is what comes all
/// the time, is read as what it is.
///
/// # Errors
/// What is wrong with the line.
pub(super) fn read(line: &[u8]) -> serde_json::Result<RxJsonRpcMessage<RoleServer>> {
    let Ok(call) = serde_json::from_slice::<ToolCall>(line) else { return serde_json::from_slice(line) };
    let ToolCall { jsonrpc, id, method, mut params } = call;
    let meta = params.meta.take();
    let mut request = Request::new(params);
    request.method = method;
    // Where rmcp puts it.
    if let Some(meta) = meta {
        request.extensions.insert(meta);
    }
    Ok(JsonRpcMessage::Request(JsonRpcRequest { jsonrpc, id, request: ClientRequest::CallToolRequest(request) }))
}

/// Stands for the structured content of a result whose text is that content: an object, as earlier revisions of the protocol
/// have it, and empty.
pub(super) fn as_text() -> Value {
    Map::new().into()
}

/// The line of a message. Two things that are written already are put in as they are: the list of the tools, and a result's
/// structured content.
///
/// # Errors
/// What cannot be written as JSON.
pub(super) fn write(message: &TxJsonRpcMessage<RoleServer>, tools: &ToolList) -> serde_json::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(message)?;
    let JsonRpcMessage::Response(response) = message else { return Ok(line) };
    match &response.result {
        ServerResult::ListToolsResult(_) => fill(&mut line, br#""tools":"#, b"[]", tools.text()),
        ServerResult::CallToolResult(result) if result.structured_content.as_ref() == Some(&as_text()) => {
            let text = result.content.first().and_then(|block| block.as_text()).map_or("{}", |block| &block.text);
            fill(&mut line, br#""structuredContent":"#, b"{}", text);
        }
        _ => {}
    }
    Ok(line)
}

/// The line with a request's id as its host wrote it, in the place of the one that stood for it.
pub(super) fn with_id(line: Vec<u8>, own: &RequestId, written: &str) -> Vec<u8> {
    let begin = |id: &str| format!(r#"{{"jsonrpc":"2.0","id":{id},"#);
    let own = serde_json::to_string(own).unwrap_or_default();
    match line.strip_prefix(begin(&own).as_bytes()) {
        Some(rest) => [begin(written).as_bytes(), rest].concat(),
        None => line,
    }
}

/// Puts `text` in the place of the last empty value that a member of this name has. Nothing within a text of the line looks
/// like it, for its quotes are escaped there; and behind it stands little.
fn fill(line: &mut Vec<u8>, name: &[u8], empty: &[u8], text: &str) {
    let member = [name, empty].concat();
    if let Some(place) = line.windows(member.len()).rposition(|part| part == member) {
        let value = place + name.len();
        line.splice(value..value + empty.len(), text.bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rmcp::model::GetMeta;
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
            let ours = read(message.to_string().as_bytes()).map(|message| serde_json::to_value(message).unwrap());
            let theirs = serde_json::from_value::<RxJsonRpcMessage<RoleServer>>(message.clone());
            let theirs = theirs.map(|message| serde_json::to_value(message).unwrap());
            assert_eq!(ours.map_err(drop), theirs.map_err(drop), "{message}");
        }
        let call =
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"n","_meta":{"progressToken":5}}}"#;
        let Ok(JsonRpcMessage::Request(request)) = read(call.as_bytes()) else { panic!("another kind") };
        assert!(request.request.get_meta().get_progress_token().is_some(), "where rmcp looks for it");
    }
}
