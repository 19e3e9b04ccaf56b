//! The check of which lists the account can read, for `doctor`.

use super::AccountService;
use highlevel_catalog::Invocation;
use highlevel_core::context::CallContext;
use highlevel_store::{Missing, Table};

impl AccountService {
    /// The lists that cannot be read, each with the reason. Requests one item of each list.
    pub async fn unreadable(&self, context: &CallContext) -> Vec<Missing> {
        let tries = self.readable_tables().into_iter().map(|table| self.try_to_read(table, context));
        futures::future::join_all(tries).await.into_iter().flatten().collect()
    }

    async fn try_to_read(&self, table: &'static Table, context: &CallContext) -> Option<Missing> {
        let error = if table.name == "users" {
            self.api.users(context).await.err()?
        } else {
            let list = Invocation::bare(self.api.catalog().find(table.tool)?);
            self.api.page(&list, 0, 1, context).await.err()?.error
        };
        Some(Missing::of(table.name, &error))
    }
}
