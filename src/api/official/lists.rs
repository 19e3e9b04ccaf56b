//! Lists: each pages in its own way, and some not at all.

use super::{
    Official, Page,
    endpoint::{Account, Ask, List},
    funnels, locations, request, session,
};
use crate::api::{Flaw, may_be_cap};
use highlevel_api_client::{Fate, Moment, Request, SendError};
use highlevel_catalog::{Invocation, ListAnswer, PagingStyle};
use highlevel_core::context::CallContext;
use highlevel_core::error::{Code, Error};
use serde_json::{Map, Value};
use std::{collections::HashSet, ops::Range};

/// Raw items as they came, with what the answer says of the list.
pub(super) struct Raw {
    pub(super) items: Vec<Value>,
    pub(super) total: Option<u64>,
    pub(super) sent_at: Moment,
    /// Nothing follows on these.
    pub(super) end: bool,
    /// The API gave more than was asked for, and so all there is.
    pub(super) whole: bool,
    /// Why these are not all there is.
    pub(super) flaw: Option<Flaw>,
}

impl Raw {
    /// Nothing yet.
    pub(super) fn new(sent_at: Moment) -> Self {
        Self { items: Vec::new(), total: None, sent_at, end: false, whole: false, flaw: None }
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
        let mut raw = match &endpoint.ask {
            Ask::List(List::Searched(search)) => {
                let (raw, follows) = self.searched(search, list, offset, limit, context).await?;
                behind = follows;
                raw
            }
            Ask::List(List::Counted { member, most, page }) => {
                let ask = |offset, limit| page(list, &account, offset, limit);
                self.counted(member, *most, ask, offset..offset + limit, context).await?
            }
            Ask::List(List::FunnelPages) => self.every_page(context).await?,
            Ask::List(List::Locations) => {
                let (raw, less) = self.every_location(context).await?;
                note = less;
                raw
            }
            Ask::List(List::Whole { member, request }) => {
                let raw = self.read(&request(&account), member, context).await?;
                Raw { whole: true, ..raw }
            }
            Ask::Row => self.row_page(list, &account, offset, limit, context).await?,
            Ask::Object(_) | Ask::WithFields(_) | Ask::Authored(_) => return Err(nowhere(list)),
        };
        if raw.whole {
            let count = raw.items.len() as u64;
            let fewer = raw.total.is_some_and(|total| total > count);
            raw.flaw = raw.flaw.or(fewer.then_some(Flaw::Fewer));
            // What was read to its end was counted.
            raw.total = raw.total.filter(|_| fewer).or(raw.flaw.is_none().then_some(count));
        }
        let Raw { items, total, sent_at, end, whole, flaw } = raw;
        let mut shown = Vec::with_capacity(items.len());
        for item in items {
            shown.push(match item {
                Value::Object(item) => self.shown(endpoint, item, context).await,
                odd => odd,
            });
        }
        let unnamed = self.names.failures(endpoint.names);
        let ListAnswer { items, unreadable, .. } = session::fitted(list.spec, ListAnswer::of(shown));
        let aside = unreadable.len() as u64;
        Ok(Page { items, aside, total, sent_at, whole, behind, end, flaw, unnamed, note })
    }

    /// A page of a list that a row of data describes.
    async fn row_page(
        &self,
        list: &Invocation,
        account: &Account<'_>,
        offset: u64,
        limit: u64,
        context: &CallContext,
    ) -> Result<Raw, SendError> {
        /// The largest page that is asked for.
        const MOST: u64 = 100;
        let member = list.spec.list_member.as_deref().unwrap_or("data");
        let page = |offset: u64, limit: u64| {
            let mut page = list.clone();
            page.arguments.set("limit", limit);
            page.arguments.set("offset", offset);
            super::row::request(&page, account)
        };
        match list.spec.paging {
            PagingStyle::Offset => {
                // The request of one page shows that those of all others can be built.
                page(offset, limit).map_err(SendError::not_sent)?;
                let page = |offset, limit| page(offset, limit).unwrap_or_else(|_| request::get(String::new(), &[]));
                self.counted(member, MOST, page, offset..offset + limit, context).await
            }
            PagingStyle::None | PagingStyle::PageThenCursor => {
                let mut whole = list.clone();
                whole.arguments.retain(|name, _| !["limit", "offset"].contains(&name));
                let request = super::row::request(&whole, account).map_err(SendError::not_sent)?;
                let raw = self.read(&request, member, context).await?;
                Ok(Raw { whole: true, ..raw })
            }
        }
    }

