//! An embedded GoHighLevel: one account in memory, served over HTTP as the document describes it, or as HighLevel's
//! official API ([`Api::Official`]).
//!
//! It knows nothing of the rest of this crate. It reads the document by itself and strictly, so that it can judge what
//! the client sends: unknown fields, stray headers and one request too many are refused here and not in production.
//! What it does is repeatable: the same seed gives the same account, ids included, and the same faults; its dates count
//! back from now, or from a given moment.

#![deny(missing_docs)]

mod account;
mod answer;
mod checks;
mod duplicates;
mod faults;
mod fields;
mod limits;
#[cfg(feature = "management")]
mod management;
mod manners;
#[cfg(not(feature = "management"))]
mod no_request_log;
mod normal;
mod odd;
mod official;
mod operations;
mod pages;
mod query;
#[cfg(feature = "management")]
mod request_log;
mod routes;
mod scopes;
mod seed;
mod server;
mod shelf;
mod tokens;
mod validate;
mod world;

pub use faults::{FaultError, FaultPlan};
pub use limits::Counting;
pub use manners::{Manners, MannersError};

#[cfg(not(feature = "management"))]
use no_request_log as request_log;

use chrono::{DateTime, Utc};
use server::{Shared, lock};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use world::{Clock, World};

/// Whether this build injects faults: the cargo feature `faults`.
pub const HAS_FAULTS: bool = cfg!(feature = "faults");
/// Whether this build issues OAuth tokens behind the official API: the cargo feature `oauth`.
pub const HAS_OAUTH: bool = cfg!(feature = "oauth");
/// Whether this build has the endpoints under `/sandbox/`: the cargo feature `management`.
pub const HAS_MANAGEMENT: bool = cfg!(feature = "management");

/// The API that the account is served as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Api {
    /// The API of HighLevel's web application.
    #[default]
    Session,
    /// HighLevel's official API, as its OpenAPI files describe it.
    Official,
}

/// How a sandbox behaves.
#[derive(Debug, Clone, PartialEq)]
pub struct SandboxConfig {
    /// Which API the account is served as.
    pub api: Api,
    /// How many contacts the account begins with; opportunities are about a fifth of it.
    pub contacts: usize,
    /// The moment that all dates of the sample data count back from; now, when not given.
    pub as_of: Option<DateTime<Utc>>,
    /// From which the sample data, new ids and the chances of faults are drawn.
    pub seed: u64,
    /// Requests in one window.
    pub rate_limit: u32,
    /// The length of a window.
    pub rate_window: Duration,
    /// Requests in one day, which only the official API counts.
    pub daily_limit: u32,
    /// The length of such a day.
    pub day: Duration,
    /// Whether windows are fixed or sliding.
    pub counting: Counting,
    /// How long a token lives. For as long again it can be renewed.
    pub token_ttl: Duration,
    /// Whether renewing a token ends the old one.
    pub rotate: bool,
    /// One more token that is accepted: tests plant one that they can look for.
    pub extra_token: Option<String>,
    /// The faults that requests get.
    pub faults: FaultPlan,
    /// How it behaves where live accounts leave the API's description.
    pub manners: Manners,
}

impl Default for SandboxConfig {
    fn default() -> Self {
        Self {
            api: Api::Session,
            contacts: 250,
            as_of: None,
            seed: 1,
            rate_limit: 300,
            rate_window: Duration::from_secs(60),
            daily_limit: 200_000,
            day: Duration::from_secs(24 * 60 * 60),
            counting: Counting::Fixed,
            token_ttl: Duration::from_secs(20 * 60),
            rotate: false,
            extra_token: None,
            faults: FaultPlan::default(),
            manners: Manners::plain(),
        }
    }
}

impl SandboxConfig {
    /// The official API with its quota: 100 requests in 10 seconds and 200,000 a day.
    pub fn official() -> Self {
        Self { api: Api::Official, rate_limit: 100, rate_window: Duration::from_secs(10), ..Self::default() }
    }
}

/// A running sandbox. It ends with [`Sandbox::stop`], or when it is dropped.
#[derive(Debug)]
pub struct Sandbox {
    addr: SocketAddr,
    world: Shared,
    task: JoinHandle<()>,
}

impl Sandbox {
    /// Fills an account and serves it at this address; port 0 takes a free one.
    pub async fn start(addr: SocketAddr, config: SandboxConfig) -> io::Result<Self> {
        let listener = TcpListener::bind(addr).await?;
        let addr = listener.local_addr()?;
        let mut tokens = tokens::Tokens::new(config.token_ttl, config.rotate)?;
        let mut access_tokens = official::tokens::AccessTokens::new()?;
        if let Some(token) = config.extra_token {
            tokens.plant(token.clone());
            access_tokens.accept(token);
        }
        let mut account = seed::account(config.seed, config.contacts, config.as_of.unwrap_or_else(Utc::now));
        if config.manners.normalise {
            normal::settle_all(&mut account);
        }
        let clock = Clock::start();
        let limits = limits::Limits::new(config.counting, config.rate_limit, config.rate_window, clock.now());
        let day = official::limits::Day::new(config.daily_limit, config.day, clock.now());
        let world = Arc::new(Mutex::new(World {
            api: config.api,
            account,
            official: official::State {
                tokens: access_tokens,
                #[cfg(feature = "oauth")]
                grants: official::oauth::Grants::new(config.token_ttl)?,
                day,
                traces: 0,
            },
            tokens,
            limits,
            #[cfg(feature = "faults")]
            faults: faults::FaultInjector::new(config.faults, config.seed),
            manners: config.manners,
            log: request_log::RequestLog::new(),
            clock,
            #[cfg(all(feature = "faults", feature = "management"))]
            seed: config.seed,
        }));
        let task = tokio::spawn(server::run(listener, world.clone()));
        tracing::debug!(%addr, "sandbox: started");
        Ok(Self { addr, world, task })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Its address as a base URL, without a slash at the end.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// A new token: good for one lifetime from now, or of the official API a private integration token, which stays good.
    pub fn token(&self) -> String {
        lock(&self.world).issue()
    }

    /// The id of the location that all data belong to.
    pub fn location_id(&self) -> String {
        official::home(&lock(&self.world).account)
    }

    /// Ends it: no connection and no listener is left when this returns.
    pub async fn stop(mut self) {
        self.task.abort();
        // An aborted task ends with an error that says so.
        let _ = (&mut self.task).await;
    }

    /// Serves until the process ends or the future is dropped.
    pub async fn wait(mut self) {
        let _ = (&mut self.task).await;
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.task.abort();
    }
}
