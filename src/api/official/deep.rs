//! Lists that are searched: by page numbers, and behind an item that was read where numbers end, after ten thousand items,
//! or lead astray, where pages are smaller than was asked for.

use super::{
    Official, ask, contacts,
    lists::Raw,
    opportunities,
    window::{Window, windows},
};
use crate::api::{Flaw, may_be_cap};
use chrono::DateTime;
use highlevel_api_client::{Request, SendError};
use highlevel_catalog::{Invocation, Operation, contacts::ListContacts, list::part, opportunities::ListOpportunities};
use highlevel_core::context::CallContext;
use highlevel_core::error::{Code, Error};
use serde_json::{Map, Value, json};
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

/// The lists that are searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Searched {
    Contacts,
    Opportunities,
}

impl Searched {
    /// Which of them a list is, if it is one.
    pub(super) fn of(list: &Invocation) -> Option<Self> {
        match list.entry.name {
            ListContacts::NAME => Some(Self::Contacts),
            ListOpportunities::NAME => Some(Self::Opportunities),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Contacts => "contacts",
            Self::Opportunities => "opportunities",
        }
    }

    /// The largest page.
    fn most(self) -> u64 {
        match self {
            Self::Contacts => contacts::MOST,
            Self::Opportunities => opportunities::MOST,
        }
    }

    fn page(self, list: &Invocation, location: &str, page: u64, size: u64) -> Request {
        match self {
            Self::Contacts => contacts::search(list, location, page, size),
            Self::Opportunities => opportunities::search(list, location, page, size),
        }
    }

    fn after(self, list: &Invocation, location: &str, cursor: &Value, size: u64) -> Request {
        match self {
            Self::Contacts => contacts::search_after(list, location, cursor.clone(), size),
            Self::Opportunities => opportunities::search_after(list, location, cursor, size),
        }
    }

    /// The place of an item in the API's own list.
    fn cursor(self, item: &Value) -> Option<Value> {
        let item = item.as_object()?;
        let pair = |name: &str| item.get(name).filter(|cursor| cursor.as_array().is_some_and(|pair| pair.len() == 2));
        match self {
            Self::Contacts => pair("searchAfter").cloned(),
            Self::Opportunities => pair("sort").cloned().or_else(|| by_time(item)),
        }
    }

    /// Whether a number reaches no page that holds these.
    fn is_beyond(self, offset: u64, limit: u64) -> bool {
        let beyond = |window: &Window| window.page.saturating_mul(window.size) > REACH;
        offset.saturating_add(limit) > REACH || windows(offset, limit, self.most()).iter().any(beyond)
    }

    /// The page from which it goes on: not the last one that has a number, so that it begins before every place beyond.
    fn base(self) -> u64 {
        REACH / self.most() - 1
    }
}

