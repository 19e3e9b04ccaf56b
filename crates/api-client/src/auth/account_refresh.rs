//! The refresh of an account's token, by one account, task and process at a time.

use super::{
    AccountToken, Token,
    oauth::RefreshedPair,
    refresh::{Ended, LOCK, LockKeeper, Pause},
    token::Candidates,
};
use chrono::{DateTime, Utc};
use highlevel_core::context::CallContext;
use highlevel_core::error::{Code, Error};
use highlevel_store::{NewToken, RefreshLock};
use secrecy::ExposeSecret;
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

/// The longest that a refresh may take, with its waits and repetitions.
const LIMIT: Duration = Duration::from_secs(60);

/// How often a process looks whether another one has refreshed the token.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

impl AccountToken {
    /// Whether a call may go on whose token, of this generation, was refused although it had just been refreshed. It may
    /// if the token became due meanwhile and is refreshed again, or if another process has refreshed it since, which ends
    /// the token before where the server rotates. Waits for a refresh that is under way.
    pub(crate) async fn overtaken(self: &Arc<Self>, generation: u64, context: &CallContext) -> bool {
        let now = self.login.wire.clock.now();
        let is_due = |token: &Token| self.refreshes(token) && token.due_at.is_some_and(|due| due <= now);
        if self.current().as_ref().is_some_and(is_due) {
            return self.refresh(generation, context).await.is_ok();
        }
        let overtaken = async {
            loop {
                let line = self.current().map(|token| token.line).unwrap_or_default();
                // Read before the look, so that the look sees what is stored in between.
                let under_way = self.login.store().refresh_under_way(&line).await.unwrap_or(false);
                if self.generation() != generation || self.look(Candidates::Newest).await.unwrap_or(false) {
                    return true;
                }
                if !under_way {
                    return false;
                }
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        };
        context.bound(overtaken).await.unwrap_or(false)
    }

    /// Refreshes `old`, and records the result.
    pub(super) async fn run_refresh(self: Arc<Self>, mut old: Token) -> Ended {
        let ended = loop {
            let ended = self.refresh_alone(&old).await;
            // After a refusal, a token that another process stored or that was not tried yet may still do.
            if !matches!(ended, Ended::Refused(_)) || !self.look(Candidates::All).await.unwrap_or(false) {
                break ended;
            }
            match self.current().filter(|token| token.is_over(self.login.wire.clock.now())) {
                Some(over) => old = over,
                None => break Ended::Refreshed,
            }
        };
        let mut state = self.state();
        // The result of an old token's refresh says nothing about a token that was adopted meanwhile.
        let ended = if state.generation == old.generation { ended } else { Ended::Refreshed };
        match &ended {
            Ended::Refreshed => {}
            Ended::Refused(error) => self.login.set_refused(&old, error.clone()),
            Ended::Failed { error, lasting } => {
                // The API's own words stay out of warnings: they may quote what the account holds.
                tracing::warn!("the token could not be refreshed ({})", error.code);
                tracing::debug!("why the token could not be refreshed: {error:#}");
                state.failed = Some(Pause::after(state.failed.as_ref(), error.clone(), *lasting));
            }
        }
        ended
    }

    /// Refreshes while no other account of the login and no other process does: whoever comes second adopts what the
    /// first one stored.
    async fn refresh_alone(&self, old: &Token) -> Ended {
        let context = CallContext::new(LIMIT);
        let busy = |who: &str| {
            let message = format!("Another {who} is refreshing the token and has not finished. Try again.");
            Ended::Failed { error: Error::new(Code::Timeout, message), lasting: false }
        };
        let Ok(_alone) = context.bound(self.login.refreshing.lock()).await else { return busy("account of the login") };
        let (lock, cut_off) = loop {
            // Another process may have refreshed it, or a person may have set a new one.
            if self.is_behind(old).await {
                return Ended::Refreshed;
            }
            match self.login.store().begin_refresh(&old.line, &self.member, LOCK).await {
                Ok(RefreshLock::Acquired { cut_off }) => {
                    break (Some(LockKeeper::start(self.login.runtime.store(), &self.member)), cut_off);
                }
                Ok(RefreshLock::Busy) if Instant::now() < context.deadline => tokio::time::sleep(LOOK_AGAIN).await,
                Ok(RefreshLock::Busy) => return busy("process"),
                Err(error) => {
                    self.login.warn(&error);
                    break (None, None);
                }
            }
        };
        if let Some(cut_off) = cut_off {
            tracing::warn!("a refresh of the token was cut off at {cut_off}: trying the token from before it");
        }
        // Another process may have stored a token between the look and the lock.
        if lock.is_some() && self.is_behind(old).await {
            self.keep(old, None, lock).await;
            return Ended::Refreshed;
        }
        if old.login {
            return self.refresh_login(old, cut_off, lock, &context).await;
        }
        let caller = self.caller(&context);
        let (token, ended) = match self.login.refresh_session(old, cut_off, lock.is_some(), caller).await {
            Ok(token) => (Some(token), Ended::Refreshed),
            Err(ended) => (None, ended),
        };
        self.keep(old, token, lock).await;
        ended
    }

    /// Refreshes the OAuth login that `old` is of, under the lock, and adopts the result.
    async fn refresh_login(
        &self,
        old: &Token,
        cut_off: Option<DateTime<Utc>>,
        lock: Option<LockKeeper>,
        context: &CallContext,
    ) -> Ended {
        let Some(_lock) = lock else {
            let message = "The login is not refreshed without a state directory: its next refresh token would be lost. Choose a directory that can be written with --state-dir.";
            return Ended::Failed { error: Error::new(Code::Internal, message), lasting: true };
        };
        let refreshed = self.login.next_pair(&old.line, &self.holder, cut_off, self.caller(context)).await;
        let RefreshedPair { ended, unanswered } = refreshed;
        if let Err(error) = self.login.store().release_refresh(&self.member, unanswered).await {
            self.login.warn(&error);
        }
        match ended {
            Ok(pair) => {
                self.adopt_after(old, pair.token(&self.holder, old.origin.clone(), &old.line));
                Ended::Refreshed
            }
            Err(ended) => ended,
        }
    }

    /// Whether there is a newer token than this one: adopted by another call meanwhile, or found now.
    async fn is_behind(&self, old: &Token) -> bool {
        // A look alone does not find it again, because no token is adopted twice.
        self.generation() != old.generation || self.look(Candidates::Newest).await.unwrap_or(false)
    }

    /// Adopts the token that came of `old`, unless a person put another credential in its place meanwhile.
    fn adopt_after(&self, old: &Token, token: Token) {
        let mut state = self.state();
        if state.epoch == old.epoch {
            self.adopt(&mut state, token);
        }
    }

    /// Stores the token that came of `old` and releases the lock, in one step; then adopts it. A process that ends in
    /// between does not lose the token.
    async fn keep(&self, old: &Token, token: Option<Token>, lock: Option<LockKeeper>) {
        let is_same = |token: &Token| token.value.expose_secret() == old.value.expose_secret();
        let new = token.as_ref().filter(|token| !is_same(token)).map(|token| {
            self.login.runtime.secrets().add(&token.value);
            NewToken { token: token.value.clone(), expires_at: token.expires_at, login: None }
        });
        let is_new = new.is_some();
        if is_new || lock.is_some() {
            let stored = self.login.store().end_refresh(&old.line, &self.member, new).await;
            if let Err(error) = stored {
                self.login.warn(&error);
                // The login's other accounts find it there.
                if let Some(token) = token.clone().filter(|_| is_new) {
                    self.login.keep_unstored(old.hash.clone(), token);
                }
            }
        }
        if let Some(mut token) = token {
            token.origin.clone_from(&old.origin);
            self.adopt_after(old, token);
        }
    }
}
