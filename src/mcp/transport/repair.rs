//! Messages that are almost what the protocol has: ids that rmcp has no type for, arguments as JSON text, members that are
//! missing or nested too deep.

use super::{
    arguments::{MAX_DEPTH, MalformedArguments, repair_arguments},
    incoming::{HostId, Incoming, Refusal},
};
use rmcp::model::{ClientRequest, GetMeta, JsonRpcMessage, ProtocolVersion};
use serde_json::{Map, Value};

/// The methods that this server answers.
const OWN_METHODS: [&str; 18] = [
    "initialize",
    "server/discover",
    "ping",
    "tools/list",
    "tools/call",
    "prompts/list",
    "prompts/get",
    "resources/list",
    "resources/templates/list",
    "resources/read",
    "completion/complete",
    "tasks/get",
    "tasks/update",
    "tasks/cancel",
    "subscriptions/listen",
    "resources/subscribe",
    "resources/unsubscribe",
    "logging/setLevel",
];

/// Those of them that 2026-07-28 has removed.
const REMOVED_METHODS: [&str; 5] =
    ["initialize", "ping", "resources/subscribe", "resources/unsubscribe", "logging/setLevel"];

/// The message that an object is. `written` is its id as it is written, `too_deep` says that deep parts were cut from it.
/// `None` is a message that needs no answer.
///
/// # Errors
/// The answer to an object that is not a message.
pub(super) fn message_of(
    mut object: Map<String, Value>,
    written: Option<String>,
    too_deep: bool,
) -> Result<Option<Incoming>, Refusal> {
    let id = match object.get("id") {
        None => None,
        Some(value) => match HostId::from_json(value, written) {
            Some(id) => Some(id),
            None if object.contains_key("method") => {
                return Err(Refusal::invalid_request(None, "`id` must be a string or a number"));
            }
            None => return Ok(None),
        },
    };
    if let Some(id) = &id {
        object.insert("id".to_owned(), serde_json::to_value(&id.id).unwrap_or_default());
    }
    match object.get("jsonrpc") {
        Some(Value::String(version)) if version == "2.0" => {}
        None => drop(object.insert("jsonrpc".to_owned(), "2.0".into())),
        Some(_) if id.is_none() => return Ok(None),
        Some(_) => return Err(Refusal::invalid_request(id, "`jsonrpc` must be \"2.0\"")),
    }
    let Some(method) = object.get("method").and_then(Value::as_str).map(str::to_owned) else {
        if object.contains_key("result") || object.contains_key("error") {
            // An answer to a request of the server's, or to none.
            return Ok(decode(object).ok());
        }
        return Err(Refusal::invalid_request(id, "a JSON-RPC request needs a `method`"));
    };
    let malformed = repair_params(&method, &mut object, too_deep);
    if too_deep && malformed.is_none() {
        let what = format!("{method}: the parameters are nested deeper than {MAX_DEPTH} levels");
        return id.map_or(Ok(None), |id| Err(Refusal::invalid_params(Some(id), what)));
    }
    match (decode(object), id) {
        (Ok(mut incoming), id) => {
            incoming.written_id = id.and_then(|id| id.written);
            attach(&mut incoming, malformed);
            Ok(Some(incoming))
        }
        // A notification has no answer.
        (Err(_), None) => {
            tracing::debug!(method, "ignored a notification that cannot be read");
            Ok(None)
        }
        (Err(_), id) => Err(Refusal::invalid_params(id, wrong_params(&method))),
    }
}

/// The text of the error for a request whose parameters its method does not take. rmcp reads it as one of an unknown method.
pub(super) fn misread(request: &ClientRequest) -> Option<String> {
    let ClientRequest::CustomRequest(custom) = request else { return None };
    let method = custom.method.as_str();
    let is_modern =
        request.get_meta().protocol_version().is_some_and(|version| version >= ProtocolVersion::V_2026_07_28);
    let is_own = OWN_METHODS.contains(&method) && !(is_modern && REMOVED_METHODS.contains(&method));
    is_own.then(|| wrong_params(method))
}

/// The text of the error for parameters that a method does not take.
fn wrong_params(method: &str) -> String {
    let needed = match method {
        "tools/call" => ": it takes an object with the tool's `name` and its `arguments`",
        "initialize" => ": it takes an object with `protocolVersion`, `capabilities` and `clientInfo`",
        _ => "",
    };
    format!("{method} does not take these parameters{needed}")
}

/// Repairs the parameters of a method, as far as that is known to be safe.
fn repair_params(method: &str, object: &mut Map<String, Value>, too_deep: bool) -> Option<MalformedArguments> {
    if object.get("params").and_then(Value::as_array).is_some_and(Vec::is_empty) {
        object.shift_remove("params");
    }
    let params = object.get_mut("params")?.as_object_mut()?;
    match method {
        "tools/call" => repair_arguments(params, too_deep),
        "notifications/cancelled" => {
            if let Some(cancelled) = params.get_mut("requestId")
                && let Some(HostId { id, written: Some(_) }) = HostId::from_json(cancelled, None)
            {
                *cancelled = serde_json::to_value(id).unwrap_or_default();
            }
            None
        }
        _ => None,
    }
}

fn decode(object: Map<String, Value>) -> serde_json::Result<Incoming> {
    let message = serde_json::from_value(Value::Object(object))?;
    Ok(Incoming { message, written_id: None, is_repaired: true })
}

fn attach(incoming: &mut Incoming, malformed: Option<MalformedArguments>) {
    if let (Some(malformed), JsonRpcMessage::Request(request)) = (malformed, &mut incoming.message)
        && let ClientRequest::CallToolRequest(call) = &mut request.request
    {
        call.extensions.insert(malformed);
    }
}
