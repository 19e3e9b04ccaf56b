//! The issuer's keys: found by its metadata, kept, and read again when a token names one that is not among them.

use anyhow::{Context, bail};
use highlevel_api_client::Runtime as Connections;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, JwkSet, PublicKeyUse};
use serde::Deserialize;
use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::{Mutex, watch};
use url::{Host, Url};

/// After this time the keys are read again.
const KEPT: Duration = Duration::from_secs(3600);

/// How often the keys may be read in [`WINDOW`]: tokens with made-up keys cost the issuer no more than this.
const MOST_READS: usize = 5;

/// See [`MOST_READS`].
const WINDOW: Duration = Duration::from_secs(60);

/// The most bytes of the issuer's documents.
const MAX_BYTES: usize = 512 * 1024;

/// What is used of the metadata of RFC 8414 and of OpenID Connect Discovery.
#[derive(Debug, Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: String,
}

/// The keys of an issuer.
#[derive(Debug)]
pub(super) struct Keys {
    issuer: Url,
    connections: Connections,
    known: watch::Sender<Option<Known>>,
    reads: Mutex<VecDeque<Instant>>,
}

#[derive(Debug, Clone)]
struct Known {
    /// The issuer as it names itself in tokens.
    issuer: Arc<str>,
    keys: Arc<[Jwk]>,
    read: Instant,
}

/// The keys that may have signed a token.
#[derive(Debug)]
pub(super) struct Candidates {
    pub(super) issuer: Arc<str>,
    pub(super) keys: Vec<Jwk>,
}

impl Keys {
    /// The keys of the issuer at this address. Nothing is read yet.
    ///
    /// # Errors
    /// For an address that anybody on the way could answer for.
    pub(super) fn new(issuer: Url, connections: Connections) -> anyhow::Result<Self> {
        if !is_safe(&issuer) {
            bail!("--oauth-issuer: {issuer} must be https");
        }
        Ok(Self { issuer, connections, known: watch::Sender::default(), reads: Mutex::default() })
    }

    /// The keys with this id, or all without one.
    ///
    /// # Errors
    /// Why the issuer's keys are not known.
    pub(super) async fn named(&self, id: Option<&str>) -> anyhow::Result<Candidates> {
        let came = Instant::now();
        // One reads, and the others wait for it, each until its own key is there.
        let mut reads = tokio::select! {
            biased;
            found = self.fresh(id) => return Ok(found),
            reads = self.reads.lock() => reads,
        };
        reads.retain(|read| read.elapsed() < WINDOW);
        // A read that began after the request came would have found its key.
        let is_read = reads.back().is_some_and(|begun| *begun >= came);
        if !is_read && reads.len() < MOST_READS {
            reads.push_back(Instant::now());
            match self.read().await {
                Ok(known) => drop(self.known.send_replace(Some(known))),
                Err(error) => tracing::warn!("the keys of {} cannot be read: {error:#}", self.issuer),
            }
        }
        let known = self.known.borrow().clone().context("the issuer's keys are not known")?;
        Ok(of(&known, id).unwrap_or_else(|| Candidates { issuer: known.issuer, keys: Vec::new() }))
    }

    /// The keys with this id as soon as they are known, and not too old.
    async fn fresh(&self, id: Option<&str>) -> Candidates {
        let mut known = self.known.subscribe();
        loop {
            let is_fresh = |known: &&Known| known.read.elapsed() < KEPT;
            let found = known.borrow_and_update().as_ref().filter(is_fresh).and_then(|known| of(known, id));
            if let Some(found) = found {
                return found;
            }
            if known.changed().await.is_err() {
                // Whoever asks keeps the sender.
                std::future::pending::<()>().await;
            }
        }
    }

    async fn read(&self) -> anyhow::Result<Known> {
        let metadata = self.metadata().await?;
        let place: Url = metadata.jwks_uri.parse().context("its jwks_uri is no URL")?;
        if !is_safe(&place) {
            bail!("its jwks_uri {place} is not https");
        }
        let body = self.connections.get_document(&place, MAX_BYTES).await?;
        let set: JwkSet = serde_json::from_slice(&body).context("its keys cannot be read")?;
        let keys: Vec<Jwk> = set.keys.into_iter().filter(can_sign).collect();
        if keys.is_empty() {
            bail!("it has no public key for signatures");
        }
        Ok(Known { issuer: metadata.issuer.into(), keys: keys.into(), read: Instant::now() })
    }

    /// The metadata, at the first of the places where an issuer may have it.
    async fn metadata(&self) -> anyhow::Result<Metadata> {
        let path = self.issuer.path().trim_end_matches('/');
        let mut last = None;
        for place in [
            format!("/.well-known/oauth-authorization-server{path}"),
            format!("{path}/.well-known/openid-configuration"),
            format!("/.well-known/openid-configuration{path}"),
        ] {
            let mut url = self.issuer.clone();
            url.set_path(&place);
            match self.connections.get_document(&url, MAX_BYTES).await {
                Ok(body) => {
                    let found: Metadata =
                        serde_json::from_slice(&body).with_context(|| format!("{url} is no metadata"))?;
                    // Who answers for another issuer could sign for it.
                    if found.issuer.trim_end_matches('/') != self.issuer.as_str().trim_end_matches('/') {
                        bail!("{url} is the metadata of {}", found.issuer);
                    }
                    return Ok(found);
                }
                Err(error) => last = Some(error),
            }
        }
        Err(last.map_or_else(|| anyhow::anyhow!("no metadata"), Into::into))
    }
}

fn of(known: &Known, id: Option<&str>) -> Option<Candidates> {
    let is_named = |key: &&Jwk| id.is_none_or(|id| key.common.key_id.as_deref() == Some(id));
    let keys: Vec<Jwk> = known.keys.iter().filter(is_named).cloned().collect();
    (!keys.is_empty()).then(|| Candidates { issuer: Arc::clone(&known.issuer), keys })
}

/// Whether a key is public, and for signatures.
fn can_sign(key: &Jwk) -> bool {
    let is_public = matches!(
        key.algorithm,
        AlgorithmParameters::RSA(_) | AlgorithmParameters::EllipticCurve(_) | AlgorithmParameters::OctetKeyPair(_)
    );
    is_public && key.common.public_key_use.as_ref().is_none_or(|purpose| *purpose == PublicKeyUse::Signature)
}

/// Whether nobody on the way can answer for this address.
fn is_safe(url: &Url) -> bool {
    let is_loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && is_loopback)
}
