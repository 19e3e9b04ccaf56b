//! Lists whose API ignores the offset: a repeated page must not pass for the next one.

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

/// How long a shown page is compared with others. Lists change.
const REMEMBERED: Duration = Duration::from_secs(600);

/// The most lists that are remembered.
const MAX_LISTS: usize = 100;

/// A page that an earlier call showed.
#[derive(Debug)]
struct ShownPage {
    offset: u64,
    ids: Vec<String>,
    at: Instant,
}

/// The pages that were shown last, by list.
#[derive(Debug, Default)]
pub(super) struct RepeatedPages {
    shown: Mutex<HashMap<String, ShownPage>>,
}

impl RepeatedPages {
    /// Whether an answer repeats the page of another offset. Reads the first page to compare with if no page is
    /// remembered and the answer contradicts its own total.
    pub(super) async fn is_repeated(
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
        let key = key(list);
        let count = ids.len() as u64;
        if let Some(known) = self.compare(&key, offset, &ids) {
            return known;
        }
        let total = answer.total();
        let contradicts_total = offset > 0 && total.is_none_or(|total| offset + count > total);
        if !contradicts_total {
            return false;
        }
        match api.page(list, 0, count, context).await {
            Ok(first) => share_beginning(&self::ids(&first.items), &ids),
            Err(_) => false,
        }
    }

    /// Compares a page with the remembered one and remembers it instead. `None` if no page with a smaller offset is
    /// remembered.
    fn compare(&self, key: &str, offset: u64, ids: &[String]) -> Option<bool> {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.retain(|_, page| page.at.elapsed() < REMEMBERED);
        let before = shown.get(key).filter(|page| page.offset < offset);
        let repeats = before.map(|page| share_beginning(&page.ids, ids));
        let is_first = shown.get(key).is_none_or(|page| page.offset >= offset);
        // A page that others repeat stays remembered.
        if (is_first || repeats == Some(false)) && (shown.len() < MAX_LISTS || shown.contains_key(key)) {
            shown.insert(key.to_owned(), ShownPage { offset, ids: ids.to_vec(), at: Instant::now() });
        }
        repeats
    }
}

/// Whether one of two pages begins with the other.
fn share_beginning(one: &[String], other: &[String]) -> bool {
    !one.is_empty() && one.iter().zip(other).all(|(one, other)| one == other)
}

fn ids(items: &[Value]) -> Vec<String> {
    items.iter().filter_map(|item| item.get("id")?.as_str().map(str::to_owned)).collect()
}

/// The key of a list: its tool and its filters.
fn key(list: &Invocation) -> String {
    let filters = list.arguments.iter().filter(|(name, _)| !["limit", "offset", "fields"].contains(name));
    let filters: String = filters.map(|(name, value)| format!("{name}={value};")).collect();
    format!("{}?{filters}", list.spec.name)
}
