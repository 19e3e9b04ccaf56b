//! A login: a credential, and its refresh, which all of its accounts share.

use super::{TokenHolder, TokenSource, token::Token};
use crate::{
    ApiConfig, Client, Expect, Repeat, Request, Runtime, Service,
    attempt::Wire,
    quota::{Limiter, Sharing},
    urls::Outgoing,
};
use highlevel_core::context::CallContext;
use highlevel_core::error::{Error, Result};
use highlevel_store::Store;
use http::Method;
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};
use url::Url;

/// A credential and its refresh. Clones are the same login.
///
/// All accounts of a login share one refresh at a time. When the server refuses to refresh the login, it is dead for all of
/// them, until a person provides another credential.
#[derive(Debug, Clone)]
pub struct Login {
    inner: Arc<LoginInner>,
}

/// What the accounts of a login share.
#[derive(Debug)]
pub(crate) struct LoginInner {
    pub(crate) config: ApiConfig,
    pub(crate) runtime: Runtime,
    pub(crate) wire: Wire,
    pub(super) source: TokenSource,
    /// `POST /token/update`.
    pub(super) update: Outgoing,
    /// Paces what an agency's login sends for itself: its own quota, and none of a location's.
    pub(crate) limiter: Arc<Limiter>,
    /// One refresh at a time; among processes the store's lock does the same.
    pub(super) refreshing: tokio::sync::Mutex<()>,
    dead: Mutex<Option<DeadLogin>>,
    /// Tokens that could not be stored, by the hash of the one that each came of.
    unstored: Mutex<HashMap<String, Token>>,
    has_warned: AtomicBool,
}

/// A login that the server refuses to refresh.
#[derive(Debug)]
struct DeadLogin {
    line: String,
    /// The hash of the credential that was refused.
    credential: String,
    error: Error,
}

/// The account that a refresh is sent for, and the call that bounds it.
#[derive(Debug, Clone, Copy)]
pub(super) struct RefreshCaller<'a> {
    pub(super) limiter: &'a Arc<Limiter>,
    /// The owner of the lock in the store.
    pub(super) owner: &'a str,
    pub(super) context: &'a CallContext,
}

impl Login {
    /// A login whose credential comes from `source`. Sends nothing, and reads no file.
    ///
    /// # Errors
    /// `invalid_arguments` for a version that no header can carry, or a fixed header that the client sets itself.
    pub fn new(runtime: &Runtime, config: ApiConfig, source: TokenSource) -> Result<Self> {
        let headers = config.fixed_headers()?;
        for value in config.headers.iter().filter_map(|(_, value)| value.to_str().ok()) {
            runtime.secrets().add(&value.into());
        }
        let update = Request {
            method: Method::POST,
            service: Service::Backend,
            path: "/token/update".to_owned(),
            version: None,
            scope: None,
            query: Vec::new(),
            body: None,
            files: None,
            repeat: Repeat::Freely,
            expect: Expect::Json,
            save: None,
        };
        let update = Outgoing::new(&update, &config.urls)?;
        let address = config.urls.of(Service::Backend).to_string();
        let wire = Wire {
            runtime: runtime.clone(),
            clock: runtime.clock(&address),
            scheme: config.scheme,
            headers,
            max_body: config.max_body,
        };
        let limiter = Limiter::new(config.quota_settings(), Some(sharing(runtime, address, None)));
        let inner = LoginInner {
            config,
            runtime: runtime.clone(),
            wire,
            source,
            update,
            limiter,
            refreshing: tokio::sync::Mutex::default(),
            dead: Mutex::default(),
            unstored: Mutex::default(),
            has_warned: AtomicBool::new(false),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The account of this login at `location`; without one, the account that the credential itself is for. Clones of
    /// the client are one account: call this once for each.
    pub fn account(&self, location: Option<String>) -> Client {
        let holder = location.map_or(TokenHolder::Credential, TokenHolder::Location);
        Client::of(Arc::clone(&self.inner), holder)
    }

    /// The agency itself, for what its login may see of all its locations.
    pub fn agency(&self) -> Client {
        Client::of(Arc::clone(&self.inner), TokenHolder::Agency)
    }
}

/// How one more limiter of this process shares its quota.
pub(crate) fn sharing(runtime: &Runtime, address: String, location: Option<String>) -> Sharing {
    Sharing {
        store: Arc::clone(runtime.store()),
        address,
        location,
        member: runtime.member(),
        attempt_timeout: runtime.attempt_timeout(),
    }
}

impl LoginInner {
    pub(super) fn store(&self) -> &Store {
        self.runtime.store()
    }

    /// Where OAuth is.
    pub(super) fn base(&self) -> &Url {
        self.config.urls.of(Service::Backend)
    }

    /// Why the login of this line is dead, if it is.
    pub(super) fn refusal(&self, line: &str) -> Option<Error> {
        let dead = self.dead.lock().unwrap_or_else(PoisonError::into_inner);
        dead.as_ref().filter(|dead| dead.line == line).map(|dead| dead.error.clone())
    }

    /// Records that the server refuses to refresh this token.
    pub(super) fn set_refused(&self, token: &Token, error: Error) {
        let dead = DeadLogin { line: token.line.clone(), credential: token.credential.clone(), error };
        *self.dead.lock().unwrap_or_else(PoisonError::into_inner) = Some(dead);
    }

    /// Records that an account has adopted this token: another credential than the refused one brings the login back.
    pub(super) fn set_adopted(&self, token: &Token) {
        let mut dead = self.dead.lock().unwrap_or_else(PoisonError::into_inner);
        dead.take_if(|dead| dead.line == token.line && dead.credential != token.credential);
    }

    /// Keeps a token in memory that came of the one with the hash `parent` and could not be stored.
    pub(super) fn keep_unstored(&self, parent: String, token: Token) {
        self.unstored.lock().unwrap_or_else(PoisonError::into_inner).insert(parent, token);
    }

    /// The newest token in memory that came of the one with this hash.
    pub(super) fn newest_unstored(&self, hash: &str) -> Option<Token> {
        let unstored = self.unstored.lock().unwrap_or_else(PoisonError::into_inner);
        std::iter::successors(unstored.get(hash), |token| unstored.get(&token.hash)).last().cloned()
    }

    /// Warns once that the state directory cannot be used: the login goes on without it.
    pub(super) fn warn(&self, error: &Error) {
        if !self.has_warned.swap(true, Ordering::Relaxed) {
            tracing::warn!("refreshed tokens are not kept beyond this process: {error:#}");
        }
    }
}
