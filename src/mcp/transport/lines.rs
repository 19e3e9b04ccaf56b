//! The transport over any pair of streams.

use super::{
    batch::{self, Batch, Batches},
    codec,
    incoming::{self, HostId, Incoming, Parsed, Refusal},
    outbox::{Outbox, Slot, Slots},
    reader::{Line, LineReader, MAX_LINE},
    repair,
    writer::LineWriter,
};
use rmcp::{
    RoleServer,
    model::{
        ClientNotification, ClientRequest, ErrorData, GetExtensions, GetMeta, JsonRpcMessage, JsonRpcNotification,
        JsonRpcRequest, ProtocolVersion, RequestId, ServerResult,
    },
    service::{RxJsonRpcMessage, TxJsonRpcMessage},
    transport::Transport,
};
use serde_json::Value;
use std::{
    collections::{HashMap, VecDeque},
    io,
    sync::Arc,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;

/// A transport over lines. At the end of input, or when `closing` is cancelled, it reads no more and waits until every request
/// is answered before it reports the end to the service.
pub struct LineTransport<R> {
    reader: LineReader<R>,
    writer: LineWriter,
    outbox: Arc<Outbox>,
    closing: CancellationToken,
    /// Whether a session has started.
    opened: bool,
    /// Whether the session's protocol revision has batches.
    takes_batches: bool,
    /// Messages of a batch that the service has not seen yet.
    pending: VecDeque<RxJsonRpcMessage<RoleServer>>,
    batches: Batches,
    /// How the host wrote the ids that rmcp has no type for.
    written_ids: HashMap<RequestId, String>,
}

impl<R: AsyncRead + Send + Unpin> LineTransport<R> {
    /// A transport that reads from `read` and writes to `write`. Needs a runtime.
    pub fn new(read: R, write: impl AsyncWrite + Send + Unpin + 'static, closing: CancellationToken) -> Self {
        let outbox = Arc::new(Outbox::default());
        Self {
            reader: LineReader::new(read),
            writer: LineWriter::start(write, Arc::clone(&outbox)),
            outbox,
            closing,
            opened: false,
            takes_batches: false,
            pending: VecDeque::new(),
            batches: Batches::default(),
            written_ids: HashMap::new(),
        }
    }

    /// Queues a message. `id` is the id of the request that it answers, if it does.
    fn queue(
        &mut self,
        message: &TxJsonRpcMessage<RoleServer>,
        id: Option<&RequestId>,
        slot: Option<Slot>,
    ) -> io::Result<()> {
        let line = self.encode(message, id)?;
        match id.filter(|id| self.batches.wait_for(id)) {
            // The slot is free at once: the batch's other answers may wait for it.
            Some(id) => match self.batches.close(id, Some(line)) {
                Some(line) => self.writer.queue(line, None),
                None => Ok(()),
            },
            None => self.writer.queue(line, slot),
        }
    }

    fn encode(&mut self, message: &TxJsonRpcMessage<RoleServer>, id: Option<&RequestId>) -> io::Result<Vec<u8>> {
        let written = id.and_then(|id| self.written_ids.remove(id));
        Ok(codec::encode(message, written.as_deref())?)
    }

    /// The message of a refusal, and the id of the refused request.
    fn refusal(&mut self, refusal: Refusal) -> (TxJsonRpcMessage<RoleServer>, Option<RequestId>) {
        let error = ErrorData::new(refusal.code, refusal.message, None);
        let id = refusal.id.map(|HostId { id, written }| {
            self.written_ids.extend(written.map(|written| (id.clone(), written)));
            id
        });
        (TxJsonRpcMessage::<RoleServer>::error(error, id.clone()), id)
    }

    fn refuse(&mut self, refusal: Refusal) {
        let (message, id) = self.refusal(refusal);
        // It fails only if the host is gone.
        drop(self.queue(&message, id.as_ref(), None));
    }

    /// The message of a line, if the service should see it.
    fn take_line(&mut self, line: &[u8]) -> Option<RxJsonRpcMessage<RoleServer>> {
        let taken = match incoming::parse(line) {
            Ok(Parsed::Message(incoming)) => self.admit(*incoming),
            Ok(Parsed::Batch(items)) => self.take_batch(items).map(|()| self.pending.pop_front()),
            Ok(Parsed::Ignored) => Ok(None),
            Err(refusal) => Err(refusal),
        };
        taken.unwrap_or_else(|refusal| {
            self.refuse(refusal);
            None
        })
    }

    /// Takes each message of a batch as if it stood alone. Their answers leave on one line.
    fn take_batch(&mut self, items: Vec<Value>) -> Result<(), Refusal> {
        if !self.takes_batches {
            let what = "send one JSON-RPC message a line: this revision of the protocol has no batches";
            return Err(Refusal::invalid_request(None, what));
        }
        if items.is_empty() || items.len() > batch::MAX_MESSAGES {
            let what = format!("a batch must have 1 to {} messages", batch::MAX_MESSAGES);
            return Err(Refusal::invalid_request(None, what));
        }
        let mut batch = Batch::default();
        for item in items {
            let admitted = match incoming::parse_batch_item(item) {
                Ok(Some(incoming)) => self.admit(incoming),
                Ok(None) => Ok(None),
                Err(refusal) => Err(refusal),
            };
            match admitted {
                Ok(Some(message)) => {
                    if let JsonRpcMessage::Request(request) = &message {
                        batch.wait_for(request.id.clone());
                    }
                    self.pending.push_back(message);
                }
                Ok(None) => {}
                Err(refusal) => {
                    let (message, id) = self.refusal(refusal);
                    batch.push(self.encode(&message, id.as_ref()).unwrap_or_default());
                }
            }
        }
        if let Some(line) = self.batches.open(batch) {
            drop(self.writer.queue(line, None));
        }
        Ok(())
    }

    /// The message, if the service should see it.
    fn admit(&mut self, incoming: Incoming) -> Result<Option<RxJsonRpcMessage<RoleServer>>, Refusal> {
        let Incoming { mut message, written_id, .. } = incoming;
        match &mut message {
            JsonRpcMessage::Request(request) => self.admit_request(request, written_id)?,
            // rmcp would end the session on these.
            _ if !self.opened => return Ok(None),
            JsonRpcMessage::Notification(notification) => self.note_cancellation(notification),
            JsonRpcMessage::Response(_) | JsonRpcMessage::Error(_) => {}
        }
        Ok(Some(message))
    }

    fn admit_request(
        &mut self,
        request: &mut JsonRpcRequest<ClientRequest>,
        written: Option<String>,
    ) -> Result<(), Refusal> {
        let id = request.id.clone();
        if let Some(what) = repair::misread(&request.request) {
            return Err(Refusal::invalid_params(Some(HostId { id, written }), what));
        }
        if !self.outbox.open(&id) {
            let shown = written.unwrap_or_else(|| id.to_string());
            let what = format!("the id {shown} belongs to a request that is not answered yet");
            return Err(Refusal::invalid_request(None, what));
        }
        self.written_ids.extend(written.map(|written| (id, written)));
        self.opened |= opens_session(&request.request);
        request.request.extensions_mut().insert(Slots(Arc::clone(&self.outbox)));
        Ok(())
    }

    /// Forgets a request that the host cancels: rmcp drops its answer.
    fn note_cancellation(&mut self, notification: &JsonRpcNotification<ClientNotification>) {
        let ClientNotification::CancelledNotification(cancelled) = &notification.notification else { return };
        let Some(id) = &cancelled.params.request_id else { return };
        drop(self.outbox.close(id));
        self.written_ids.remove(id);
        if let Some(line) = self.batches.close(id, None) {
            drop(self.writer.queue(line, None));
        }
    }
}

/// Whether a request starts a session: `initialize`, or the first that carries its own protocol version.
fn opens_session(request: &ClientRequest) -> bool {
    match request {
        ClientRequest::InitializeRequest(_) => true,
        ClientRequest::DiscoverRequest(_) | ClientRequest::PingRequest(_) => false,
        other => other.get_meta().missing_required_keys(&ProtocolVersion::V_2026_07_28).is_empty(),
    }
}

impl<R: AsyncRead + Send + Unpin + 'static> Transport<RoleServer> for LineTransport<R> {
    type Error = io::Error;

    fn send(
        &mut self,
        message: TxJsonRpcMessage<RoleServer>,
    ) -> impl Future<Output = Result<(), io::Error>> + Send + 'static {
        let answered = match &message {
            JsonRpcMessage::Response(response) => Some(&response.id),
            JsonRpcMessage::Error(error) => error.id.as_ref(),
            JsonRpcMessage::Request(_) | JsonRpcMessage::Notification(_) => None,
        };
        if let JsonRpcMessage::Response(response) = &message
            && let ServerResult::InitializeResult(hello) = &response.result
        {
            self.takes_batches = hello.protocol_version == ProtocolVersion::V_2025_03_26;
        }
        let slot = answered.and_then(|id| self.outbox.close(id));
        let queued = self.queue(&message, answered, slot);
        // If the host is gone, only a request fails: it would wait for its answer for ever.
        let is_request = matches!(message, JsonRpcMessage::Request(_));
        std::future::ready(if is_request { queued } else { Ok(()) })
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleServer>> {
        if let Some(message) = self.pending.pop_front() {
            return Some(message);
        }
        while !self.closing.is_cancelled() {
            let read = async {
                self.outbox.may_read().await;
                self.reader.next().await
            };
            let line = tokio::select! {
                line = read => line,
                () = self.closing.cancelled() => Line::End,
            };
            match line {
                Line::Whole(line) => {
                    if let Some(message) = self.take_line(&line) {
                        return Some(message);
                    }
                }
                Line::TooLong(written) => {
                    let what = format!("a message may have at most {MAX_LINE} bytes");
                    self.refuse(Refusal::invalid_request(HostId::from_text(written), what));
                }
                Line::End => self.closing.cancel(),
            }
        }
        // Each call ends by its own deadline, so this wait is no longer than the longest of them.
        self.outbox.drained().await;
        None
    }

    async fn close(&mut self) -> Result<(), io::Error> {
        self.writer.close().await;
        Ok(())
    }
}
