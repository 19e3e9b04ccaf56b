//! The token that one account sends with.

use super::{
    LoginInner, Token, TokenStatus,
    grant::{TokenHolder, login_view},
    login::RefreshCaller,
    refresh::{Ended, Pause, Refresh},
    token::{Candidates, in_order},
};
use crate::{Scheme, attempt::token_header, quota::Limiter};
use chrono::{DateTime, Utc};
use highlevel_core::context::CallContext;
use highlevel_core::error::{Error, Result};
use highlevel_store::{CredentialStamp, is_login, token_hash};
use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// The longest that a call waits for a refresh ahead of time; then it goes on with the old token.
const PATIENCE: Duration = Duration::from_secs(3);

/// The token that one account sends with.
#[derive(Debug)]
pub(crate) struct AccountToken {
    pub(super) login: Arc<LoginInner>,
    /// Whose token it is.
    pub(super) holder: TokenHolder,
    /// The account's quota.
    limiter: Arc<Limiter>,
    /// The account's name among all that refresh the same token.
    pub(super) member: String,
    state: Mutex<TokenState>,
    /// One task at a time reads the source and the store.
    pub(super) looking: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
pub(super) struct TokenState {
    pub(super) current: Option<Token>,
    pub(super) generation: u64,
    pub(super) refresh: Option<Refresh>,
    /// The hashes of all tokens that were adopted: none is adopted twice, so that an old one does not come back.
    pub(super) tried: HashSet<String>,
    /// The last refresh failed.
    pub(super) failed: Option<Pause>,
    /// The hash of the credential as its source gave it.
    pub(super) given: Option<String>,
    /// The source's stamp at that time.
    pub(super) stamp: Option<CredentialStamp>,
    /// How often a person changed the credential.
    pub(super) epoch: u64,
}

impl AccountToken {
    pub(crate) fn new(login: Arc<LoginInner>, holder: TokenHolder, limiter: Arc<Limiter>) -> Arc<Self> {
        let member = login.runtime.member();
        let (state, looking) = (Mutex::default(), tokio::sync::Mutex::default());
        Arc::new(Self { login, holder, limiter, member, state, looking })
    }

