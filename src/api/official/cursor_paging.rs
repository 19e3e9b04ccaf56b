//! Searches, which are paged by numbers and by cursors.
//!
//! Page numbers end after ten thousand items. They are also wrong if the API returns smaller pages than requested. In
//! both cases, the next page is read by the cursor of the last item.

use super::{
    Official,
    endpoint::{List, RequestBuilder},
    lists::RawPage,
    page_window::{PageWindow, windows},
};
use crate::api::{Flaw, may_be_cap};
use highlevel_api_client::{Request, SendError};
use highlevel_catalog::{Invocation, list::part};
use highlevel_core::context::CallContext;
use highlevel_core::error::{Code, Error};
use serde_json::Value;
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// The number of items that page numbers reach.
const MAX_NUMBERED_ITEMS: u64 = 10_000;

/// The time for which a cursor's position is valid. Later, the list may have changed.
const CURSOR_TTL: Duration = Duration::from_secs(60);

/// The time for which pages are expected to stay capped, after the API returned a smaller page than requested.
const CAP_TTL: Duration = Duration::from_secs(600);

/// The most cursors that are held per list.
const MAX_CURSORS: usize = 2_000;

/// A search that is paged by numbers and by cursors.
pub(super) struct Search {
    /// The member of the answer that holds the items.
    pub(super) member: &'static str,
    /// The largest page size.
    pub(super) most: u64,
    /// Builds the request for a page: `(list, location, page number, page size)`.
    pub(super) page: fn(&Invocation, &str, u64, u64) -> Request,
    /// Builds the request for the items after a cursor: `(list, location, cursor, page size)`.
    pub(super) after: fn(&Invocation, &str, &Value, u64) -> Request,
    /// The cursor of an item.
    pub(super) cursor: fn(&Value) -> Option<Value>,
}

impl Search {
    /// Whether these items are beyond the last page number.
    fn is_beyond(&self, offset: u64, limit: u64) -> bool {
        let beyond = |window: &PageWindow| window.page.saturating_mul(window.size) > MAX_NUMBERED_ITEMS;
        offset.saturating_add(limit) > MAX_NUMBERED_ITEMS || windows(offset, limit, self.most).iter().any(beyond)
    }

    /// The number of the page from which cursors continue. It is not the last numbered page, so that it starts before
    /// every item beyond.
    fn base(&self) -> u64 {
        MAX_NUMBERED_ITEMS / self.most - 1
    }
}

/// The cursors of a list by position, with the time when they were read.
type Positions = BTreeMap<u64, (Value, Instant)>;

/// The cursors of recently read items.
#[derive(Debug, Default)]
pub(super) struct Cursors {
    held: Mutex<HashMap<String, Positions>>,
    /// Searches whose pages are smaller than requested, with the time when that was seen.
    capped: Mutex<HashMap<&'static str, Instant>>,
    /// Serializes reads by cursor, because each page needs the one before it.
    turn: tokio::sync::Mutex<()>,
}

impl Cursors {
    /// Stores the cursors of items, the first of which is at `offset`.
    fn record(&self, search: &Search, list: &str, offset: u64, items: &[Value]) {
        let cursors = (offset..).zip(items).filter_map(|(at, item)| Some((at, (search.cursor)(item)?)));
        self.hold(list, cursors);
    }

    fn hold(&self, list: &str, cursors: impl Iterator<Item = (u64, Value)>) {
        let now = Instant::now();
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let positions = held.entry(list.to_owned()).or_default();
        positions.extend(cursors.map(|(at, cursor)| (at, (cursor, now))));
        positions.retain(|_, (_, at)| *at + CURSOR_TTL > now);
        while positions.len() > MAX_CURSORS {
            positions.pop_first();
        }
        held.retain(|_, positions| !positions.is_empty());
    }

    /// The nearest stored cursor at or before `position`, with its position.
    fn at_or_before(&self, list: &str, position: u64) -> Option<(u64, Value)> {
        let now = Instant::now();
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let mut positions = held.get(list)?.range(..=position).rev();
        positions.find(|(_, (_, at))| *at + CURSOR_TTL > now).map(|(at, (cursor, _))| (*at, cursor.clone()))
    }

    fn is_capped(&self, search: &Search) -> bool {
        let capped = self.capped.lock().unwrap_or_else(PoisonError::into_inner);
        capped.get(search.member).is_some_and(|at| at.elapsed() < CAP_TTL)
    }

    fn set_capped(&self, search: &Search) {
        self.capped.lock().unwrap_or_else(PoisonError::into_inner).insert(search.member, Instant::now());
    }
}

/// The key of a list: its operation and filters.
fn key(list: &Invocation) -> String {
    let filters = list.arguments.iter().filter(|(name, _)| !["limit", "offset", "fields"].contains(name));
    let filters: String = filters.map(|(name, value)| format!("{name}={value};")).collect();
    format!("{}?{filters}", list.spec.name)
}

