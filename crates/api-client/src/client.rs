//! One account of a login.

use super::{
    ClientConfig, LoginView, Moment, QuotaView, Runtime, ServerTime, Service, TokenSource, TokenStatus,
    auth::{AccountToken, Consent, Login, LoginInner, TokenHolder, sharing},
    breaker::Breaker,
    quota::Limiter,
};
use highlevel_core::context::CallContext;
use highlevel_core::error::{Code, Result};
use highlevel_store::{QuotaKey, Store, WriteLock};
use std::{borrow::Cow, future::Future, sync::Arc, time::Duration};
use tokio_util::sync::{CancellationToken, DropGuard};

/// How often the idle refresh looks at a token whose end is not known.
const LOOK_AGAIN: Duration = Duration::from_secs(60);
/// No request is sent right after the start.
const AFTER_START: Duration = Duration::from_secs(5);

/// Sends requests to one account: with its token, within its quota, repeating what may be repeated. Clones are the same
/// client.
#[derive(Debug, Clone)]
pub struct Client {
    pub(crate) inner: Arc<ClientInner>,
}

#[derive(Debug)]
pub(crate) struct ClientInner {
    pub(crate) login: Arc<LoginInner>,
    pub(crate) token: Arc<AccountToken>,
    pub(crate) limiter: Arc<Limiter>,
    pub(crate) breaker: Breaker,
    /// With the pinned location it stands for the account.
    address: String,
    location: Option<String>,
    /// Ends [`Client::idle_refresh`] with the client.
    alive: CancellationToken,
    _end: DropGuard,
}

impl Client {
    /// The one account of a login of its own, in a runtime of its own. It has done nothing yet: no file is read, no TLS
    /// set up, nothing sent.
    ///
    /// # Errors
    /// `invalid_arguments` for a version that no header can carry, or a fixed header that the client sets itself.
    pub fn new(config: ClientConfig, tokens: TokenSource, store: Arc<Store>) -> Result<Self> {
        let runtime = Runtime::new(store, config.attempt_timeout);
        Ok(Login::new(&runtime, config.api, tokens)?.account(config.location))
    }

    /// An account of this login.
    pub(crate) fn of(login: Arc<LoginInner>, holder: TokenHolder) -> Self {
        let location = holder.location().map(str::to_owned);
        let address = login.config.urls.of(Service::Backend).to_string();
        let sharing = sharing(&login.runtime, address.clone(), location.clone());
        let limiter = Limiter::new(login.config.quota_settings(), Some(sharing));
        let token = AccountToken::new(Arc::clone(&login), holder, Arc::clone(&limiter));
        let alive = CancellationToken::new();
        let end = alive.clone().drop_guard();
        let breaker = Breaker::default();
        let inner = ClientInner { login, token, limiter, breaker, address, location, alive, _end: end };
        Self { inner: Arc::new(inner) }
    }

    /// The runtime that the account's login belongs to.
    pub fn runtime(&self) -> &Runtime {
        &self.inner.login.runtime
    }

    /// Whether both are accounts of one login.
    pub fn shares_login_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner.login, &other.inner.login)
    }

    /// What the server's clock may have shown at a moment; `None` until an answer had a `Date`.
    pub fn server_time_at(&self, local: Moment) -> Option<ServerTime> {
        self.inner.login.wire.clock.at(local)
    }

    /// The account's quota as it stands.
    pub fn quota(&self) -> QuotaView {
        self.inner.limiter.view()
    }

    /// The account's name in everything that this machine stores: its address with the pinned location, else with the
    /// first token of the line that this client's token belongs to. Sends nothing.
    ///
    /// # Errors
    /// `unauthorized` without a token; `internal` when the state directory cannot be used.
    pub async fn account(&self) -> Result<String> {
        let ClientInner { token, address, location, .. } = &*self.inner;
        let key = match location {
            Some(location) => QuotaKey::Location(address.clone(), location.clone()),
            None => QuotaKey::Token(address.clone(), token.hash().await?),
        };
        self.store().account(key).await
    }

    /// The account's name, or the API's address if the state directory cannot be used. A call that needs the directory
    /// reports its error itself.
    ///
    /// # Errors
    /// `unauthorized` without a token.
    pub async fn account_or_address(&self) -> Result<String> {
        match self.account().await {
            Err(error) if error.code == Code::Internal => Ok(self.inner.address.clone()),
            account => account,
        }
    }

    /// Waits until no other call of the account holds `key`, in all processes of the state directory. Without a usable
    /// state directory, the API's address replaces the account's name.
    ///
    /// # Errors
    /// As [`Store::write_lock`], and `unauthorized` without a token.
    pub async fn write_lock(&self, key: &str, context: &CallContext) -> Result<WriteLock> {
        let account = self.account_or_address().await?;
        self.store().write_lock(&account, key, context).await
    }

    /// The state directory's store.
    pub fn store(&self) -> &Arc<Store> {
        self.inner.login.runtime.store()
    }

    /// Gives the other processes back what this one has of the quota and does not use. For the end of a process.
    pub async fn leave(&self) {
        self.inner.limiter.leave().await;
        self.inner.login.limiter.leave().await;
    }

    /// What is known of the token; reads its source if there is none yet, and sends nothing.
    pub async fn token_status(&self) -> TokenStatus {
        self.inner.token.status().await
    }

    /// The scopes that an OAuth login was granted, as they are now: a person may have logged in again. `None` for other
    /// tokens, whose scopes no answer tells.
    ///
    /// # Errors
    /// `timeout` or `cancelled` when the call ends; why the changed credential cannot be read.
    pub async fn granted_scopes(&self, context: &CallContext) -> Result<Option<Vec<String>>> {
        context.bound(self.inner.token.follow_source()).await??;
        Ok(context.bound(self.inner.token.status()).await?.login.and_then(|login| login.scopes))
    }

    /// Exchanges the code that a consent page gave, and stores the login.
    ///
    /// # Errors
    /// `unauthorized` when the code or the app is refused; otherwise as [`Client::send`]; `internal` when the login cannot be
    /// stored.
    pub async fn log_in(&self, consent: &Consent<'_>, context: &CallContext) -> Result<LoginView> {
        self.inner.token.log_in(consent, context).await
    }

    /// Changes with each new token; 0 until the first is read.
    pub fn token_generation(&self) -> u64 {
        self.inner.token.generation()
    }

    /// The text with every token that this process has held replaced by `[redacted]`.
    pub fn scrub<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.runtime().scrub(text)
    }

    /// Refreshes the token ahead of its end while no call does: for a server to spawn. Ends when the last clone of the
    /// client is dropped.
    pub fn idle_refresh(&self) -> impl Future<Output = ()> + Send + 'static + use<> {
        let (token, alive) = (Arc::downgrade(&self.inner.token), self.inner.alive.clone());
        async move {
            let mut wait = AFTER_START;
            loop {
                tokio::select! {
                    () = alive.cancelled() => return,
                    () = tokio::time::sleep(wait) => {}
                }
                let Some(token) = token.upgrade() else { return };
                // Calls report what went wrong when it matters to them.
                if let Err(error) = token.ready(&CallContext::new(LOOK_AGAIN)).await {
                    tracing::debug!("the token is not ready: {error:#}");
                }
                wait = token.due_in().map_or(LOOK_AGAIN, |due| due.clamp(Duration::from_secs(1), LOOK_AGAIN));
            }
        }
    }
}
