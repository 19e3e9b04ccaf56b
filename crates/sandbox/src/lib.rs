//! An embedded GoHighLevel account: one account in memory, served over HTTP as HighLevel's session API or as its official
//! API.
//!
//! The sandbox uses no code of the client. It implements the API's description independently and strictly, so that tests
//! can trust its verdict on a request: unknown fields, stray headers and requests beyond the quota are refused here, not in
//! production. It is reproducible: the same seed gives the same account, ids included, and the same faults. Its dates count
//! back from now, or from a given moment.
//!
//! Tests turn on the feature `testing`: faults, OAuth, and the endpoints under `/sandbox/`. The default build has none of
//! them.

#![deny(missing_docs)]

mod account;
mod collection;
mod duplicates;
mod edge_values;
mod faults;
#[cfg(feature = "management")]
mod management;
mod manners;
#[cfg(not(feature = "management"))]
mod no_request_log;
mod normalize;
mod official;
mod operation;
mod rate_limit;
#[cfg(feature = "management")]
mod request_log;
mod response;
mod scopes;
mod seed;
mod server;
mod session;
mod state;
mod validate;

pub use faults::{FaultError, FaultPlan};
pub use manners::{Manners, MannersError};
pub use rate_limit::Counting;

#[cfg(not(feature = "management"))]
use no_request_log as request_log;

use chrono::{DateTime, Utc};
use server::{SharedState, lock};
use state::{Clock, SandboxState};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

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

/// The configuration of a sandbox.
#[derive(Debug, Clone, PartialEq)]
pub struct SandboxConfig {
    /// Which API the account is served as.
    pub api: Api,
    /// The number of contacts; there is an opportunity for about every fifth.
    pub contacts: usize,
    /// The moment that all dates of the sample data count back from; by default now.
    pub as_of: Option<DateTime<Utc>>,
    /// The seed of the sample data, new ids and the faults.
    pub seed: u64,
    /// Requests per window.
    pub rate_limit: u32,
    /// The length of a window.
    pub rate_window: Duration,
    /// Requests per day. Only the official API counts them.
    pub daily_limit: u32,
    /// The length of a day.
    pub day: Duration,
    /// Whether windows are fixed or sliding.
    pub counting: Counting,
    /// The lifetime of a token. For as long again, an expired token can be refreshed.
    pub token_ttl: Duration,
    /// Whether refreshing a token ends the old one.
    pub rotate: bool,
    /// A further token to accept. Tests choose one that they can search logs for.
    pub extra_token: Option<String>,
    /// The faults that requests get.
    pub faults: FaultPlan,
    /// The behaviors of live accounts that the API's description does not have.
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

/// A running sandbox. [`Sandbox::stop`] ends it, as does dropping it.
#[derive(Debug)]
pub struct Sandbox {
    addr: SocketAddr,
    state: SharedState,
    task: JoinHandle<()>,
}

impl Sandbox {
    /// Creates the account and serves it at this address; port 0 takes a free port.
    ///
    /// # Errors
    /// If the address cannot be bound, or the system has no random numbers.
    pub async fn start(addr: SocketAddr, config: SandboxConfig) -> io::Result<Self> {
        let listener = TcpListener::bind(addr).await?;
        let addr = listener.local_addr()?;
        let mut tokens = session::tokens::SessionTokens::new(config.token_ttl, config.rotate)?;
        let mut access_tokens = official::tokens::AccessTokens::new()?;
        if let Some(token) = config.extra_token {
            tokens.accept(token.clone());
            access_tokens.accept(token);
        }
        let mut account = seed::account(config.seed, config.contacts, config.as_of.unwrap_or_else(Utc::now));
        if config.manners.normalize {
            normalize::account(&mut account);
        }
        let clock = Clock::start();
        let limits = rate_limit::RateLimiter::new(config.counting, config.rate_limit, config.rate_window, clock.now());
        let day = official::daily_limit::DailyLimit::new(config.daily_limit, config.day, clock.now());
        let state = Arc::new(Mutex::new(SandboxState {
            api: config.api,
            account,
            official: official::OfficialState {
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
        let task = tokio::spawn(server::run(listener, state.clone()));
        tracing::debug!(%addr, "sandbox: started");
        Ok(Self { addr, state, task })
    }

    /// The address that the sandbox listens on.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The base URL, without a slash at the end.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Issues a token: valid for one lifetime, or a private integration token of the official API, which does not expire.
    pub fn token(&self) -> String {
        lock(&self.state).issue()
    }

    /// The id of the location that all objects belong to.
    pub fn location_id(&self) -> String {
        official::own_location_id(&lock(&self.state).account)
    }

    /// Stops serving. Listener and connections are closed when this returns.
    pub async fn stop(mut self) {
        self.task.abort();
        // The error only says that the task was aborted.
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
