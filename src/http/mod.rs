//! MCP over Streamable HTTP: rmcp's transport in an axum router, behind authentication and bounds.
//!
//! A request goes through `connections` (bounded headers), `headers` (host, origin), `access` (who is it?), `limits`
//! (how many?), `body` (how large, how slow?), and then to the client's own server and the caller's own sessions (`clients`).
//! The response goes through `read_on` (does a refused client still send?) and `stall` (who does not read it?).

mod access;
mod batch;
mod body;
mod clients;
mod connections;
mod endpoint;
mod headers;
mod health;
mod kept;
mod limits;
mod metrics;
mod oauth;
mod options;
mod read_on;
mod refusal;
mod sessions;
mod stall;

pub use options::HttpOptions;

use crate::{runtime::Runtime, settings::Settings};
use access::Access;
use anyhow::{Context, bail};
use axum::{Router, middleware, routing};
use clients::Clients;
use headers::{Callers, PublicUrl, RESOURCE_METADATA};
use limits::Limits;
use metrics::Metrics;
use oauth::Issuer;
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use url::Url;

/// The path of the MCP endpoint.
const MCP: &str = "/mcp";

/// How much longer than a call the end of the server waits for what is under way.
const DRAIN: Duration = Duration::from_secs(5);

/// How long open responses may take to end after that.
const LAST_BYTES: Duration = Duration::from_secs(2);

/// A server that listens on an address.
pub struct HttpServer {
    listener: TcpListener,
    address: SocketAddr,
    router: Router,
    callers: Arc<Callers>,
    public: PublicUrl,
    metrics: Option<TcpListener>,
    app: Arc<App>,
    drain: Duration,
}

/// What the requests of a server share.
pub(crate) struct App {
    access: Access,
    clients: Clients,
    limits: Limits,
    metrics: Arc<Metrics>,
    runtime: Arc<Runtime>,
    /// From now on no request begins.
    closing: CancellationToken,
}

impl HttpServer {
    /// Listens on an address; port 0 takes a free one. When `closing` is cancelled, the server ends.
    ///
    /// # Errors
    /// For options that contradict each other, a file of clients that is wrong, and an address that cannot be listened on.
    pub async fn bind(
        address: SocketAddr,
        options: &HttpOptions,
        settings: Settings,
        runtime: Arc<Runtime>,
        closing: CancellationToken,
    ) -> anyhow::Result<Self> {
        if options.no_auth && !address.ip().is_loopback() {
            bail!("--no-auth lets everybody in who reaches the address, so it takes a loopback one, not {address}");
        }
        let listener = TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
        let address = listener.local_addr()?;
        let metrics_listener = match options.metrics_listen {
            Some(address) => Some(
                TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address} for metrics"))?,
            ),
            None => None,
        };
        let metrics = Arc::new(Metrics::new());
        let public = PublicUrl::new(options.public_url.as_ref(), address)?;
        let callers = Arc::new(Callers::new(options, address, &public)?);
        let drain = settings.timeout() + DRAIN;
        let clients = Clients::new(settings, Arc::clone(&runtime), options, metrics.observer(), closing.clone())?;
        let issuer = Issuer::new(options, &public, runtime.connections())?;
        let access = Access::new(options, issuer);
        let limits = Limits::new();
        let app = Arc::new(App { access, clients, limits, metrics, runtime, closing });
        let router = Router::new()
            .route(MCP, routing::any(endpoint::serve))
            .route("/healthz", routing::get(health::live))
            .route("/readyz", routing::get(health::ready))
            .route(metrics::METRICS, routing::get(metrics::for_clients))
            .route(RESOURCE_METADATA, routing::get(endpoint::metadata))
            .route(&format!("{RESOURCE_METADATA}{{*path}}"), routing::get(endpoint::metadata))
            .with_state(Arc::clone(&app));
        Ok(Self { listener, address, router, callers, public, metrics: metrics_listener, app, drain })
    }

    /// The address that the server listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address at which clients and people reach the server.
    pub fn public_url(&self) -> &Url {
        self.public.as_url()
    }

    /// The same server with further pages, behind the same checks of host and origin.
    #[must_use]
    pub fn with_pages(mut self, pages: Router) -> Self {
        self.router = self.router.merge(pages);
        self
    }

    /// The address of the metrics, if they are served.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics.as_ref().and_then(|listener| listener.local_addr().ok())
    }

    /// What keeps anybody from connecting, for the operator.
    pub fn warning(&self) -> Option<String> {
        self.app.access.warning(&self.app.clients)
    }

    /// Serves until it is told to close, and then until what is under way is answered.
    ///
    /// # Errors
    /// None today; a listener that breaks is tried again.
    pub async fn run(self) -> anyhow::Result<()> {
        let Self { listener, router, callers, metrics, app, drain, .. } = self;
        let router = router
            .layer(callers.cors())
            .layer(middleware::from_fn_with_state(callers, headers::check))
            .layer(middleware::from_fn(headers::secure))
            .layer(middleware::from_fn(read_on::read_on))
            .layer(middleware::from_fn_with_state(Arc::clone(&app.metrics), metrics::count));
        if let Some(listener) = metrics {
            let (router, closing) = (metrics::router(Arc::clone(&app)), app.closing.clone());
            tokio::spawn(async move { drop(connections::accept(listener, router, &closing).await) });
        }
        let watching = tokio::spawn(clients::watch(Arc::clone(&app)));
        let mut connections = connections::accept(listener, router, &app.closing).await;
        if tokio::time::timeout(drain, app.limits.drained()).await.is_err() {
            tracing::warn!("some requests were still under way at the end");
        }
        watching.abort();
        app.clients.end().await;
        let ended = async { while connections.join_next().await.is_some() {} };
        if tokio::time::timeout(LAST_BYTES, ended).await.is_err() {
            connections.shutdown().await;
        }
        Ok(())
    }
}
