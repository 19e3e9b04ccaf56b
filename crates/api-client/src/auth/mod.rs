//! The token: found at first need, renewed ahead of its end and when it is refused, one renewal at a time
//! ("Authentication Details").

mod grant;
mod login;
mod oauth;
mod renewal;
mod replaced;
mod session;
mod token;
mod token_file;
mod token_life;
mod token_refresh;

pub use grant::{AppKeys, Holder, LoginView, login_view};
pub use login::{Consent, login_gone};
pub(crate) use token::Token;
pub use token::TokenSource;
use token::{Hope, in_order};
pub use token_life::TokenLife;

use super::Scheme;
use super::attempt::{Wire, token_header};
use super::urls::Outgoing;
use chrono::{DateTime, Utc};
use highlevel_core::context::CallContext;
use highlevel_core::error::{Code, Error, Result};
use highlevel_store::{CredentialStamp, Store, is_login, token_hash};
use renewal::{Ended, Pause, Renewal};
use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::time::Instant;
use url::Url;

/// A call waits so long for a renewal ahead of time; then it goes on with the old token.
const PATIENCE: Duration = Duration::from_secs(3);

/// What is known of the credential; never the credential.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenStatus {
    /// Whether there is one.
    pub present: bool,
    /// Where it came from, such as `GHL_TOKEN_ID`.
    pub source: Option<String>,
    /// Whether it is one that was renewed from that source's.
    pub renewed: bool,
    /// When it expires by the server's clock, if that is known.
    pub expires_at: Option<DateTime<Utc>>,
    /// What is known of the OAuth login that it came of.
    pub login: Option<LoginView>,
    /// Why there is none, or why it does not work any more.
    pub problem: Option<Error>,
}

/// The token of this process.
#[derive(Debug)]
pub(crate) struct Auth {
    source: TokenSource,
    store: Arc<Store>,
    wire: Arc<Wire>,
    /// `POST /token/update`.
    update: Outgoing,
    /// Where OAuth is.
    base: Url,
    /// The pinned location, which an agency's token is exchanged for.
    location: Option<String>,
    /// This process, among those that renew the same token.
    member: String,
    state: Mutex<State>,
    /// One at a time reads source and store.
    looking: tokio::sync::Mutex<()>,
    warned: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    current: Option<Token>,
    generation: u64,
    /// The current token is dead: it was refused, and so was its renewal.
    refused: Option<Error>,
    renewal: Option<Renewal>,
    /// The hashes of all tokens that were taken up: none is taken up twice, so no way leads back to an old one.
    tried: HashSet<String>,
    /// The last renewal failed.
    failed: Option<Pause>,
    /// The hash of the credential as its source gave it, and the source's stamp.
    given: Option<String>,
    stamp: Option<CredentialStamp>,
    /// How often a person changed it.
    epoch: u64,
}

impl Auth {
    pub(crate) fn new(
        source: TokenSource,
        store: Arc<Store>,
        wire: Arc<Wire>,
        update: Outgoing,
        (base, location): (Url, Option<String>),
        member: String,
    ) -> Arc<Self> {
        Arc::new(Self {
            source,
            store,
            wire,
            update,
            base,
            location,
            member,
            state: Mutex::default(),
            looking: tokio::sync::Mutex::default(),
            warned: AtomicBool::new(false),
        })
    }

    /// Whether there is a way to renew this token.
    fn renews(&self, token: &Token) -> bool {
        self.wire.scheme == Scheme::TokenId || token.login
    }

