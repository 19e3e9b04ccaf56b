//! The users: where no list has them, they are met by the ids of those that own something.

use super::{Mirroring, scan::Reading};
use chrono::Utc;
use futures::{StreamExt, TryStreamExt, stream};
use highlevel_catalog::{
    Id,
    users::{GetCurrentUser, GetUser},
};
use highlevel_core::context::CallContext;
use highlevel_core::error::{Code, Error, Result};
use highlevel_store::{Mirror, MirrorPage, Table};
use serde_json::Value;
use tokio::time::Instant;

/// Users that are asked for at once.
const AT_ONCE: usize = 4;

/// Without a list there is a bound: so many users of one account are read.
const MOST: usize = 500;

impl Mirroring {
    /// Reads the users.
    pub(super) async fn read_users(&self, mirror: &Mirror, context: &CallContext) -> Result<Reading> {
        let table = Table::named("users").ok_or_else(|| Error::new(Code::Internal, "There is no table of users."))?;
        let (sent_at, start) = (Utc::now(), Instant::now());
        let (items, short) = match self.api.users(context).await? {
            Some(users) => (users, None),
            None => self.meet_users(mirror, context).await?,
        };
        let count = items.len() as u64;
        let spent = start.elapsed();
        let page = MirrorPage {
            items,
            sent_at,
            offset: count,
            place: None,
            total: Some(count),
            drifted: false,
            unnamed: Vec::new(),
            spent,
        };
        mirror.keep_page(table, &self.owner, page).await?;
        Ok(Reading { short, again: 1 })
    }

    /// The current user and every owner, and why those may not be all.
    async fn meet_users(&self, mirror: &Mirror, context: &CallContext) -> Result<(Vec<Value>, Option<String>)> {
        let owners = mirror.owners().await?;
        let mut owned = mirror.states(self.owned()).await?.into_iter();
        let unread = owned.find(|(_, state)| state.complete_at.is_none());
        let short = match unread {
            Some((table, _)) => {
                Some(format!("users are known by what they own, and {} is not read in full", table.name))
            }
            None => (owners.len() > MOST).then(|| format!("more than {MOST} users own something")),
        };
        let asks = owners.into_iter().take(MOST).filter_map(|id| id.parse::<Id>().ok());
        let catalog = self.api.catalog();
        let asks = asks.map(|user_id| catalog.call(&GetUser { user_id }));
        let asks: Vec<_> = std::iter::once(catalog.call(&GetCurrentUser {})).chain(asks).collect::<Result<_>>()?;
        let users = stream::iter(asks).map(|ask| async move {
            match self.api.run(&ask, context).await {
                Ok(done) => Ok(Some(done.answer.into_json())),
                // Deleted users may still own records.
                Err(failed) if failed.error.code == Code::NotFound => Ok(None),
                Err(failed) => Err(failed.error),
            }
        });
        let users: Vec<Option<Value>> = users.buffered(AT_ONCE).try_collect().await?;
        Ok((users.into_iter().flatten().collect(), short))
    }
}
