//! Refreshes of many accounts, a few at a time. Each account has its own quota. A refresh goes on when the question that
//! started it has its answer.

use super::{
    AccountsWatcher,
    member::{self, Member},
};
use crate::service::mirror::{Freshness, Mirroring};
use futures::{StreamExt, stream::FuturesUnordered};
use highlevel_core::{
    context::CallContext,
    error::{Code, Result},
};
use highlevel_store::{Mirror, Table, UnionAccount, UnionMirror};
use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{Semaphore, watch},
    time::Instant,
};

/// The accounts that are read at once while a question waits for them.
const AWAITED: usize = 8;

/// The accounts that are read at once in the background.
const IN_BACKGROUND: usize = 4;

/// How long a refresh keeps its place. One that waits for its account's quota must not keep the others waiting.
const PLACE: Duration = Duration::from_secs(5);

/// What is refreshed: the mirror, its tables and how fresh they have to be.
type Target = (PathBuf, Vec<&'static str>, Freshness);

/// The refreshes of this process.
#[derive(Debug)]
pub(super) struct Refreshes {
    awaited: Arc<Semaphore>,
    in_background: Arc<Semaphore>,
    /// Closed when the refresh ends.
    running: Mutex<HashMap<Target, watch::Receiver<()>>>,
}

impl Default for Refreshes {
    fn default() -> Self {
        Self {
            awaited: Arc::new(Semaphore::new(AWAITED)),
            in_background: Arc::new(Semaphore::new(IN_BACKGROUND)),
            running: Mutex::default(),
        }
    }
}

impl Refreshes {
    /// Refreshes the members' tables as required, and waits as the wait policy allows.
    ///
    /// # Errors
    /// `cancelled`; `internal` when the state directory cannot be used.
    pub(super) async fn refresh(
        &self,
        union: &Arc<UnionMirror>,
        members: &mut [Member<'_>],
        tables: &[&'static Table],
        wanted: Freshness,
        context: &CallContext,
        watcher: AccountsWatcher<'_>,
    ) -> Result<()> {
        let until = Instant::now() + wanted.wait.patience(context);
        let mut waiting = FuturesUnordered::new();
        let mut awaited = HashSet::new();
        for (at, member) in members.iter().enumerate() {
            let Some(mirror) = member.mirror() else { continue };
            if member.states().iter().all(|(_, state)| wanted.is_met_by(state)) {
                continue;
            }
            let waits = member.states().iter().any(|(_, state)| wanted.waits_for(state));
            let account = member::account(member.name, mirror);
            let mut refresh = self.start(Refresh {
                union: Arc::clone(union),
                mirroring: Arc::clone(member.mirroring()),
                mirror: Arc::clone(mirror),
                account,
                tables: tables.to_vec(),
                wanted,
                waits,
            });
            if waits {
                awaited.insert(at);
                // An error means that the refresh ended.
                waiting.push(async move { drop(refresh.changed().await) });
            }
        }
        let of = waiting.len();
        if of == 0 {
            return Ok(());
        }
        loop {
            watcher(of - waiting.len(), of);
            match context.bound(tokio::time::timeout_at(until, waiting.next())).await {
                Ok(Ok(Some(()))) => {}
                Err(error) if error.code == Code::Cancelled => return Err(error),
                // All are read, or the wait is over.
                _ => break,
            }
        }
        drop(waiting);
        member::fold(union, members, tables, context, |at| awaited.contains(&at)).await
    }

    /// Starts a refresh, unless the same one is running already.
    fn start(&self, refresh: Refresh) -> watch::Receiver<()> {
        let names = refresh.tables.iter().map(|table| table.name).collect();
        let target = (refresh.account.mirror.clone(), names, refresh.wanted);
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.retain(|_, ended| ended.has_changed().is_ok());
        if let Some(running) = running.get(&target) {
            return running.clone();
        }
        let (sender, ended) = watch::channel(());
        running.insert(target, ended.clone());
        let places = Arc::clone(if refresh.waits { &self.awaited } else { &self.in_background });
        tokio::spawn(async move {
            let place = places.acquire_owned().await;
            let mut refresh = pin!(refresh.run());
            if tokio::time::timeout(PLACE, &mut refresh).await.is_err() {
                drop(place);
                refresh.await;
            }
            drop(sender);
        });
        ended
    }
}

/// The refresh of one account.
struct Refresh {
    union: Arc<UnionMirror>,
    mirroring: Arc<Mirroring>,
    mirror: Arc<Mirror>,
    account: UnionAccount,
    tables: Vec<&'static Table>,
    wanted: Freshness,
    /// Whether a question waits for it.
    waits: bool,
}

impl Refresh {
    /// Reads the tables, and folds them in, so that the question need not.
    async fn run(self) {
        let name = self.account.name.clone();
        let refreshed = self.mirroring.refresh_to_end(&self.tables, self.wanted).await;
        // Hundreds of accounts would have more open files than a process may.
        self.mirror.close_idle().await;
        let folded = match refreshed {
            Ok(()) => self.union.fold(vec![self.account], &self.tables).await.map(drop),
            Err(error) => Err(error),
        };
        if let Err(error) = folded {
            tracing::warn!("the mirror of {name} could not be refreshed: {}", error.message);
        }
    }
}
