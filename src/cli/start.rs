//! Starts the runtime from the settings, and with `--sandbox` the embedded account as well.

use crate::{account::Account, api::Api, runtime::Runtime, settings::Settings};
use anyhow::Context;
use highlevel_sandbox::{Sandbox, SandboxConfig};
use std::{net::Ipv4Addr, sync::Arc};

/// A running process, with its embedded account if it has one.
pub(super) struct Started {
    pub(super) runtime: Arc<Runtime>,
    /// The sandbox stops when this is dropped.
    pub(super) _sandbox: Option<Sandbox>,
}

pub(super) async fn start(mut settings: Settings) -> anyhow::Result<Started> {
    settings.resolve_api().await?;
    let sandbox = if settings.sandbox { Some(embed(&mut settings).await?) } else { None };
    let runtime = Arc::new(Runtime::new(&settings)?);
    if let Some(journal) = runtime.default_account().journal().map(Arc::clone) {
        // In the background: the next write repairs the journal as well.
        tokio::spawn(async move {
            if let Err(error) = journal.heal().await {
                tracing::warn!("{}", error.message);
            }
        });
    }
    Ok(Started { runtime, _sandbox: sandbox })
}

impl Started {
    /// The account of the settings.
    pub(super) fn account(&self) -> &Account {
        self.runtime.default_account()
    }
}

/// Starts the embedded account on a loopback port, and changes the settings to its address and token.
pub(super) async fn embed(settings: &mut Settings) -> anyhow::Result<Sandbox> {
    let official = settings.api == Some(Api::Official);
    let config = if official { SandboxConfig::official() } else { SandboxConfig::default() };
    let sandbox =
        Sandbox::start((Ipv4Addr::LOCALHOST, 0).into(), config).await.context("cannot start the embedded account")?;
    let url = sandbox.base_url().parse().context("the embedded account has an invalid address")?;
    settings.base_url = Some(url);
    (settings.backend_url, settings.location_url, settings.page_builder_url) = (None, None, None);
    if official && settings.location_id.is_none() {
        settings.location_id = Some(sandbox.location_id());
    }
    settings.given_token = Some(sandbox.token().into());
    Ok(sandbox)
}
