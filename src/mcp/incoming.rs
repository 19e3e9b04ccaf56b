//! What a host's line says, also where it is not written quite as the protocol has it: ids that rmcp has no type for,
//! arguments as JSON text, members that are missing or nested too deep.

use super::{id_finder::IdFinder, line};
use highlevel_catalog::Entry;
use highlevel_core::error::{Code, Error};
use rmcp::{
    RoleServer,
    model::{ClientRequest, ErrorCode, JsonRpcMessage, RequestId},
    service::RxJsonRpcMessage,
};
use serde_json::{Map, Value};

/// The deepest nesting that is read. serde_json's own limit is 128.
const DEEPEST: usize = 100;

/// The first letter of an id that stands for another one; no host writes it.
const ALIAS: char = '\0';

/// The id of a request: the one that rmcp works with, and where that stands for another one, how the host wrote it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Id {
    pub(super) own: RequestId,
    pub(super) written: Option<String>,
}

/// One message.
#[derive(Debug)]
pub(super) struct Incoming {
    pub(super) message: RxJsonRpcMessage<RoleServer>,
    /// How the host wrote the request's id, where another stands for it.
    pub(super) written: Option<String>,
}

/// Why a message is not for the service, as the host is told.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) id: Option<Id>,
    pub(super) code: ErrorCode,
    pub(super) message: String,
}

impl Refusal {
    pub(super) fn new(id: Option<Id>, code: ErrorCode, message: impl Into<String>) -> Self {
        Self { id, code, message: message.into() }
    }
}

/// What stands on one line.
#[derive(Debug)]
pub(super) enum Content {
    One(Box<Incoming>),
    /// A batch, which one revision of the protocol has.
    Several(Vec<Value>),
    /// Nothing that needs an answer.
    Nothing,
}

