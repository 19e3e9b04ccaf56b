//! Filters that the API lacks. They are applied here after reading, across several pages, and a note says so.

use super::scan::PAGE;
use crate::api::{Adapter, Flaw};
use highlevel_catalog::{Invocation, ListAnswer, ListPaging, Window};
use highlevel_core::context::CallContext;
use highlevel_core::error::Result;
use serde_json::Value;

/// The most pages that one call reads.
const MAX_PAGES: usize = 20;

/// A filter that is applied after reading.
pub(super) enum LocalFilter {
    /// Items whose field has this value, which the API's filter does not support.
    Equal { field: String, value: String },
    /// Items with all of these tags, which the API's filter cannot express.
    Tags(Vec<String>),
}

/// The part of a list's filter that the API cannot apply, if any.
pub(super) fn beyond_the_api(list: &Invocation) -> Option<LocalFilter> {
    let (tags, _) = split_tags(list);
    if !tags.is_empty() {
        return Some(LocalFilter::Tags(tags));
    }
    let texts = list.arguments.iter().filter_map(|(name, value)| Some((name, value.as_str()?)));
    let mut beyond = texts.filter(|(name, value)| !list.spec.can_filter(name, value) && !list.spec.compares_text(name));
    beyond.next().map(|(name, value)| LocalFilter::Equal { field: name.to_owned(), value: value.to_owned() })
}

/// The tags that the API cannot filter by, then those that it can.
fn split_tags(list: &Invocation) -> (Vec<String>, Vec<String>) {
    list.arguments.texts("tags").map(str::to_owned).partition(|tag| !list.spec.can_filter("tags", tag))
}

impl LocalFilter {
    /// The list without the filter that the API cannot apply.
    fn without(&self, list: &Invocation) -> Invocation {
        let mut rest = list.clone();
        match self {
            Self::Equal { field, .. } => drop(rest.arguments.take(field)),
            Self::Tags(_) => {
                let (_, plain) = split_tags(list);
                rest.arguments.take("tags");
                if !plain.is_empty() {
                    rest.arguments.set("tags", plain);
                }
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
                if self.matches(&item) {
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
        let name = self.name();
        format!(
            "The API cannot filter by {name}: {read} items from offset {start} were read and filtered here.{advice}"
        )
    }

    fn matches(&self, item: &Value) -> bool {
        match self {
            Self::Equal { field, value } => item.get(field).and_then(Value::as_str) == Some(value),
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
            Self::Equal { field, value } => format!("{field} {value}"),
            Self::Tags(_) => "a tag with a comma".to_owned(),
        }
    }
}
