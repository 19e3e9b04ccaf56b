//! The submissions of forms and surveys as one list, newest first.
//!
//! The API has two lists, each paged by numbers. Both are read from the place that the page before ended at, so that a list
//! that is read to its end takes each page once.

use super::{
    Official,
    forms::{Source, made_at, tagged},
    lists::RawPage,
};
use crate::api::may_be_cap;
use highlevel_api_client::{Moment, SendError};
use highlevel_catalog::Invocation;
use highlevel_core::context::CallContext;
use serde_json::Value;
use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// The page size of requests, which is the largest.
const MAX_PAGE: u64 = 100;

/// The time for which places are valid. Later, the lists may have changed.
const PLACE_TTL: Duration = Duration::from_secs(60);

/// Where a source is to be read on: how many of its items were taken, and how many the API puts on a page.
#[derive(Debug, Clone, Copy)]
struct SourcePlace {
    taken: u64,
    size: u64,
}

/// The places of the sources, by the number of items of the whole list before them.
type Places = BTreeMap<u64, Vec<SourcePlace>>;

/// The places of recently read items, by list.
#[derive(Debug, Default)]
pub(super) struct SubmissionPlaces(Mutex<HashMap<String, (Places, Instant)>>);

impl SubmissionPlaces {
    /// The nearest known place at or before an offset.
    fn at_or_before(&self, list: &str, offset: u64) -> Option<(u64, Vec<SourcePlace>)> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (places, at) = held.get(list)?;
        let fresh = at.elapsed() < PLACE_TTL;
        fresh.then(|| places.range(..=offset).next_back().map(|(at, places)| (*at, places.clone()))).flatten()
    }

    /// Replaces the places of a list by those of the page that was just read.
    fn put(&self, list: String, places: Places) {
        let now = Instant::now();
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|_, (_, at)| at.elapsed() < PLACE_TTL);
        held.insert(list, (places, now));
    }
}

/// One of the API's lists while it is read.
struct SourceReader {
    source: Source,
    place: SourcePlace,
    /// The items that were read and not taken yet.
    ahead: VecDeque<Value>,
    total: Option<u64>,
    ended: bool,
}

impl SourceReader {
    /// Takes the page that begins at this number of items.
    ///
    /// A short page is the last one only if the total says so. Otherwise the API may put fewer items on a page than
    /// requested. Numbers then mean other places, except for the first page.
    fn accept(&mut self, begin: u64, raw: RawPage) {
        let got = raw.items.len() as u64;
        self.total = raw.total.or(self.total);
        let is_short = got < self.place.size;
        let is_last = is_short && self.total == Some(begin + got) && !may_be_cap(begin + got);
        self.ended = got == 0 || is_last;
        if is_short && !self.ended {
            self.place.size = got;
            if begin > 0 {
                return;
            }
        }
        let skip = usize::try_from(self.place.taken.saturating_sub(begin)).unwrap_or(usize::MAX);
        self.ahead.extend(tagged(raw.items, self.source).into_iter().skip(skip));
    }
}

/// The key of a list: its filters.
fn key(list: &Invocation) -> String {
    let filters = list.arguments.iter().filter(|(name, _)| !["limit", "offset", "fields"].contains(name));
    filters.map(|(name, value)| format!("{name}={value};")).collect()
}

impl Official {
    /// The submissions from `offset`, newest first.
    pub(super) async fn submissions(
        &self,
        list: &Invocation,
        offset: u64,
        limit: u64,
        context: &CallContext,
    ) -> Result<RawPage, SendError> {
        let key = key(list);
        let (mut at, known) = self.submission_places.at_or_before(&key, offset).unwrap_or_default();
        let reader = |(number, source)| SourceReader {
            source,
            place: known.get(number).copied().unwrap_or(SourcePlace { taken: 0, size: MAX_PAGE }),
            ahead: VecDeque::new(),
            total: None,
            ended: false,
        };
        let mut readers: Vec<SourceReader> = (0..).zip(Source::of(list)).map(reader).collect();
        let mut page = RawPage::new(Moment::now());
        let mut places = Places::new();
        while (page.items.len() as u64) < limit {
            for reader in &mut readers {
                if let Some(sent_at) = self.fill_submissions(reader, list, context).await? {
                    page.sent_at = sent_at;
                }
            }
            let newest = readers
                .iter_mut()
                .filter(|reader| !reader.ahead.is_empty())
                .max_by_key(|it| it.ahead.front().map(made_at));
            let Some(item) = newest.and_then(|reader| {
                reader.place.taken += 1;
                reader.ahead.pop_front()
            }) else {
                page.end = true;
                break;
            };
            at += 1;
            if at > offset {
                page.items.push(item);
            }
            if at >= offset {
                places.insert(at, readers.iter().map(|reader| reader.place).collect());
            }
        }
        page.total = readers.iter().map(|reader| reader.total).sum();
        self.submission_places.put(key, places);
        Ok(page)
    }

    /// Reads the next page of a source that has nothing ahead. Returns when the last request was sent.
    async fn fill_submissions(
        &self,
        reader: &mut SourceReader,
        list: &Invocation,
        context: &CallContext,
    ) -> Result<Option<Moment>, SendError> {
        let mut sent_at = None;
        while reader.ahead.is_empty() && !reader.ended {
            let SourcePlace { taken, size } = reader.place;
            let page = taken / size + 1;
            let request = reader.source.submissions(list, &self.location, page, size);
            let raw = self.read(&request, "submissions", context).await?;
            sent_at = Some(raw.sent_at);
            reader.accept((page - 1) * size, raw);
        }
        Ok(sent_at)
    }
}
