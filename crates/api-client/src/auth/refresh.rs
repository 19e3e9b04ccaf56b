//! One refresh under way, shared by all calls that wait for it.

use super::{AccountToken, Token};
use futures::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use highlevel_core::error::{Code, Error};
use highlevel_store::Store;
use std::{fmt, sync::Arc, time::Duration};
use tokio::{task::AbortHandle, time::Instant};

/// A process that holds the lock and does not prolong it for this long is dead, and another may take over.
pub(super) const LOCK: Duration = Duration::from_secs(6);

/// The pause after a failed refresh. It doubles with each one that fails, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How a refresh ended.
#[derive(Debug, Clone)]
pub(super) enum Ended {
    /// There is another token now.
    Refreshed,
    /// The API refuses to refresh the token, and would refuse again.
    Refused(Error),
    /// There is no definite answer. `lasting`: another attempt soon is of no use.
    Failed { error: Error, lasting: bool },
}

/// The time after a failed refresh in which none is tried.
#[derive(Debug, Clone)]
pub(super) struct Pause {
    pub(super) until: Instant,
    /// How many refreshes failed in a row.
    times: u32,
    pub(super) error: Error,
    pub(super) lasting: bool,
}

impl Pause {
    /// The pause that follows `before`, from now on.
    pub(super) fn after(before: Option<&Self>, error: Error, lasting: bool) -> Self {
        let times = before.map_or(0, |pause| pause.times);
        let length = FIRST_PAUSE.saturating_mul(1 << times.min(5)).min(LONGEST_PAUSE);
        Self { until: Instant::now() + length, times: times + 1, error, lasting }
    }
}

/// A refresh under way. It runs as a task of its own: a call that is cancelled must not lose a token that the server has
/// already issued.
#[derive(Clone)]
pub(super) struct Refresh {
    ended: Shared<BoxFuture<'static, Ended>>,
    blocks: bool,
}

impl fmt::Debug for Refresh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refresh").field("blocks", &self.blocks).finish_non_exhaustive()
    }
}

impl Refresh {
    pub(super) fn begin(account: Arc<AccountToken>, old: Token) -> Self {
        let task = tokio::spawn(async move { account.run_refresh(old).await });
        let ended = task.map(|done| {
            done.unwrap_or_else(|_| Ended::Failed {
                error: Error::new(Code::Internal, "The token's refresh was interrupted."),
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

    /// Whether the old token must not be used any more.
    pub(super) fn blocks(&self) -> bool {
        self.blocks && self.is_running()
    }

    pub(super) async fn ended(self) -> Ended {
        self.ended.await
    }
}

/// The store's lock on a token's refresh, prolonged as long as this lives. [`Store::end_refresh`] releases it; otherwise
/// it expires.
pub(super) struct LockKeeper(AbortHandle);

impl LockKeeper {
    pub(super) fn start(store: &Arc<Store>, owner: &str) -> Self {
        let (store, owner) = (Arc::clone(store), owner.to_owned());
        let prolonging = tokio::spawn(async move {
            loop {
                tokio::time::sleep(LOCK / 4).await;
                if let Err(error) = store.prolong_refresh(&owner, LOCK).await {
                    tracing::debug!("the lock on the token's refresh is not prolonged: {error:#}");
                }
            }
        });
        Self(prolonging.abort_handle())
    }
}

impl Drop for LockKeeper {
    fn drop(&mut self) {
        self.0.abort();
    }
}
