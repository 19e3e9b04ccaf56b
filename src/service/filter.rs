//! Filters that the API lacks: done here after reading, across as many pages as it takes, and said so.

use super::scan::PAGE;
use crate::{
    answer::OFFSETS,
    api::{Backend, Flaw},
};
use highlevel_catalog::{
    Invocation, Operation,
    contacts::ListContacts,
    list::{DEFAULT_LIMIT, listing},
    opportunities::ListOpportunities,
};
use highlevel_core::context::CallContext;
use highlevel_core::error::Result;
use serde_json::{Map, Value};

/// The most pages that one call reads.
const MOST_PAGES: usize = 20;

/// A filter that is applied after reading.
pub(super) enum Filter {
    /// Deals of this status, which the API's filter does not know.
    Status(String),
    /// Contacts with all of these tags, which hold a comma and so cannot be sent in a comma-separated list.
    Tags(Vec<String>),
}

/// The part of a list's filter that the API cannot apply, if there is one.
pub(super) fn beyond_the_api(backend: &Backend, list: &Invocation) -> Option<Filter> {
    let beyond = |field: &str, value: &str| !backend.filters(list.entry, field, value);
    if list.entry.name == ListOpportunities::NAME
        && let Some(status) = list.text("status").filter(|status| beyond("status", status))
    {
        return Some(Filter::Status(status.to_owned()));
    }
    if list.entry.name == ListContacts::NAME {
        let (tags, _) = split_tags(list, beyond);
        return (!tags.is_empty()).then_some(Filter::Tags(tags));
    }
    None
}

/// The tags that the API cannot filter by, and those that it can.
fn split_tags(list: &Invocation, beyond: impl Fn(&str, &str) -> bool) -> (Vec<String>, Vec<String>) {
    let tags = list.arguments.get("tags").and_then(Value::as_array).into_iter().flatten();
    tags.filter_map(|tag| tag.as_str().map(str::to_owned)).partition(|tag| beyond("tags", tag))
}

impl Filter {
    /// Reads pages and keeps what passes until `limit` is filled, the list ends, or enough was read for one call.
    pub(super) async fn list(&self, backend: &Backend, list: &Invocation, context: &CallContext) -> Result<Value> {
        let limit = list.number("limit").unwrap_or(DEFAULT_LIMIT);
        let start = list.number("offset").unwrap_or(0);
        let mut rest = list.clone();
        match self {
            Self::Status(_) => drop(rest.arguments.shift_remove("status")),
            Self::Tags(_) => {
                let (_, plain) = split_tags(list, |field, value| !backend.filters(list.entry, field, value));
                rest.arguments.shift_remove("tags");
                if !plain.is_empty() {
                    rest.arguments.insert("tags".into(), plain.into());
                }
            }
        }
        let (mut kept, mut offsets, mut at, mut ended) = (Vec::new(), Vec::new(), start, false);
        let (mut before, mut flaw) = (Vec::new(), None);
        'pages: for _ in 0..MOST_PAGES {
            let page = backend.page(&rest, at, PAGE, context).await.map_err(|failed| failed.error)?;
            let read = page.items.len() as u64 + page.aside;
            let ids: Vec<Value> = page.items.iter().filter_map(|item| item.get("id").cloned()).collect();
            flaw = page.flaw.or((!ids.is_empty() && ids == before).then_some(Flaw::Repeats));
            if flaw == Some(Flaw::Repeats) {
                ended = true;
                break;
            }
            before = ids;
            for item in page.items {
                if kept.len() as u64 == limit {
                    break 'pages;
                }
                if self.passes(&item) {
                    kept.push(item);
                    offsets.push(at);
                }
                at += 1;
            }
            at += page.aside;
            if read == 0 || page.end || page.whole || page.total == Some(at) {
                ended = true;
                break;
            }
            context.report(&format!("read {} items, kept {}", at - start, kept.len()));
        }
        let mut meta = Map::new();
        meta.insert("limit".into(), limit.into());
        meta.insert("offset".into(), start.into());
        meta.insert(OFFSETS.into(), offsets.into());
        if !ended {
            meta.insert("nextOffset".into(), at.into());
        }
        let note = format!(
            "The API cannot filter by {}: {} items from offset {start} were read and filtered here.{}",
            self.name(),
            at - start,
            match flaw {
                Some(flaw) => format!(" Not all could be read: {}.", flaw.as_str()),
                None if ended => String::new(),
                None => " Go on from meta.nextOffset.".to_owned(),
            }
        );
        let mut answer = listing(kept, meta);
        answer.insert("note".into(), note.into());
        Ok(answer.into())
    }

    fn passes(&self, item: &Value) -> bool {
        match self {
            Self::Status(status) => item.get("status").and_then(Value::as_str) == Some(status),
            Self::Tags(tags) => {
                let has = |tag: &String| {
                    item.get("tags")
                        .and_then(Value::as_array)
                        .is_some_and(|all| all.iter().any(|one| one == tag.as_str()))
                };
                tags.iter().all(has)
            }
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Status(status) => format!("status {status}"),
            Self::Tags(_) => "a tag with a comma".to_owned(),
        }
    }
}
