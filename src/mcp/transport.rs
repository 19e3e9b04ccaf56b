//! JSON-RPC by lines over any pair of streams, with bounds on both sides and a drain at the end.

use super::{
    line,
    outbox::{Outbox, Slot},
    tools::ToolList,
};
use rmcp::{
    RoleServer,
    model::{
        ClientNotification, ClientRequest, ErrorCode, ErrorData, GetMeta, JsonRpcMessage, ProtocolVersion, RequestId,
    },
    service::{RxJsonRpcMessage, TxJsonRpcMessage},
    transport::Transport,
};
use serde_json::Value;
use std::{io, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader},
    sync::mpsc,
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

/// The longest line that is read, as in rmcp.
const MOST_LINE: usize = 16 * 1024 * 1024;

/// The methods that this server answers.
const OWN_METHODS: [&str; 11] = [
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
];

/// How many queued messages are written at once.
const BATCH: usize = 64;

/// How long a host may take to read what is left at the end.
const FLUSH: Duration = Duration::from_secs(5);

/// A transport over lines. At the end of input, or when `closing` is set, it reads no more and waits until every request
/// is answered before it tells the service that the input ended.
pub struct LineTransport<R> {
    read: BufReader<R>,
    line: Vec<u8>,
    skipping: bool,
    opened: bool,
    outbox: Arc<Outbox>,
    tools: Arc<ToolList>,
    closing: CancellationToken,
    queue: Option<mpsc::UnboundedSender<Outgoing>>,
    writer: Option<JoinHandle<()>>,
}

/// A line to be written, and the slot that is free again when it is.
struct Outgoing {
    line: Vec<u8>,
    _slot: Option<Slot>,
}

enum Line {
    Whole,
    TooLong,
    End,
}

impl<R: AsyncRead + Send + Unpin> LineTransport<R> {
    /// A transport that reads from `read` and writes to `write`. Has to be made on a runtime.
    pub fn new(
        read: R,
        write: impl AsyncWrite + Send + Unpin + 'static,
        outbox: Arc<Outbox>,
        tools: Arc<ToolList>,
        closing: CancellationToken,
    ) -> Self {
        let (queue, queued) = mpsc::unbounded_channel();
        let writer = tokio::spawn(write_all(queued, write, Arc::clone(&outbox)));
        Self {
            read: BufReader::with_capacity(64 * 1024, read),
            line: Vec::new(),
            skipping: false,
            opened: false,
            outbox,
            tools,
            closing,
            queue: Some(queue),
            writer: Some(writer),
        }
    }

    /// Reads one line into `self.line`. May be cancelled at any await: what was read stays.
    async fn read_line(&mut self) -> Line {
        loop {
            let available = match self.read.fill_buf().await {
                Ok(bytes) if !bytes.is_empty() => bytes,
                // A stream that fails has ended, as far as requests go.
                _ => return Line::End,
            };
            let end = available.iter().position(|byte| *byte == b'\n');
            let take = end.map_or(available.len(), |at| at + 1);
            if !self.skipping {
                self.line.extend_from_slice(available.get(..take).unwrap_or_default());
            }
            self.read.consume(take);
            if self.line.len() > MOST_LINE {
                self.line = Vec::new();
                self.skipping = true;
            }
            if end.is_some() {
                return if std::mem::take(&mut self.skipping) { Line::TooLong } else { Line::Whole };
            }
        }
    }

    fn queue(&self, message: &TxJsonRpcMessage<RoleServer>, slot: Option<Slot>) -> io::Result<()> {
        let mut line = line::write(message, &self.tools)?;
        line.push(b'\n');
        let gone = || io::Error::new(io::ErrorKind::BrokenPipe, "the host's end is closed");
        if self.outbox.is_broken() {
            return Err(gone());
        }
        let bytes = line.len();
        self.outbox.queued(bytes);
        self.queue.as_ref().ok_or_else(gone)?.send(Outgoing { line, _slot: slot }).map_err(|_| gone())
    }

    fn refuse(&self, id: Option<RequestId>, code: ErrorCode, message: impl Into<String>) {
        let slot = id.as_ref().and_then(|id| self.outbox.close(id));
        let error = ErrorData::new(code, message.into(), None);
        // If the host is gone, there is nobody to tell.
        drop(self.queue(&TxJsonRpcMessage::<RoleServer>::error(error, id), slot));
    }

