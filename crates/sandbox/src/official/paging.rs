//! Lists that are read to their end by a cursor, and stay readable at 100,000 objects.

use super::super::account::{Account, Fields, Kind, Traits};
use super::team::text;
use chrono::DateTime;
use serde_json::Value;
use std::cmp::Ordering;

/// Where a page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Start {
    /// So many objects are skipped.
    Skip(usize),
    /// Behind the object with this id, which was added at this time.
    After(i64, String),
}

/// Whether an object belongs to a list.
type Fits<'a> = &'a dyn Fn(&Fields) -> bool;

/// Which of two objects comes first.
type Order<'a> = &'a dyn Fn(&Fields, &Fields) -> Ordering;

/// What a list is asked for.
pub(super) struct Listing<'a> {
    pub(super) kind: Kind,
    /// What the account can tell by itself, as fast as it can.
    pub(super) traits: Traits,
    /// What else an object has to be, if anything.
    pub(super) fits: Option<Fits<'a>>,
    /// Another order than that of creation.
    pub(super) order: Option<Order<'a>>,
    pub(super) newest_first: bool,
    pub(super) start: Start,
    pub(super) limit: usize,
}

/// A time of an object in milliseconds since 1970.
pub(super) fn added(object: &Fields) -> i64 {
    millis(object, "createdAt")
}

pub(super) fn millis(object: &Fields, name: &str) -> i64 {
    DateTime::parse_from_rfc3339(text(object, name)).map(|at| at.timestamp_millis()).unwrap_or_default()
}

/// A cursor as numbers and words have it: milliseconds and an id.
pub(super) fn cursor(millis: &Value, id: &Value) -> Option<Start> {
    Some(Start::After(millis.as_i64()?, id.as_str()?.to_owned()))
}

impl Listing<'_> {
    /// One page, and how many objects there are in all.
    pub(super) fn page(self, account: &Account) -> (Vec<Fields>, usize) {
        let everything = self.fits.is_none() && self.order.is_none() && self.traits.is_empty();
        let slice = if everything { self.slice(account) } else { None };
        slice.unwrap_or_else(|| self.search(account))
    }

    /// In the order of creation a page is a slice of what is stored: nothing else has to be read.
    fn slice(&self, account: &Account) -> Option<(Vec<Fields>, usize)> {
        let none = Traits::default();
        let total = account.list(self.kind, &none, 0, 0).1;
        let skip = match &self.start {
            Start::Skip(count) => *count,
            Start::After(_, id) => {
                let place = account.place(self.kind, id)?;
                if self.newest_first { total - place } else { place + 1 }
            }
        };
        if !self.newest_first {
            return Some(account.list(self.kind, &none, skip, self.limit));
        }
        let end = total.saturating_sub(skip);
        let begin = end.saturating_sub(self.limit);
        let (mut objects, _) = account.list(self.kind, &none, begin, end - begin);
        objects.reverse();
        Some((objects, total))
    }

    fn search(self, account: &Account) -> (Vec<Fields>, usize) {
        let (mut objects, _) = account.list(self.kind, &self.traits, 0, usize::MAX);
        if let Some(fits) = self.fits {
            objects.retain(|object| fits(object));
        }
        if let Some(order) = self.order {
            objects.sort_by(order);
        }
        if self.newest_first {
            objects.reverse();
        }
        let total = objects.len();
        let skip = match &self.start {
            Start::Skip(count) => *count,
            Start::After(at, id) => match objects.iter().position(|object| text(object, "id") == id) {
                Some(place) => place + 1,
                // It is gone, or fits no more: what was added beyond it follows.
                None => {
                    let beyond = |object: &Fields| {
                        let order = added(object).cmp(at);
                        if self.newest_first { order.is_lt() } else { order.is_gt() }
                    };
                    objects.iter().position(beyond).unwrap_or(total)
                }
            },
        };
        (objects.into_iter().skip(skip).take(self.limit).collect(), total)
    }
}
