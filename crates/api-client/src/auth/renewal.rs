//! One renewal, shared by all who wait for it ("Token Refresh"). It runs as a task of its own: a call that is cancelled
//! must not lose a token that the server has already issued.

use super::{Auth, Token, token::Hope};
use futures::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use highlevel_core::context::CallContext;
use highlevel_core::error::{Code, Error};
use highlevel_store::{NewToken, RenewalTurn, Store};
use secrecy::ExposeSecret;
use std::{fmt, sync::Arc, time::Duration};
use tokio::{task::AbortHandle, time::Instant};

/// So long a renewal may take, its waits and repetitions included.
const LIMIT: Duration = Duration::from_secs(60);

/// A process that renews and says nothing for so long is dead, and another may.
pub(super) const LOCK: Duration = Duration::from_secs(6);
/// How often a process looks whether another has renewed.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// After a failed renewal nobody tries another for so long; twice as long with each that fails.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How a renewal ended.
#[derive(Debug, Clone)]
pub(super) enum Ended {
    /// There is another token now.
    Renewed,
    /// The API refuses the token for good.
    Refused(Error),
    /// It did not come about. `lasting`: trying again soon is of no use.
    Failed { error: Error, lasting: bool },
}

/// After a renewal that failed.
#[derive(Debug, Clone)]
pub(super) struct Pause {
    /// Until then nobody tries another.
    pub(super) until: Instant,
    /// How many failed in a row.
    times: u32,
    pub(super) error: Error,
    pub(super) lasting: bool,
}

/// A renewal under way.
#[derive(Clone)]
pub(super) struct Renewal {
    ended: Shared<BoxFuture<'static, Ended>>,
    blocks: bool,
}

impl fmt::Debug for Renewal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Renewal").field("blocks", &self.blocks).finish_non_exhaustive()
    }
}

impl Renewal {
    pub(super) fn begin(auth: Arc<Auth>, old: Token) -> Self {
        let task = tokio::spawn(async move { auth.run(old).await });
        let ended = task.map(|done| {
            done.unwrap_or_else(|_| Ended::Failed {
                error: Error::new(Code::Internal, "The token's renewal was interrupted."),
                lasting: true,
            })
        });
        Self { ended: ended.boxed().shared(), blocks: false }
    }

    pub(super) fn blocking(self) -> Self {
        Self { blocks: true, ..self }
    }

    pub(super) fn is_running(&self) -> bool {
        self.ended.peek().is_none()
    }

    /// Whether the old token is not to be used any more.
    pub(super) fn blocks(&self) -> bool {
        self.blocks && self.is_running()
    }

    pub(super) async fn ended(self) -> Ended {
        self.ended.await
    }
}

