//! How one request gets there and back. Knows requests, no operation.

#![deny(missing_docs)]

mod attempt;
mod auth;
mod breaker;
mod clock;
mod config;
mod escapes;
mod fault_response;
mod http;
mod message;
pub mod quota;
mod request;
mod retry;
mod secrets;
mod urls;

pub use auth::{AppKeys, Consent, Holder, LoginView, TokenLife, TokenSource, TokenStatus, login_gone, login_view};
pub use clock::Clock;
pub use clock::{Moment, ServerTime};
pub use config::{ClientConfig, Scheme};
pub use message::api_message;
pub use quota::QuotaView;
pub use request::{Body, Expect, Fate, Repeat, Request, Response, SendError, Service};
pub use urls::{ServiceUrls, default_base_url};

use ::http::Method;
use attempt::{Outcome, Reading, Wire};
use auth::Auth;
use breaker::Breaker;
use highlevel_core::context::{CallContext, process_name};
use highlevel_core::error::{Code, Error, Result};
use highlevel_store::{QuotaKey, Store, WriteTurn};
use quota::{Limiter, Sharing};
use retry::{Plan, worse};
use std::{borrow::Cow, future::Future, sync::Arc, time::Duration};
use tokio_util::sync::{CancellationToken, DropGuard};
use urls::Outgoing;

/// How the idle renewal looks after the token when it does not know when it ends.
const LOOK_AGAIN: Duration = Duration::from_secs(60);
/// No request is sent at start.
const AFTER_START: Duration = Duration::from_secs(5);

/// So often a call goes on with a token that another process renewed while this call waited.
const OVERTAKEN: u32 = 4;

/// Sends requests to one account: with its token, within its quota, repeating what may be repeated. Clones are the same
/// client.
#[derive(Debug, Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    urls: ServiceUrls,
    wire: Arc<Wire>,
    auth: Arc<Auth>,
    breaker: Breaker,
    store: Arc<Store>,
    /// The API's address and the pinned location: what stands for the account.
    address: String,
    location: Option<String>,
    /// Ends [`Client::idle_refresh`] with the client.
    alive: CancellationToken,
    _end: DropGuard,
}

impl Client {
    /// A client that has done nothing yet: no file is read, no TLS set up, nothing sent.
    ///
    /// # Errors
    /// `invalid_arguments` for a version that no header can carry, or a fixed header that is the client's own.
    pub fn new(config: ClientConfig, tokens: TokenSource, store: Arc<Store>) -> Result<Self> {
        let headers = config.fixed_headers()?;
        let secrets = secrets::Secrets::default();
        for value in config.headers.iter().filter_map(|(_, value)| value.to_str().ok()) {
            secrets.add(&value.into());
        }
        let member = process_name();
        let address = config.urls.of(Service::Backend).to_string();
        let sharing = Sharing {
            store: Arc::clone(&store),
            address: address.clone(),
            location: config.location.clone(),
            member: member.clone(),
            attempt_timeout: config.attempt_timeout,
        };
        let wire = Arc::new(Wire {
            http: http::Http::new(config.attempt_timeout),
            limiter: Limiter::new(config.quota_settings(), Some(sharing)),
            clock: clock::Clock::default(),
            secrets,
            scheme: config.scheme,
            headers,
            max_body: config.max_body,
            attempt_timeout: config.attempt_timeout,
        });
        let update = Request {
            method: Method::POST,
            service: Service::Backend,
            path: "/token/update".to_owned(),
            version: None,
            scope: None,
            query: Vec::new(),
            body: None,
            repeat: Repeat::Freely,
            expect: Expect::Json,
        };
        let update = Outgoing::new(&update, &config.urls)?;
        let base = config.urls.of(Service::Backend).clone();
        let auth =
            Auth::new(tokens, Arc::clone(&store), Arc::clone(&wire), update, (base, config.location.clone()), member);
        let alive = CancellationToken::new();
        let end = alive.clone().drop_guard();
        Ok(Self {
            inner: Arc::new(Inner {
                urls: config.urls,
                wire,
                auth,
                breaker: Breaker::default(),
                store,
                address,
                location: config.location,
                alive,
                _end: end,
            }),
        })
    }

