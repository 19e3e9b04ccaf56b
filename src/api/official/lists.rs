//! Lists, which are paged in different ways or not at all.

use super::{
    Official,
    endpoint::{Account, List, RequestBuilder},
    funnels, locations,
    page_end::{PageEnd, id, total},
    request,
};
use crate::api::{Flaw, Page, session};
use highlevel_api_client::{Fate, Moment, Request, SendError};
use highlevel_catalog::{Invocation, ListAnswer, PagingStyle};
use highlevel_core::context::CallContext;
use highlevel_core::error::{Code, Error};
use serde_json::Value;
use std::{borrow::Cow, collections::HashSet, ops::Range};

/// Items as the API returned them, with the paging of the answer.
pub(super) struct RawPage {
    pub(super) items: Vec<Value>,
    pub(super) total: Option<u64>,
    pub(super) sent_at: Moment,
    /// Whether the list ends here.
    pub(super) end: bool,
    /// Whether these are all items.
    pub(super) whole: bool,
    /// Why the list is incomplete, if it is.
    pub(super) flaw: Option<Flaw>,
}

impl RawPage {
    /// A page without items.
    pub(super) fn new(sent_at: Moment) -> Self {
        Self { items: Vec::new(), total: None, sent_at, end: false, whole: false, flaw: None }
    }

    /// Sets the total of a complete list to the number of its items, or the flaw if the API reports more items.
    fn count_items(&mut self) {
        let count = self.items.len() as u64;
        let fewer = self.total.is_some_and(|total| total > count);
        self.flaw = self.flaw.or(fewer.then_some(Flaw::Fewer));
        self.total = self.total.filter(|_| fewer).or(self.flaw.is_none().then_some(count));
    }
}

impl Official {
    /// Reads one page of a list from `offset`.
    pub(in crate::api) async fn page(
        &self,
        list: &Invocation,
        offset: u64,
        limit: u64,
        context: &CallContext,
    ) -> Result<Page, SendError> {
        let endpoint = self.registry.endpoint(list.spec).ok_or_else(|| nowhere(list))?;
        let account = self.account();
        let mut behind = false;
        let mut note = None;
        let mut raw = match &endpoint.requests {
            RequestBuilder::List(List::Searched(search)) => {
                let (raw, follows) = self.search(search, list, offset, limit, context).await?;
                behind = follows;
                raw
            }
            RequestBuilder::List(List::Counted { member, most, page }) => {
                let ask = |offset, limit| page(list, &account, offset, limit);
                self.counted(member, *most, ask, offset..offset + limit, context).await?
            }
            RequestBuilder::List(List::Forms) => self.every_form(list, context).await?,
            RequestBuilder::List(List::Submissions) => self.submissions(list, offset, limit, context).await?,
            RequestBuilder::List(List::Cursored(cursored)) => {
                behind = offset > 0;
                self.read_on(cursored, list, offset, limit, context).await?
            }
            RequestBuilder::List(List::Messages) => {
                let (raw, follows) = self.messages(list, offset, limit, context).await?;
                behind = follows;
                raw
            }
            RequestBuilder::List(List::Appointments) => {
                let (raw, range) = self.appointments(list, context).await?;
                note = range.map(Cow::Owned);
                raw
            }
            RequestBuilder::List(List::FunnelPages) => self.every_page(context).await?,
            RequestBuilder::List(List::Locations) => {
                let (raw, only_own) = self.every_location(context).await?;
                note = only_own.map(Cow::Borrowed);
                raw
            }
            RequestBuilder::List(List::Whole { member, request }) => {
                let raw = self.read(&request(&account), member, context).await?;
                RawPage { whole: true, ..raw }
            }
            RequestBuilder::List(List::WholeOf { member, request }) => {
                let raw = self.read(&request(list, &account), member, context).await?;
                RawPage { whole: true, ..raw }
            }
            RequestBuilder::Row => self.row_page(list, &account, offset, limit, context).await?,
            RequestBuilder::Object(_)
            | RequestBuilder::NewInvoice
            | RequestBuilder::InvoiceSend
            | RequestBuilder::Booking(_)
            | RequestBuilder::FreeSlots
            | RequestBuilder::WithFields(_)
            | RequestBuilder::Authored(_) => return Err(nowhere(list)),
        };
        if raw.whole {
            raw.count_items();
        }
        let RawPage { items, total, sent_at, end, whole, flaw } = raw;
        let mut shown = Vec::with_capacity(items.len());
        for item in items {
            shown.push(match item {
                Value::Object(item) => self.converted(endpoint, item, context).await,
                other => other,
            });
        }
        let unnamed = self.names.failures(endpoint.names);
        let ListAnswer { items, unreadable, .. } = session::coerced(list.spec, ListAnswer::of(shown));
        let aside = unreadable.len() as u64;
        Ok(Page { items, aside, total, sent_at, whole, behind, end, flaw, unnamed, note })
    }

    /// Reads a page of a list from a row of data.
    async fn row_page(
        &self,
        list: &Invocation,
        account: &Account<'_>,
        offset: u64,
        limit: u64,
        context: &CallContext,
    ) -> Result<RawPage, SendError> {
        /// The page size of requests.
        const MAX_PAGE: u64 = 100;
        let member = list.spec.list_member.as_deref().unwrap_or("data");
        let page = |offset: u64, limit: u64| {
            let mut page = list.clone();
            page.arguments.set("limit", limit);
            page.arguments.set("offset", offset);
            super::row::request(&page, account)
        };
        match list.spec.paging {
            PagingStyle::Offset => {
                // If one page's request can be built, all can.
                page(offset, limit).map_err(SendError::not_sent)?;
                let page = |offset, limit| page(offset, limit).unwrap_or_else(|_| request::get(String::new(), &[]));
                self.counted(member, MAX_PAGE, page, offset..offset + limit, context).await
            }
            PagingStyle::None | PagingStyle::PageThenCursor => {
                let mut whole = list.clone();
                whole.arguments.retain(|name, _| !["limit", "offset"].contains(&name));
                let request = super::row::request(&whole, account).map_err(SendError::not_sent)?;
                let raw = self.read(&request, member, context).await?;
                Ok(RawPage { whole: true, ..raw })
            }
        }
    }