    /// Whether there is a way to renew the token that is in use.
    pub(crate) fn is_renewable(&self) -> bool {
        self.state().current.as_ref().is_some_and(|token| self.renews(token))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many tokens there have been.
    pub(crate) fn generation(&self) -> u64 {
        self.state().generation
    }

    /// The token to attach now; `None` while it is being renewed because it was refused, or when it is over or dead.
    pub(crate) fn usable(&self) -> Option<Token> {
        let state = self.state();
        let now = self.wire.clock.now();
        let over = state.current.as_ref().is_some_and(|token| token.is_over(now) && self.renews(token));
        // It may have ended in the wait for the quota. While renewals fail, the API may still know better.
        let over = over && state.failed.as_ref().is_none_or(|pause| pause.until <= Instant::now());
        let promised = state.current.as_ref().is_some_and(|token| token.promised);
        let waits = over || promised || state.refused.is_some() || state.renewal.as_ref().is_some_and(Renewal::blocks);
        if waits { None } else { state.current.clone() }
    }

    /// Returns when there is a token to send with: finds it, renews it ahead of its end, waits for a renewal.
    ///
    /// # Errors
    /// `unauthorized` when there is none or it is dead; what [`CallContext::bound`] gives.
    pub(crate) async fn ready(self: &Arc<Self>, context: &CallContext) -> Result<()> {
        context.bound(self.follow_source()).await??;
        let (current, refused) = {
            let state = self.state();
            (state.current.clone(), state.refused.clone())
        };
        let current = match (current, refused) {
            (Some(current), None) => current,
            (None, _) => {
                context.bound(self.look(Hope::First)).await??;
                // It may be due, or over, at its first use.
                let found = self.state().current.clone();
                found.ok_or_else(none_set)?
            }
            // Dead until a new one turns up in the source or the store.
            (Some(_), Some(refused)) => {
                let found = context.bound(self.look(Hope::Last)).await?.unwrap_or(false);
                return if found || self.state().refused.is_none() { Ok(()) } else { Err(refused) };
            }
        };
        let blocked = self.state().renewal.as_ref().is_some_and(Renewal::blocks);
        if blocked || current.promised {
            return self.renew(current.generation, context).await;
        }
        if !self.renews(&current) {
            return Ok(());
        }
        let now = self.wire.clock.now();
        let pausing = self.state().failed.as_ref().is_some_and(|pause| pause.until > Instant::now());
        if pausing || current.due_at.is_none_or(|due| due > now) {
            return Ok(());
        }
        let Some(renewal) = self.start(current.generation, false) else { return Ok(()) };
        match context.bound(tokio::time::timeout(PATIENCE, renewal.ended())).await? {
            Ok(Ended::Refused(error)) => Err(error),
            // The old one still lives, or the API will say that it does not.
            Ok(Ended::Renewed | Ended::Failed { .. }) | Err(_) => Ok(()),
        }
    }

    /// Renews because the token of this generation was refused; returns at once if that happened meanwhile. Goes on
    /// trying, with pauses, until the call's deadline.
    ///
    /// # Errors
    /// `unauthorized` when the renewal is refused too; `upstream_error` and the like when it failed.
    pub(crate) async fn renew(self: &Arc<Self>, generation: u64, context: &CallContext) -> Result<()> {
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
            let Some(renewal) = self.start(generation, true) else {
                // Renewed meanwhile, or dead.
                return self.state().refused.clone().map_or(Ok(()), Err);
            };
            match context.bound(renewal.ended()).await? {
                Ended::Renewed => return Ok(()),
                Ended::Refused(error) => return Err(error),
                Ended::Failed { .. } => {}
            }
        }
    }

    /// The hash of the token; reads its source if there is none yet.
    ///
    /// # Errors
    /// `unauthorized` when there is none.
    pub(crate) async fn hash(&self) -> Result<String> {
        let hash = |this: &Self| this.state().current.as_ref().map(|token| token.line.clone());
        if let Some(hash) = hash(self) {
            return Ok(hash);
        }
        self.look(Hope::First).await?;
        hash(self).ok_or_else(none_set)
    }

