//! Lists that the API pages by a cursor only. What was read is kept for a while, so that pages by offset continue where
//! the last one ended.

use super::{Official, cursor_paging::key, lists::RawPage, lists::refused, page_end::number, request};
use highlevel_api_client::{Moment, Request, SendError};
use highlevel_catalog::Invocation;
use highlevel_core::context::CallContext;
use highlevel_core::error::{Code, Error};
use serde_json::Value;
use std::{
    collections::{HashSet, VecDeque},
    time::Duration,
};
use tokio::time::Instant;

/// The time for which a reading continues. Cursors are good for two minutes.
const TTL: Duration = Duration::from_secs(90);

/// The most readings that are kept.
const MOST_READINGS: usize = 8;

/// The most items that a reading keeps. A scan of the list asks for that many at once.
const MOST_ITEMS: usize = 2_500;

/// The page size of a first page at least, and of later pages.
const FIRST_PAGE: u64 = 20;
const LATER_PAGE: u64 = 100;

/// A list that is paged by a cursor only. Several sources are merged, newest first.
pub(super) struct Cursored {
    /// The member of an answer that holds the items.
    pub(super) member: &'static str,
    /// The sources that a list is read from.
    pub(super) sources: fn(&Invocation) -> Vec<&'static str>,
    /// The request for a page: `(list, location, source, place, size)`.
    pub(super) page: fn(&Invocation, &str, &str, Option<&Place>, u64) -> Request,
    /// The cursor after a page: `(answer, items)`. `None` ends the source.
    pub(super) next: fn(&Value, &[Value]) -> Option<Value>,
    /// The time by which items are ordered, in milliseconds since 1970.
    pub(super) at: fn(&Value) -> i64,
}

/// Where a source continues.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) cursor: Value,
    /// Whether a page after this cursor had no new item.
    pub(super) is_stuck: bool,
}

/// The readings of all lists.
#[derive(Debug, Default)]
pub(super) struct Readings(tokio::sync::Mutex<Vec<Reading>>);

/// One reading of a list, from its beginning.
#[derive(Debug)]
struct Reading {
    key: String,
    used: Instant,
    /// The number of items before `items`.
    base: u64,
    items: VecDeque<Value>,
    sources: Vec<Source>,
    seen: HashSet<String>,
    sent_at: Option<Moment>,
}

#[derive(Debug)]
struct Source {
    name: &'static str,
    place: Option<Place>,
    has_ended: bool,
    buffer: VecDeque<Value>,
    total: Option<u64>,
}

impl Reading {
    fn new(cursored: &Cursored, list: &Invocation) -> Self {
        let source = |name| Source { name, place: None, has_ended: false, buffer: VecDeque::new(), total: None };
        Self {
            key: key(list),
            used: Instant::now(),
            base: 0,
            items: VecDeque::new(),
            sources: (cursored.sources)(list).into_iter().map(source).collect(),
            seen: HashSet::new(),
            sent_at: None,
        }
    }

    fn end(&self) -> u64 {
        self.base + self.items.len() as u64
    }

    /// Moves the newest of the sources' next items to the items. `None` if a source has to be read first, and false if
    /// there is no more.
    fn take_next(&mut self, cursored: &Cursored) -> Option<bool> {
        if self.sources.iter().any(|source| source.buffer.is_empty() && !source.has_ended) {
            return None;
        }
        let with_items = self.sources.iter_mut().filter(|source| !source.buffer.is_empty());
        // The first of several that are equal.
        let newest = with_items.rev().max_by_key(|source| source.buffer.front().map_or(i64::MIN, cursored.at));
        let Some(item) = newest.and_then(|source| source.buffer.pop_front()) else { return Some(false) };
        self.items.push_back(item);
        if self.items.len() > MOST_ITEMS {
            self.items.pop_front();
            self.base += 1;
        }
        Some(true)
    }

    /// The number of all items, if every source says it.
    fn total(&self) -> Option<u64> {
        self.sources.iter().map(|source| source.total).sum()
    }
}

