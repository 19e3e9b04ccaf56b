//! Contacts beyond the ten-thousandth: page numbers end there, and only behind a contact that was read does it go on.

use super::{Official, contacts, lists::Raw, window::windows};
use crate::{
    client::SendError,
    context::CallContext,
    crm::{Invocation, list::part},
};
use serde_json::Value;
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// So far page numbers reach.
const REACH: u64 = 10_000;

/// Whether a number reaches no page that holds these.
pub(super) fn is_beyond(offset: u64, limit: u64) -> bool {
    offset.saturating_add(limit) > REACH
        || windows(offset, limit, contacts::MOST).iter().any(|window| window.page.saturating_mul(window.size) > REACH)
}

/// The list moves: a place is good for so long.
const FRESH: Duration = Duration::from_secs(60);

/// The page from which it goes on: not the last one that has a number, so that it begins before every place beyond.
const BASE: u64 = REACH / contacts::MOST - 1;

/// So many places of a list are held.
const MOST_HELD: usize = 2_000;

/// The cursor at each place, and when it was read.
type Places = BTreeMap<u64, (Value, Instant)>;

/// The cursors of contacts that were read a moment ago, by their places in each list.
#[derive(Debug, Default)]
pub(super) struct Cursors {
    held: Mutex<HashMap<String, Places>>,
    /// One page follows on the other, however many are asked for at once.
    turn: tokio::sync::Mutex<()>,
}

impl Cursors {
    /// Holds the places of these contacts, the first of which is at `offset`.
    pub(super) fn note(&self, list: &str, offset: u64, items: &[Value]) {
        let now = Instant::now();
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let places = held.entry(list.to_owned()).or_default();
        let cursors = (offset..).zip(items).filter_map(|(at, item)| Some((at, item.get("searchAfter")?.clone())));
        places.extend(cursors.map(|(at, cursor)| (at, (cursor, now))));
        places.retain(|_, (_, at)| *at + FRESH > now);
        while places.len() > MOST_HELD {
            places.pop_first();
        }
        held.retain(|_, places| !places.is_empty());
    }

    /// The nearest place that is held, at `place` or before it.
    fn before(&self, list: &str, place: u64) -> Option<(u64, Value)> {
        let now = Instant::now();
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let mut places = held.get(list)?.range(..=place).rev();
        places.find(|(_, (_, at))| *at + FRESH > now).map(|(at, (cursor, _))| (*at, cursor.clone()))
    }
}

/// What tells one list from another: its filters.
pub(super) fn key(list: &Invocation) -> String {
    let filters = list.arguments.iter().filter(|(name, _)| !["limit", "offset", "fields"].contains(&name.as_str()));
    filters.map(|(name, value)| format!("{name}={value};")).collect()
}

impl Official {
    /// Contacts from `offset` on, behind the one before them.
    pub(super) async fn deep(
        &self,
        list: &Invocation,
        offset: u64,
        limit: u64,
        context: &CallContext,
    ) -> Result<Raw, SendError> {
        let key = key(list);
        let _turn = context.bound(self.cursors.turn.lock()).await.map_err(SendError::not_sent)?;
        let last = offset.saturating_sub(1);
        loop {
            let Some((at, cursor)) = self.cursors.before(&key, last) else {
                let request = contacts::search(list, &self.location, BASE, contacts::MOST);
                let raw = self.read(&request, "contacts", context).await?;
                self.cursors.note(&key, (BASE - 1) * contacts::MOST, &raw.items);
                if self.cursors.before(&key, last).is_none() {
                    return Ok(Raw { items: Vec::new(), ..raw });
                }
                continue;
            };
            let skip = last - at;
            let size = skip.saturating_add(limit).min(contacts::MOST);
            let request = contacts::search_after(list, &self.location, cursor, size);
            let raw = self.read(&request, "contacts", context).await?;
            self.cursors.note(&key, at + 1, &raw.items);
            let got = raw.items.len() as u64;
            if skip + limit <= size || got < size {
                let items = part(raw.items, skip, limit);
                return Ok(Raw { items, ..raw });
            }
        }
    }
}
