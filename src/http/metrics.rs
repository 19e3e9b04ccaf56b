//! Figures for Prometheus: counts and durations. No content, and no name of a person, client or account.

use super::App;
use crate::mcp::CallObserver;
use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, header},
    middleware::Next,
    response::{IntoResponse, Response},
    routing,
};
use highlevel_api_client::quota_waits;
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{
        counter::{ConstCounter, Counter},
        family::Family,
        gauge::ConstGauge,
        histogram::Histogram,
    },
    registry::Registry,
};
use std::sync::{Arc, Mutex, PoisonError};

/// The path of the figures.
pub(super) const METRICS: &str = "/metrics";

/// The type of what Prometheus reads.
const TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Seconds of a call: from what the mirror answers to what waits for the quota.
const SECONDS: [f64; 9] = [0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 15.0, 60.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfRequest {
    endpoint: &'static str,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfCall {
    tool: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfTool {
    tool: &'static str,
}

/// What is counted.
#[derive(Debug)]
pub(super) struct Metrics {
    requests: Family<OfRequest, Counter>,
    calls: Family<OfCall, Counter>,
    seconds: Family<OfTool, Histogram, fn() -> Histogram>,
    registry: Mutex<Registry>,
}

impl Metrics {
    pub(super) fn new() -> Self {
        let requests = Family::<OfRequest, Counter>::default();
        let calls = Family::<OfCall, Counter>::default();
        let seconds = Family::<OfTool, Histogram, _>::new_with_constructor((|| Histogram::new(SECONDS)) as fn() -> _);
        let mut registry = Registry::with_prefix("highlevel_mcp");
        registry.register("http_requests", "Requests over HTTP, by endpoint and status", requests.clone());
        registry.register(
            "tool_calls",
            "Calls, by tool and outcome: ok, input_required, task or an error's code",
            calls.clone(),
        );
        registry.register(
            "tool_call_seconds",
            "Time from a call to its answer, with its wait for the quota",
            seconds.clone(),
        );
        Self { requests, calls, seconds, registry: Mutex::new(registry) }
    }

    /// Counts the calls of a server.
    pub(super) fn observer(self: &Arc<Self>) -> CallObserver {
        let metrics = Arc::clone(self);
        CallObserver::new(move |tool, outcome, took| {
            metrics.calls.get_or_create(&OfCall { tool, outcome }).inc();
            metrics.seconds.get_or_create(&OfTool { tool }).observe(took.as_secs_f64());
        })
    }

    fn text(&self, sessions: usize, under_way: usize) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry.lock().unwrap_or_else(PoisonError::into_inner))?;
        // What is known only now.
        let mut now = Registry::with_prefix("highlevel_mcp");
        let count = |count: usize| ConstGauge::new(i64::try_from(count).unwrap_or(i64::MAX));
        let (waits, waited) = quota_waits();
        now.register("sessions", "Open sessions of the protocols before 2026-07-28", count(sessions));
        now.register("http_requests_in_flight", "Requests without a whole answer", count(under_way));
        now.register("quota_waits", "Requests to HighLevel that waited for the quota", ConstCounter::new(waits));
        now.register("quota_wait_seconds", "Time that they waited", ConstCounter::new(waited.as_secs_f64()));
        let mut rest = String::new();
        encode(&mut rest, &now)?;
        // The end is marked once.
        Ok(format!("{}{rest}", text.trim_end_matches("# EOF\n")))
    }
}

/// What is served on the address of `--metrics-listen`.
pub(super) fn router(app: Arc<App>) -> Router {
    Router::new().route(METRICS, routing::get(show)).with_state(app)
}

async fn show(State(app): State<Arc<App>>) -> Response {
    let text = app.metrics.text(app.clients.sessions().await, app.limits.under_way());
    text.map(|text| ([(header::CONTENT_TYPE, TYPE)], text).into_response())
        .unwrap_or_else(|_| axum::http::StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

/// The same on the clients' address, for those who may connect.
pub(super) async fn for_clients(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    match app.access.identify(&app.clients, &headers).await {
        Ok(_) => show(State(app)).await,
        Err(refused) => refused.into_response(),
    }
}

/// Counts a request.
pub(super) async fn count(State(metrics): State<Arc<Metrics>>, request: Request, next: Next) -> Response {
    let endpoint = match request.uri().path() {
        super::MCP => "mcp",
        "/healthz" | "/readyz" => "health",
        METRICS => "metrics",
        path if path.starts_with("/.well-known/") => "metadata",
        _ => "other",
    };
    let response = next.run(request).await;
    metrics.requests.get_or_create(&OfRequest { endpoint, status: response.status().as_u16() }).inc();
    response
}