    /// Reads the `wanted` items by offset and limit, in as many requests as needed.
    ///
    /// A short page is not the end of the list. Reading continues to the total or, without a reliable total, to an
    /// empty page.
    async fn counted(
        &self,
        name: &str,
        most: u64,
        ask: impl Fn(u64, u64) -> Request,
        wanted: Range<u64>,
        context: &CallContext,
    ) -> Result<RawPage, SendError> {
        let mut at = wanted.start;
        let mut all: Option<RawPage> = None;
        loop {
            let limit = most.min(wanted.end - at);
            let page = self.read(&ask(at, limit), name, context).await?;
            let all = all.get_or_insert_with(|| RawPage::new(page.sent_at));
            all.total = page.total.or(all.total);
            let end = PageEnd::of(&page.items, &all.items, at, limit, all.total);
            if end.repeats {
                all.flaw = Some(Flaw::Repeats);
                break;
            }
            at += page.items.len() as u64;
            all.items.extend(page.items);
            (all.end, all.whole) = (end.empty, end.whole);
            if end.is_last() || at >= wanted.end {
                break;
            }
        }
        all.ok_or_else(|| SendError::not_sent(Error::new(Code::Internal, "No page of the list was requested.")))
    }

    /// Reads the whole list by offset and limit.
    pub(super) async fn counted_whole(
        &self,
        name: &str,
        most: u64,
        ask: impl Fn(u64, u64) -> Request,
        context: &CallContext,
    ) -> Result<RawPage, SendError> {
        let all = self.counted(name, most, ask, 0..u64::MAX, context).await?;
        Ok(RawPage { whole: true, ..all })
    }

    /// Reads all pages of all funnels.
    async fn every_page(&self, context: &CallContext) -> Result<RawPage, SendError> {
        let location = self.location.as_str();
        let ask = |offset, limit| funnels::funnels(location, offset, limit);
        let found = self.counted_whole("funnels", funnels::MAX_PAGE, ask, context).await?;
        let mut all = RawPage { whole: true, ..RawPage::new(found.sent_at) };
        let fewer = found.total.is_some_and(|total| total > found.items.len() as u64);
        all.flaw = found.flaw.or(fewer.then_some(Flaw::Fewer));
        for funnel in found.items.iter().filter_map(id) {
            let ask = |offset, limit| funnels::pages(location, funnel, offset, limit);
            let pages = self.counted_whole("pages", funnels::MAX_PAGE, ask, context).await?;
            all.flaw = all.flaw.or(pages.flaw);
            all.items.extend(pages.items);
        }
        // A page may be in several funnels.
        let mut seen = HashSet::new();
        all.items.retain(|page| id(page).is_none_or(|id| seen.insert(id.to_owned())));
        Ok(all)
    }

    /// Reads the locations that the token can access. A location's token cannot list them, so this reads its own
    /// location.
    async fn every_location(&self, context: &CallContext) -> Result<(RawPage, Option<&'static str>), SendError> {
        let ask = |skip, _| locations::locations(skip);
        match self.counted_whole("locations", locations::MAX_PAGE, ask, context).await {
            Err(failed) if matches!(failed.error.code, Code::Unauthorized | Code::Forbidden) => {
                let request = locations::location(&self.location);
                let response = self.client.send(&request, context).await?;
                let sent_at = response.sent_at;
                let body = request::body(response).map_err(|error| refused(error, sent_at))?;
                let only = vec![request::object(body, "location").into()];
                let only = RawPage { items: only, whole: true, ..RawPage::new(sent_at) };
                Ok((only, Some("The token cannot list locations. This is the location that the server is pinned to.")))
            }
            all => Ok((all?, None)),
        }
    }

    /// Sends one request for a list.
    pub(super) async fn read(
        &self,
        request: &Request,
        name: &str,
        context: &CallContext,
    ) -> Result<RawPage, SendError> {
        let response = self.client.send(request, context).await?;
        let sent_at = response.sent_at;
        let mut body = request::body(response).map_err(|error| refused(error, sent_at))?;
        let total = total(&body);
        let items = match body {
            Value::Array(items) => Some(items),
            // The body is an item.
            Value::Object(ref item) if item.contains_key("_id") => Some(vec![body]),
            ref mut body => request::array(body, name),
        };
        let unreadable =
            || refused(Error::new(Code::UpstreamError, format!("The API's answer has no {name}.")), sent_at);
        Ok(RawPage { items: items.ok_or_else(unreadable)?, total, ..RawPage::new(sent_at) })
    }
}

fn nowhere(list: &Invocation) -> SendError {
    let message = format!("{} is not a list of HighLevel's official API.", list.spec.name);
    SendError::not_sent(Error::new(Code::Internal, message))
}

/// The error for a refused list request.
pub(super) fn refused(error: Error, sent_at: Moment) -> SendError {
    SendError { error, fate: Fate::NotExecuted, sent_at: Some(sent_at) }
}
