//! The queue of lines to the host, and the task that writes them.

use super::outbox::{Outbox, Slot};
use std::{io, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncWrite, AsyncWriteExt},
    sync::mpsc,
    task::JoinHandle,
};

/// How many queued lines are written at once.
const MAX_LINES_AT_ONCE: usize = 64;

/// How long a host may take at the end to read what is left.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(5);

/// Writes lines in a task of its own, so that a host that reads slowly holds nothing up.
pub(super) struct LineWriter {
    outbox: Arc<Outbox>,
    queue: Option<mpsc::UnboundedSender<Queued>>,
    task: Option<JoinHandle<()>>,
}

/// A line that waits to be written, with the slot that is free again afterwards.
struct Queued {
    line: Vec<u8>,
    _slot: Option<Slot>,
}

impl LineWriter {
    /// Starts the task. Needs a runtime.
    pub(super) fn start(write: impl AsyncWrite + Send + Unpin + 'static, outbox: Arc<Outbox>) -> Self {
        let (queue, queued) = mpsc::unbounded_channel();
        let task = tokio::spawn(write_all(queued, write, Arc::clone(&outbox)));
        Self { outbox, queue: Some(queue), task: Some(task) }
    }

    /// Queues a line, unless it is empty.
    ///
    /// # Errors
    /// `BrokenPipe` if the host's end is closed.
    pub(super) fn queue(&self, mut line: Vec<u8>, slot: Option<Slot>) -> io::Result<()> {
        let closed = || io::Error::new(io::ErrorKind::BrokenPipe, "the host's end is closed");
        if self.outbox.is_disconnected() {
            return Err(closed());
        }
        if line.is_empty() {
            return Ok(());
        }
        line.push(b'\n');
        let bytes = line.len();
        self.outbox.add_queued(bytes);
        self.queue.as_ref().ok_or_else(closed)?.send(Queued { line, _slot: slot }).map_err(|_| closed())
    }

    /// Takes no further lines, and waits a while for what is queued to be written.
    pub(super) async fn close(&mut self) {
        self.queue = None;
        if let Some(task) = self.task.take() {
            drop(tokio::time::timeout(FLUSH_TIMEOUT, task).await);
        }
    }
}

async fn write_all(
    mut queued: mpsc::UnboundedReceiver<Queued>,
    mut write: impl AsyncWrite + Unpin,
    outbox: Arc<Outbox>,
) {
    let mut batch = Vec::with_capacity(MAX_LINES_AT_ONCE);
    while queued.recv_many(&mut batch, MAX_LINES_AT_ONCE).await > 0 {
        let bytes = batch.iter().map(|queued| queued.line.as_slice()).collect::<Vec<_>>().concat();
        let written = async {
            write.write_all(&bytes).await?;
            write.flush().await
        };
        if written.await.is_err() {
            outbox.disconnect();
            return;
        }
        outbox.add_written(bytes.len());
        // Drops the slots, which are free from here on.
        batch.clear();
    }
}