/// A deal's place: when it was added, and its id.
fn by_time(deal: &Map<String, Value>) -> Option<Value> {
    let added = ["createdAt", "dateAdded"].iter().find_map(|name| ask::text(deal, name))?;
    let added = DateTime::parse_from_rfc3339(added).ok()?.timestamp_millis();
    Some(json!([added, ask::text(deal, "id")?]))
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
    fn note(&self, kind: Searched, list: &str, offset: u64, items: &[Value]) {
        let cursors = (offset..).zip(items).filter_map(|(at, item)| Some((at, kind.cursor(item)?)));
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

    fn is_capped(&self, kind: Searched) -> bool {
        let capped = self.capped.lock().unwrap_or_else(PoisonError::into_inner);
        capped.get(kind.name()).is_some_and(|at| at.elapsed() < CAPPED)
    }

    fn set_capped(&self, kind: Searched) {
        self.capped.lock().unwrap_or_else(PoisonError::into_inner).insert(kind.name(), Instant::now());
    }
}

/// What tells one list from another: its filters.
fn key(list: &Invocation) -> String {
    let filters = list.arguments.iter().filter(|(name, _)| !["limit", "offset", "fields"].contains(&name.as_str()));
    let filters: String = filters.map(|(name, value)| format!("{name}={value};")).collect();
    format!("{}?{filters}", list.entry.name)
}

impl Official {
    /// Holds the cursor of the item at a place, as an earlier process read it.
    pub(in crate::api) fn resume(&self, list: &Invocation, place: u64, cursor: Value) {
        if Searched::of(list).is_some() {
            self.cursors.hold(&key(list), std::iter::once((place, cursor)));
        }
    }

    /// Items from `offset` on, and whether they follow on the one before them, wherever that stands by now.
    pub(super) async fn searched(
        &self,
        kind: Searched,
        list: &Invocation,
        offset: u64,
        limit: u64,
        context: &CallContext,
    ) -> Result<(Raw, bool), SendError> {
        if !kind.is_beyond(offset, limit)
            && !self.cursors.is_capped(kind)
            && let Some(raw) = self.numbered(kind, list, offset, limit, context).await?
        {
            return Ok((raw, false));
        }
        Ok((self.followed(kind, list, offset, limit, context).await?, true))
    }

    /// Items by page numbers; `None` where pages turn out to be smaller than was asked for, so that numbers lead astray.
    async fn numbered(
        &self,
        kind: Searched,
        list: &Invocation,
        offset: u64,
        limit: u64,
        context: &CallContext,
    ) -> Result<Option<Raw>, SendError> {
        let mut all: Option<Raw> = None;
        for Window { page, size, wanted } in windows(offset, limit, kind.most()) {
            let request = kind.page(list, &self.location, page, size);
            let raw = self.read(&request, kind.name(), context).await?;
            let begin = (page - 1).saturating_mul(size);
            let got = raw.items.len() as u64;
            let is_short = got < size;
            let is_last = raw.total == Some(begin + got) && !may_be_cap(begin + got);
            if is_short && !is_last && self.goes_on(kind, list, &raw, context).await? {
                self.cursors.set_capped(kind);
                return Ok(None);
            }
            self.cursors.note(kind, &key(list), begin, &raw.items);
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
        kind: Searched,
        list: &Invocation,
        page: &Raw,
        context: &CallContext,
    ) -> Result<bool, SendError> {
        let Some(cursor) = page.items.last().and_then(|item| kind.cursor(item)) else { return Ok(false) };
        let request = kind.after(list, &self.location, &cursor, kind.most());
        let next = self.read(&request, kind.name(), context).await?;
        let is_news = |item: &Value| !page.items.iter().any(|known| known.get("id") == item.get("id"));
        Ok(next.items.iter().any(is_news))
    }

    /// Items from `offset` on, each page behind the one before it.
    async fn followed(
        &self,
        kind: Searched,
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
            None if kind.is_beyond(offset, limit) && !self.cursors.is_capped(kind) => {
                ((kind.base() - 1) * kind.most(), None)
            }
            None => (0, None),
        };
        let mut all: Option<Raw> = None;
        loop {
            let missing = offset.saturating_add(limit).saturating_sub(place);
            let (request, size) = match &cursor {
                Some(cursor) => {
                    let size = missing.min(kind.most());
                    (kind.after(list, &self.location, cursor, size), size)
                }
                None => {
                    let number = place / kind.most() + 1;
                    (kind.page(list, &self.location, number, kind.most()), kind.most())
                }
            };
            let raw = self.read(&request, kind.name(), context).await?;
            let got = raw.items.len() as u64;
            let is_last = raw.total == Some(place + got) && !may_be_cap(place + got);
            if cursor.is_none() && place > 0 && 0 < got && got < size && !is_last {
                // Numbers count smaller pages than this one.
                self.cursors.set_capped(kind);
                place = 0;
                continue;
            }
            self.cursors.note(kind, &key, place, &raw.items);
            let next = raw.items.last().and_then(|item| kind.cursor(item));
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
        Searched::of(list)?;
        let (at, cursor) = self.cursors.before(&key(list), place)?;
        (at == place).then_some(cursor)
    }
}

fn no_page() -> SendError {
    SendError::not_sent(Error::new(Code::Internal, "A list was asked for no page."))
}
