//! Lists that are searched: by page numbers, and behind an item that was read where numbers end, after ten thousand items,
//! or lead astray, where pages are smaller than was asked for.

use super::{
    Official,
    endpoint::{Ask, List},
    lists::Raw,
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

/// So far page numbers reach.
const REACH: u64 = 10_000;

/// The list moves: a place is good for so long.
const FRESH: Duration = Duration::from_secs(60);

/// An account's pages stay as small as they were seen for so long.
const CAPPED: Duration = Duration::from_secs(600);

/// So many places of a list are held.
const MOST_HELD: usize = 2_000;

/// A list that is searched: by page numbers, and by the cursor of its last item.
pub(super) struct Search {
    /// The member of the answer that holds the items.
    pub(super) member: &'static str,
    /// The largest page.
    pub(super) most: u64,
    /// A page by its number.
    pub(super) page: fn(&Invocation, &str, u64, u64) -> Request,
    /// The items behind the one that has this cursor.
    pub(super) after: fn(&Invocation, &str, &Value, u64) -> Request,
    /// The cursor of an item.
    pub(super) cursor: fn(&Value) -> Option<Value>,
}

impl Search {
    /// Whether page numbers reach no page that holds these items.
    fn is_beyond(&self, offset: u64, limit: u64) -> bool {
        let beyond = |window: &PageWindow| window.page.saturating_mul(window.size) > REACH;
        offset.saturating_add(limit) > REACH || windows(offset, limit, self.most).iter().any(beyond)
    }

    /// The page from which cursors go on: not the last one that has a number, so that it begins before every place
    /// beyond.
    fn base(&self) -> u64 {
        REACH / self.most - 1
    }
}

/// The cursor at each place, and when it was read.
type Places = BTreeMap<u64, (Value, Instant)>;

/// The cursors of items that were read a moment ago, by their places in each list.
#[derive(Debug, Default)]
pub(super) struct Cursors {
    held: Mutex<HashMap<String, Places>>,
    /// Lists whose pages are smaller than was asked for, and when that was seen.
    capped: Mutex<HashMap<&'static str, Instant>>,
    /// One page follows on the other, however many are asked for at once.
    turn: tokio::sync::Mutex<()>,
}

impl Cursors {
    /// Holds the places of these items, the first of which is at `offset`.
    fn note(&self, search: &Search, list: &str, offset: u64, items: &[Value]) {
        let cursors = (offset..).zip(items).filter_map(|(at, item)| Some((at, (search.cursor)(item)?)));
        self.hold(list, cursors);
    }

    fn hold(&self, list: &str, cursors: impl Iterator<Item = (u64, Value)>) {
        let now = Instant::now();
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let places = held.entry(list.to_owned()).or_default();
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

    fn is_capped(&self, search: &Search) -> bool {
        let capped = self.capped.lock().unwrap_or_else(PoisonError::into_inner);
        capped.get(search.member).is_some_and(|at| at.elapsed() < CAPPED)
    }

    fn set_capped(&self, search: &Search) {
        self.capped.lock().unwrap_or_else(PoisonError::into_inner).insert(search.member, Instant::now());
    }
}

/// What tells one list from another: its filters.
fn key(list: &Invocation) -> String {
    let filters = list.arguments.iter().filter(|(name, _)| !["limit", "offset", "fields"].contains(name));
    let filters: String = filters.map(|(name, value)| format!("{name}={value};")).collect();
    format!("{}?{filters}", list.spec.name)
}

impl Official {
    /// How a list is searched, if it is.
    fn search_of(&self, list: &Invocation) -> Option<&'static Search> {
        match &self.registry.endpoint(list.spec)?.ask {
            Ask::List(List::Searched(search)) => Some(search),
            _ => None,
        }
    }

    /// Holds the cursor of the item at a place, as an earlier process read it.
    pub(in crate::api) fn resume(&self, list: &Invocation, place: u64, cursor: Value) {
        if self.search_of(list).is_some() {
            self.cursors.hold(&key(list), std::iter::once((place, cursor)));
        }
    }

    /// Items from `offset` on, and whether they follow on the one before them, wherever that stands by now.
    pub(super) async fn searched(
        &self,
        search: &Search,
        list: &Invocation,
        offset: u64,
        limit: u64,
        context: &CallContext,
    ) -> Result<(Raw, bool), SendError> {
        if !search.is_beyond(offset, limit)
            && !self.cursors.is_capped(search)
            && let Some(raw) = self.numbered(search, list, offset, limit, context).await?
        {
            return Ok((raw, false));
        }
        Ok((self.followed(search, list, offset, limit, context).await?, true))
    }

    /// Items by page numbers; `None` where pages turn out to be smaller than was asked for, so that numbers lead astray.
    async fn numbered(
        &self,
        search: &Search,
        list: &Invocation,
        offset: u64,
        limit: u64,
        context: &CallContext,
    ) -> Result<Option<Raw>, SendError> {
        let mut all: Option<Raw> = None;
        for PageWindow { page, size, wanted } in windows(offset, limit, search.most) {
            let request = (search.page)(list, &self.location, page, size);
            let raw = self.read(&request, search.member, context).await?;
            let begin = (page - 1).saturating_mul(size);
            let got = raw.items.len() as u64;
            let is_short = got < size;
            let is_last = raw.total == Some(begin + got) && !may_be_cap(begin + got);
            if is_short && !is_last && self.goes_on(search, list, &raw, context).await? {
                self.cursors.set_capped(search);
                return Ok(None);
            }
            self.cursors.note(search, &key(list), begin, &raw.items);
            let items = part(raw.items, wanted.start, wanted.end - wanted.start);
            let known = all.get_or_insert_with(|| Raw::new(raw.sent_at));
            known.items.extend(items);
            known.total = raw.total.or(known.total);
            if is_short {
                known.end = !is_last;
                break;
            }
        }
        all.map(Some).ok_or_else(no_page)
    }

    /// Whether something follows on a short page.
    async fn goes_on(
        &self,
        search: &Search,
        list: &Invocation,
        page: &Raw,
        context: &CallContext,
    ) -> Result<bool, SendError> {
        let Some(cursor) = page.items.last().and_then(|item| (search.cursor)(item)) else { return Ok(false) };
        let request = (search.after)(list, &self.location, &cursor, search.most);
        let next = self.read(&request, search.member, context).await?;
        let is_news = |item: &Value| !page.items.iter().any(|known| known.get("id") == item.get("id"));
        Ok(next.items.iter().any(is_news))
    }

    /// Items from `offset` on, each page behind the one before it.
    async fn followed(
        &self,
        search: &Search,
        list: &Invocation,
        offset: u64,
        limit: u64,
        context: &CallContext,
    ) -> Result<Raw, SendError> {
        let key = key(list);
        let _turn = context.bound(self.cursors.turn.lock()).await.map_err(SendError::not_sent)?;
        let held = offset.checked_sub(1).and_then(|last| self.cursors.before(&key, last));
        let (mut place, mut cursor) = match held {
            Some((at, cursor)) => (at + 1, Some(cursor)),
            None if search.is_beyond(offset, limit) && !self.cursors.is_capped(search) => {
                ((search.base() - 1) * search.most, None)
            }
            None => (0, None),
        };
        let mut all: Option<Raw> = None;
        loop {
            let missing = offset.saturating_add(limit).saturating_sub(place);
            let (request, size) = match &cursor {
                Some(cursor) => {
                    let size = missing.min(search.most);
                    ((search.after)(list, &self.location, cursor, size), size)
                }
                None => {
                    let number = place / search.most + 1;
                    ((search.page)(list, &self.location, number, search.most), search.most)
                }
            };
            let raw = self.read(&request, search.member, context).await?;
            let got = raw.items.len() as u64;
            let is_last = raw.total == Some(place + got) && !may_be_cap(place + got);
            if cursor.is_none() && place > 0 && 0 < got && got < size && !is_last {
                // Numbers count smaller pages than this one.
                self.cursors.set_capped(search);
                place = 0;
                continue;
            }
            self.cursors.note(search, &key, place, &raw.items);
            let next = raw.items.last().and_then(|item| (search.cursor)(item));
            let known = all.get_or_insert_with(|| Raw::new(raw.sent_at));
            known.total = raw.total.or(known.total);
            known.items.extend(part(raw.items, offset.saturating_sub(place), missing));
            place += got;
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

    /// The cursor of an item at a place of a list that was just read.
    pub(in crate::api) fn cursor_at(&self, list: &Invocation, place: u64) -> Option<Value> {
        self.search_of(list)?;
        let (at, cursor) = self.cursors.before(&key(list), place)?;
        (at == place).then_some(cursor)
    }
}

fn no_page() -> SendError {
    SendError::not_sent(Error::new(Code::Internal, "A list was asked for no page."))
}
