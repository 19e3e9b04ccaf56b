//! The scan of users. If the API does not list them, they are collected from the owners of records.

use super::{Mirroring, scan::ScanSummary};
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

/// The number of concurrent requests for users.
const CONCURRENT_USERS: usize = 4;

/// The most users that are read one by one.
const MAX_USERS: usize = 500;

impl Mirroring {
    /// Scans the users.
    pub(super) async fn read_users(&self, mirror: &Mirror, context: &CallContext) -> Result<ScanSummary> {
        let table = Table::named("users").ok_or_else(|| Error::new(Code::Internal, "There is no table of users."))?;
        let sent_at = Utc::now();
        let start = Instant::now();
        let (items, short) = match self.api.users(context).await? {
            Some(users) => (users, None),
            None => self.collect_users(mirror, context).await?,
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
        Ok(ScanSummary { short, max_scans: 1 })
    }

    /// The current user and every owner of a record, and why users may be missing.
    async fn collect_users(&self, mirror: &Mirror, context: &CallContext) -> Result<(Vec<Value>, Option<String>)> {
        let owners = mirror.owners().await?;
        let mut owned = mirror.states(self.owned()).await?.into_iter();
        let unread = owned.find(|(_, state)| state.complete_at.is_none());
        let short = match unread {
            Some((table, _)) => {
                Some(format!("users are collected from the owners of records, and {} is not read in full", table.name))
            }
            None => (owners.len() > MAX_USERS).then(|| format!("more than {MAX_USERS} users own records")),
        };
        let calls = owners.into_iter().take(MAX_USERS).filter_map(|id| id.parse::<Id>().ok());
        let catalog = self.api.catalog();
        let calls = calls.map(|user_id| catalog.call(&GetUser { user_id }));
        let calls: Vec<_> = std::iter::once(catalog.call(&GetCurrentUser {})).chain(calls).collect::<Result<_>>()?;
        let users = stream::iter(calls).map(|call| async move {
            match self.api.run(&call, context).await {
                Ok(done) => Ok(Some(done.answer.into_json())),
                // Deleted users may still own records.
                Err(failed) if failed.error.code == Code::NotFound => Ok(None),
                Err(failed) => Err(failed.error),
            }
        });
        let users: Vec<Option<Value>> = users.buffered(CONCURRENT_USERS).try_collect().await?;
        Ok((users.into_iter().flatten().collect(), short))
    }
}