impl Official {
    /// The search of a list, if it is paged by cursors.
    fn search_of(&self, list: &Invocation) -> Option<&'static Search> {
        match &self.registry.endpoint(list.spec)?.requests {
            RequestBuilder::List(List::Searched(search)) => Some(search),
            _ => None,
        }
    }

    /// Stores the cursor of the item at `position`, as read by an earlier process.
    pub(in crate::api) fn resume(&self, list: &Invocation, position: u64, cursor: Value) {
        if self.search_of(list).is_some() {
            self.cursors.hold(&key(list), std::iter::once((position, cursor)));
        }
    }

    /// Reads items from `offset`. The flag says whether they were read by the cursor of the item before them.
    pub(super) async fn search(
        &self,
        search: &Search,
        list: &Invocation,
        offset: u64,
        limit: u64,
        context: &CallContext,
    ) -> Result<(RawPage, bool), SendError> {
        if !search.is_beyond(offset, limit)
            && !self.cursors.is_capped(search)
            && let Some(raw) = self.by_page_number(search, list, offset, limit, context).await?
        {
            return Ok((raw, false));
        }
        Ok((self.by_cursor(search, list, offset, limit, context).await?, true))
    }

    /// Reads items by page numbers. `None` if the API returns smaller pages than requested, because numbers are wrong
    /// then.
    async fn by_page_number(
        &self,
        search: &Search,
        list: &Invocation,
        offset: u64,
        limit: u64,
        context: &CallContext,
    ) -> Result<Option<RawPage>, SendError> {
        let mut all: Option<RawPage> = None;
        for PageWindow { page, size, wanted } in windows(offset, limit, search.most) {
            let request = (search.page)(list, &self.location, page, size);
            let raw = self.read(&request, search.member, context).await?;
            let begin = (page - 1).saturating_mul(size);
            let got = raw.items.len() as u64;
            let is_short = got < size;
            let is_last = raw.total == Some(begin + got) && !may_be_cap(begin + got);
            if is_short && !is_last && self.continues(search, list, &raw, context).await? {
                self.cursors.set_capped(search);
                return Ok(None);
            }
            self.cursors.record(search, &key(list), begin, &raw.items);
            let items = part(raw.items, wanted.start, wanted.end - wanted.start);
            let known = all.get_or_insert_with(|| RawPage::new(raw.sent_at));
            known.items.extend(items);
            known.total = raw.total.or(known.total);
            if is_short {
                known.end = !is_last;
                break;
            }
        }
        all.map(Some).ok_or_else(no_page)
    }

    /// Whether the list continues after a short page.
    async fn continues(
        &self,
        search: &Search,
        list: &Invocation,
        page: &RawPage,
        context: &CallContext,
    ) -> Result<bool, SendError> {
        let Some(cursor) = page.items.last().and_then(|item| (search.cursor)(item)) else { return Ok(false) };
        let request = (search.after)(list, &self.location, &cursor, search.most);
        let next = self.read(&request, search.member, context).await?;
        // Some lists have the id under another name.
        let id = |item: &Value| item.get("id").or_else(|| item.get("_id")).cloned();
        let is_new = |item: &Value| !page.items.iter().any(|known| id(known) == id(item));
        Ok(next.items.iter().any(is_new))
    }

    /// Reads items from `offset`, each page by the cursor of the page before it.
    async fn by_cursor(
        &self,
        search: &Search,
        list: &Invocation,
        offset: u64,
        limit: u64,
        context: &CallContext,
    ) -> Result<RawPage, SendError> {
        let key = key(list);
        let _turn = context.bound(self.cursors.turn.lock()).await.map_err(SendError::not_sent)?;
        let held = offset.checked_sub(1).and_then(|last| self.cursors.at_or_before(&key, last));
        let (mut position, mut cursor) = match held {
            Some((at, cursor)) => (at + 1, Some(cursor)),
            None if search.is_beyond(offset, limit) && !self.cursors.is_capped(search) => {
                ((search.base() - 1) * search.most, None)
            }
            None => (0, None),
        };
        let mut all: Option<RawPage> = None;
        loop {
            let missing = offset.saturating_add(limit).saturating_sub(position);
            let size = if cursor.is_some() { missing.min(search.most) } else { search.most };
            let request = match &cursor {
                Some(cursor) => (search.after)(list, &self.location, cursor, size),
                None => (search.page)(list, &self.location, position / size + 1, size),
            };
            let raw = self.read(&request, search.member, context).await?;
            let got = raw.items.len() as u64;
            let is_last = raw.total == Some(position + got) && !may_be_cap(position + got);
            if cursor.is_none() && position > 0 && 0 < got && got < size && !is_last {
                // The API counts smaller pages than requested, so this page does not start at `position`.
                self.cursors.set_capped(search);
                position = 0;
                continue;
            }
            self.cursors.record(search, &key, position, &raw.items);
            let next = raw.items.last().and_then(|item| (search.cursor)(item));
            let known = all.get_or_insert_with(|| RawPage::new(raw.sent_at));
            known.total = raw.total.or(known.total);
            known.items.extend(part(raw.items, offset.saturating_sub(position), missing));
            position += got;
            if got == 0 {
                known.end = true;
            } else if next.is_some() && next == cursor {
                known.flaw = Some(Flaw::Repeats);
            }
            cursor = next;
            let is_done = known.items.len() as u64 >= limit || known.end || known.flaw.is_some();
            if is_done || is_last || cursor.is_none() {
                return all.ok_or_else(no_page);
            }
        }
    }

    /// The cursor of the item at `position` of a list that was just read.
    pub(in crate::api) fn cursor_at(&self, list: &Invocation, position: u64) -> Option<Value> {
        self.search_of(list)?;
        let (at, cursor) = self.cursors.at_or_before(&key(list), position)?;
        (at == position).then_some(cursor)
    }
}

fn no_page() -> SendError {
    SendError::not_sent(Error::new(Code::Internal, "No page of the list was requested."))
}
