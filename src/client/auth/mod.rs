//! The token: found at first need, renewed ahead of its end and when it is refused, one renewal at a time
//! ("Authentication Details").

mod renewal;
mod token;

pub(crate) use token::Token;
pub use token::TokenSource;

use super::attempt::{Wire, token_header};
use super::urls::Outgoing;
use crate::{
    context::CallContext,
    error::{Code, Error, Result},
    store::Store,
};
use chrono::{DateTime, Utc};
use renewal::{Ended, Renewal};
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::time::Instant;

/// After a renewal that failed, so long nobody tries another.
const COOL_DOWN: Duration = Duration::from_secs(5);
/// The same for one that was tried ahead of time: the old token still works.
const COOL_DOWN_AHEAD: Duration = Duration::from_secs(30);

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
    state: Mutex<State>,
    /// One at a time reads source and store.
    looking: tokio::sync::Mutex<()>,
    warned: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    current: Option<Token>,
    generation: u64,
    /// The hash of the token that the source held when it was last read.
    given: Option<String>,
    /// The current token is dead: it was refused, and so was its renewal.
    refused: Option<Error>,
    renewal: Option<Renewal>,
    /// A renewal failed a moment ago, and this is not over yet.
    failed: Option<(Instant, Error)>,
}

impl Auth {
    pub(crate) fn new(source: TokenSource, store: Arc<Store>, wire: Arc<Wire>, update: Outgoing) -> Arc<Self> {
        Arc::new(Self {
            source,
            store,
            wire,
            update,
            state: Mutex::default(),
            looking: tokio::sync::Mutex::default(),
            warned: AtomicBool::new(false),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many tokens there have been.
    pub(crate) fn generation(&self) -> u64 {
        self.state().generation
    }

    /// The token to attach now; `None` while it is being renewed because it was refused, or when it is dead.
    pub(crate) fn usable(&self) -> Option<Token> {
        let state = self.state();
        let waits = state.refused.is_some() || state.renewal.as_ref().is_some_and(Renewal::blocks);
        if waits { None } else { state.current.clone() }
    }

    /// Returns when there is a token to send with: finds it, renews it ahead of its end, waits for a renewal.
    ///
    /// # Errors
    /// `unauthorized` when there is none or it is dead; what [`CallContext::bound`] gives.
    pub(crate) async fn ready(self: &Arc<Self>, context: &CallContext) -> Result<()> {
        let (current, refused) = {
            let state = self.state();
            (state.current.clone(), state.refused.clone())
        };
        let current = match (current, refused) {
            (Some(current), None) => current,
            (None, _) => {
                context.bound(self.look()).await??;
                return if self.state().current.is_some() { Ok(()) } else { Err(none_set()) };
            }
            // Dead until a new one turns up in the source or the store.
            (Some(_), Some(refused)) => {
                let found = context.bound(self.look()).await?.unwrap_or(false);
                return if found || self.state().refused.is_none() { Ok(()) } else { Err(refused) };
            }
        };
        let blocked = self.state().renewal.as_ref().is_some_and(Renewal::blocks);
        if blocked {
            return self.renew(current.generation, context).await;
        }
        let now = self.wire.clock.now();
        let cooling = self.state().failed.as_ref().is_some_and(|(until, _)| *until > Instant::now());
        if current.due_at.is_some_and(|due| due <= now) && !cooling {
            return match self.start(current.generation, false) {
                Some(renewal) => match context.bound(renewal.ended()).await? {
                    Ended::Refused(error) => Err(error),
                    // It still lives, or the API will say that it does not.
                    Ended::Renewed | Ended::Failed(_) => Ok(()),
                },
                None => Ok(()),
            };
        }
        Ok(())
    }

    /// Renews because the token of this generation was refused; returns at once if that happened meanwhile.
    ///
    /// # Errors
    /// `unauthorized` when the renewal is refused too; `upstream_error` and the like when it failed.
    pub(crate) async fn renew(self: &Arc<Self>, generation: u64, context: &CallContext) -> Result<()> {
        if let Some((until, error)) = self.state().failed.clone()
            && until > Instant::now()
            && self.generation() == generation
        {
            return Err(error);
        }
        let Some(renewal) = self.start(generation, true) else {
            // Renewed meanwhile, or dead.
            return self.state().refused.clone().map_or(Ok(()), Err);
        };
        match context.bound(renewal.ended()).await? {
            Ended::Renewed => Ok(()),
            Ended::Refused(error) | Ended::Failed(error) => Err(error),
        }
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

    /// Reads source and store, and takes up a token that is not the current one. Says whether it did.
    async fn look(&self) -> Result<bool> {
        let before = self.generation();
        let _turn = self.looking.lock().await;
        if self.generation() != before {
            return Ok(true);
        }
        let given = self.source.read(&self.store).await;
        let (current, known) = {
            let state = self.state();
            (state.current.clone(), state.given.clone())
        };
        let given = match (given, &current) {
            (Ok(given), _) => given,
            (Err(error), None) => return Err(error),
            // A source that went away takes nothing back.
            (Err(_), Some(_)) => None,
        };
        let now = self.wire.clock.now();
        let mut candidates = Vec::new();
        if let Some(given) = given {
            token_header(&given.token)?;
            self.wire.secrets.add(&given.token);
            let first = Token::new(given.token, given.origin, false, None, now);
            if let Some(newest) = self.newest(&first.hash, &first.origin, now).await {
                candidates.push(newest);
            }
            // The first of a line that went on is the past, unless it was only just put there.
            if known.as_ref() != Some(&first.hash) {
                self.state().given = Some(first.hash.clone());
                candidates.push(first);
            }
        } else if let Some(current) = &current {
            candidates.extend(self.newest(&current.hash, &current.origin, now).await);
        }
        let found = candidates.into_iter().find(|token| current.as_ref().is_none_or(|known| known.hash != token.hash));
        Ok(found.map(|token| self.adopt(token)).is_some())
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
    fn adopt(&self, mut token: Token) {
        self.wire.secrets.add(&token.value);
        let mut state = self.state();
        state.generation += 1;
        token.generation = state.generation;
        state.refused = None;
        state.failed = None;
        state.current = Some(token);
    }

    /// Without a state directory the client goes on, and says once what is lost.
    fn warn(&self, error: &Error) {
        if !self.warned.swap(true, Ordering::Relaxed) {
            tracing::warn!("renewed tokens are not kept beyond this process: {}", error.message);
        }
    }

    /// What is known of the token, read anew if there is none yet.
    pub(crate) async fn status(&self) -> TokenStatus {
        let current = self.state().current.clone();
        let looked = if current.is_none() { self.look().await.err() } else { None };
        let state = self.state();
        match &state.current {
            Some(token) => TokenStatus {
                present: true,
                source: Some(token.origin.clone()),
                renewed: token.renewed,
                expires_at: token.expires_at,
                problem: state.refused.clone(),
            },
            None => TokenStatus {
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
        let due = state.current.as_ref().filter(|_| state.refused.is_none())?.due_at?;
        Some((due - now).to_std().unwrap_or_default())
    }
}

fn none_set() -> Error {
    let message =
        "There is no token. Set GHL_TOKEN_ID (or GHL_TOKEN_FILE), or store one with `highlevel-mcp auth set`.";
    Error::new(Code::Unauthorized, message)
}