    /// The message in `self.line`, if it is one that the service should see.
    fn take_message(&mut self) -> Option<RxJsonRpcMessage<RoleServer>> {
        let line = std::mem::take(&mut self.line);
        if line.trim_ascii().is_empty() {
            return None;
        }
        let message = match line::read(&line) {
            Ok(message) => message,
            Err(error) => {
                self.refuse_unreadable(&line, &error);
                return None;
            }
        };
        match &message {
            JsonRpcMessage::Request(request) => {
                if !self.outbox.open(&request.id) {
                    self.refuse(None, ErrorCode::INVALID_REQUEST, format!("the id {} is in use", request.id));
                    return None;
                }
                // Parameters of another shape arrive as a request that nobody knows.
                if let ClientRequest::CustomRequest(custom) = &request.request
                    && OWN_METHODS.contains(&custom.method.as_str())
                {
                    let message = format!("{}: the parameters have another shape", custom.method);
                    self.refuse(Some(request.id.clone()), ErrorCode::INVALID_PARAMS, message);
                    return None;
                }
                self.opened |= opens_session(&request.request);
            }
            // rmcp would end the process on these.
            _ if !self.opened => return None,
            JsonRpcMessage::Notification(notification) => {
                if let ClientNotification::CancelledNotification(cancelled) = &notification.notification
                    && let Some(id) = &cancelled.params.request_id
                {
                    // rmcp drops the answer to a cancelled request.
                    drop(self.outbox.close(id));
                }
            }
            JsonRpcMessage::Response(_) | JsonRpcMessage::Error(_) => {}
        }
        Some(message)
    }

    fn refuse_unreadable(&self, line: &[u8], error: &serde_json::Error) {
        let Ok(value) = serde_json::from_slice::<Value>(line) else {
            self.refuse(None, ErrorCode::PARSE_ERROR, format!("not JSON: {error}"));
            return;
        };
        let id = value.get("id").and_then(|id| serde_json::from_value::<RequestId>(id.clone()).ok());
        match (value.get("method").and_then(Value::as_str), id) {
            // A notification that cannot be read has nobody waiting.
            (Some(method), None) => tracing::debug!(method, "ignored a notification that cannot be read"),
            (Some(method), id) => {
                self.refuse(id, ErrorCode::INVALID_PARAMS, format!("{method}: the parameters have another shape"));
            }
            (None, id) if value.is_object() => self.refuse(id, ErrorCode::INVALID_REQUEST, "no JSON-RPC request"),
            (None, _) => self.refuse(None, ErrorCode::INVALID_REQUEST, "one JSON-RPC message a line; no batches"),
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

async fn write_all(
    mut queued: mpsc::UnboundedReceiver<Outgoing>,
    mut write: impl AsyncWrite + Unpin,
    outbox: Arc<Outbox>,
) {
    let mut batch = Vec::with_capacity(BATCH);
    while queued.recv_many(&mut batch, BATCH).await > 0 {
        let bytes = batch.iter().map(|outgoing| outgoing.line.as_slice()).collect::<Vec<_>>().concat();
        let written = async {
            write.write_all(&bytes).await?;
            write.flush().await
        };
        if written.await.is_err() {
            outbox.break_off();
            return;
        }
        outbox.written(bytes.len());
        // Only now do the slots come free.
        batch.clear();
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
        let slot = answered.and_then(|id| self.outbox.close(id));
        let queued = self.queue(&message, slot);
        // Nobody misses an answer or a notification when the host is gone; a question would wait for ever.
        let is_question = matches!(message, JsonRpcMessage::Request(_));
        std::future::ready(if is_question { queued } else { Ok(()) })
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleServer>> {
        let closing = self.closing.clone();
        while !closing.is_cancelled() {
            let outbox = Arc::clone(&self.outbox);
            let read = async {
                outbox.may_read().await;
                self.read_line().await
            };
            let line = tokio::select! {
                line = read => line,
                () = closing.cancelled() => Line::End,
            };
            match line {
                Line::Whole => {
                    if let Some(message) = self.take_message() {
                        return Some(message);
                    }
                }
                Line::TooLong => {
                    self.refuse(None, ErrorCode::INVALID_REQUEST, format!("a message has at most {MOST_LINE} bytes"));
                }
                Line::End => closing.cancel(),
            }
        }
        // Each call ends by its own deadline, so this wait is bounded by the longest of them.
        self.outbox.settled().await;
        None
    }

    async fn close(&mut self) -> Result<(), io::Error> {
        self.queue = None;
        if let Some(writer) = self.writer.take() {
            // A host that does not read is not waited for longer than this.
            drop(tokio::time::timeout(FLUSH, writer).await);
        }
        Ok(())
    }
}
