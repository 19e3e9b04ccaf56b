//! Hosts are told when `accounts.toml` changes what the server lists: each session of an earlier protocol, and who listens
//! with 2026-07-28.

use super::{
    lists::Lists,
    server::Shared,
    subscriptions::{LOOK, Subscriptions},
};
use futures::future::BoxFuture;
use rmcp::{
    RoleServer,
    model::ResourceUpdatedNotificationParam,
    service::{Peer, SubscriptionSendError, SubscriptionSink},
};
use std::{collections::BTreeSet, sync::Arc};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Where a host takes notifications.
pub(super) enum Listener {
    /// A session of an earlier protocol.
    Session(Peer<RoleServer>),
    /// A subscription of 2026-07-28.
    Subscription(SubscriptionSink),
}

/// A list of the server.
#[derive(Debug, Clone, Copy)]
enum List {
    Tools,
    Prompts,
    Resources,
}

impl Listener {
    /// Says that a list has changed. False when nobody listens any more.
    fn tell(&self, list: List) -> BoxFuture<'_, bool> {
        Box::pin(async move {
            match (self, list) {
                (Self::Session(peer), List::Tools) => peer.notify_tool_list_changed().await.is_ok(),
                (Self::Session(peer), List::Prompts) => peer.notify_prompt_list_changed().await.is_ok(),
                (Self::Session(peer), List::Resources) => peer.notify_resource_list_changed().await.is_ok(),
                // The sink sends what its host asked for, and refuses the rest.
                (Self::Subscription(sink), list) => {
                    let told = match list {
                        List::Tools => sink.notify_tool_list_changed().await,
                        List::Prompts => sink.notify_prompt_list_changed().await,
                        List::Resources => sink.notify_resource_list_changed().await,
                    };
                    matches!(told, Ok(()) | Err(SubscriptionSendError::NotificationNotAccepted(_)))
                }
            }
        })
    }
}

impl Listener {
    /// Says that an object was updated. False when nobody listens any more.
    pub(super) async fn tell_updated(&self, uri: String) -> bool {
        match self {
            Self::Session(peer) => {
                peer.notify_resource_updated(ResourceUpdatedNotificationParam::new(uri)).await.is_ok()
            }
            Self::Subscription(sink) => sink.notify_resource_updated(uri).await.is_ok(),
        }
    }
}

/// The changes of the lists since a host began to listen.
pub(super) struct ListChanges {
    shared: Arc<Shared>,
    changes: watch::Receiver<u64>,
    known: Arc<Lists>,
}

impl ListChanges {
    /// From now on.
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let changes = shared.runtime.changes();
        let known = shared.lists();
        Self { shared, changes, known }
    }

    /// Waits for the next change and tells it. False when nobody listens any more.
    pub(super) async fn tell_next(&mut self, listener: &Listener) -> bool {
        if self.changes.changed().await.is_err() {
            return false;
        }
        let now = self.shared.lists();
        let known = std::mem::replace(&mut self.known, Arc::clone(&now));
        // The accounts that a tool's calls can name have changed, whatever the tools are.
        let mut listens = listener.tell(List::Tools).await;
        if known.prompts != now.prompts {
            listens &= listener.tell(List::Prompts).await;
        }
        if known.resources != now.resources || known.templates != now.templates {
            listens &= listener.tell(List::Resources).await;
        }
        listens
    }

    /// Tells every change, and the updates of these objects, until the session ends.
    pub(super) async fn tell_all(
        mut self,
        listener: Listener,
        mut subscriptions: Subscriptions,
        ended: CancellationToken,
    ) {
        let closing = self.shared.closing.clone();
        loop {
            let listens = tokio::select! {
                listens = self.tell_next(&listener) => {
                    subscriptions.renew(&self.shared).await;
                    listens
                }
                updated = next_updates(&mut subscriptions) => {
                    let mut listens = true;
                    for uri in updated {
                        listens &= listener.tell_updated(uri).await;
                    }
                    listens
                }
                () = ended.cancelled() => false,
                () = closing.cancelled() => false,
            };
            if !listens {
                return;
            }
        }
    }
}

/// The next updates of what is watched; never, where nothing is.
async fn next_updates(subscriptions: &mut Subscriptions) -> BTreeSet<String> {
    if subscriptions.is_empty() {
        return std::future::pending().await;
    }
    tokio::time::sleep(LOOK).await;
    subscriptions.updated().await
}
