//! MCP over Streamable HTTP: rmcp's transport in an axum router.

use crate::mcp::Server;
use anyhow::Context;
use axum::Router;
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::local::LocalSessionManager,
};
use std::{net::SocketAddr, sync::Arc};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// The path of the MCP endpoint.
const MCP: &str = "/mcp";

/// A server that listens on an address.
pub struct HttpServer {
    listener: TcpListener,
    address: SocketAddr,
    router: Router,
    closing: CancellationToken,
}

impl HttpServer {
    /// Listens on `address`; port 0 takes a free one. When `closing` is cancelled, the server ends.
    ///
    /// # Errors
    /// For an address that cannot be listened on.
    pub async fn bind(address: SocketAddr, server: Server, closing: CancellationToken) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
        let address = listener.local_addr()?;
        let config = StreamableHttpServerConfig::default().with_cancellation_token(closing.clone());
        let sessions = Arc::new(LocalSessionManager::default());
        let mcp = StreamableHttpService::new(move || Ok(server.another_session()), sessions, config);
        Ok(Self { listener, address, router: Router::new().route_service(MCP, mcp), closing })
    }

    /// The address that the server listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until it is told to close.
    ///
    /// # Errors
    /// For a listener that breaks.
    pub async fn run(self) -> anyhow::Result<()> {
        let closing = self.closing.cancelled_owned();
        axum::serve(self.listener, self.router).with_graceful_shutdown(closing).await.context("the HTTP server broke")
    }
}
