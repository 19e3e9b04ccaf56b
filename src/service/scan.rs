//! Reads of a whole list, page by page, that know whether the result is complete.

use super::paging::{PageView, Paging};
use crate::api::{Adapter, Page};
use highlevel_api_client::SendError;
use highlevel_catalog::Invocation;
use highlevel_core::context::CallContext;
use serde_json::Value;
use std::collections::HashSet;

/// The API's largest page.
pub(super) const PAGE: u64 = 100;

/// The result of a scan.
#[derive(Debug)]
pub(super) struct Scan {
    /// The items, each id once.
    pub(super) items: Vec<Value>,
    /// Whether the items are certainly all of the list.
    pub(super) complete: bool,
}

/// Reads every item of a list, page by page. Stops early if the list changed so that an item may be missing.
pub(super) async fn all(api: &Adapter, list: &Invocation, context: &CallContext) -> Result<Scan, SendError> {
    until(api, list, context, |_| false).await
}

/// Reads a list until `enough` accepts the items read so far. The result then counts as complete.
pub(super) async fn until(
    api: &Adapter,
    list: &Invocation,
    context: &CallContext,
    enough: impl Fn(&[Value]) -> bool,
) -> Result<Scan, SendError> {
    let mut paging = Paging::default();
    let mut ids = HashSet::new();
    let mut items = Vec::new();
    let mut add = |items: &mut Vec<Value>, page: Page, paging: &Paging| {
        for item in page.items {
            match item.get("id").and_then(Value::as_str) {
                Some(id) if !ids.insert(id.to_owned()) => {}
                _ => items.push(item),
            }
        }
        paging.is_complete(ids.len() as u64)
    };
    let mut complete = false;
    while !paging.has_ended() && !paging.lost() {
        let Some(offset) = paging.offsets().next() else { break };
        let page = api.page(list, offset, PAGE, context).await?;
        paging.take(offset, &page.view());
        complete = add(&mut items, page, &paging);
        if !paging.has_ended() && !paging.lost() && enough(&items) {
            return Ok(Scan { items, complete: true });
        }
    }
    let mut head = 0;
    while head < paging.head() && !paging.lost() {
        let page = api.page(list, head, PAGE, context).await?;
        head += PAGE;
        paging.take_head(&page.view());
        complete = add(&mut items, page, &paging);
    }
    Ok(Scan { items, complete })
}

impl Page {
    /// The part of the page that paging needs.
    pub(super) fn view(&self) -> PageView<'_> {
        let ids = self.items.iter().filter_map(|item| item.get("id").and_then(Value::as_str)).collect();
        let Self { aside, total, whole, behind, end, flaw, .. } = *self;
        PageView { ids, aside, total, whole, behind, end, flaw }
    }
}
