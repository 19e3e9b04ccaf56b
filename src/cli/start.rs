//! From settings to a running app, with the embedded account where that is wanted.

use crate::{api::Api, app::App, settings::Settings};
use anyhow::Context;
use highlevel_sandbox::{Sandbox, SandboxConfig};
use std::{net::Ipv4Addr, sync::Arc};

/// The app, and the embedded account that it works on, if it does.
pub(super) struct Started {
    pub(super) app: Arc<App>,
    /// Held so that it lives as long as the app.
    pub(super) _sandbox: Option<Sandbox>,
}

pub(super) async fn start(mut settings: Settings) -> anyhow::Result<Started> {
    settings.resolve_api().await?;
    let sandbox = if settings.sandbox { Some(embed(&mut settings).await?) } else { None };
    let app = Arc::new(App::new(&settings)?);
    if let Some(journal) = app.journal().map(Arc::clone) {
        // Not waited for: the next write mends as well.
        tokio::spawn(async move {
            if let Err(error) = journal.heal().await {
                tracing::warn!("{}", error.message);
            }
        });
    }
    Ok(Started { app, _sandbox: sandbox })
}

/// Starts an embedded account on a loopback port and points the settings to it.
pub(super) async fn embed(settings: &mut Settings) -> anyhow::Result<Sandbox> {
    let official = settings.api == Some(Api::Official);
    let config = if official { SandboxConfig::official() } else { SandboxConfig::default() };
    let sandbox = Sandbox::start((Ipv4Addr::LOCALHOST, 0).into(), config)
        .await
        .context("the embedded account could not start")?;
    let url = sandbox.base_url().parse().context("the embedded account has no address")?;
    settings.base_url = Some(url);
    (settings.backend_url, settings.location_url, settings.page_builder_url) = (None, None, None);
    if official && settings.location_id.is_none() {
        settings.location_id = Some(sandbox.location_id());
    }
    settings.given_token = Some(sandbox.token().into());
    Ok(sandbox)
}
