//! The prompts and resources of the accounts as they are now, built once for each change of them.

use super::{prompts, resources};
use crate::runtime::{Accounts, LISTS_LIVE, Runtime};
use rmcp::model::{Prompt, Resource, ResourceTemplate};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// How long a host may use a list of a process whose accounts do not change.
const FIXED_LISTS_LIVE: Duration = Duration::from_secs(3600);

/// The lists of one generation of accounts.
#[derive(Debug, PartialEq)]
pub(super) struct Lists {
    pub(super) generation: u64,
    pub(super) prompts: Vec<Prompt>,
    pub(super) resources: Vec<Resource>,
    pub(super) templates: Vec<ResourceTemplate>,
}

/// The lists of the newest generation that a host asked for.
#[derive(Debug, Default)]
pub(super) struct ListCache(Mutex<Option<Arc<Lists>>>);

impl ListCache {
    pub(super) fn of(&self, accounts: &Accounts) -> Arc<Lists> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lists) = kept.as_ref().filter(|lists| lists.generation == accounts.generation()) {
            return Arc::clone(lists);
        }
        let lists = Arc::new(Lists {
            generation: accounts.generation(),
            prompts: prompts::listed(accounts).collect(),
            resources: resources::resources(accounts),
            templates: resources::templates(accounts),
        });
        *kept = Some(Arc::clone(&lists));
        lists
    }
}

/// How long a host may use a list, in milliseconds.
pub(super) fn ttl(runtime: &Runtime) -> u64 {
    let live = if runtime.may_change() { LISTS_LIVE } else { FIXED_LISTS_LIVE };
    u64::try_from(live.as_millis()).unwrap_or(u64::MAX)
}