    /// Who sends the login's requests for this account.
    pub(super) fn caller<'a>(&'a self, context: &'a CallContext) -> RefreshCaller<'a> {
        RefreshCaller { limiter: &self.limiter, owner: &self.member, context }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, TokenState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn current(&self) -> Option<Token> {
        self.state().current.clone()
    }

    /// Why the login is dead, if it is.
    fn refusal(&self) -> Option<Error> {
        self.current().and_then(|token| self.login.refusal(&token.line))
    }

    /// Whether there is a way to refresh this token.
    pub(super) fn refreshes(&self, token: &Token) -> bool {
        self.login.wire.scheme == Scheme::TokenId || token.login
    }

    /// Whether there is a way to refresh the token in use.
    pub(crate) fn is_refreshable(&self) -> bool {
        self.state().current.as_ref().is_some_and(|token| self.refreshes(token))
    }

    /// How many tokens there have been.
    pub(crate) fn generation(&self) -> u64 {
        self.state().generation
    }

    /// The token to attach now; `None` while a refused token is being refreshed, or when the token has expired or its
    /// login is dead.
    pub(crate) fn usable(&self) -> Option<Token> {
        let state = self.state();
        let current = state.current.as_ref()?;
        let is_over = current.is_over(self.login.wire.clock.now()) && self.refreshes(current);
        // It may have expired in the wait for the quota. While refreshes fail, the API may still accept it.
        let is_over = is_over && state.failed.as_ref().is_none_or(|pause| pause.until <= Instant::now());
        let is_blocked = state.refresh.as_ref().is_some_and(Refresh::blocks);
        let waits = is_over || is_blocked || current.promised || self.login.refusal(&current.line).is_some();
        (!waits).then(|| current.clone())
    }

    /// Returns when there is a token to send with: finds it, refreshes it ahead of its end, waits for a refresh.
    ///
    /// # Errors
    /// `unauthorized` when there is none or its login is dead; what [`CallContext::bound`] gives.
    pub(crate) async fn ready(self: &Arc<Self>, context: &CallContext) -> Result<()> {
        context.bound(self.follow_source()).await??;
        let current = match self.current() {
            Some(current) => current,
            None => {
                context.bound(self.look(Candidates::Newest)).await??;
                self.current().ok_or_else(|| self.login.source.none_set())?
            }
        };
        if self.login.refusal(&current.line).is_some() {
            // Dead until another token turns up in the source or the store. What cannot be read changes nothing.
            let _looked = context.bound(self.look(Candidates::All)).await?;
            return self.refusal().map_or(Ok(()), Err);
        }
        let is_blocked = self.state().refresh.as_ref().is_some_and(Refresh::blocks);
        if is_blocked || current.promised {
            return self.refresh(current.generation, context).await;
        }
        if !self.refreshes(&current) {
            return Ok(());
        }
        let is_due = current.due_at.is_some_and(|due| due <= self.login.wire.clock.now());
        let is_pausing = self.state().failed.as_ref().is_some_and(|pause| pause.until > Instant::now());
        if is_pausing || !is_due {
            return Ok(());
        }
        let Some(refresh) = self.start(current.generation, false) else { return Ok(()) };
        match context.bound(tokio::time::timeout(PATIENCE, refresh.ended())).await? {
            Ok(Ended::Refused(error)) => Err(error),
            // The old token still works, or the API will refuse it.
            Ok(Ended::Refreshed | Ended::Failed { .. }) | Err(_) => Ok(()),
        }
    }

    /// Refreshes because the token of this generation was refused; returns at once if that happened meanwhile. Goes on
    /// trying, with pauses, until the call's deadline.
    ///
    /// # Errors
    /// `unauthorized` when the refresh is refused too; `upstream_error` and the like when it failed.
    pub(crate) async fn refresh(self: &Arc<Self>, generation: u64, context: &CallContext) -> Result<()> {
        loop {
            let pause = {
                let state = self.state();
                state.failed.clone().filter(|_| state.generation == generation)
            };
            if let Some(pause) = pause.filter(|pause| pause.until > Instant::now()) {
                if pause.lasting || pause.until >= context.deadline {
                    return Err(pause.error);
                }
                context.bound(tokio::time::sleep_until(pause.until)).await?;
            }
            let Some(refresh) = self.start(generation, true) else {
                // Refreshed meanwhile, or dead.
                return self.refusal().map_or(Ok(()), Err);
            };
            match context.bound(refresh.ended()).await? {
                Ended::Refreshed => return Ok(()),
                Ended::Refused(error) => return Err(error),
                Ended::Failed { .. } => {}
            }
        }
    }

    /// The hash that stands for the token's line; reads the source if there is no token yet.
    ///
    /// # Errors
    /// `unauthorized` when there is none.
    pub(crate) async fn hash(&self) -> Result<String> {
        if let Some(token) = self.current() {
            return Ok(token.line);
        }
        self.look(Candidates::Newest).await?;
        self.current().map(|token| token.line).ok_or_else(|| self.login.source.none_set())
    }

    /// The refresh of this generation that is under way, or a new one; `None` if the generation is over or the login is
    /// dead. `blocking`: no call may use the old token any more.
    fn start(self: &Arc<Self>, generation: u64, blocking: bool) -> Option<Refresh> {
        let mut state = self.state();
        let old = state.current.clone()?;
        if state.generation != generation || self.login.refusal(&old.line).is_some() {
            return None;
        }
        let running = state.refresh.take().filter(Refresh::is_running);
        let refresh = running.unwrap_or_else(|| Refresh::begin(Arc::clone(self), old));
        let refresh = if blocking { refresh.blocking() } else { refresh };
        state.refresh = Some(refresh.clone());
        Some(refresh)
    }

    /// Reads source and store, and adopts a token that was not tried yet. Returns whether it did.
    pub(super) async fn look(&self, candidates: Candidates) -> Result<bool> {
        let before = self.generation();
        let _turn = self.looking.lock().await;
        if self.generation() != before {
            return Ok(true);
        }
        let current = self.state().current.clone();
        let given = match self.login.source.read(self.login.store()).await {
            Err(error) if current.is_none() => return Err(error),
            // A missing source does not revoke its token.
            read => read.ok().flatten(),
        };
        if let Some(given) = &given {
            self.state().given = Some(token_hash(&given.token));
        }
        let now = self.login.wire.clock.now();
        if let Some(given) = given.as_ref().filter(|given| is_login(&given.token)) {
            return self.look_at_login(&token_hash(&given.token), &given.origin).await;
        }
        let first = match given {
            Some(given) => {
                token_header(&given.token)?;
                self.login.runtime.secrets().add(&given.token);
                Some(Token::new(given.token, given.origin, false, None, now))
            }
            None => None,
        };
        let line = first.as_ref().or(current.as_ref());
        let newest = match line {
            Some(token) => self.newest(&token.line, &token.origin, now).await,
            None => None,
        };
        let mut state = self.state();
        let candidates = in_order(newest, first, now, candidates);
        let found = candidates.into_iter().find(|token| !state.tried.contains(&token.hash));
        Ok(found.map(|token| self.adopt(&mut state, token)).is_some())
    }

    /// The newest token of the line of this hash.
    async fn newest(&self, hash: &str, origin: &str, now: DateTime<Utc>) -> Option<Token> {
        match self.login.store().newest_token(hash).await {
            Ok(found) => found.map(|found| Token::new(found.token, origin.to_owned(), true, found.expires_at, now)),
            Err(error) => {
                self.login.warn(&error);
                self.login.newest_unstored(hash)
            }
        }
    }

    /// Makes this the account's token.
    pub(super) fn adopt(&self, state: &mut TokenState, mut token: Token) {
        self.login.runtime.secrets().add(&token.value);
        self.login.set_adopted(&token);
        self.limiter.know_token(&token.line);
        state.tried.insert(token.hash.clone());
        state.generation += 1;
        token.generation = state.generation;
        token.epoch = state.epoch;
        state.failed = None;
        state.current = Some(token);
    }

    /// What is known of the token; reads it if there is none yet.
    pub(crate) async fn status(&self) -> TokenStatus {
        let current = self.state().current.clone();
        let looked = if current.is_none() { self.look(Candidates::Newest).await.err() } else { None };
        let current = self.state().current.clone();
        let login = match current {
            Some(token) if token.login => self.login.store().newest_token(&token.line).await.ok().flatten(),
            _ => None,
        };
        let state = self.state();
        match &state.current {
            Some(token) => TokenStatus {
                login: login.as_ref().and_then(login_view),
                present: true,
                source: Some(token.origin.clone()),
                renewed: token.renewed,
                expires_at: token.expires_at,
                problem: self.login.refusal(&token.line),
            },
            None => TokenStatus {
                login: None,
                present: false,
                source: None,
                renewed: false,
                expires_at: None,
                problem: Some(looked.unwrap_or_else(|| self.login.source.none_set())),
            },
        }
    }

    /// When the current token is to be refreshed, if that is known.
    pub(crate) fn due_in(&self) -> Option<Duration> {
        let now = self.login.wire.clock.now();
        let state = self.state();
        let token = state.current.as_ref().filter(|token| self.refreshes(token))?;
        let due = token.due_at.filter(|_| self.login.refusal(&token.line).is_none())?;
        Some((due - now).to_std().unwrap_or_default())
    }
}
