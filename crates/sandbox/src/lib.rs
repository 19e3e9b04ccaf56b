//! An embedded GoHighLevel account: an agency with one location or several in memory, served over HTTP as HighLevel's session
//! API or as its official API.
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
mod agency;
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
mod quota;
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

use agency::{Agency, LocationIndex};
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
    /// The number of locations (sub-accounts), at least 1. The session API serves one.
    pub locations: usize,
    /// The number of contacts of each location; there is an opportunity for about every fifth.
    pub contacts: usize,
    /// The moment that all dates of the sample data count back from; by default now.
    pub as_of: Option<DateTime<Utc>>,
    /// The seed of the sample data, new ids and the faults.
    pub seed: u64,
    /// Requests per window and location.
    pub rate_limit: u32,
    /// The length of a window.
    pub rate_window: Duration,
    /// Requests per day and location. Only the official API counts them.
    pub daily_limit: u32,
    /// The length of a day.
    pub day: Duration,
    /// Whether windows are fixed or sliding.
    pub counting: Counting,
    /// The lifetime of a token. For as long again, an expired token can be refreshed.
    pub token_ttl: Duration,
    /// Whether refreshing a token ends the old one.
    pub rotate: bool,
    /// A further token of the first location to accept. Tests choose one that they can search logs for.
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
            locations: 1,
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
    /// Creates the locations and serves them at this address; port 0 takes a free port.
    ///
    /// # Errors
    /// If the address cannot be bound, the system has no random numbers, the API cannot serve this number of locations, or a
    /// fault rule is for a location that does not exist.
    pub async fn start(addr: SocketAddr, config: SandboxConfig) -> io::Result<Self> {
        match (config.api, config.locations) {
            (_, 0) => return Err(invalid("a sandbox has at least one location")),
            (Api::Session, 2..) => {
                return Err(invalid("the session API serves one location; several need the official API"));
            }
            _ => {}
        }
        let listener = TcpListener::bind(addr).await?;
        let addr = listener.local_addr()?;
        let mut tokens = session::tokens::SessionTokens::new(config.token_ttl, config.rotate)?;
        let mut access_tokens = official::tokens::AccessTokens::new()?;
        if let Some(token) = &config.extra_token {
            tokens.accept(token.clone());
            access_tokens.accept(token.clone(), LocationIndex::FIRST);
        }
        let clock = Clock::start();
        let agency = Agency::new(&config, clock.now());
        #[cfg(feature = "faults")]
        if let Some(id) = config.faults.unknown_location(&agency) {
            return Err(invalid(&format!("a fault rule is for location {id}, which the sandbox does not have")));
        }
        let state = Arc::new(Mutex::new(SandboxState {
            api: config.api,
            agency,
            official: official::OfficialState {
                tokens: access_tokens,
                #[cfg(feature = "oauth")]
                grants: official::oauth::Grants::new(config.token_ttl)?,
                traces: 0,
            },
            tokens,
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

    /// Issues a token of the first location: valid for one lifetime, or a private integration token of the official API,
    /// which does not expire.
    pub fn token(&self) -> String {
        lock(&self.state).issue(LocationIndex::FIRST)
    }

    /// Issues a token of the location with this id, as [`Sandbox::token`] does. `None` if the agency has no such location.
    pub fn token_of(&self, location_id: &str) -> Option<String> {
        let mut state = lock(&self.state);
        let location = state.agency.find(location_id)?;
        Some(state.issue(location))
    }

    /// The id of the first location, which is the only one unless [`SandboxConfig::locations`] says otherwise.
    pub fn location_id(&self) -> String {
        lock(&self.state).agency.location(LocationIndex::FIRST).id().to_owned()
    }

    /// The ids and names of all locations. Names can be equal, ids cannot.
    pub fn locations(&self) -> Vec<(String, String)> {
        let state = lock(&self.state);
        state.agency.locations().map(|(_, location)| (location.id().to_owned(), location.name())).collect()
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

/// The error for a configuration that cannot be served.
fn invalid(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, reason)
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.task.abort();
    }
}
