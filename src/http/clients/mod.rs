//! The clients of a server: each has its own accounts, policy, sessions and bounds, built when it first comes.

mod file;
mod served;

pub(super) use served::Served;

use super::{App, HttpOptions, access::Who, refusal::HttpError};
use crate::{
    mcp::CallObserver,
    runtime::Runtime,
    settings::{Settings, clients::ClientsFile},
};
use anyhow::Context;
use axum::http::StatusCode;
use file::WatchedClients;
use highlevel_core::error::Result;
use served::Bounds;
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

/// How often the file is looked at without a request, so that the sessions of a removed client end.
const LOOK: Duration = Duration::from_secs(1);

/// The clients of a server.
pub(super) struct Clients {
    settings: Settings,
    runtime: Arc<Runtime>,
    bounds: Bounds,
    closing: CancellationToken,
    file: WatchedClients,
    served: Mutex<HashMap<String, Arc<Served>>>,
}

impl Clients {
    /// The clients of `clients.toml`. Checks that each of them can be served.
    pub(super) fn new(
        settings: Settings,
        runtime: Arc<Runtime>,
        options: &HttpOptions,
        observer: CallObserver,
        closing: CancellationToken,
    ) -> anyhow::Result<Self> {
        let file = WatchedClients::new(settings.clients_path()?);
        if let Some(clients) = ClientsFile::read(file.path())? {
            for client in &clients.clients {
                let checked = settings.of_client(client).and_then(|own| own.served_accounts().map(drop));
                checked.with_context(|| format!("the client \"{}\" cannot be served", client.name))?;
            }
        }
        let bounds = Bounds::new(options, observer);
        Ok(Self { settings, runtime, bounds, closing, file, served: Mutex::default() })
    }

    /// The file as it stands. What is wrong with it is in the log.
    pub(super) fn file(&self) -> std::result::Result<Arc<ClientsFile>, ()> {
        self.file.read()
    }

    /// What a client is served by.
    pub(super) async fn served(&self, who: &Who) -> std::result::Result<Arc<Served>, HttpError> {
        let name = who.served_name();
        let mut served = self.served.lock().await;
        if let Some(found) = served.get(&name).filter(|found| found.entry == who.entry) {
            return Ok(Arc::clone(found));
        }
        let built = self.build(who).await.map_err(|error| {
            tracing::warn!("the client {name} cannot be served: {}", error.message);
            let message = "The settings of this client are wrong; the server's log says what.";
            HttpError::new(StatusCode::SERVICE_UNAVAILABLE, message).retry_after(30)
        })?;
        let built = Arc::new(built);
        if let Some(old) = served.insert(name, Arc::clone(&built)) {
            self.retire(&old);
        }
        Ok(built)
    }

    async fn build(&self, who: &Who) -> Result<Served> {
        if who.entry.is_none() && who.may_write {
            return Served::new(None, Arc::clone(&self.runtime), &self.bounds, self.closing.clone());
        }
        let mut own = match &who.entry {
            None => self.settings.clone(),
            Some(entry) => self.settings.of_client(entry)?,
        };
        own.read_only |= !who.may_write;
        let runtime = Arc::new(self.runtime.narrowed(&own).await?);
        runtime.spawn_accounts_watch();
        Served::new(who.entry.clone(), runtime, &self.bounds, self.closing.clone())
    }

    /// Ends the sessions of clients whose entry has changed or is gone.
    async fn end_changed(&self) {
        // A file that cannot be read lets nobody in, and ends nothing.
        let Ok(file) = self.file() else { return };
        self.served.lock().await.retain(|_, served| {
            let stays = served.entry.as_ref().is_none_or(|entry| file.clients.contains(entry));
            if !stays {
                self.retire(served);
            }
            stays
        });
    }

    /// Ends what a client was served by, and what its own runtime watches.
    fn retire(&self, served: &Served) {
        served.end();
        let runtime = Arc::clone(&served.runtime);
        // The process leaves its own runtime itself.
        if !Arc::ptr_eq(&runtime, &self.runtime) {
            tokio::spawn(async move { runtime.leave().await });
        }
    }

    /// How many sessions there are.
    pub(super) async fn sessions(&self) -> usize {
        self.served.lock().await.values().map(|served| served.sessions.count()).sum()
    }

    /// Ends every session and stream, and returns what other processes wait for.
    pub(super) async fn end(&self) {
        let served: Vec<_> = self.served.lock().await.drain().map(|(_, served)| served).collect();
        for served in served {
            served.end();
            // The process leaves its own runtime itself.
            if !Arc::ptr_eq(&served.runtime, &self.runtime) {
                served.runtime.leave().await;
            }
        }
    }
}

/// Keeps to the file until this is aborted.
pub(super) async fn watch(app: Arc<App>) {
    loop {
        tokio::time::sleep(LOOK).await;
        app.clients.end_changed().await;
    }
}