impl Auth {
    /// Whether a call may go on whose token, this generation's, was refused although it was renewed before: the token
    /// came of age on the way and is renewed again, or another process has renewed it since, which ends the one before
    /// where the server rotates. Waits for a renewal that is under way.
    pub(crate) async fn overtaken(self: &Arc<Self>, generation: u64, context: &CallContext) -> bool {
        let now = self.wire.clock.now();
        let came_of_age = |token: &Token| self.renews(token) && token.due_at.is_some_and(|due| due <= now);
        let of_age = self.state().current.as_ref().is_some_and(came_of_age);
        if of_age {
            return self.renew(generation, context).await.is_ok();
        }
        let overtaken = async {
            loop {
                let hash = self.state().current.as_ref().map(|token| token.line.clone()).unwrap_or_default();
                // Read before the look: what is stored in between is seen by it.
                let under_way = self.store.renewal_under_way(&hash).await.unwrap_or(false);
                if self.generation() != generation || self.look(Hope::First).await.unwrap_or(false) {
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

    async fn run(self: Arc<Self>, mut old: Token) -> Ended {
        let ended = loop {
            let ended = self.renew_now(&old).await;
            // Refused: the last hope is what another process renewed, or what was not tried yet.
            if !matches!(ended, Ended::Refused(_)) || !self.look(Hope::Last).await.unwrap_or(false) {
                break ended;
            }
            let found = self.state().current.clone();
            match found.filter(|token| token.is_over(self.wire.clock.now())) {
                Some(over) => old = over,
                None => break Ended::Renewed,
            }
        };
        let mut state = self.state();
        // What became of an old token says nothing of the one that was taken up meanwhile.
        let ended = if state.generation == old.generation { ended } else { Ended::Renewed };
        match &ended {
            Ended::Renewed => {}
            Ended::Refused(error) => state.refused = Some(error.clone()),
            Ended::Failed { error, lasting } => {
                // The API's own words stay out of warnings: they may quote what the account holds.
                tracing::warn!("the token could not be renewed ({})", error.code);
                tracing::debug!("why the token could not be renewed: {error:#}");
                let times = state.failed.as_ref().map_or(0, |pause| pause.times);
                let pause = FIRST_PAUSE.saturating_mul(1 << times.min(5)).min(LONGEST_PAUSE);
                let until = Instant::now() + pause;
                state.failed = Some(Pause { until, times: times + 1, error: error.clone(), lasting: *lasting });
            }
        }
        ended
    }

    /// Renews with no other process doing the same: whoever comes second adopts what the first stored.
    async fn renew_now(&self, old: &Token) -> Ended {
        let context = CallContext::new(LIMIT);
        let (lock, cut_off) = loop {
            // Another process may have renewed it, or a person set a new one.
            if self.is_behind(old).await {
                return Ended::Renewed;
            }
            match self.store.begin_renewal(&old.line, &self.member, LOCK).await {
                Ok(RenewalTurn::Yours { cut_off }) => break (Some(Lock::keep(&self.store, &self.member)), cut_off),
                Ok(RenewalTurn::Busy) if Instant::now() < context.deadline => tokio::time::sleep(LOOK_AGAIN).await,
                Ok(RenewalTurn::Busy) => {
                    let message = "Another process renews the token and does not come to an end.";
                    return Ended::Failed { error: Error::new(Code::Timeout, message), lasting: false };
                }
                Err(error) => {
                    self.warn(&error);
                    break (None, None);
                }
            }
        };
        if let Some(cut_off) = cut_off {
            tracing::warn!("a renewal of the token was cut off at {cut_off}: trying the token that was there before");
        }
        // Stored between the look and the lock.
        let adopted = lock.is_some() && self.is_behind(old).await;
        if old.login && !adopted {
            let Some(_lock) = lock else {
                let message =
                    "The login is not renewed without a state directory: its next refresh token would be lost.";
                return Ended::Failed { error: Error::new(Code::Internal, message), lasting: true };
            };
            return self.renew_login(old, cut_off, &context).await;
        }
        let renewed = if adopted {
            Ok(None)
        } else {
            self.refresh_session(old, cut_off, lock.is_some(), &context).await.map(Some)
        };
        let (token, ended) = match renewed {
            Ok(token) => (token, Ended::Renewed),
            Err(ended) => (None, ended),
        };
        self.keep(old, token, lock).await;
        ended
    }

    /// Whether there is a newer token than this one: taken up by another call meanwhile, or found now.
    async fn is_behind(&self, old: &Token) -> bool {
        // Not found once more, because no token is taken up twice.
        self.generation() != old.generation || self.look(Hope::First).await.unwrap_or(false)
    }

    /// Takes up what came of `old`, unless a person put something else in its place meanwhile.
    pub(super) fn adopt_after(&self, old: &Token, token: Token) {
        let mut state = self.state();
        if state.epoch == old.epoch {
            self.adopt(&mut state, token);
        }
    }

    /// Stored first, then used: if this process ends now, the token is not lost. The lock goes back with it.
    async fn keep(&self, old: &Token, token: Option<Token>, lock: Option<Lock>) {
        let same = |token: &Token| token.value.expose_secret() == old.value.expose_secret();
        let stored = token.as_ref().filter(|token| !same(token)).map(|token| {
            self.wire.secrets.add(&token.value);
            NewToken { token: token.value.clone(), expires_at: token.expires_at, login: None }
        });
        if (stored.is_some() || lock.is_some())
            && let Err(error) = self.store.end_renewal(&old.line, &self.member, stored).await
        {
            self.warn(&error);
        }
        if let Some(mut token) = token {
            token.origin.clone_from(&old.origin);
            self.adopt_after(old, token);
        }
    }
}

/// The lock on a token's renewal, prolonged as long as this lives. It is given back by [`Store::end_renewal`], or ends
/// by itself.
struct Lock(AbortHandle);

impl Lock {
    fn keep(store: &Arc<Store>, owner: &str) -> Self {
        let (store, owner) = (Arc::clone(store), owner.to_owned());
        let prolonging = tokio::spawn(async move {
            loop {
                tokio::time::sleep(LOCK / 4).await;
                if let Err(error) = store.prolong_renewal(&owner, LOCK).await {
                    tracing::debug!("the lock on the renewal is not prolonged: {error:#}");
                }
            }
        });
        Self(prolonging.abort_handle())
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        self.0.abort();
    }
}
