//! Lists of the catalogue, read page by page until the caller's range is full.

use super::{NOISE, object, request};
use crate::api::{
    Done,
    official::{
        Official,
        page_end::{PageEnd, total},
        request as official_request,
    },
};
use highlevel_api_client::{Body, Fate, Moment, SendError, api_message};
use highlevel_catalog::{Answer, Invocation, ListAnswer, ListPaging, PagedList, Passthrough, list::part};
use highlevel_core::{context::CallContext, error::Error};
use http::StatusCode;
use serde_json::{Map, Value};

/// The page size where HighLevel's files name no largest one.
const PAGE: u64 = 100;

/// The page size after the API refused a larger one without naming its limit.
const SMALL_PAGE: u64 = 20;

/// The most pages that one call reads.
const MAX_PAGES: u32 = 100;

/// The note of a list whose pages repeat.
const REPEATS: &str = "HighLevel answered with the same page again, so there may be more items than these.";

/// The items that were read so far, and where the next page begins.
struct Walk<'a> {
    list: &'a PagedList,
    size: u64,
    /// The index of the first item that was read.
    start: u64,
    /// The number of pages that were read.
    pages: u64,
    items: Vec<Value>,
    total: Option<u64>,
    cursor: Option<Value>,
    is_at_end: bool,
    /// Whether a page came again instead of the next one.
    repeats: bool,
    /// The other members of the first answer.
    rest: Map<String, Value>,
}

/// One page, as the API answered.
struct RawPage {
    items: Vec<Value>,
    body: Value,
    sent_at: Moment,
}

impl Official {
    /// Reads the requested range of a list.
    pub(super) async fn pages_through(
        &self,
        invocation: &Invocation,
        form: &Passthrough,
        list: &PagedList,
        context: &CallContext,
    ) -> Result<Done, SendError> {
        let window = invocation.window();
        let mut walk = Walk::new(list, window.offset, window.limit);
        let mut last_sent = None;
        for _ in 0..MAX_PAGES {
            let page = match self.page_through(invocation, form, &mut walk, context).await? {
                Ok(page) => page,
                Err(done) => return Ok(done),
            };
            last_sent = Some(page.sent_at);
            if walk.add(page) || walk.covers(window.offset + window.limit) {
                break;
            }
        }
        let sent_at = last_sent.ok_or_else(|| {
            SendError::not_sent(Error::new(highlevel_core::error::Code::Internal, "No page of the list was requested."))
        })?;
        Ok(Done { answer: Answer::List(walk.into_answer(window.offset, window.limit)), sent_at })
    }

    /// Reads the next page. The inner error is the answer of an operation that gives no list.
    async fn page_through(
        &self,
        invocation: &Invocation,
        form: &Passthrough,
        walk: &mut Walk<'_>,
        context: &CallContext,
    ) -> Result<Result<RawPage, Done>, SendError> {
        loop {
            let paging = walk.arguments();
            let account = self.account();
            let request = request::build(invocation, form, &account, &paging).map_err(SendError::not_sent)?;
            let response = self.client.send(&request, context).await?;
            let (status, sent_at) = (response.status, response.sent_at);
            if !status.is_success() {
                if walk.shrink(status, &response.body) {
                    continue;
                }
                let error = official_request::failure(status, &response.body);
                return Err(SendError { error, fate: Fate::NotExecuted, sent_at: Some(sent_at) });
            }
            let mut body = match response.body {
                Body::Json(body) => body,
                other => {
                    return Ok(Err(Done { answer: Answer::Object(object(status, other)), sent_at }));
                }
            };
            return Ok(match take_items(&mut body, &walk.list.member) {
                Some(items) => Ok(RawPage { items, body, sent_at }),
                None => Err(Done { answer: Answer::Object(object(status, Body::Json(body))), sent_at }),
            });
        }
    }
}

impl<'a> Walk<'a> {
    fn new(list: &'a PagedList, offset: u64, limit: u64) -> Self {
        let size = limit.min(list.most.unwrap_or(PAGE)).max(1);
        let start = match (&list.offset, &list.page) {
            (Some(_), _) => offset,
            (None, Some(_)) => offset / size * size,
            (None, None) => 0,
        };
        let (items, rest) = (Vec::new(), Map::new());
        Self { list, size, start, pages: 0, items, total: None, cursor: None, is_at_end: false, repeats: false, rest }
    }

    /// The index of the next item.
    fn at(&self) -> u64 {
        self.start + self.items.len() as u64
    }

    /// The arguments of the next page.
    fn arguments(&self) -> Vec<(&'a str, Value)> {
        let limit = self.list.limit.as_deref().map(|name| (name, Value::from(self.size)));
        let offset = self.list.offset.as_deref().map(|name| (name, self.at().into()));
        let page = self.list.page.as_deref().filter(|_| self.list.offset.is_none());
        // A page may be short, so that the number of items does not say which one is next.
        let number = self.list.first.unwrap_or(1) + self.start / self.size + self.pages;
        let page = page.map(|name| (name, number.into()));
        let cursor = self.list.cursor.as_ref().zip(self.cursor.clone());
        let cursor = cursor.map(|(cursor, value)| (cursor.argument.as_str(), value));
        let numbers = limit.into_iter().chain(offset).chain(page);
        let numbers = numbers.map(|(name, number)| match self.list.texts {
            true => (name, number.to_string().into()),
            false => (name, number),
        });
        numbers.chain(cursor).collect()
    }

