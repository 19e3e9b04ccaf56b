//! What holds over HTTP as it does on standard input: a bound of the answers under way, and messages that are almost what the
//! protocol has.

use super::{
    arguments::MalformedArguments,
    incoming::{self, HostId, Incoming, Parsed, Refusal},
    outbox::MAX_ANSWERS,
    repair,
};
use bytes::Bytes;
use http::{Extensions, StatusCode, request::Parts};
use rmcp::{
    RoleServer,
    model::{ClientRequest, ErrorCode, JsonRpcMessage, RequestId},
    service::RequestContext,
};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What a transport attached to a request: itself, or as an extension of the HTTP request that it came with.
pub(in crate::mcp) fn attached<T: Clone + Send + Sync + 'static>(request: &RequestContext<RoleServer>) -> Option<&T> {
    request.extensions.get::<T>().or_else(|| request.extensions.get::<Parts>()?.extensions.get::<T>())
}

/// The right of a request to have an answer under way, once it has it. It is free again when every clone is dropped: that of
/// the call, and that of the response.
#[derive(Debug, Clone)]
pub struct AnswerSlot {
    slots: Arc<Semaphore>,
    held: Arc<Mutex<Option<OwnedSemaphorePermit>>>,
}

impl AnswerSlot {
    /// As many slots as a host on standard input has.
    pub fn slots() -> Arc<Semaphore> {
        Arc::new(Semaphore::new(MAX_ANSWERS))
    }

    /// A request's place among those that share these slots.
    pub fn new(slots: Arc<Semaphore>) -> Self {
        Self { slots, held: Arc::default() }
    }

    /// Gives the slot back: the whole answer is written.
    pub fn release(&self) {
        drop(self.held.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    pub(super) async fn acquire(&self) {
        // The semaphore is never closed.
        let Ok(slot) = Arc::clone(&self.slots).acquire_owned().await else { return };
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(slot);
    }
}

/// One message of a request's body.
#[derive(Debug, Default)]
pub struct HttpMessage {
    /// The message as rmcp reads it.
    pub body: Bytes,
    /// The method of a request.
    pub method: Option<String>,
    /// The tool that a request calls.
    pub tool: Option<String>,
    /// The id of a request.
    pub id: Option<RequestId>,
    /// The id in the answers as JSON, and what to write in its place.
    pub written_id: Option<(String, String)>,
    malformed: Option<MalformedArguments>,
}

impl HttpMessage {
    /// Attaches to the HTTP request what its handler has to know.
    pub fn attach(&mut self, extensions: &mut Extensions) {
        if let Some(malformed) = self.malformed.take() {
            extensions.insert(malformed);
        }
    }
}

/// The answer to a body that never reaches rmcp.
#[derive(Debug)]
pub struct HttpRefusal {
    /// The status of the response.
    pub status: StatusCode,
    /// The JSON-RPC error.
    pub body: String,
}

impl HttpRefusal {
    /// The answer to a request with the id of one that is not answered yet.
    pub fn repeated_id(id: &RequestId) -> Self {
        let what = format!("the id {id} belongs to a request that is not answered yet");
        refusal(Refusal::invalid_request(Some(HostId { id: id.clone(), written: None }), what))
    }
}

/// Reads the body of a POST. `None` is a message that needs no answer.
///
/// # Errors
/// The answer to a body that holds no message.
pub fn read_body(body: Bytes) -> Result<Option<HttpMessage>, HttpRefusal> {
    let body = if body.starts_with(b"\xef\xbb\xbf") { body.slice(3..) } else { body };
    let incoming = match incoming::parse(&body).map_err(refusal)? {
        Parsed::Message(incoming) => *incoming,
        Parsed::Ignored if body.trim_ascii().is_empty() => {
            return Err(refusal(Refusal::invalid_request(None, "the body is empty")));
        }
        Parsed::Ignored => return Ok(None),
        Parsed::Batch(_) => {
            return Err(refusal(Refusal::invalid_request(None, "send one JSON-RPC message a request")));
        }
    };
    message(body, incoming).map(Some).map_err(refusal)
}

fn message(body: Bytes, incoming: Incoming) -> Result<HttpMessage, Refusal> {
    let Incoming { message, written_id, is_repaired } = incoming;
    let mut read = HttpMessage { body, ..HttpMessage::default() };
    if let JsonRpcMessage::Request(request) = &message {
        if let Some(what) = repair::misread(&request.request) {
            let id = HostId { id: request.id.clone(), written: written_id };
            return Err(Refusal::invalid_params(Some(id), what));
        }
        read.id = Some(request.id.clone());
        read.method = Some(request.request.method().to_owned());
        if let ClientRequest::CallToolRequest(call) = &request.request {
            read.tool = Some(call.params.name.to_string());
            read.malformed = call.extensions.get::<MalformedArguments>().cloned();
        }
        read.written_id = written_id.map(|written| (json!(request.id).to_string(), written));
    }
    if is_repaired {
        let unwritable = |_| Refusal::invalid_request(None, "the message cannot be read");
        read.body = serde_json::to_vec(&message).map_err(unwritable)?.into();
    }
    Ok(read)
}

/// Only what is no request at all is an error of HTTP.
fn refusal(refusal: Refusal) -> HttpRefusal {
    let is_request = refusal.code == ErrorCode::INVALID_PARAMS;
    let status = if is_request { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    let error = json!({"code": refusal.code, "message": refusal.message}).to_string();
    let id = match refusal.id {
        None => Value::Null.to_string(),
        Some(HostId { written: Some(written), .. }) => written,
        Some(HostId { id, .. }) => json!(id).to_string(),
    };
    HttpRefusal { status, body: format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{error}}}"#) }
}
