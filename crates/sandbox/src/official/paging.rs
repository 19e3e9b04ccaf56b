//! Paging by number and by cursor, fast enough for 100,000 objects.

use super::organization::text;
use crate::account::{Account, Fields, FilterFields, ObjectKind};
use chrono::DateTime;
use serde_json::Value;
use std::cmp::Ordering;

/// The start of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Start {
    /// After this many objects.
    Skip(usize),
    /// After the object with this time of creation and this id.
    After(i64, String),
}

/// Whether an object matches.
type Fits<'a> = &'a dyn Fn(&Fields) -> bool;

/// Which of two objects comes first.
type Order<'a> = &'a dyn Fn(&Fields, &Fields) -> Ordering;

/// The parameters of a list.
pub(crate) struct Listing<'a> {
    pub(crate) kind: ObjectKind,
    /// The fields that the account can filter by.
    pub(crate) filter_fields: FilterFields,
    /// A further condition on the objects.
    pub(crate) fits: Option<Fits<'a>>,
    /// The order, if it is not the order of creation.
    pub(crate) order: Option<Order<'a>>,
    pub(crate) newest_first: bool,
    pub(crate) start: Start,
    pub(crate) limit: usize,
}

/// The time of creation in milliseconds since 1970.
pub(crate) fn added(object: &Fields) -> i64 {
    millis(object, "createdAt")
}

pub(crate) fn millis(object: &Fields, name: &str) -> i64 {
    DateTime::parse_from_rfc3339(text(object, name)).map(|at| at.timestamp_millis()).unwrap_or_default()
}

/// Parses a cursor: milliseconds and an id.
pub(crate) fn cursor(millis: &Value, id: &Value) -> Option<Start> {
    Some(Start::After(millis.as_i64()?, id.as_str()?.to_owned()))
}

impl Listing<'_> {
    /// One page, and the number of all matching objects.
    pub(crate) fn page(self, account: &Account) -> (Vec<Fields>, usize) {
        let everything = self.fits.is_none() && self.order.is_none() && self.filter_fields.is_empty();
        let slice = if everything { self.slice(account) } else { None };
        slice.unwrap_or_else(|| self.search(account))
    }

    /// A page in the order of creation is a slice of the stored objects: no other object is read.
    fn slice(&self, account: &Account) -> Option<(Vec<Fields>, usize)> {
        let none = FilterFields::default();
        let total = account.list(self.kind, &none, 0, 0).1;
        let skip = match &self.start {
            Start::Skip(count) => *count,
            Start::After(_, id) => {
                let place = account.list_position(self.kind, id)?;
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
        let (mut objects, _) = account.list(self.kind, &self.filter_fields, 0, usize::MAX);
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
                // The object no longer matches: continue with the next by time of creation.
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
