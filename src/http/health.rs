//! `/healthz` and `/readyz`. Neither calls HighLevel, nor says anything about an account.

use super::App;
use axum::{extract::State, http::StatusCode};
use std::sync::Arc;

/// The process lives.
pub(super) async fn live() -> &'static str {
    "ok\n"
}

/// The server takes requests, and its state directory can be used.
pub(super) async fn ready(State(app): State<Arc<App>>) -> (StatusCode, &'static str) {
    if app.closing.is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, "closing\n");
    }
    match app.runtime.store().check().await {
        Ok(()) => (StatusCode::OK, "ok\n"),
        Err(error) => {
            tracing::warn!("not ready: {}", error.message);
            (StatusCode::SERVICE_UNAVAILABLE, "the state directory cannot be used\n")
        }
    }
}
