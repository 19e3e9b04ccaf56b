//! Starts the runtime from the settings, and with `--sandbox` the embedded account as well.

use crate::{
    account::{ACCOUNT, Account},
    api::Api,
    runtime::Runtime,
    settings::Settings,
};
use anyhow::Context;
use highlevel_core::error::{Error, Result};
use highlevel_sandbox::{Sandbox, SandboxConfig};
use std::{net::Ipv4Addr, sync::Arc};

/// A running process, with its embedded account if it has one.
pub(super) struct Started {
    pub(super) runtime: Arc<Runtime>,
    /// The settings, with those of the embedded account.
    pub(super) settings: Settings,
    /// The sandbox stops when this is dropped.
    pub(super) _sandbox: Option<Sandbox>,
}

pub(super) async fn start(mut settings: Settings) -> anyhow::Result<Started> {
    let sandbox = if settings.sandbox {
        settings.resolve_api().await?;
        Some(embed(&mut settings).await?)
    } else {
        None
    };
    let runtime = Arc::new(Runtime::start(&settings).await?);
    if let Some(journal) = runtime.journal().map(Arc::clone) {
        // In the background: the next write takes over an older version's files as well.
        tokio::spawn(async move {
            if let Err(error) = journal.take_over().await {
                tracing::warn!("{}", error.message);
            }
        });
    }
    Ok(Started { runtime, settings, _sandbox: sandbox })
}

impl Started {
    /// The account that a command reads.
    ///
    /// # Errors
    /// `invalid_arguments` for `--account` if there are several and none is the default.
    pub(super) fn account(&self) -> Result<&Account> {
        self.runtime.accounts().for_read(None).map(AsRef::as_ref).map_err(as_flag)
    }

    /// The account that a command may write to.
    ///
    /// # Errors
    /// `invalid_arguments` for `--account` if there are several.
    pub(super) fn account_to_write(&self) -> Result<&Account> {
        self.runtime.accounts().for_write(None).map(AsRef::as_ref).map_err(as_flag)
    }
}

/// The error in a command line's words.
fn as_flag(mut error: Error) -> Error {
    if error.field.as_deref() == Some(ACCOUNT) {
        error.field = Some("--account".to_owned());
        error.message = error.message.replacen("`account`", "--account", 1);
    }
    error
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
