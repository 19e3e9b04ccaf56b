//! Reading a whole list by pages, and knowing whether it was whole.

use crate::{answer::unreadable, backend::Backend, client::SendError, context::CallContext, crm::Invocation};
use chrono::{DateTime, Utc};
use serde_json::Value;
use std::collections::HashSet;

/// How many items a list gives when nothing is asked for ("Pagination").
pub(super) const DEFAULT_LIMIT: u64 = 50;

/// The largest page that the API gives ("Pagination").
pub(super) const PAGE: u64 = 100;

/// What a scan found.
#[derive(Debug)]
pub(super) struct Scan {
    /// The items, each id once.
    pub(super) items: Vec<Value>,
    /// Whether nothing can have slipped through: the total did not move, and as many items were read.
    pub(super) complete: bool,
}

/// Reads every item of a list. Offset paging drifts while others write, so repeated ids are dropped and the total is
/// checked again at the end.
pub(super) async fn all(backend: &Backend, list: &Invocation, context: &CallContext) -> Result<Scan, SendError> {
    let mut seen = HashSet::new();
    let mut items = Vec::new();
    let mut totals = HashSet::new();
    let mut offset = 0;
    loop {
        let page = page(backend, list, offset, PAGE, context).await?;
        let read = page.items.len();
        totals.extend(page.total);
        for item in page.items {
            match item.get("id").and_then(Value::as_str) {
                Some(id) if !seen.insert(id.to_owned()) => {}
                _ => items.push(item),
            }
        }
        offset += read as u64;
        let more = page.total.is_none_or(|total| offset < total);
        if read == 0 || page.whole || !more || (page.total.is_none() && (read as u64) < PAGE) {
            break;
        }
    }
    let complete = match totals.len() {
        0 => items.len() as u64 == offset,
        1 => totals.contains(&(items.len() as u64)),
        _ => false,
    };
    Ok(Scan { items, complete })
}

/// One page of a list, and what it says of the rest.
pub(super) struct Page {
    pub(super) items: Vec<Value>,
    /// Items that could not be read, and stand in the list all the same.
    pub(super) aside: u64,
    pub(super) total: Option<u64>,
    /// When the request was sent.
    pub(super) sent_at: DateTime<Utc>,
    /// The API gave more than was asked for: it does not page, and this is all there is.
    pub(super) whole: bool,
}

/// Reads one page from `offset`.
pub(super) async fn page(
    backend: &Backend,
    list: &Invocation,
    offset: u64,
    limit: u64,
    context: &CallContext,
) -> Result<Page, SendError> {
    let mut list = list.clone();
    if list.entry.takes_query {
        list.arguments.insert("limit".into(), limit.into());
        list.arguments.insert("offset".into(), offset.into());
    }
    let done = backend.run(&list, context).await?;
    let (mut value, sent_at) = (done.value, done.sent_at);
    let aside = value.as_object().map_or(0, unreadable);
    let total = value.get("meta").and_then(|meta| meta.get("total")?.as_u64());
    let items = match value.get_mut("data").map(Value::take) {
        Some(Value::Array(items)) => items,
        _ => Vec::new(),
    };
    let whole = !list.entry.takes_query || items.len() as u64 > limit;
    let total = if whole { Some(items.len() as u64) } else { total };
    Ok(Page { items, aside, total, sent_at, whole })
}
