//! What a line from the host holds.

use super::{arguments::cut_deep, codec, id_finder::IdFinder, repair::message_of};
use rmcp::{
    RoleServer,
    model::{ClientRequest, ErrorCode, JsonRpcMessage, RequestId},
    service::RxJsonRpcMessage,
};
use serde_json::Value;

/// The first character of an id that stands for another one. No host sends it.
const ALIAS_PREFIX: char = '\0';

/// The id of a request.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct HostId {
    /// The id that rmcp works with.
    pub(super) id: RequestId,
    /// What the host wrote, where rmcp has no type for it: a fraction or a number above 64 bits.
    pub(super) written: Option<String>,
}

impl HostId {
    /// Reads an id. `None` if the value is neither a string nor a number.
    pub(super) fn from_json(value: &Value, written: Option<String>) -> Option<Self> {
        match value {
            Value::String(text) => Some(Self { id: RequestId::String(text.as_str().into()), written: None }),
            Value::Number(number) => Some(match number.as_i64() {
                Some(whole) => Self { id: RequestId::Number(whole), written: None },
                None => Self {
                    id: RequestId::String(format!("{ALIAS_PREFIX}{value}").into()),
                    written: Some(written.unwrap_or_else(|| number.to_string())),
                },
            }),
            _ => None,
        }
    }

    /// The id of a line that cannot be read, if an [`IdFinder`] found one.
    pub(super) fn from_text(written: Option<String>) -> Option<Self> {
        let value = serde_json::from_str(written.as_deref()?).ok()?;
        Self::from_json(&value, written)
    }
}

/// One message.
#[derive(Debug)]
pub(super) struct Incoming {
    pub(super) message: RxJsonRpcMessage<RoleServer>,
    /// How the host wrote the request's id, where it is not the message's own.
    pub(super) written_id: Option<String>,
    /// Whether the message differs from what the host wrote.
    pub(super) is_repaired: bool,
}

/// An error that the transport answers by itself: the message never reaches the service.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) id: Option<HostId>,
    pub(super) code: ErrorCode,
    pub(super) message: String,
}

impl Refusal {
    pub(super) fn invalid_request(id: Option<HostId>, message: impl Into<String>) -> Self {
        Self { id, code: ErrorCode::INVALID_REQUEST, message: message.into() }
    }

    pub(super) fn invalid_params(id: Option<HostId>, message: impl Into<String>) -> Self {
        Self { id, code: ErrorCode::INVALID_PARAMS, message: message.into() }
    }
}

/// What one line holds.
#[derive(Debug)]
pub(super) enum Parsed {
    Message(Box<Incoming>),
    /// The items of a batch, which one revision of the protocol has.
    Batch(Vec<Value>),
    /// Nothing that needs an answer.
    Ignored,
}

/// Parses a line.
///
/// # Errors
/// The answer to a line that holds no message.
pub(super) fn parse(line: &[u8]) -> Result<Parsed, Refusal> {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    if line.trim_ascii().is_empty() {
        return Ok(Parsed::Ignored);
    }
    match codec::decode(line) {
        // With an id it is a request, whatever type the id has. A request that rmcp does not know may be one that needs repair.
        Ok(JsonRpcMessage::Notification(_)) | Err(_) => parse_leniently(line),
        Ok(JsonRpcMessage::Request(request)) if matches!(request.request, ClientRequest::CustomRequest(_)) => {
            parse_leniently(line)
        }
        Ok(message) => Ok(Parsed::Message(Box::new(Incoming { message, written_id: None, is_repaired: false }))),
    }
}

/// Parses one item of a batch.
///
/// # Errors
/// As [`parse`].
pub(super) fn parse_batch_item(item: Value) -> Result<Option<Incoming>, Refusal> {
    match item {
        Value::Object(object) => message_of(object, None, false),
        _ => Err(not_an_object()),
    }
}

fn parse_leniently(line: &[u8]) -> Result<Parsed, Refusal> {
    let (value, too_deep) = parse_json(line)?;
    match value {
        Value::Array(_) if too_deep => Err(Refusal::invalid_request(None, "the batch is nested too deep")),
        Value::Array(items) => Ok(Parsed::Batch(items)),
        Value::Object(object) => {
            // `Value` does not keep all digits of a float.
            let is_float = object.get("id").is_some_and(Value::is_f64);
            let written = if is_float { IdFinder::find(line) } else { None };
            let message = message_of(object, written, too_deep)?;
            Ok(message.map_or(Parsed::Ignored, |incoming| Parsed::Message(Box::new(incoming))))
        }
        _ => Err(not_an_object()),
    }
}

/// The line's JSON, and whether parts of it were cut because they are nested too deep.
fn parse_json(line: &[u8]) -> Result<(Value, bool), Refusal> {
    let error = match serde_json::from_slice(line) {
        Ok(value) => return Ok((value, false)),
        Err(error) => error,
    };
    match serde_json::from_slice(&cut_deep(line)) {
        Ok(value) if error.to_string().contains("recursion") => Ok((value, true)),
        _ => Err(Refusal {
            id: HostId::from_text(IdFinder::find(line)),
            code: ErrorCode::PARSE_ERROR,
            message: format!("the line is not JSON: {error}"),
        }),
    }
}

fn not_an_object() -> Refusal {
    Refusal::invalid_request(None, "a JSON-RPC message must be a JSON object")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_kept_as_it_was_written() {
        let id = "123456789012345678901234567890";
        let line = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#);
        let Ok(Parsed::Message(incoming)) = parse(line.as_bytes()) else { panic!("no message") };
        assert_eq!(incoming.written_id.as_deref(), Some(id));
        let JsonRpcMessage::Request(request) = incoming.message else { panic!("no request") };
        let answer = JsonRpcMessage::response(rmcp::model::ServerResult::empty(()), request.id);
        let answer = codec::encode(&answer, Some(id)).unwrap();
        assert_eq!(String::from_utf8(answer).unwrap(), format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{}}}}"#));
    }
}
