//! Filters that the API lacks. They are applied here after reading, across several pages, and a note says so.

use super::{normal, scan::PAGE};
use crate::api::{Adapter, Flaw};
use chrono::DateTime;
use highlevel_catalog::{GapValues, Invocation, ListAnswer, ListPaging, Window};
use highlevel_core::context::CallContext;
use highlevel_core::error::Result;
use serde_json::Value;
use std::cmp::Ordering;

/// The most pages that one call reads.
const MAX_PAGES: usize = 20;

/// A filter that is applied after reading.
pub(super) struct LocalFilter(Vec<LocalCondition>);

/// A condition on an item.
struct LocalCondition {
    /// The argument that asks for it.
    argument: String,
    keeps: Keeps,
}

/// The items that a condition keeps.
enum Keeps {
    /// Items whose member has this value, which the API's filter does not support.
    Equal(String),
    /// Items whose member of this name is true.
    Flag(String),
    /// Items with this day or time, or a later one, in the member.
    From(String, String),
    /// Items with this day or time, or an earlier one, in the member.
    Until(String, String),
    /// Items with all of these tags, which the API's filter cannot express.
    Tags(Vec<String>),
}

/// The part of a list's filter that the API cannot apply, if any.
pub(super) fn beyond_the_api(list: &Invocation) -> Option<LocalFilter> {
    let (tags, _) = split_tags(list);
    let tags = (!tags.is_empty()).then(|| LocalCondition { argument: "tags".to_owned(), keeps: Keeps::Tags(tags) });
    let texts = list.arguments.iter().filter_map(|(name, value)| Some((name, value.as_str()?)));
    let beyond = texts.filter(|(name, value)| !list.spec.can_filter(name, value) && !list.spec.compares_text(name));
    let conditions: Vec<_> = tags.into_iter().chain(beyond.map(|(name, value)| condition(list, name, value))).collect();
    (!conditions.is_empty()).then_some(LocalFilter(conditions))
}

fn condition(list: &Invocation, argument: &str, value: &str) -> LocalCondition {
    let gap = list.spec.filter_gaps.iter().find(|gap| gap.argument == argument && gap.has(value));
    let value = value.to_owned();
    let keeps = match gap.map(|gap| &gap.values) {
        Some(GapValues::Flags(_)) => Keeps::Flag(value),
        Some(GapValues::From(member)) => Keeps::From(member.to_string(), value),
        Some(GapValues::Until(member)) => Keeps::Until(member.to_string(), value),
        _ => Keeps::Equal(value),
    };
    LocalCondition { argument: argument.to_owned(), keeps }
}

/// The tags that the API cannot filter by, then those that it can.
fn split_tags(list: &Invocation) -> (Vec<String>, Vec<String>) {
    list.arguments.texts("tags").map(str::to_owned).partition(|tag| !list.spec.can_filter("tags", tag))
}

/// How the time in a member compares with a day or a time.
fn compared(item: &Value, member: &str, with: &str) -> Option<Ordering> {
    let (at, _) = normal::moment(item.get(member)?)?;
    match DateTime::parse_from_rfc3339(with) {
        Ok(time) => Some(at.cmp(&time.to_utc())),
        Err(_) => Some(at.date_naive().to_string().as_str().cmp(with)),
    }
}

impl LocalCondition {
    fn matches(&self, item: &Value) -> bool {
        match &self.keeps {
            Keeps::Equal(value) => item.get(&self.argument).and_then(Value::as_str) == Some(value),
            Keeps::Flag(member) => item.get(member) == Some(&Value::Bool(true)),
            Keeps::From(member, first) => compared(item, member, first).is_some_and(Ordering::is_ge),
            Keeps::Until(member, last) => compared(item, member, last).is_some_and(Ordering::is_le),
            Keeps::Tags(tags) => {
                let all = item.get("tags").and_then(Value::as_array);
                tags.iter().all(|tag| all.is_some_and(|all| all.iter().any(|one| one == tag.as_str())))
            }
        }
    }

    fn name(&self) -> String {
        match &self.keeps {
            Keeps::Equal(value) | Keeps::Flag(value) | Keeps::From(_, value) | Keeps::Until(_, value) => {
                format!("{} {value}", self.argument)
            }
            Keeps::Tags(_) => "a tag with a comma".to_owned(),
        }
    }
}

impl LocalFilter {
    /// The list without the filter that the API cannot apply.
    fn without(&self, list: &Invocation) -> Invocation {
        let mut rest = list.clone();
        for condition in &self.0 {
            match &condition.keeps {
                Keeps::Tags(_) => {
                    let (_, plain) = split_tags(list);
                    rest.arguments.take("tags");
                    if !plain.is_empty() {
                        rest.arguments.set("tags", plain);
                    }
                }
                _ => drop(rest.arguments.take(&condition.argument)),
            }
        }
        rest
    }

    /// Reads pages and keeps matching items until `limit` is reached, the list ends, or one call has read enough.
    pub(super) async fn list(&self, api: &Adapter, list: &Invocation, context: &CallContext) -> Result<ListAnswer> {
        let Window { limit, offset: start } = list.window();
        let rest = self.without(list);
        let mut kept = Vec::new();
        let mut offsets = Vec::new();
        let mut at = start;
        let mut ended = false;
        let mut ids_before = Vec::new();
        let mut flaw = None;
        'pages: for _ in 0..MAX_PAGES {
            let page = api.page(&rest, at, PAGE, context).await.map_err(|failed| failed.error)?;
            let read = page.items.len() as u64 + page.aside;
            let ids: Vec<Value> = page.items.iter().filter_map(|item| item.get("id").cloned()).collect();
            flaw = page.flaw.or((!ids.is_empty() && ids == ids_before).then_some(Flaw::Repeats));
            if flaw == Some(Flaw::Repeats) {
                ended = true;
                break;
            }
            ids_before = ids;
            for item in page.items {
                if kept.len() as u64 == limit {
                    break 'pages;
                }
                if self.0.iter().all(|condition| condition.matches(&item)) {
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
        let paging = ListPaging {
            limit: Some(limit),
            offset: Some(start),
            next_offset: (!ended).then_some(at),
            item_offsets: Some(offsets),
            ..ListPaging::default()
        };
        let advice = match flaw {
            Some(flaw) => format!(" Not all could be read: {}.", flaw.as_str()),
            None if ended => String::new(),
            None => " Continue from meta.nextOffset.".to_owned(),
        };
        let note = self.note(start, at - start, &advice);
        Ok(ListAnswer { paging, notes: vec![note], ..ListAnswer::of(kept) })
    }

    fn note(&self, start: u64, read: u64, advice: &str) -> String {
        let name = self.0.iter().map(LocalCondition::name).collect::<Vec<_>>().join(" and ");
        format!(
            "The API cannot filter by {name}: {read} items from offset {start} were read and filtered here.{advice}"
        )
    }
}
