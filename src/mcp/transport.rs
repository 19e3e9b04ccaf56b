//! JSON-RPC by lines over any pair of streams, with bounds on both sides and a drain at the end.

use super::{
    batch::{self, Batch, Batches},
    id_finder::IdFinder,
    incoming::{self, Content, Id, Incoming, Refusal},
    line,
    outbox::{Outbox, Slot},
    tools::ToolList,
};
use rmcp::{
    RoleServer,
    model::{
        ClientNotification, ClientRequest, ErrorCode, ErrorData, GetMeta, JsonRpcMessage, ProtocolVersion, RequestId,
        ServerResult,
    },
    service::{RxJsonRpcMessage, TxJsonRpcMessage},
    transport::Transport,
};
use serde_json::Value;
use std::{
    collections::{HashMap, VecDeque},
    io,
    sync::Arc,
    time::Duration,
};
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
    /// Set while a line goes by that is too long to be read.
    skipping: Option<IdFinder>,
    opened: bool,
    /// Messages of a batch that the service has not seen yet.
    pending: VecDeque<RxJsonRpcMessage<RoleServer>>,
    batches: Batches,
    takes_batches: bool,
    /// How the host wrote the ids for which others stand.
    written: HashMap<RequestId, String>,
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
    TooLong(Option<String>),
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
            skipping: None,
            opened: false,
            pending: VecDeque::new(),
            batches: Batches::default(),
            takes_batches: false,
            written: HashMap::new(),
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
            let bytes = available.get(..take).unwrap_or_default();
            match &mut self.skipping {
                Some(finder) => finder.feed(bytes),
                None => self.line.extend_from_slice(bytes),
            }
            self.read.consume(take);
            if self.line.len() > MOST_LINE {
                let mut finder = IdFinder::default();
                finder.feed(&std::mem::take(&mut self.line));
                self.skipping = Some(finder);
            }
            if end.is_some() {
                return self.skipping.take().map_or(Line::Whole, |finder| Line::TooLong(finder.id()));
            }
        }
    }

    /// Puts a message on its way, as the answer to the request of this id if it is one.
    fn queue(
        &mut self,
        message: &TxJsonRpcMessage<RoleServer>,
        id: Option<&RequestId>,
        slot: Option<Slot>,
    ) -> io::Result<()> {
        let line = self.line_of(message, id)?;
        match id.filter(|id| self.batches.wait_for(id)) {
            // The slot comes free now: the batch's other answers may wait for it.
            Some(id) => self.batches.close(id, Some(line)).map_or(Ok(()), |line| self.queue_line(line, None)),
            None => self.queue_line(line, slot),
        }
    }

    fn line_of(&mut self, message: &TxJsonRpcMessage<RoleServer>, id: Option<&RequestId>) -> io::Result<Vec<u8>> {
        let line = line::write(message, &self.tools)?;
        Ok(match id.and_then(|id| Some((id, self.written.remove(id)?))) {
            Some((id, written)) => line::with_id(line, id, &written),
            None => line,
        })
    }

    fn queue_line(&self, mut line: Vec<u8>, slot: Option<Slot>) -> io::Result<()> {
        let gone = || io::Error::new(io::ErrorKind::BrokenPipe, "the host's end is closed");
        if self.outbox.is_broken() {
            return Err(gone());
        }
        if line.is_empty() {
            return Ok(());
        }
        line.push(b'\n');
        let bytes = line.len();
        self.outbox.queued(bytes);
        self.queue.as_ref().ok_or_else(gone)?.send(Outgoing { line, _slot: slot }).map_err(|_| gone())
    }

    /// The message of a refusal, and the id of the request that is refused.
    fn refusal(&mut self, refusal: Refusal) -> (TxJsonRpcMessage<RoleServer>, Option<RequestId>) {
        let error = ErrorData::new(refusal.code, refusal.message, None);
        let id = refusal.id.map(|Id { own, written }| {
            self.written.extend(written.map(|written| (own.clone(), written)));
            own
        });
        (TxJsonRpcMessage::<RoleServer>::error(error, id.clone()), id)
    }

    fn refuse(&mut self, refusal: Refusal) {
        let (message, id) = self.refusal(refusal);
        // If the host is gone, there is nobody to tell.
        drop(self.queue(&message, id.as_ref(), None));
    }

    /// The message in `self.line`, if it is one that the service should see.
    fn take_message(&mut self) -> Option<RxJsonRpcMessage<RoleServer>> {
        let line = std::mem::take(&mut self.line);
        let taken = match incoming::read(&line) {
            Ok(Content::One(incoming)) => self.admit(*incoming),
            Ok(Content::Several(items)) => self.take_batch(items).map(|()| self.pending.pop_front()),
            Ok(Content::Nothing) => Ok(None),
            Err(refusal) => Err(refusal),
        };
        taken.unwrap_or_else(|refusal| {
            self.refuse(refusal);
            None
        })
    }

    /// The messages of a batch, each as if it stood alone; their answers leave together.
    fn take_batch(&mut self, items: Vec<Value>) -> Result<(), Refusal> {
        let invalid = |message: String| Err(Refusal::new(None, ErrorCode::INVALID_REQUEST, message));
        if !self.takes_batches {
            return invalid("one JSON-RPC message a line; no batches in this revision of the protocol".to_owned());
        }
        if items.is_empty() || items.len() > batch::MOST {
            return invalid(format!("a batch has 1 to {} messages", batch::MOST));
        }
        let mut batch = Batch::default();
        for item in items {
            let admitted =
                incoming::of_batch(item).and_then(|incoming| incoming.map_or(Ok(None), |one| self.admit(one)));
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
                    batch.push(self.line_of(&message, id.as_ref()).unwrap_or_default());
                }
            }
        }
        if let Some(line) = self.batches.open(batch) {
            drop(self.queue_line(line, None));
        }
        Ok(())
    }

    /// A message that the service should see.
    fn admit(&mut self, incoming: Incoming) -> Result<Option<RxJsonRpcMessage<RoleServer>>, Refusal> {
        let Incoming { message, written } = incoming;
        match &message {
            JsonRpcMessage::Request(request) => {
                let id = Id { own: request.id.clone(), written };
                // Parameters of another shape arrive as a request that nobody knows.
                if let ClientRequest::CustomRequest(custom) = &request.request
                    && OWN_METHODS.contains(&custom.method.as_str())
                {
                    let what = incoming::another_shape(&custom.method);
                    return Err(Refusal::new(Some(id), ErrorCode::INVALID_PARAMS, what));
                }
                if !self.outbox.open(&id.own) {
                    let what = format!("the id {} is in use", id.written.as_ref().unwrap_or(&id.own.to_string()));
                    return Err(Refusal::new(None, ErrorCode::INVALID_REQUEST, what));
                }
                self.written.extend(id.written.map(|written| (id.own, written)));
                self.opened |= opens_session(&request.request);
            }
            // rmcp would end the process on these.
            _ if !self.opened => return Ok(None),
            JsonRpcMessage::Notification(notification) => {
                if let ClientNotification::CancelledNotification(cancelled) = &notification.notification
                    && let Some(id) = &cancelled.params.request_id
                {
                    // rmcp drops the answer to a cancelled request.
                    drop(self.outbox.close(id));
                    self.written.remove(id);
                    if let Some(line) = self.batches.close(id, None) {
                        drop(self.queue_line(line, None));
                    }
                }
            }
            JsonRpcMessage::Response(_) | JsonRpcMessage::Error(_) => {}
        }
        Ok(Some(message))
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
        if let JsonRpcMessage::Response(response) = &message
            && let ServerResult::InitializeResult(hello) = &response.result
        {
            self.takes_batches = hello.protocol_version == ProtocolVersion::V_2025_03_26;
        }
        let slot = answered.and_then(|id| self.outbox.close(id));
        let queued = self.queue(&message, answered, slot);
        // Nobody misses an answer or a notification when the host is gone; a question would wait for ever.
        let is_question = matches!(message, JsonRpcMessage::Request(_));
        std::future::ready(if is_question { queued } else { Ok(()) })
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleServer>> {
        let closing = self.closing.clone();
        if let Some(message) = self.pending.pop_front() {
            return Some(message);
        }
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
                Line::TooLong(written) => {
                    let what = format!("a message has at most {MOST_LINE} bytes");
                    self.refuse(Refusal::new(incoming::id_written(written), ErrorCode::INVALID_REQUEST, what));
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