    /// Sends a request until it has a definite answer, may not be repeated, or its time is up.
    ///
    /// # Errors
    /// With what is known of the effect: `unauthorized`, `rate_limited`, `upstream_error`, `upstream_unreachable`,
    /// `timeout`, `too_large`, `cancelled`, `internal`.
    pub async fn send(&self, request: &Request, context: &CallContext) -> Result<Response, SendError> {
        let Inner { urls, wire, auth, breaker, .. } = &*self.inner;
        let mut fate = Fate::NotExecuted;
        let mut last_sent = None;
        let fail = |error, fate, sent_at| SendError { error, fate, sent_at };

        let out = Outgoing::new(request, urls).map_err(|error| fail(error, fate, None))?;
        let (ticket, call) = (wire.limiter.ticket(context.priority), breaker.call());
        let mut plan = Plan::new(request.repeat);
        let (mut renewed, mut overtaken) = (false, 0);
        let mut own: Option<Error> = None;
        loop {
            // Before token and quota are waited for; and once more after that wait.
            breaker.check().map_err(|error| fail(left_alone(error, own.as_ref()), fate, last_sent))?;
            auth.ready(context).await.map_err(|error| fail(error, fate, last_sent))?;
            let permit = wire.limiter.acquire(ticket, context).await.map_err(|error| fail(error, fate, last_sent))?;
            // Attached after the wait, in which it may have been renewed or refused.
            let Some(token) = auth.usable() else {
                permit.unused();
                continue;
            };
            let pass = match breaker.admit(call) {
                Ok(pass) => pass,
                Err(error) => {
                    permit.unused();
                    return Err(fail(left_alone(error, own.as_ref()), fate, last_sent));
                }
            };
            let (sent_at, outcome) =
                wire.attempt(&out, Reading::Scrubbed(request.expect), Some(&token.value), permit, context).await;
            last_sent = Some(sent_at);
            outcome.tell(pass);
            match outcome {
                Outcome::Answer(status, body) => {
                    let repeated_after_doubt = fate != Fate::NotExecuted;
                    return Ok(Response { status, body, sent_at, repeated_after_doubt });
                }
                // A missing scope is a 401 too, which no renewal mends.
                Outcome::Unauthorized(said) if fault_response::lacks_scope(said.as_deref()) => {
                    return Err(fail(no_scope(request.scope, said), fate, last_sent));
                }
                // What a person made in the account's settings is not renewed; but they may have put another in its place.
                Outcome::Unauthorized(said) if wire.scheme == Scheme::Bearer && !auth.is_renewable() => {
                    if std::mem::replace(&mut renewed, true) || !auth.overtaken(token.generation, context).await {
                        return Err(fail(not_accepted(said), fate, last_sent));
                    }
                }
                Outcome::Unauthorized(said) if renewed => {
                    overtaken += 1;
                    let again = overtaken <= OVERTAKEN && auth.overtaken(token.generation, context).await;
                    if !again {
                        return Err(fail(unauthorized(said), fate, last_sent));
                    }
                }
                Outcome::Unauthorized(_) => {
                    renewed = true;
                    auth.renew(token.generation, context).await.map_err(|error| fail(error, fate, last_sent))?;
                }
                Outcome::Limited => {}
                Outcome::Failed(failure) => {
                    fate = worse(fate, failure.fate);
                    let Some(wait) = plan.next(&failure, context.deadline) else {
                        return Err(fail(failure.error, fate, last_sent));
                    };
                    own = Some(failure.error);
                    // Before the wait as well: it would be in vain.
                    breaker.check().map_err(|error| fail(left_alone(error, own.as_ref()), fate, last_sent))?;
                    let waited = context.bound(tokio::time::sleep(wait)).await;
                    waited.map_err(|error| fail(error, fate, last_sent))?;
                }
            }
        }
    }

    /// What the server's clock may have shown at a moment; `None` until an answer had a `Date`.
    pub fn server_time_at(&self, local: Moment) -> Option<ServerTime> {
        self.inner.wire.clock.at(local)
    }

    /// The quota as it stands.
    pub fn quota(&self) -> QuotaView {
        self.inner.wire.limiter.view()
    }

    /// What everything that this machine keeps calls the account: its address with the pinned location, else with the
    /// first token of the line that this client's belongs to. Sends nothing.
    ///
    /// # Errors
    /// `unauthorized` without a token; `internal` when the state directory cannot be used.
    pub async fn account(&self) -> Result<String> {
        let Inner { store, auth, address, location, .. } = &*self.inner;
        let key = match location {
            Some(location) => QuotaKey::Location(address.clone(), location.clone()),
            None => QuotaKey::Token(address.clone(), auth.hash().await?),
        };
        store.account(key).await
    }

