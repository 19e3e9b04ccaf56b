//! Lists: each pages in its own way, and some not at all.

use super::{
    Official, Page, ask, campaigns, contacts, deep, document, funnels, opportunities, places, window::windows,
};
use crate::{
    client::{Fate, Moment, Request, SendError},
    context::CallContext,
    crm::{
        Invocation, Operation,
        campaigns::ListCampaigns,
        contacts::ListContacts,
        funnels::ListFunnels,
        list::{listing, part},
        locations::ListLocations,
        opportunities::ListOpportunities,
        opportunities::ListPipelines,
        pages::ListPages,
    },
    error::{Code, Error},
};
use serde_json::{Map, Value};
use std::{collections::HashSet, ops::Range};

/// Raw items as they came, with what the answer says of the list.
pub(super) struct Raw {
    pub(super) items: Vec<Value>,
    pub(super) total: Option<u64>,
    pub(super) sent_at: Moment,
}

impl Official {
    /// Reads one page of a list from `offset`.
    pub(in crate::backend) async fn page(
        &self,
        list: &Invocation,
        offset: u64,
        limit: u64,
        context: &CallContext,
    ) -> Result<Page, SendError> {
        let location = self.location.as_str();
        let (mut behind, mut note) = (false, None);
        let (raw, whole) = match list.entry.name {
            ListContacts::NAME if deep::is_beyond(offset, limit) => {
                behind = true;
                (self.deep(list, offset, limit, context).await?, false)
            }
            ListContacts::NAME => {
                let ask = |page, size| contacts::search(list, location, page, size);
                (self.numbered("contacts", contacts::MOST, ask, offset, limit, context).await?, false)
            }
            ListOpportunities::NAME => {
                let ask = |page, size| opportunities::search(list, location, page, size);
                (self.numbered("opportunities", opportunities::MOST, ask, offset, limit, context).await?, false)
            }
            ListCampaigns::NAME => {
                let ask = |offset, limit| campaigns::list(list, location, offset, limit);
                (self.counted("campaigns", campaigns::MOST, ask, offset..offset + limit, context).await?, false)
            }
            ListFunnels::NAME => {
                let ask = |offset, limit| funnels::funnels(location, offset, limit);
                (self.counted("funnels", funnels::MOST, ask, offset..offset + limit, context).await?, false)
            }
            ListPages::NAME => (self.every_page(context).await?, true),
            ListLocations::NAME => {
                let (raw, less) = self.every_location(context).await?;
                note = less;
                (raw, true)
            }
            ListPipelines::NAME => (self.read(&opportunities::pipelines(location), "pipelines", context).await?, true),
            name => {
                let error = Error::new(Code::Internal, format!("HighLevel's official API has no {name}."));
                return Err(SendError::not_sent(error));
            }
        };
        let Raw { items, total, sent_at } = raw;
        if list.entry.name == ListContacts::NAME {
            self.cursors.note(&deep::key(list), offset, &items);
        }
        let total = if whole { Some(items.len() as u64) } else { total };
        let mut shown = Vec::with_capacity(items.len());
        for item in items {
            shown.push(match item {
                Value::Object(item) => self.shown(list.entry, item, context).await,
                odd => odd,
            });
        }
        let mut answer = listing(shown, Map::new()).into();
        let odd = document::take_odd_items(&mut answer);
        document::fit(list.entry, &mut answer);
        let items = ask::array(&mut answer, "data").unwrap_or_default();
        Ok(Page { items, aside: odd.len() as u64, total, sent_at, whole, behind, note })
    }

    /// A list that is asked for by page numbers.
    async fn numbered(
        &self,
        name: &'static str,
        most: u64,
        ask: impl Fn(u64, u64) -> Request,
        offset: u64,
        limit: u64,
        context: &CallContext,
    ) -> Result<Raw, SendError> {
        let mut all: Option<Raw> = None;
        for window in windows(offset, limit, most) {
            let Raw { items, total, sent_at } = self.read(&ask(window.page, window.size), name, context).await?;
            let is_last = (items.len() as u64) < window.size;
            let Range { start, end } = window.wanted;
            let wanted = part(items, start, end - start);
            let raw = all.get_or_insert(Raw { items: Vec::new(), total, sent_at });
            raw.items.extend(wanted);
            raw.total = total.or(raw.total);
            if is_last {
                break;
            }
        }
        all.ok_or_else(|| SendError::not_sent(Error::new(Code::Internal, "A list was asked for no page.")))
    }

    /// A list that is asked for by offset and limit, in as many requests as its largest page makes necessary.
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
            let Raw { items, total, sent_at } = self.read(&ask(at, limit), name, context).await?;
            let got = items.len() as u64;
            let raw = all.get_or_insert(Raw { items: Vec::new(), total, sent_at });
            // An API that heeds no offset would give the same page for ever.
            if raw.items.ends_with(&items) {
                break;
            }
            raw.items.extend(items);
            at += limit;
            if got < limit || at >= wanted.end || total.is_some_and(|total| at >= total) {
                break;
            }
        }
        all.ok_or_else(|| SendError::not_sent(Error::new(Code::Internal, "A list was asked for no page.")))
    }

    /// The pages of every funnel.
    async fn every_page(&self, context: &CallContext) -> Result<Raw, SendError> {
        let location = self.location.as_str();
        let everything = 0..u64::MAX;
        let ask = |offset, limit| funnels::funnels(location, offset, limit);
        let found = self.counted("funnels", funnels::MOST, ask, everything.clone(), context).await?;
        let mut all = Raw { items: Vec::new(), total: None, sent_at: found.sent_at };
        let id = |funnel: &Value| funnel.get("_id").or(funnel.get("id")).and_then(Value::as_str).map(str::to_owned);
        for funnel in found.items.iter().filter_map(id) {
            let ask = |offset, limit| funnels::pages(location, &funnel, offset, limit);
            let pages = self.counted("pages", funnels::MOST, ask, everything.clone(), context).await?;
            all.items.extend(pages.items);
        }
        // A page may be in several funnels.
        let mut met = HashSet::new();
        all.items.retain(|page| id(page).is_none_or(|id| met.insert(id)));
        Ok(all)
    }

    /// The locations that the token reaches. A location's own token may not list them: it reaches its own.
    async fn every_location(&self, context: &CallContext) -> Result<(Raw, Option<&'static str>), SendError> {
        let ask = |skip, _| places::locations(skip);
        match self.counted("locations", places::MOST, ask, 0..u64::MAX, context).await {
            Err(failed) if matches!(failed.error.code, Code::Unauthorized | Code::Forbidden) => {
                let request = places::location(&self.location);
                let response = self.client.send(&request, context).await?;
                let sent_at = response.sent_at;
                let body = ask::body(response).map_err(|error| refused(error, sent_at))?;
                let only = Raw { items: vec![ask::object(body, "location").into()], total: None, sent_at };
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
        let count =
            |object: &Map<String, Value>| ["total", "count"].iter().find_map(|name| object.get(*name)?.as_u64());
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
        Ok(Raw { items: items.ok_or_else(unreadable)?, total, sent_at })
    }
}

/// A list that was answered by a refusal.
fn refused(error: Error, sent_at: Moment) -> SendError {
    SendError { error, fate: Fate::NotExecuted, sent_at: Some(sent_at) }
}
