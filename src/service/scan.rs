//! Reading a whole list by pages, and knowing whether it was whole.

use super::paging::{Paging, Shown};
use crate::api::{Adapter, Page};
use highlevel_api_client::SendError;
use highlevel_catalog::Invocation;
use highlevel_core::context::CallContext;
use serde_json::Value;
use std::collections::HashSet;

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
pub(super) async fn all(api: &Adapter, list: &Invocation, context: &CallContext) -> Result<Scan, SendError> {
    until(api, list, context, |_| false).await
}

/// The same, no further than to where `enough` says of what was read that the rest does not matter. What was read is then
/// complete.
pub(super) async fn until(
    api: &Adapter,
    list: &Invocation,
    context: &CallContext,
    enough: impl Fn(&[Value]) -> bool,
) -> Result<Scan, SendError> {
    let (mut paging, mut met, mut items) = (Paging::default(), HashSet::new(), Vec::new());
    let mut add = |items: &mut Vec<Value>, page: Page, paging: &Paging| {
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
        let page = api.page(list, offset, PAGE, context).await?;
        paging.take(offset, &page.shown());
        complete = add(&mut items, page, &paging);
        if !paging.has_ended() && !paging.lost() && enough(&items) {
            return Ok(Scan { items, complete: true });
        }
    }
    let mut head = 0;
    while head < paging.head() && !paging.lost() {
        let page = api.page(list, head, PAGE, context).await?;
        head += PAGE;
        paging.take_head(&page.shown());
        complete = add(&mut items, page, &paging);
    }
    Ok(Scan { items, complete })
}

impl Page {
    /// The part that tells where in the list it is.
    pub(super) fn shown(&self) -> Shown<'_> {
        let ids = self.items.iter().filter_map(|item| item.get("id").and_then(Value::as_str)).collect();
        let Self { aside, total, whole, behind, end, flaw, .. } = *self;
        Shown { ids, aside, total, whole, behind, end, flaw }
    }
}
