//! Objects that a host subscribes to: it is told when this server writes one, and when the mirror sees another value, be it by
//! a reading or by another process.

use super::{changes::Listener, resources, server::Shared};
use crate::account::{Account, UpdatedObject};
use highlevel_core::error::{Code, Error, Result};
use rmcp::{RoleServer, service::Peer};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};
use tokio::sync::{Mutex, broadcast};
use tokio_util::sync::CancellationToken;

/// The most objects that one session, or one subscription of 2026-07-28, may watch.
pub(super) const MOST: usize = 100;

/// How often updates are looked for, while a host waits for some.
pub(super) const LOOK: Duration = Duration::from_millis(500);

/// In so many looks the mirror is read once.
const LOOKS_A_READ: u32 = 4;

/// The objects that one host watches.
#[derive(Debug, Default)]
pub(super) struct Subscriptions {
    objects: BTreeMap<String, WatchedObject>,
    feeds: Vec<AccountFeed>,
    looks: u32,
    /// Whether the host's updates are on their way by themselves.
    pub(super) is_told: bool,
}

#[derive(Debug)]
struct WatchedObject {
    account: Arc<Account>,
    noun: &'static str,
    id: Option<String>,
}

/// The updates of one account.
#[derive(Debug)]
struct AccountFeed {
    account: Arc<Account>,
    writes: broadcast::Receiver<UpdatedObject>,
    /// The number of the last change that was seen in the mirror.
    seen: Option<i64>,
}

impl Subscriptions {
    /// Watches an object from now on.
    ///
    /// # Errors
    /// `not_found` for a URI of no resource; `too_large` when there are too many.
    pub(super) async fn add(&mut self, shared: &Shared, uri: &str) -> Result<()> {
        if self.objects.len() >= MOST && !self.objects.contains_key(uri) {
            let message = format!("A session may watch {MOST} resources. Unsubscribe from one that is not needed.");
            return Err(Error::new(Code::TooLarge, message));
        }
        let (account, noun, id) = resources::object_of(&shared.runtime.live(), uri)?;
        if !self.feeds.iter().any(|feed| Arc::ptr_eq(&feed.account, &account)) {
            let writes = account.writes();
            let seen = account.changed_after(None).await.ok().and_then(|(_, last)| last);
            self.feeds.push(AccountFeed { account: Arc::clone(&account), writes, seen });
        }
        self.objects.insert(uri.to_owned(), WatchedObject { account, noun, id });
        Ok(())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    pub(super) fn remove(&mut self, uri: &str) {
        self.objects.remove(uri);
        let objects = &self.objects;
        self.feeds.retain(|feed| objects.values().any(|object| Arc::ptr_eq(&object.account, &feed.account)));
    }

    /// The URIs of the objects that were updated since the last look.
    pub(super) async fn updated(&mut self) -> BTreeSet<String> {
        self.looks = self.looks.wrapping_add(1);
        let reads = self.looks.is_multiple_of(LOOKS_A_READ);
        let mut updated = BTreeSet::new();
        for feed in &mut self.feeds {
            for update in feed.take(reads).await {
                let is_of = |object: &WatchedObject| Arc::ptr_eq(&object.account, &feed.account) && object.is(&update);
                updated.extend(self.objects.iter().filter(|(_, object)| is_of(object)).map(|(uri, _)| uri.clone()));
            }
        }
        updated
    }

    /// Watches what it watched in the accounts as they are now. What they have no more is left out.
    pub(super) async fn renew(&mut self, shared: &Shared) {
        let uris: Vec<String> = self.objects.keys().cloned().collect();
        for uri in uris {
            self.remove(&uri);
            drop(self.add(shared, &uri).await);
        }
    }
}

impl WatchedObject {
    fn is(&self, update: &UpdatedObject) -> bool {
        self.noun == update.noun && self.id.as_ref().is_none_or(|id| *id == update.id)
    }
}

impl AccountFeed {
    /// What was updated since the last time.
    async fn take(&mut self, reads_mirror: bool) -> Vec<UpdatedObject> {
        let mut updates = Vec::new();
        loop {
            match self.writes.try_recv() {
                Ok(update) => updates.push(update),
                Err(broadcast::error::TryRecvError::Lagged(_)) => {}
                Err(_) => break,
            }
        }
        if reads_mirror && let Ok((seen, last)) = self.account.changed_after(self.seen).await {
            updates.extend(seen);
            self.seen = last;
        }
        updates
    }
}

/// Tells a session of an earlier protocol what it watches, until it ends.
pub(super) async fn tell_session(
    shared: Arc<Shared>,
    subscriptions: Arc<Mutex<Subscriptions>>,
    peer: Peer<RoleServer>,
    ended: CancellationToken,
) {
    let listener = Listener::Session(peer);
    let mut changes = shared.runtime.changes();
    let closing = shared.closing.clone();
    loop {
        tokio::select! {
            () = ended.cancelled() => return,
            () = closing.cancelled() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
        let mut subscriptions = subscriptions.lock().await;
        if changes.has_changed().unwrap_or(false) {
            changes.mark_unchanged();
            subscriptions.renew(&shared).await;
        }
        let updated = subscriptions.updated().await;
        drop(subscriptions);
        for uri in updated {
            if !listener.tell_updated(uri).await {
                return;
            }
        }
    }
}
