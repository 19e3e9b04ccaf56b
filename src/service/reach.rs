//! Which of the account's lists can be read: what `doctor` reports.

use super::AccountService;
use highlevel_catalog::Invocation;
use highlevel_core::context::CallContext;
use highlevel_store::{Missing, Table};

impl AccountService {
    /// Asks for one item of each list, and says which could not be read and why.
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
