//! What a process has once, for all of its logins and accounts.

use super::{
    clock::Clock,
    http::{Http, Read, connect_fault, read},
    secrets::Secrets,
};
use highlevel_core::{
    context::process_name,
    error::{Code, Error, Result},
};
use highlevel_store::Store;
use http::header::ACCEPT;
use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use url::Url;

/// The longest that a document of another server may take.
const DOCUMENT_TIME: Duration = Duration::from_secs(10);

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

    /// A public document of another server, such as the keys of an OAuth issuer. No token is sent with the request.
    ///
    /// # Errors
    /// `upstream_error` where there is no such document, and `upstream_unreachable` where nothing answers.
    pub async fn get_document(&self, url: &Url, limit: usize) -> Result<Vec<u8>> {
        let client = self.inner.http.client(url.scheme()).await?;
        let request = client.get(url.clone()).timeout(DOCUMENT_TIME).header(ACCEPT, "application/json");
        let wrong = |code, what: String| Error::new(code, format!("{url} {what}."));
        let answer = request.send().await.map_err(|fault| {
            wrong(Code::UpstreamUnreachable, format!("cannot be reached: {}", connect_fault(&fault))).caused_by(fault)
        })?;
        let status = answer.status();
        if !status.is_success() {
            return Err(wrong(Code::UpstreamError, format!("answers with {status}")));
        }
        match read(answer, limit).await {
            Read::Whole(bytes) => Ok(bytes),
            Read::TooLarge(_) => Err(wrong(Code::UpstreamError, format!("has more than {limit} bytes"))),
            Read::Broken(_) => Err(wrong(Code::UpstreamUnreachable, "broke off".to_owned())),
        }
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
