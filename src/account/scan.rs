//! Reading a whole list by pages, and knowing whether it was whole.

use super::paging::{Paging, Shown};
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
    /// Whether nothing can have slipped through.
    pub(super) complete: bool,
}

/// Reads every item of a list, page by page; no further where it moved so that something may be missing.
pub(super) async fn all(backend: &Backend, list: &Invocation, context: &CallContext) -> Result<Scan, SendError> {
    let (mut paging, mut met, mut items) = (Paging::default(), HashSet::new(), Vec::new());
    let mut add = |page: Page, paging: &Paging| {
        for item in page.items {
            match item.get("id").and_then(Value::as_str) {
                Some(id) if !met.insert(id.to_owned()) => {}
                _ => items.push(item),
            }
        }
        paging.is_complete(met.len() as u64)
    };
    let mut complete = false;
    while !paging.has_ended() && !paging.lost() {
        let Some(offset) = paging.offsets().next() else { break };
        let page = page(backend, list, offset, PAGE, context).await?;
        paging.take(offset, &page.shown());
        complete = add(page, &paging);
    }
    let mut head = 0;
    while head < paging.added() && !paging.lost() {
        let page = page(backend, list, head, PAGE, context).await?;
        head += PAGE;
        paging.take_head(&page.shown());
        complete = add(page, &paging);
    }
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

impl Page {
    /// The part that tells where in the list it is.
    pub(super) fn shown(&self) -> Shown<'_> {
        let ids = self.items.iter().filter_map(|item| item.get("id").and_then(Value::as_str)).collect();
        Shown { ids, aside: self.aside, total: self.total, whole: self.whole }
    }
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
