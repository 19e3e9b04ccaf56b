//! `serve`: MCP over standard input and output.

use super::{say, start::start};
use crate::{
    mcp::{
        Server,
        transport::{LineTransport, stdio},
    },
    settings::Settings,
};
use anyhow::Context;
use rmcp::{serve_server, service::ServerInitializeError};
use std::{io::IsTerminal, process::ExitCode, sync::Arc};
use tokio_util::sync::CancellationToken;

const ATTACH: &str = "\
This is an MCP server: it waits for a host on standard input, and a terminal is not a host.
To attach a host, put this into its configuration (Claude Desktop: claude_desktop_config.json):

  {\"mcpServers\": {\"highlevel\": {\"command\": \"highlevel-mcp\", \"env\": {\"GHL_TOKEN_ID\": \"your token\"}}}}

To look around first, run highlevel-mcp demo or highlevel-mcp --help. Ctrl-D or Ctrl-C ends the server.";

pub(super) async fn run(settings: Settings) -> anyhow::Result<ExitCode> {
    if std::io::stdin().is_terminal() {
        say(ATTACH);
    }
    let started = start(settings).await?;
    let closing = CancellationToken::new();
    tokio::spawn(close_on_signal(closing.clone()));
    let (read, write) = stdio();
    let transport = LineTransport::new(read, write, closing.clone());
    let runtime = Arc::clone(&started.runtime);
    runtime.spawn_idle_refresh();
    runtime.spawn_jobs();
    let server = Server::new(Arc::clone(&runtime), closing)?;
    let service = match serve_server(server, transport).await {
        Ok(service) => service,
        // The host left before the session started.
        Err(ServerInitializeError::ConnectionClosed(_)) => return Ok(ExitCode::SUCCESS),
        Err(error) => return Err(error).context("the session could not start"),
    };
    let ended = service.waiting().await;
    runtime.leave().await;
    ended.context("the session broke")?;
    Ok(ExitCode::SUCCESS)
}

/// The first signal lets the calls in flight finish. A second one ends the process at once.
async fn close_on_signal(closing: CancellationToken) {
    signal().await;
    closing.cancel();
    signal().await;
    std::process::exit(1);
}

/// Waits for Ctrl-C, or for the system's wish that the process ends.
#[cfg(unix)]
pub(super) async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

/// Waits for Ctrl-C.
#[cfg(not(unix))]
pub(super) async fn signal() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}
