//! Which objects of an account have changed, for hosts that subscribe to them: by this process's own writes, and by what the
//! mirror saw, which includes the writes of other processes.

use super::AccountService;
use highlevel_catalog::Invocation;
use highlevel_core::error::Result;
use highlevel_store::Table;
use serde_json::Value;
use tokio::sync::broadcast;

/// The most writes that a slow listener may be behind.
const BEHIND: usize = 256;

/// An object that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdatedObject {
    /// What it is, in the singular: `contact`.
    pub noun: &'static str,
    /// Its id.
    pub id: String,
}

/// The writes of this process to an account.
#[derive(Debug, Clone)]
pub(super) struct WriteFeed(broadcast::Sender<UpdatedObject>);

impl Default for WriteFeed {
    fn default() -> Self {
        Self(broadcast::channel(BEHIND).0)
    }
}

impl WriteFeed {
    /// Says that a call wrote an object, or may have.
    pub(super) fn tell(&self, table: &'static Table, invocation: &Invocation, answer: Option<&Value>) {
        let id = invocation.id.as_ref().map(|id| id.as_str());
        let id = id.or_else(|| answer.and_then(|answer| answer.get("id")?.as_str()));
        if let Some(id) = id {
            // Without a listener there is nobody to tell.
            drop(self.0.send(UpdatedObject { noun: table.one, id: id.to_owned() }));
        }
    }
}

impl AccountService {
    /// This process's writes to the account from now on.
    pub fn writes(&self) -> broadcast::Receiver<UpdatedObject> {
        self.mirroring.writes().0.subscribe()
    }

    /// The objects that the mirror saw change after the change with this number, and the number of the last one. Without a
    /// number there are none: it is where to begin. Creates no mirror.
    ///
    /// # Errors
    /// `unauthorized` without a credential; `internal` when the state directory cannot be used.
    pub async fn changed_after(&self, number: Option<i64>) -> Result<(Vec<UpdatedObject>, Option<i64>)> {
        let mirror = self.mirroring.mirror().await?;
        if !mirror.path().exists() {
            // Whatever a new mirror records is new.
            return Ok((Vec::new(), Some(0)));
        }
        let (changed, last) = mirror.changed_after(number).await?;
        let changed = changed.into_iter().filter_map(|(table, id)| {
            let table = Table::named(&table)?;
            Some(UpdatedObject { noun: table.one, id })
        });
        Ok((changed.collect(), Some(last)))
    }
}
