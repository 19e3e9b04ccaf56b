//! The approval page on loopback, for a server on stdin and stdout.

use super::{page, router};
use crate::runtime::Runtime;
use anyhow::{Context, bail};
use axum::{
    Router,
    extract::{Request, State},
    http::{StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use std::{net::SocketAddr, sync::Arc};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// The page on an address of its own.
pub struct ApprovalServer {
    listener: TcpListener,
    router: Router,
}

impl ApprovalServer {
    /// Listens on a loopback address; port 0 takes a free one.
    ///
    /// # Errors
    /// For an address that is not loopback or cannot be listened on, and a state directory that cannot be used.
    pub async fn bind(address: SocketAddr, runtime: Arc<Runtime>) -> anyhow::Result<Self> {
        if !address.ip().is_loopback() {
            bail!(
                "--approvals-listen takes a loopback address, not {address}: beyond this machine the page needs TLS. `serve --http` behind a proxy serves it there, under /approvals."
            );
        }
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("cannot listen on {address} for the approval page (--approvals-listen)"))?;
        let port = listener.local_addr()?.port();
        let url = format!("http://{}", listener.local_addr()?).parse().context("the address is no URL")?;
        let router = router(runtime, &url, false).await?;
        let router = router.layer(middleware::from_fn_with_state(port, check_host));
        Ok(Self { listener, router })
    }

    /// Serves until `closing` is cancelled.
    ///
    /// # Errors
    /// For a listener that breaks.
    pub async fn run(self, closing: CancellationToken) -> anyhow::Result<()> {
        let router = self.router.into_make_service_with_connect_info::<SocketAddr>();
        let served = axum::serve(self.listener, router).with_graceful_shutdown(closing.cancelled_owned());
        served.await.context("the approval page broke")
    }
}

/// Refuses a request for another host: a page elsewhere may have a name that leads to this machine.
async fn check_host(State(port): State<u16>, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let is_own = ["127.0.0.1", "localhost", "[::1]"].iter().any(|name| host == format!("{name}:{port}"));
    if is_own {
        return next.run(request).await;
    }
    let message = "The approval page is for this machine: open it at 127.0.0.1 or localhost.";
    (StatusCode::MISDIRECTED_REQUEST, page::message("Not here", message)).into_response()
}