    /// Waits until no other call of the account holds `key`, in all processes of the state directory.
    ///
    /// # Errors
    /// As [`Store::in_turn`], and `unauthorized` without a token.
    pub async fn in_turn(&self, key: &str, context: &CallContext) -> Result<WriteTurn> {
        let account = match self.account().await {
            // What needs the directory says so itself, in its own words.
            Err(error) if error.code == Code::Internal => self.inner.address.clone(),
            account => account?,
        };
        self.inner.store.in_turn(&account, key, context).await
    }

    /// What outlives this process.
    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    /// Gives the other processes back what this one has of the quota and does not use. For the end of a process.
    pub async fn leave(&self) {
        self.inner.wire.limiter.leave().await;
    }

    /// What is known of the token; reads its source if there is none yet, and sends nothing.
    pub async fn token_status(&self) -> TokenStatus {
        self.inner.auth.status().await
    }

    /// Exchanges the code that a consent page gave, and stores the login.
    ///
    /// # Errors
    /// `unauthorized` when the code or the app is refused; otherwise as [`Client::send`]; `internal` when the login cannot be
    /// stored.
    pub async fn log_in(&self, consent: &Consent<'_>, context: &CallContext) -> Result<LoginView> {
        self.inner.auth.log_in(consent, context).await
    }

    /// Changes with each new token; 0 until the first is read.
    pub fn token_generation(&self) -> u64 {
        self.inner.auth.generation()
    }

    /// The text with every token that this client has held replaced by `[redacted]`.
    pub fn scrub<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.inner.wire.secrets.scrub(text)
    }

    /// Renews the token ahead of its end while no call does: for a server to spawn. Ends when the last clone of the
    /// client is dropped.
    pub fn idle_refresh(&self) -> impl Future<Output = ()> + Send + 'static + use<> {
        let (auth, alive) = (Arc::downgrade(&self.inner.auth), self.inner.alive.clone());
        async move {
            let mut wait = AFTER_START;
            loop {
                tokio::select! {
                    () = alive.cancelled() => return,
                    () = tokio::time::sleep(wait) => {}
                }
                let Some(auth) = auth.upgrade() else { return };
                // Calls tell what went wrong when it matters to them; here the next look comes soon enough.
                if let Err(error) = auth.ready(&CallContext::new(LOOK_AGAIN)).await {
                    tracing::debug!("the token is not ready: {error:#}");
                }
                wait = auth.due_in().map_or(LOOK_AGAIN, |due| due.clamp(Duration::from_secs(1), LOOK_AGAIN));
            }
        }
    }
}

/// The error of a call that may not send now: a failure of its own tells more than that the API is left alone.
fn left_alone(refusal: Error, own: Option<&Error>) -> Error {
    match (own.cloned(), refusal.retry_at) {
        (Some(own), Some(at)) => own.retry_at(at),
        _ => refusal,
    }
}

/// A 401 for a scope: `known` is the one that the operation needs.
fn no_scope(known: Option<&'static str>, said: Option<String>) -> Error {
    let scope = said.as_deref().and_then(fault_response::named_scope).or(known).map(str::to_owned);
    let which =
        scope.as_ref().map_or_else(|| "a scope that this call needs".to_owned(), |scope| format!("the scope {scope}"));
    let said = said.map_or_else(String::new, |said| format!(" The API says: {said}"));
    let message = format!(
        "The token lacks {which}. It is accepted otherwise, and a new one of the same kind would lack it too: add the scope to the private integration in the account's settings, or log in with it by `highlevel-mcp auth login --scope …`.{said}"
    );
    let error = Error::new(Code::Unauthorized, message);
    match scope {
        Some(scope) => error.with("scope", scope),
        None => error,
    }
}

/// The official API's 401 for a token that nothing renews.
fn not_accepted(said: Option<String>) -> Error {
    let said = said.map_or_else(String::new, |said| format!(" ({said})"));
    let message = format!(
        "The API does not accept the token{said}. It was deleted or rotated: take the new one from the account's settings, and set it with GHL_TOKEN_ID or `highlevel-mcp auth set`. If it works elsewhere, it is another location's, or lacks a scope."
    );
    Error::new(Code::Unauthorized, message)
}

fn unauthorized(said: Option<String>) -> Error {
    let said = said.map_or_else(String::new, |said| format!(" ({said})"));
    let message = format!(
        "The API refuses the token although it was just renewed{said}. Log in to GoHighLevel again, and set the new token with GHL_TOKEN_ID or `highlevel-mcp auth set` (with OAuth: `highlevel-mcp auth login`)."
    );
    Error::new(Code::Unauthorized, message)
}
