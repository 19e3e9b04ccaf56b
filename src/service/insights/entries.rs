//! The journal's entries of changes that this machine's tools made, by which they can be undone.

use crate::service::AccountService;
use chrono::{DateTime, TimeDelta, Utc};
use highlevel_core::error::Result;
use highlevel_store::{Change, EntryFilter};
use std::collections::HashMap;

/// How much later than its attempt a write is seen, at most. Times of changes are in whole seconds.
const LATER: TimeDelta = TimeDelta::seconds(1);

impl AccountService {
    /// The number of each change's entry, for changes that are listed newest first. `None` for those of others.
    pub(super) async fn entries_of(&self, changes: &[Change]) -> Result<Vec<Option<u64>>> {
        let Some(journal) = self.journal() else { return Ok(vec![None; changes.len()]) };
        // Of two writes of one object, the older change is the older entry's.
        let mut taken: HashMap<(&str, &str), u64> = HashMap::new();
        let mut numbers = Vec::with_capacity(changes.len());
        for change in changes {
            let Some(tool) = change.tool.as_deref() else {
                numbers.push(None);
                continue;
            };
            let at = DateTime::parse_from_rfc3339(&change.at).map(|at| at.with_timezone(&Utc) + LATER);
            let filter = EntryFilter {
                until: at.ok(),
                accounts: vec![self.name().to_owned()],
                tool: Some(tool.to_owned()),
                object: Some(change.id.clone()),
                ..EntryFilter::default()
            };
            let key = (change.id.as_str(), tool);
            let to = taken.get(&key).map_or(u64::MAX, |newer| newer.saturating_sub(1));
            let number = journal.newest(filter, to).await?;
            taken.extend(number.map(|number| (key, number)));
            numbers.push(number);
        }
        Ok(numbers)
    }
}