    /// Takes a smaller page after the API refused the size of the first one. Returns whether to try again.
    fn shrink(&mut self, status: StatusCode, body: &Body) -> bool {
        let is_refusal = [StatusCode::BAD_REQUEST, StatusCode::UNPROCESSABLE_ENTITY].contains(&status);
        let Some(name) = self.list.limit.as_deref().filter(|_| is_refusal && self.items.is_empty()) else {
            return false;
        };
        let message = api_message(body).unwrap_or_default().to_lowercase();
        if !message.contains(&name.to_lowercase()) && !message.contains("limit") {
            return false;
        }
        let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>().parse::<u64>().ok();
        let named = message.split_whitespace().filter_map(digits).filter(|size| (1..self.size).contains(size)).max();
        let smaller = named.unwrap_or(SMALL_PAGE);
        let shrinks = smaller < self.size;
        if shrinks {
            let offset = self.start;
            self.size = smaller;
            self.start = if self.list.offset.is_none() { offset / smaller * smaller } else { offset };
        }
        shrinks
    }

    /// Adds a page. Returns whether the list ends here.
    fn add(&mut self, page: RawPage) -> bool {
        if self.pages == 0 {
            self.rest = rest(&page.body);
        }
        self.pages += 1;
        self.total = total(&page.body).or(self.total);
        let end = PageEnd::of(&page.items, &self.items, self.at(), self.size, self.total);
        let next = self.list.cursor.as_ref().and_then(|cursor| {
            let at = |value: &Value, path: &Option<String>| path.as_ref().and_then(|path| member(value, path).cloned());
            at(&page.body, &cursor.from)
                .or_else(|| at(page.items.last()?, &cursor.last))
                .filter(|next| !is_nothing(next))
        });
        self.repeats = end.repeats;
        if !end.repeats {
            self.items.extend(page.items);
        }
        let has_no_next = self.list.cursor.is_some() && (next.is_none() || next == self.cursor);
        self.cursor = next;
        self.is_at_end = end.is_last() || has_no_next || !self.list.is_paged();
        self.is_at_end
    }

    fn covers(&self, end: u64) -> bool {
        self.at() >= end
    }

    /// The requested range, with the members that describe the whole list.
    fn into_answer(self, offset: u64, limit: u64) -> ListAnswer {
        let mut paging = ListPaging::default();
        paging.reported.extend(self.total.map(|total| ("total".to_owned(), total.into())));
        let is_whole = self.is_at_end && (!self.repeats || self.total == Some(self.at()));
        paging.counted = is_whole.then(|| self.at());
        paging.reported.extend(self.rest);
        let notes = match self.repeats && !is_whole {
            true => vec![REPEATS.to_owned()],
            false => Vec::new(),
        };
        let items = part(self.items, offset.saturating_sub(self.start), limit);
        ListAnswer { items, paging, notes, unreadable: Vec::new() }
    }
}

fn is_nothing(value: &Value) -> bool {
    value.is_null() || value.as_str() == Some("") || value == &Value::Bool(false)
}

/// The value at a path with dots.
fn member<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').filter(|name| !name.is_empty()).try_fold(value, |value, name| value.get(name))
}

/// Takes the items out of an answer: the member that HighLevel's files name, else the only list of objects.
fn take_items(body: &mut Value, path: &str) -> Option<Vec<Value>> {
    if let Value::Array(items) = body {
        return Some(std::mem::take(items));
    }
    let pointer = format!("/{}", path.replace('.', "/"));
    if let Some(Value::Array(items)) = body.pointer_mut(&pointer).filter(|_| !path.is_empty()) {
        return Some(std::mem::take(items));
    }
    let is_list = |value: &Value| value.as_array().is_some_and(|items| items.iter().all(Value::is_object));
    let members = body.as_object_mut()?;
    let mut lists = members.iter().filter(|(_, value)| is_list(value)).map(|(name, _)| name.clone());
    let (only, second) = (lists.next()?, lists.next());
    match (second, members.get_mut(&only)) {
        (None, Some(Value::Array(items))) => Some(std::mem::take(items)),
        _ => None,
    }
}

/// Plain members beside the items that say something about the list, such as sums.
fn rest(body: &Value) -> Map<String, Value> {
    const PAGING: [&str; 6] = ["total", "totalCount", "count", "meta", "limit", "offset"];
    let members = body.as_object().into_iter().flatten();
    let is_plain =
        |value: &Value| value.is_number() || value.is_boolean() || value.as_str().is_some_and(|text| text.len() < 200);
    let kept = members
        .filter(|(name, value)| is_plain(value) && !NOISE.contains(&name.as_str()) && !PAGING.contains(&name.as_str()));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}
