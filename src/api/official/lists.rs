//! Lists: each pages in its own way, and some not at all.

use super::{Official, Page, ask, campaigns, deep::Searched, funnels, known::Kind, opportunities, places, session};
use crate::api::{Flaw, may_be_cap};
use highlevel_api_client::{Fate, Moment, Request, SendError};
use highlevel_catalog::{
    Invocation, Operation, campaigns::ListCampaigns, contacts::ListContacts, funnels::ListFunnels, list::listing,
    locations::ListLocations, opportunities::ListOpportunities, opportunities::ListPipelines, pages::ListPages,
};
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
        let location = self.location.as_str();
        let (mut behind, mut note) = (false, None);
        let mut raw = match list.entry.name {
            ListContacts::NAME | ListOpportunities::NAME => {
                let kind = Searched::of(list).ok_or_else(|| nowhere(list.entry.name))?;
                let (raw, follows) = self.searched(kind, list, offset, limit, context).await?;
                behind = follows;
                raw
            }
            ListCampaigns::NAME => {
                let ask = |offset, limit| campaigns::list(list, location, offset, limit);
                self.counted("campaigns", campaigns::MOST, ask, offset..offset + limit, context).await?
            }
            ListFunnels::NAME => {
                let ask = |offset, limit| funnels::funnels(location, offset, limit);
                self.counted("funnels", funnels::MOST, ask, offset..offset + limit, context).await?
            }
            ListPages::NAME => self.every_page(context).await?,
            ListLocations::NAME => {
                let (raw, less) = self.every_location(context).await?;
                note = less;
                raw
            }
            ListPipelines::NAME => {
                let raw = self.read(&opportunities::pipelines(location), "pipelines", context).await?;
                Raw { whole: true, ..raw }
            }
            name => return Err(nowhere(name)),
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
                Value::Object(item) => self.shown(list.entry, item, context).await,
                odd => odd,
            });
        }
        let unnamed = self.known.failures(names_in(list));
        let mut answer = listing(shown, Map::new()).into();
        let odd = session::take_odd_items(&mut answer);
        session::fit(list.entry, &mut answer);
        let items = ask::array(&mut answer, "data").unwrap_or_default();
        Ok(Page { items, aside: odd.len() as u64, total, sent_at, whole, behind, end, flaw, unnamed, note })
    }

    /// A list that is asked for by offset and limit, in as many requests as its pages make necessary. A short page is not
    /// the end: it goes on to the total, and where there is none or it may be a cap, to an empty page.
    async fn counted(
        &self,
        name: &'static str,
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
        name: &'static str,
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
        let ask = |skip, _| places::locations(skip);
        match self.counted_whole("locations", places::MOST, ask, context).await {
            Err(failed) if matches!(failed.error.code, Code::Unauthorized | Code::Forbidden) => {
                let request = places::location(&self.location);
                let response = self.client.send(&request, context).await?;
                let sent_at = response.sent_at;
                let body = ask::body(response).map_err(|error| refused(error, sent_at))?;
                let only = vec![ask::object(body, "location").into()];
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
        let mut body = ask::body(response).map_err(|error| refused(error, sent_at))?;
        let count = |object: &Map<String, Value>| ["total", "count"].iter().find_map(|name| number(object.get(*name)?));
        let total = body.as_object().and_then(count);
        let total = total.or_else(|| body.get("meta").and_then(Value::as_object).and_then(count));
        let items = match body {
            Value::Array(items) => Some(items),
            // An item itself.
            Value::Object(ref item) if item.contains_key("_id") => Some(vec![body]),
            ref mut body => ask::array(body, name),
        };
        let unreadable =
            || refused(Error::new(Code::UpstreamError, format!("The API's answer holds no {name}.")), sent_at);
        Ok(Raw { items: items.ok_or_else(unreadable)?, total, ..Raw::new(sent_at) })
    }
}

/// The lists of names that a list's items need.
fn names_in(list: &Invocation) -> &'static [Kind] {
    match list.entry.name {
        ListContacts::NAME => &[Kind::CustomFields, Kind::Users],
        ListOpportunities::NAME => &[Kind::Pipelines, Kind::CustomFields, Kind::Users],
        _ => &[],
    }
}

/// A count, which may come as text.
fn number(count: &Value) -> Option<u64> {
    count.as_u64().or_else(|| count.as_str()?.trim().parse().ok())
}

fn id(object: &Value) -> Option<&str> {
    object.get("_id").or(object.get("id")).and_then(Value::as_str)
}

fn nowhere(name: &str) -> SendError {
    SendError::not_sent(Error::new(Code::Internal, format!("HighLevel's official API has no {name}.")))
}

/// A list that was answered by a refusal.
fn refused(error: Error, sent_at: Moment) -> SendError {
    SendError { error, fate: Fate::NotExecuted, sent_at: Some(sent_at) }
}
