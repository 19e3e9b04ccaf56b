//! The protocol by hand-written lines: both lifecycles, malformed input, floods, cancellation, progress and the end of a session.

mod ends;
mod eras;
mod in_memory;
mod lines;
mod repairs;
#[cfg(unix)]
mod sockets;
mod subscriptions;
mod tasks;
mod tasks_of_clients;
mod waits;

use crate::support::{Account, Wire, command};
use serde_json::{Value, json};
use std::path::Path;

/// Runs blocking work on the wire in a thread, so that it does not block the runtime that serves the sandbox.
async fn talk<T: Send + 'static>(wire: Wire, work: impl FnOnce(&mut Wire) -> T + Send + 'static) -> (Wire, T) {
    let done = tokio::task::spawn_blocking(move || {
        let mut wire = wire;
        let done = work(&mut wire);
        (wire, done)
    });
    done.await.unwrap()
}

fn wire(account: &Account, state: &Path, flags: &[&str]) -> Wire {
    let mut command = command(account, state);
    command.args(flags);
    Wire::start(command)
}

/// The `_meta` of every request with protocol 2026-07-28.
fn meta(capabilities: Value) -> Value {
    json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "wire", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": capabilities,
    })
}
