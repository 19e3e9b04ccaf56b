//! Ids by what a person types of the object's name.

use super::unwatched;
use crate::service::{
    AccountService,
    mirror::{Freshness, Wait},
};
use highlevel_catalog::Id;
use highlevel_core::context::CallContext;
use highlevel_core::error::Result;

/// The most that are given at once, which is what the protocol allows.
const MOST: usize = 100;

impl AccountService {
    /// The ids of a table's objects that fit what was typed so far. The table is read for it as for any question.
    ///
    /// # Errors
    /// What keeps the table from being read for the first time.
    pub async fn ids_by_name(&self, table: &str, text: &str, context: &CallContext) -> Result<Vec<String>> {
        let mut tables = self.readable_tables();
        let Some(wanted) = tables.iter().copied().find(|one| one.name == table) else { return Ok(Vec::new()) };
        // Users are met by what they own.
        tables.retain(|one| one.name == table || (table == "users" && one.name == "opportunities"));
        let fresh = Freshness { wait: Wait::ForFew, ..Freshness::default() };
        self.mirroring.freshen(&tables, fresh, context, &unwatched).await?;
        let mut ids = self.mirroring.mirror().await?.ids(text, wanted, MOST).await?;
        ids.retain(|id| id.parse::<Id>().is_ok());
        Ok(ids)
    }
}
