//! `serve`: MCP over standard input and output, or over HTTP.

use super::{say, start::start};
use crate::{
    approvals::{self, ApprovalServer, NotifyOptions},
    http::{HttpOptions, HttpServer},
    mcp::{
        Server, handler,
        transport::{LineTransport, stdio},
    },
    runtime::Runtime,
    settings::Settings,
};
use anyhow::Context;
use highlevel_store::raise_open_files;
use rmcp::{serve_server, service::ServerInitializeError};
use std::{
    io::IsTerminal,
    net::{Ipv4Addr, SocketAddr},
    process::ExitCode,
    sync::Arc,
};
use tokio_util::sync::CancellationToken;

const ATTACH: &str = "\
This is an MCP server: it waits for a host on standard input, and a terminal is not a host.
To attach a host, put this into its configuration (Claude Desktop: claude_desktop_config.json):

  {\"mcpServers\": {\"highlevel\": {\"command\": \"highlevel-mcp\", \"env\": {\"GHL_TOKEN_ID\": \"your token\"}}}}

To look around first, run highlevel-mcp demo or highlevel-mcp --help. Ctrl-D or Ctrl-C ends the server.";

#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct Options {
    #[command(flatten)]
    http: HttpOptions,
    /// Without --http: serve the approval page of --confirm page on this loopback address. Default: a free port of 127.0.0.1
    #[arg(long, env = "GHL_APPROVALS_LISTEN", value_name = "ADDR", conflicts_with = "address")]
    approvals_listen: Option<SocketAddr>,
    #[command(flatten)]
    notify: NotifyOptions,
}

pub(super) async fn run(settings: Settings, options: Options) -> anyhow::Result<ExitCode> {
    if options.http.address.is_none() && std::io::stdin().is_terminal() {
        say(ATTACH);
    }
    let notifier = options.notify.notifier(settings.allow_private_webhooks)?;
    let started = start(settings).await?;
    let closing = CancellationToken::new();
    tokio::spawn(close_on_signal(closing.clone()));
    let runtime = Arc::clone(&started.runtime);
    runtime.spawn_idle_refresh();
    runtime.spawn_jobs();
    runtime.spawn_accounts_watch();
    if let Some(notifier) = notifier {
        tokio::spawn(notifier.run(Arc::clone(&runtime), closing.clone()));
    }
    if options.http.address.is_none() {
        serve_approvals(&options, &runtime, closing.clone()).await?;
    }
    let ended = match options.http.address {
        Some(address) => {
            let settings = started.settings.clone();
            serve_http(address, &options.http, settings, Arc::clone(&runtime), closing).await
        }
        None => serve_stdio(Server::new(Arc::clone(&runtime), closing.clone())?, closing).await,
    };
    approvals::leave(&runtime).await;
    runtime.leave().await;
    ended.map(|()| ExitCode::SUCCESS)
}

/// Serves the approval page beside stdin and stdout, if a person of one of the accounts is asked there.
async fn serve_approvals(options: &Options, runtime: &Arc<Runtime>, closing: CancellationToken) -> anyhow::Result<()> {
    if !runtime.accounts().usable().any(|account| account.asks_on_page().is_some()) {
        return Ok(());
    }
    let address = options.approvals_listen.unwrap_or((Ipv4Addr::LOCALHOST, 0).into());
    let page = ApprovalServer::bind(address, Arc::clone(runtime)).await?;
    if let Some(url) = runtime.approval_page().url() {
        say(&format!("Approval page: {url}"));
    }
    tokio::spawn(async move {
        if let Err(error) = page.run(closing).await {
            tracing::warn!("{error:#}");
        }
    });
    Ok(())
}

async fn serve_stdio(server: Server, closing: CancellationToken) -> anyhow::Result<()> {
    let (read, write) = stdio();
    let transport = LineTransport::new(read, write, closing);
    let service = match serve_server(handler(server), transport).await {
        Ok(service) => service,
        // The host left before the session started.
        Err(ServerInitializeError::ConnectionClosed(_)) => return Ok(()),
        Err(error) => return Err(error).context("the session could not start"),
    };
    service.waiting().await.map(drop).context("the session broke")
}

async fn serve_http(
    address: SocketAddr,
    options: &HttpOptions,
    settings: Settings,
    runtime: Arc<Runtime>,
    closing: CancellationToken,
) -> anyhow::Result<()> {
    raise_open_files();
    let http = HttpServer::bind(address, options, settings, Arc::clone(&runtime), closing).await?;
    let pages = approvals::router(runtime, http.public_url(), true).await?;
    let http = http.with_pages(pages);
    say(&format!("MCP over HTTP on http://{}/mcp", http.address()));
    if let Some(address) = http.metrics_address() {
        say(&format!("Metrics on http://{address}/metrics"));
    }
    if http.address().ip().is_unspecified() && options.public_url.is_none() {
        say("Links of the approval page lead to --public-url, which is not given: nobody reaches http://0.0.0.0.");
    }
    if let Some(warning) = http.warning() {
        say(&warning);
    }
    http.run().await
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
