//! What a process has once, for all of its logins and accounts.

use super::{clock::Clock, http::Http, secrets::Secrets};
use highlevel_core::context::process_name;
use highlevel_store::Store;
use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// What a process has once: its HTTP connections, its store, the servers' clocks, and every secret that it must not show.
/// Clones are the same runtime.
#[derive(Debug, Clone)]
pub struct Runtime {
    inner: Arc<RuntimeInner>,
}

#[derive(Debug)]
struct RuntimeInner {
    http: Http,
    store: Arc<Store>,
    secrets: Secrets,
    attempt_timeout: Duration,
    process: String,
    members: AtomicU64,
    /// By the server's address.
    clocks: Mutex<HashMap<String, Arc<Clock>>>,
}

impl Runtime {
    /// A runtime that has done nothing yet: no file is read, no TLS set up. No attempt of a request takes longer than
    /// `attempt_timeout`.
    pub fn new(store: Arc<Store>, attempt_timeout: Duration) -> Self {
        let inner = RuntimeInner {
            http: Http::new(attempt_timeout),
            store,
            secrets: Secrets::default(),
            attempt_timeout,
            process: process_name(),
            members: AtomicU64::new(0),
            clocks: Mutex::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// The state directory's store.
    pub fn store(&self) -> &Arc<Store> {
        &self.inner.store
    }

    /// The text with every token that this process has held replaced by `[redacted]`, of whichever login it is.
    pub fn scrub<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.inner.secrets.scrub(text)
    }

    pub(crate) fn http(&self) -> &Http {
        &self.inner.http
    }

    pub(crate) fn secrets(&self) -> &Secrets {
        &self.inner.secrets
    }

    pub(crate) fn attempt_timeout(&self) -> Duration {
        self.inner.attempt_timeout
    }

    /// The clock of the server at this address.
    pub(crate) fn clock(&self, address: &str) -> Arc<Clock> {
        let mut clocks = self.inner.clocks.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(clocks.entry(address.to_owned()).or_default())
    }

    /// A name for one more participant among those of this machine that share quotas and refreshes.
    pub(crate) fn member(&self) -> String {
        format!("{}-{}", self.inner.process, self.inner.members.fetch_add(1, Ordering::Relaxed))
    }
}
