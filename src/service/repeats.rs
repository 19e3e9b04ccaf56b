//! Lists of an API that heeds no offset: the same page again must not be taken for the next one.

use crate::api::Adapter;
use highlevel_catalog::{Invocation, ListAnswer, PagingStyle, Window};
use highlevel_core::context::CallContext;
use serde_json::Value;
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// A list moves: a page is compared for so long.
const FRESH: Duration = Duration::from_secs(600);

/// So many lists are remembered.
const MOST: usize = 100;

/// A page that was shown.
#[derive(Debug)]
struct Shown {
    offset: u64,
    ids: Vec<String>,
    at: Instant,
}

/// The pages that were shown last, by their lists.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    shown: Mutex<HashMap<String, Shown>>,
}

impl Repeats {
    /// Whether an answer shows the page of another offset again. Where nothing is known to compare it with, and the answer
    /// does not fit its own total, the first page is read for it.
    pub(super) async fn has(
        &self,
        api: &Adapter,
        list: &Invocation,
        answer: &ListAnswer,
        context: &CallContext,
    ) -> bool {
        let pages = list.spec.paging != PagingStyle::None;
        if !pages || answer.paging.item_offsets.is_some() {
            return false;
        }
        let Window { offset, limit } = list.window();
        let ids = ids(&answer.items);
        let is_page = !ids.is_empty() && ids.len() as u64 <= limit;
        if !is_page {
            return false;
        }
        let (key, count) = (key(list), ids.len() as u64);
        if let Some(known) = self.compare(&key, offset, &ids) {
            return known;
        }
        let total = answer.total();
        let is_odd = offset > 0 && total.is_none_or(|total| offset + count > total);
        if !is_odd {
            return false;
        }
        match api.page(list, 0, count, context).await {
            Ok(first) => begins_so(&self::ids(&first.items), &ids),
            Err(_) => false,
        }
    }

    /// Compares a page with the one that was shown before, and takes its place; `None` where there is none before it.
    fn compare(&self, key: &str, offset: u64, ids: &[String]) -> Option<bool> {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.retain(|_, page| page.at.elapsed() < FRESH);
        let before = shown.get(key).filter(|page| page.offset < offset);
        let repeats = before.map(|page| begins_so(&page.ids, ids));
        let is_first = shown.get(key).is_none_or(|page| page.offset >= offset);
        // The page that others repeat stays.
        if (is_first || repeats == Some(false)) && (shown.len() < MOST || shown.contains_key(key)) {
            shown.insert(key.to_owned(), Shown { offset, ids: ids.to_vec(), at: Instant::now() });
        }
        repeats
    }
}

/// Whether one of two pages is the beginning of the other.
fn begins_so(one: &[String], other: &[String]) -> bool {
    !one.is_empty() && one.iter().zip(other).all(|(one, other)| one == other)
}

fn ids(items: &[Value]) -> Vec<String> {
    items.iter().filter_map(|item| item.get("id")?.as_str().map(str::to_owned)).collect()
}

/// What tells one list from another: its filters.
fn key(list: &Invocation) -> String {
    let filters = list.arguments.iter().filter(|(name, _)| !["limit", "offset", "fields"].contains(name));
    let filters: String = filters.map(|(name, value)| format!("{name}={value};")).collect();
    format!("{}?{filters}", list.spec.name)
}
