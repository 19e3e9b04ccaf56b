//! Completion of ids by the beginning of an object's name.

use super::ignore_progress;
use crate::service::{
    AccountService,
    mirror::{Freshness, WaitPolicy},
};
use highlevel_catalog::Id;
use highlevel_core::context::CallContext;
use highlevel_core::error::Result;

/// The most ids in one answer, which is the protocol's limit.
const MAX_IDS: usize = 100;

impl AccountService {
    /// The ids of a table's objects that match the typed text. Refreshes the table as for any question.
    ///
    /// # Errors
    /// The error of the table's first scan.
    pub async fn ids_by_name(&self, table: &str, text: &str, context: &CallContext) -> Result<Vec<String>> {
        let mut tables = self.readable_tables();
        let Some(wanted) = tables.iter().copied().find(|one| one.name == table) else { return Ok(Vec::new()) };
        // Users may be collected from the owners of opportunities.
        tables.retain(|one| one.name == table || (table == "users" && one.name == "opportunities"));
        let fresh = Freshness { wait: WaitPolicy::SmallTables, ..Freshness::default() };
        self.mirroring.freshen(&tables, fresh, context, &ignore_progress).await?;
        let mut ids = self.mirroring.mirror().await?.ids(text, wanted, MAX_IDS).await?;
        ids.retain(|id| id.parse::<Id>().is_ok());
        Ok(ids)
    }
}
