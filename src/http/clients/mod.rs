//! The clients of a server: each has its own accounts and policy, and each of its callers its own sessions and bounds, built
//! when they first come.

mod caller;
mod file;
mod served;

pub(super) use caller::CallerService;
pub(super) use served::Served;

use super::{App, DRAIN, HttpOptions, access::Who, refusal::HttpError};
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

/// How often the file is looked at without a request, so that the sessions of a removed client end; and how often idle
/// sessions are looked for.
const LOOK: Duration = Duration::from_secs(1);

/// How many sessions there may be of all callers, unless a single one may have more.
const MAX_SESSIONS: usize = 4096;

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

    /// What a client and its caller are served by.
    pub(super) async fn served(&self, who: &Who) -> std::result::Result<(Arc<Served>, Arc<CallerService>), HttpError> {
        let served = self.client(who).await?;
        let caller = served.caller(&who.owner()).ok_or_else(|| {
            let message = "As many callers as this server takes have requests under way. Repeat the request later.";
            HttpError::new(StatusCode::SERVICE_UNAVAILABLE, message).retry_after(5)
        })?;
        Ok((served, caller))
    }

    async fn client(&self, who: &Who) -> std::result::Result<Arc<Served>, HttpError> {
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
            return Served::new(None, Arc::clone(&self.runtime), self.bounds.clone(), self.closing.clone());
        }
        let mut own = match &who.entry {
            None => self.settings.clone(),
            Some(entry) => self.settings.of_client(entry)?,
        };
        own.read_only |= !who.may_write;
        let runtime = Arc::new(self.runtime.narrowed(&own).await?);
        runtime.spawn_accounts_watch();
        Served::new(who.entry.clone(), runtime, self.bounds.clone(), self.closing.clone())
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

    /// Ends what is idle for too long.
    async fn end_idle(&self) {
        let served: Vec<_> = self.served.lock().await.values().cloned().collect();
        for served in served {
            served.end_idle().await;
        }
    }

    /// Ends the longest idle session of the caller's, or of all, if there are as many as may be. Returns false if each has a
    /// request under way.
    pub(super) async fn make_room(&self, caller: &CallerService) -> bool {
        if !caller.sessions.make_room().await {
            return false;
        }
        let callers = self.callers().await;
        let count: usize = callers.iter().map(|caller| caller.sessions.count()).sum();
        if count < MAX_SESSIONS.max(self.bounds.sessions) {
            return true;
        }
        let idle = callers.iter().filter_map(|caller| Some((caller.sessions.idleness()?, caller)));
        match idle.min_by_key(|(idleness, _)| *idleness) {
            Some((_, caller)) => caller.sessions.end_longest_idle().await,
            None => false,
        }
    }

    async fn callers(&self) -> Vec<Arc<CallerService>> {
        self.served.lock().await.values().flat_map(|served| served.all_callers()).collect()
    }

    /// Ends what a client was served by, and what its own runtime watches.
    fn retire(&self, served: &Arc<Served>) {
        let (served, most) = (Arc::clone(served), self.settings.timeout() + DRAIN);
        // The process leaves its own runtime itself.
        let leaves = !Arc::ptr_eq(&served.runtime, &self.runtime);
        tokio::spawn(async move {
            served.retire(most).await;
            if leaves {
                served.runtime.leave().await;
            }
        });
    }

    /// How many sessions there are.
    pub(super) async fn sessions(&self) -> usize {
        self.callers().await.iter().map(|caller| caller.sessions.count()).sum()
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

/// Keeps to the file, and ends what is idle, until this is aborted.
pub(super) async fn watch(app: Arc<App>) {
    loop {
        tokio::time::sleep(LOOK).await;
        app.clients.end_changed().await;
        app.clients.end_idle().await;
    }
}