impl Official {
    /// Reads `limit` items from `offset`. A first page is always read anew.
    pub(super) async fn read_on(
        &self,
        cursored: &'static Cursored,
        list: &Invocation,
        offset: u64,
        limit: u64,
        context: &CallContext,
    ) -> Result<RawPage, SendError> {
        let mut readings = context.bound(self.readings.0.lock()).await.map_err(SendError::not_sent)?;
        readings.retain(|reading| reading.used.elapsed() < TTL);
        let key = key(list);
        let fits = |reading: &Reading| offset > 0 && reading.key == key && reading.base <= offset;
        // The one that was read furthest.
        let found = readings.iter().enumerate().filter(|(_, reading)| fits(reading));
        let held = found.max_by_key(|(_, reading)| reading.end()).map(|(index, _)| index);
        let mut reading = match held {
            Some(index) => readings.remove(index),
            None => Reading::new(cursored, list),
        };
        let continues = held.is_some();
        let mut page = self.fill(cursored, list, &mut reading, offset, limit, context).await;
        let is_lost =
            |failed: &SendError| !matches!(failed.error.code, Code::Cancelled | Code::Timeout | Code::RateLimited);
        if continues && page.as_ref().err().is_some_and(is_lost) {
            // The cursor may have expired.
            reading = Reading::new(cursored, list);
            page = self.fill(cursored, list, &mut reading, offset, limit, context).await;
        }
        if page.is_ok() {
            reading.used = Instant::now();
            readings.push(reading);
            if readings.len() > MOST_READINGS {
                readings.remove(0);
            }
        }
        page
    }

    async fn fill(
        &self,
        cursored: &Cursored,
        list: &Invocation,
        reading: &mut Reading,
        offset: u64,
        limit: u64,
        context: &CallContext,
    ) -> Result<RawPage, SendError> {
        let wanted = offset.saturating_add(limit);
        let mut has_ended = reading.sources.is_empty();
        while !has_ended && reading.end() < wanted {
            match reading.take_next(cursored) {
                Some(is_more) => has_ended = !is_more,
                None => self.read_sources(cursored, list, reading, limit, context).await?,
            }
        }
        let sent_at = reading.sent_at.ok_or_else(|| {
            let message = "HighLevel exports no messages of this channel. Give `contactId` or `conversationId`.";
            SendError::not_sent(Error::invalid("channel", message))
        })?;
        let skip = usize::try_from(offset.saturating_sub(reading.base)).unwrap_or(usize::MAX);
        let take = usize::try_from(limit).unwrap_or(usize::MAX);
        let items: Vec<Value> = reading.items.iter().skip(skip).take(take).cloned().collect();
        // The end is known once a page stays empty, or if the sources ended with this one.
        let is_all = has_ended || reading.sources.iter().all(|source| source.has_ended && source.buffer.is_empty());
        let total = if is_all { Some(reading.end()) } else { reading.total().filter(|total| *total > reading.end()) };
        let end = is_all && reading.end() <= wanted;
        Ok(RawPage { end, total, items, ..RawPage::new(sent_at) })
    }

    /// Reads the next page of each source that has nothing left.
    async fn read_sources(
        &self,
        cursored: &Cursored,
        list: &Invocation,
        reading: &mut Reading,
        limit: u64,
        context: &CallContext,
    ) -> Result<(), SendError> {
        for source in reading.sources.iter_mut().filter(|source| source.buffer.is_empty() && !source.has_ended) {
            let size = if source.place.is_none() { limit.clamp(FIRST_PAGE, LATER_PAGE) } else { LATER_PAGE };
            let ask = (cursored.page)(list, &self.location, source.name, source.place.as_ref(), size);
            let response = self.client.send(&ask, context).await?;
            let sent_at = response.sent_at;
            reading.sent_at = Some(sent_at);
            let mut body = request::body(response).map_err(|error| refused(error, sent_at))?;
            let total = body.get("total").and_then(number);
            let items = request::array(&mut body, cursored.member).ok_or_else(|| {
                let message = format!("The API's answer has no {}.", cursored.member);
                refused(Error::new(Code::UpstreamError, message), sent_at)
            })?;
            source.total = total.or(source.total);
            let next = (cursored.next)(&body, &items);
            let had_items = !items.is_empty();
            for item in items {
                let id = item.get("id").and_then(Value::as_str);
                if id.is_none_or(|id| reading.seen.insert(id.to_owned())) {
                    source.buffer.push_back(item);
                }
            }
            let was_stuck = source.place.as_ref().is_some_and(|place| place.is_stuck);
            let is_stuck = source.buffer.is_empty();
            match next.filter(|_| had_items && !(is_stuck && was_stuck)) {
                Some(cursor) => source.place = Some(Place { cursor, is_stuck }),
                None => source.has_ended = true,
            }
        }
        Ok(())
    }
}