/// Goes with a call whose arguments could not be read.
#[derive(Debug, Clone)]
pub(super) enum Misshapen {
    /// They are this, and no object.
    NoObject(&'static str),
    /// They are nested too deep.
    TooDeep,
}

impl Misshapen {
    /// The error for the call.
    pub(super) fn error(&self, entry: &Entry) -> Error {
        let what = match self {
            Self::NoObject(what) => format!("`arguments` must be one JSON object, not {what}"),
            Self::TooDeep => format!("`arguments` are nested deeper than {DEEPEST} levels"),
        };
        let mut error = Error::new(Code::InvalidArguments, format!("{what}. For example {}.", entry.example()));
        error.field = Some("arguments".to_owned());
        error
    }
}

/// The id of a request as JSON has it, for rmcp. `None` for what is no id.
pub(super) fn id_of(value: &Value, written: Option<String>) -> Option<Id> {
    match value {
        Value::String(text) => Some(Id { own: RequestId::String(text.as_str().into()), written: None }),
        Value::Number(number) => Some(match number.as_i64() {
            Some(whole) => Id { own: RequestId::Number(whole), written: None },
            None => Id { own: alias(value), written: Some(written.unwrap_or_else(|| number.to_string())) },
        }),
        _ => None,
    }
}

fn alias(value: &Value) -> RequestId {
    RequestId::String(format!("{ALIAS}{value}").into())
}

/// The id of a line that is not read, as far as it can be found.
pub(super) fn id_written(written: Option<String>) -> Option<Id> {
    let value = serde_json::from_str(written.as_deref()?).ok()?;
    id_of(&value, written)
}

/// Reads a line.
///
/// # Errors
/// What the host is to be told of a line that says nothing.
pub(super) fn read(line: &[u8]) -> Result<Content, Refusal> {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    if line.trim_ascii().is_empty() {
        return Ok(Content::Nothing);
    }
    match line::read(line) {
        // With an id it is a request, whatever its id is; and a request that rmcp does not know may be one in a near form.
        Ok(JsonRpcMessage::Notification(_)) | Err(_) => {}
        Ok(JsonRpcMessage::Request(request)) if matches!(request.request, ClientRequest::CustomRequest(_)) => {}
        Ok(message) => return Ok(Content::One(Box::new(Incoming { message, written: None }))),
    }
    let (value, deep) = match serde_json::from_slice::<Value>(line) {
        Ok(value) => (value, false),
        Err(fault) => match serde_json::from_slice::<Value>(&shallow(line)) {
            Ok(value) if fault.to_string().contains("recursion") => (value, true),
            _ => {
                let id = id_written(IdFinder::find(line));
                return Err(Refusal::new(id, ErrorCode::PARSE_ERROR, format!("not JSON: {fault}")));
            }
        },
    };
    match value {
        Value::Array(_) if deep => {
            Err(Refusal::new(None, ErrorCode::INVALID_REQUEST, "a batch that is nested too deep"))
        }
        Value::Array(items) => Ok(Content::Several(items)),
        Value::Object(object) => {
            let written = object.get("id").is_some_and(Value::is_f64).then(|| IdFinder::find(line)).flatten();
            Ok(message(object, written, deep)?.map_or(Content::Nothing, |one| Content::One(Box::new(one))))
        }
        _ => Err(Refusal::new(None, ErrorCode::INVALID_REQUEST, "a JSON-RPC message is a JSON object")),
    }
}

/// Reads one message of a batch.
///
/// # Errors
/// As [`read`].
pub(super) fn of_batch(value: Value) -> Result<Option<Incoming>, Refusal> {
    match value {
        Value::Object(object) => message(object, None, false),
        _ => Err(Refusal::new(None, ErrorCode::INVALID_REQUEST, "a JSON-RPC message is a JSON object")),
    }
}

fn message(mut object: Map<String, Value>, written: Option<String>, deep: bool) -> Result<Option<Incoming>, Refusal> {
    let invalid = |id, message: &str| Err(Refusal::new(id, ErrorCode::INVALID_REQUEST, message));
    let id = match object.get("id") {
        None => None,
        Some(value) => match id_of(value, written) {
            Some(id) => Some(id),
            None if object.contains_key("method") => return invalid(None, "an id is a text or a number"),
            None => return Ok(None),
        },
    };
    if let Some(id) = &id {
        object.insert("id".to_owned(), serde_json::to_value(&id.own).unwrap_or_default());
    }
    match object.get("jsonrpc") {
        Some(Value::String(version)) if version == "2.0" => {}
        None => drop(object.insert("jsonrpc".to_owned(), "2.0".into())),
        Some(_) if id.is_none() => return Ok(None),
        Some(_) => return invalid(id, "`jsonrpc` has to be \"2.0\""),
    }
    let Some(method) = object.get("method").and_then(Value::as_str).map(str::to_owned) else {
        if object.contains_key("result") || object.contains_key("error") {
            // An answer to a question of ours, or to none.
            return Ok(read_value(object).ok());
        }
        return invalid(id, "a JSON-RPC request has a `method`");
    };
    if object.get("params").is_some_and(|params| params.as_array().is_some_and(Vec::is_empty)) {
        object.shift_remove("params");
    }
    let mut misshapen = None;
    match object.get_mut("params").and_then(Value::as_object_mut) {
        Some(params) if method == "tools/call" => misshapen = read_arguments(params, deep),
        Some(params) if method == "notifications/cancelled" => {
            if let Some(of) = params.get_mut("requestId")
                && let Some(Id { own, written: Some(_) }) = id_of(of, None)
            {
                *of = serde_json::to_value(own).unwrap_or_default();
            }
        }
        _ => {}
    }
    if deep && misshapen.is_none() {
        let what = format!("{method}: the parameters are nested deeper than {DEEPEST} levels");
        return id.map_or(Ok(None), |id| Err(Refusal::new(Some(id), ErrorCode::INVALID_PARAMS, what)));
    }
    match (read_value(object), id) {
        (Ok(mut incoming), id) => {
            incoming.written = id.and_then(|id| id.written);
            if let (Some(misshapen), JsonRpcMessage::Request(request)) = (misshapen, &mut incoming.message)
                && let ClientRequest::CallToolRequest(call) = &mut request.request
            {
                call.extensions.insert(misshapen);
            }
            Ok(Some(incoming))
        }
        // A notification that cannot be read has nobody waiting.
        (Err(_), None) => {
            tracing::debug!(method, "ignored a notification that cannot be read");
            Ok(None)
        }
        (Err(_), id) => Err(Refusal::new(id, ErrorCode::INVALID_PARAMS, another_shape(&method))),
    }
}

/// What is said of parameters that a method does not have.
pub(super) fn another_shape(method: &str) -> String {
    let needed = match method {
        "tools/call" => " (it takes an object with the tool's `name` and its `arguments`)",
        "initialize" => " (it takes an object with `protocolVersion`, `capabilities` and `clientInfo`)",
        _ => "",
    };
    format!("{method}: the parameters have another shape{needed}")
}

fn read_value(object: Map<String, Value>) -> serde_json::Result<Incoming> {
    let message = serde_json::from_value(Value::Object(object))?;
    Ok(Incoming { message, written: None })
}

/// Makes an object of a call's arguments, and says what they were if they are none.
fn read_arguments(params: &mut Map<String, Value>, deep: bool) -> Option<Misshapen> {
    let arguments = params.get_mut("arguments")?;
    let text = arguments.as_str().map(str::trim);
    let read = match text {
        Some("") => Some(Map::new().into()),
        Some(text) => serde_json::from_str(text).ok().filter(Value::is_object),
        None => None,
    };
    if let Some(read) = read {
        *arguments = read;
    }
    let misshapen = match arguments {
        Value::Object(_) | Value::Null => return deep.then_some(Misshapen::TooDeep),
        Value::String(_) => Misshapen::NoObject("a text that is none"),
        Value::Array(_) => Misshapen::NoObject("a list"),
        Value::Number(_) => Misshapen::NoObject("a number"),
        Value::Bool(_) => Misshapen::NoObject("a boolean"),
    };
    *arguments = Map::new().into();
    Some(misshapen)
}

/// The line with null for everything that is nested too deep.
fn shallow(line: &[u8]) -> Vec<u8> {
    let (mut kept, mut depth, mut in_string, mut escaped) = (Vec::with_capacity(line.len()), 0_usize, false, false);
    for byte in line {
        let before = depth;
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        if before == DEEPEST && depth > DEEPEST {
            kept.extend_from_slice(b"null");
        }
        if before.max(depth) <= DEEPEST {
            kept.push(*byte);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_deep_is_cut_and_the_rest_stays() {
        let deep = |levels: usize| format!("{}1{}", r#"{"a":["#.repeat(levels / 2), "]}".repeat(levels / 2));
        let line = format!(r#"{{"id":"]}}\"","x":{},"y":[1]}}"#, deep(400));
        let cut: Value = serde_json::from_slice(&shallow(line.as_bytes())).unwrap();
        assert_eq!((&cut["id"], &cut["y"]), (&"]}\"".into(), &serde_json::json!([1])));
        let plain = format!(r#"{{"x":{}}}"#, deep(98));
        assert_eq!(shallow(plain.as_bytes()), plain.as_bytes());
    }

    #[test]
    fn an_id_is_kept_as_it_was_written() {
        let id = "123456789012345678901234567890";
        let line = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#);
        let Ok(Content::One(incoming)) = read(line.as_bytes()) else { panic!("no message") };
        assert_eq!(incoming.written.as_deref(), Some(id));
        let JsonRpcMessage::Request(request) = &incoming.message else { panic!("no request") };
        let answer =
            format!(r#"{{"jsonrpc":"2.0","id":{},"result":{{}}}}"#, serde_json::to_string(&request.id).unwrap());
        let answer = line::with_id(answer.into_bytes(), &request.id, id);
        assert_eq!(String::from_utf8(answer).unwrap(), format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{}}}}"#));
    }
}
