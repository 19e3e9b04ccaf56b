//! The approval page: where a person logs in, sees what waits for them, and agrees or declines (docs/confirmations.md).
//!
//! A request goes through `same_origin` (is it from this page?), `sessions` (who is it?), and then to one of the `routes`,
//! which answer with `page` and `card`.

mod attempts;
mod card;
mod notify;
mod page;
mod requests;
mod routes;
mod same_origin;
mod serve;
mod sessions;
mod values;

pub use notify::{Notifier, NotifyOptions};
pub use serve::ApprovalServer;

use crate::runtime::Runtime;
use attempts::Attempts;
use axum::{Router, middleware, routing};
use highlevel_core::error::Result;
use same_origin::OwnOrigin;
use std::sync::Arc;
use url::Url;

/// The path of the page.
const PATH: &str = "/approvals";

/// The name of the cookie behind TLS. Browsers take one with this beginning from the host itself alone, for all of its paths.
const HOST_COOKIE: &str = "__Host-highlevel_approver";

/// What the requests to the page share.
struct App {
    runtime: Arc<Runtime>,
    origin: OwnOrigin,
    attempts: Attempts,
    /// The name of the cookie. Behind TLS no other host can set one of this name; else it has the port, since browsers share
    /// cookies between the ports of a host.
    cookie: String,
}

/// The page as a router, for a server whose address people know as `public`. Only its scheme, host and port count. Says to
/// the process's accounts where it is. `is_default`: whether a person whose host has no forms is asked there.
///
/// # Errors
/// `internal` when the state directory cannot be used.
pub async fn router(runtime: Arc<Runtime>, public: &Url, is_default: bool) -> Result<Router> {
    let origin = OwnOrigin::new(public);
    let url = format!("{}{PATH}", origin.as_str());
    runtime.approval_page().serve_at(url.clone(), is_default);
    runtime.store().put_approval_page(&url).await?;
    let port = public.port_or_known_default().unwrap_or_default();
    let cookie = if origin.is_secure { HOST_COOKIE.to_owned() } else { format!("highlevel_approver_{port}") };
    let app = Arc::new(App { runtime, origin, attempts: Attempts::default(), cookie });
    Ok(Router::new()
        .route(PATH, routing::get(routes::list))
        .route("/approvals/open", routing::get(routes::link).post(routes::open))
        .route("/approvals/login", routing::post(routes::login))
        .route("/approvals/logout", routing::post(routes::logout))
        .route("/approvals/decide", routing::post(routes::decide))
        .route("/approvals/state", routing::get(routes::state))
        .route("/approvals/{request}", routing::get(routes::one))
        // Other paths are none of the page's.
        .route_layer(middleware::from_fn_with_state(Arc::clone(&app), same_origin::check))
        .with_state(app))
}

/// Takes the page's address back, for the end of a process.
pub async fn leave(runtime: &Runtime) {
    if let Some(url) = runtime.approval_page().url()
        && let Err(error) = runtime.store().remove_approval_page(url).await
    {
        tracing::debug!("the address of the approval page stays in the state directory: {}", error.message);
    }
}