    /// The renewal of this generation that is under way, or a new one; `None` if the generation is over or dead.
    /// `blocking`: nobody uses the old token any more.
    fn start(self: &Arc<Self>, generation: u64, blocking: bool) -> Option<Renewal> {
        let mut state = self.state();
        if state.generation != generation || state.refused.is_some() {
            return None;
        }
        let old = state.current.clone()?;
        let running = state.renewal.take().filter(Renewal::is_running);
        let renewal = running.unwrap_or_else(|| Renewal::begin(Arc::clone(self), old));
        let renewal = if blocking { renewal.blocking() } else { renewal };
        state.renewal = Some(renewal.clone());
        Some(renewal)
    }

    /// Reads source and store, and takes up a token that was not tried yet. Says whether it did.
    async fn look(&self, hope: Hope) -> Result<bool> {
        let before = self.generation();
        let _turn = self.looking.lock().await;
        if self.generation() != before {
            return Ok(true);
        }
        let current = self.state().current.clone();
        let given = match self.source.read(&self.store).await {
            Err(error) if current.is_none() => return Err(error),
            // A source that went away takes nothing back.
            read => read.ok().flatten(),
        };
        if let Some(given) = &given {
            self.state().given = Some(token_hash(&given.token));
        }
        let now = self.wire.clock.now();
        if let Some(given) = given.as_ref().filter(|given| is_login(&given.token)) {
            return self.look_at_login(&token_hash(&given.token), &given.origin).await;
        }
        let first = match given {
            Some(given) => {
                token_header(&given.token)?;
                self.wire.secrets.add(&given.token);
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
        let candidates = in_order(newest, first, now, hope);
        let found = candidates.into_iter().find(|token| !state.tried.contains(&token.hash));
        Ok(found.map(|token| self.adopt(&mut state, token)).is_some())
    }

    /// The newest token of the line of this hash.
    async fn newest(&self, hash: &str, origin: &str, now: DateTime<Utc>) -> Option<Token> {
        match self.store.newest_token(hash).await {
            Ok(found) => found.map(|found| Token::new(found.token, origin.to_owned(), true, found.expires_at, now)),
            Err(error) => {
                self.warn(&error);
                None
            }
        }
    }

    /// Makes this the token of the process.
    fn adopt(&self, state: &mut State, mut token: Token) {
        self.wire.secrets.add(&token.value);
        self.wire.limiter.know_token(&token.line);
        state.tried.insert(token.hash.clone());
        state.generation += 1;
        token.generation = state.generation;
        token.epoch = state.epoch;
        state.refused = None;
        state.failed = None;
        state.current = Some(token);
    }

    /// Without a state directory the client goes on, and says once what is lost.
    fn warn(&self, error: &Error) {
        if !self.warned.swap(true, Ordering::Relaxed) {
            tracing::warn!("renewed tokens are not kept beyond this process: {error:#}");
        }
    }

    /// What is known of the token, read anew if there is none yet.
    pub(crate) async fn status(&self) -> TokenStatus {
        let current = self.state().current.clone();
        let looked = if current.is_none() { self.look(Hope::First).await.err() } else { None };
        let current = self.state().current.clone();
        let login = match current {
            Some(token) if token.login => self.store.newest_token(&token.line).await.ok().flatten(),
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
                problem: state.refused.clone(),
            },
            None => TokenStatus {
                login: None,
                present: false,
                source: None,
                renewed: false,
                expires_at: None,
                problem: Some(looked.unwrap_or_else(none_set)),
            },
        }
    }

    /// When the current token is to be renewed, if that can be told.
    pub(crate) fn due_in(&self) -> Option<Duration> {
        let now = self.wire.clock.now();
        let state = self.state();
        let due = state.current.as_ref().filter(|token| self.renews(token) && state.refused.is_none())?.due_at?;
        Some((due - now).to_std().unwrap_or_default())
    }
}

fn none_set() -> Error {
    let message = "There is no token. Set GHL_TOKEN_ID (or GHL_TOKEN_FILE), or store one with `highlevel-mcp auth set` or `highlevel-mcp auth login`.";
    Error::new(Code::Unauthorized, message)
}
