//! What holds over HTTP as it does on standard input: a bound of the answers under way, and messages that are almost what the
//! protocol has.

use super::{
    arguments::MalformedArguments,
    batch,
    incoming::{self, HostId, Incoming, Parsed, Refusal},
    outbox::MAX_ANSWERS,
    repair,
};
use bytes::Bytes;
use http::{Extensions, StatusCode, request::Parts};
use rmcp::{
    RoleServer,
    model::{ClientRequest, ErrorCode, GetMeta, JsonRpcMessage, RequestId},
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

/// What a request's body holds.
#[derive(Debug)]
pub enum HttpBody {
    /// One message.
    Message(Box<HttpMessage>),
    /// The messages of a batch, which revision 2025-03-26 of the protocol has. What is no message has its answer in its place.
    Batch(Vec<Result<HttpMessage, HttpRefusal>>),
    /// Nothing that needs an answer.
    Nothing,
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
    /// Whether it needs no session: it begins one, or has its own protocol version.
    pub stands_alone: bool,
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

    /// The answer to a batch where the protocol has none.
    pub fn batch() -> Self {
        let what = "send one JSON-RPC message a request: only sessions of the revision 2025-03-26 have batches";
        refusal(Refusal::invalid_request(None, what))
    }

    /// The answer to a request within a batch that stands alone.
    pub fn not_in_batch(id: Option<&RequestId>) -> Self {
        let id = id.map(|id| HostId { id: id.clone(), written: None });
        let what = "initialize, and a request with a protocol version of its own, are never part of a batch";
        refusal(Refusal::invalid_request(id, what))
    }
}

/// Reads the body of a POST.
///
/// # Errors
/// The answer to a body that holds no message.
pub fn read_body(body: Bytes) -> Result<HttpBody, HttpRefusal> {
    let body = if body.starts_with(b"\xef\xbb\xbf") { body.slice(3..) } else { body };
    match incoming::parse(&body).map_err(refusal)? {
        Parsed::Message(incoming) => {
            message(body, *incoming).map(|message| HttpBody::Message(Box::new(message))).map_err(refusal)
        }
        Parsed::Ignored if body.trim_ascii().is_empty() => {
            Err(refusal(Refusal::invalid_request(None, "the body is empty")))
        }
        Parsed::Ignored => Ok(HttpBody::Nothing),
        Parsed::Batch(items) if items.is_empty() || items.len() > batch::MAX_MESSAGES => {
            let what = format!("a batch must have 1 to {} messages", batch::MAX_MESSAGES);
            Err(refusal(Refusal::invalid_request(None, what)))
        }
        Parsed::Batch(items) => Ok(HttpBody::Batch(items.into_iter().filter_map(batch_item).collect())),
    }
}

/// An item of a batch as if it stood alone. `None` is one that needs no answer.
fn batch_item(item: Value) -> Option<Result<HttpMessage, HttpRefusal>> {
    let read = incoming::parse_batch_item(item).transpose()?;
    let read = read.and_then(|incoming| message(Bytes::new(), Incoming { is_repaired: true, ..incoming }));
    Some(read.map_err(refusal))
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
        read.stands_alone = stands_alone(&request.request);
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

fn stands_alone(request: &ClientRequest) -> bool {
    let begins = matches!(request, ClientRequest::InitializeRequest(_) | ClientRequest::DiscoverRequest(_));
    begins || request.get_meta().protocol_version().is_some()
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