    /// A list that is asked for by offset and limit, in as many requests as its pages make necessary. A short page is not
    /// the end: it goes on to the total, and where there is none or it may be a cap, to an empty page.
    async fn counted(
        &self,
        name: &str,
        most: u64,
        ask: impl Fn(u64, u64) -> Request,
        wanted: Range<u64>,
        context: &CallContext,
    ) -> Result<Raw, SendError> {
        let mut at = wanted.start;
        let mut all: Option<Raw> = None;
        loop {
            let limit = most.min(wanted.end - at);
            let page = self.read(&ask(at, limit), name, context).await?;
            let got = page.items.len() as u64;
            let all = all.get_or_insert_with(|| Raw::new(page.sent_at));
            all.total = page.total.or(all.total);
            // An API that heeds no offset would give the same page for ever.
            if got > 0 && page.items.iter().all(|item| all.items.iter().any(|known| id(known) == id(item))) {
                all.flaw = Some(Flaw::Repeats);
                break;
            }
            all.items.extend(page.items);
            at += got;
            all.end = got == 0;
            all.whole = got > limit && wanted.start == 0;
            let at_total = all.total == Some(at) && got < limit && !may_be_cap(at);
            if all.end || all.whole || at_total || at >= wanted.end {
                break;
            }
        }
        all.ok_or_else(|| SendError::not_sent(Error::new(Code::Internal, "A list was asked for no page.")))
    }

    /// The same for all of the list.
    async fn counted_whole(
        &self,
        name: &str,
        most: u64,
        ask: impl Fn(u64, u64) -> Request,
        context: &CallContext,
    ) -> Result<Raw, SendError> {
        let all = self.counted(name, most, ask, 0..u64::MAX, context).await?;
        Ok(Raw { whole: true, ..all })
    }

    /// The pages of every funnel.
    async fn every_page(&self, context: &CallContext) -> Result<Raw, SendError> {
        let location = self.location.as_str();
        let ask = |offset, limit| funnels::funnels(location, offset, limit);
        let found = self.counted_whole("funnels", funnels::MOST, ask, context).await?;
        let mut all = Raw { whole: true, ..Raw::new(found.sent_at) };
        let fewer = found.total.is_some_and(|total| total > found.items.len() as u64);
        all.flaw = found.flaw.or(fewer.then_some(Flaw::Fewer));
        for funnel in found.items.iter().filter_map(id) {
            let ask = |offset, limit| funnels::pages(location, funnel, offset, limit);
            let pages = self.counted_whole("pages", funnels::MOST, ask, context).await?;
            all.flaw = all.flaw.or(pages.flaw);
            all.items.extend(pages.items);
        }
        // A page may be in several funnels.
        let mut met = HashSet::new();
        all.items.retain(|page| id(page).is_none_or(|id| met.insert(id.to_owned())));
        Ok(all)
    }

    /// The locations that the token reaches. A location's own token may not list them: it reaches its own.
    async fn every_location(&self, context: &CallContext) -> Result<(Raw, Option<&'static str>), SendError> {
        let ask = |skip, _| locations::locations(skip);
        match self.counted_whole("locations", locations::MOST, ask, context).await {
            Err(failed) if matches!(failed.error.code, Code::Unauthorized | Code::Forbidden) => {
                let request = locations::location(&self.location);
                let response = self.client.send(&request, context).await?;
                let sent_at = response.sent_at;
                let body = request::body(response).map_err(|error| refused(error, sent_at))?;
                let only = vec![request::object(body, "location").into()];
                let only = Raw { items: only, whole: true, ..Raw::new(sent_at) };
                Ok((only, Some("The token cannot list locations: this is the one that the server is held to.")))
            }
            all => Ok((all?, None)),
        }
    }

    /// One request for a list.
    pub(super) async fn read(&self, request: &Request, name: &str, context: &CallContext) -> Result<Raw, SendError> {
        let response = self.client.send(request, context).await?;
        let sent_at = response.sent_at;
        let mut body = request::body(response).map_err(|error| refused(error, sent_at))?;
        let count = |object: &Map<String, Value>| ["total", "count"].iter().find_map(|name| number(object.get(*name)?));
        let total = body.as_object().and_then(count);
        let total = total.or_else(|| body.get("meta").and_then(Value::as_object).and_then(count));
        let items = match body {
            Value::Array(items) => Some(items),
            // An item itself.
            Value::Object(ref item) if item.contains_key("_id") => Some(vec![body]),
            ref mut body => request::array(body, name),
        };
        let unreadable =
            || refused(Error::new(Code::UpstreamError, format!("The API's answer holds no {name}.")), sent_at);
        Ok(Raw { items: items.ok_or_else(unreadable)?, total, ..Raw::new(sent_at) })
    }
}

/// A count, which may come as text.
fn number(count: &Value) -> Option<u64> {
    count.as_u64().or_else(|| count.as_str()?.trim().parse().ok())
}

fn id(object: &Value) -> Option<&str> {
    object.get("_id").or(object.get("id")).and_then(Value::as_str)
}

fn nowhere(list: &Invocation) -> SendError {
    let message = format!("HighLevel's official API lists nothing by {}.", list.spec.name);
    SendError::not_sent(Error::new(Code::Internal, message))
}

/// A list that was answered by a refusal.
fn refused(error: Error, sent_at: Moment) -> SendError {
    SendError { error, fate: Fate::NotExecuted, sent_at: Some(sent_at) }
}
