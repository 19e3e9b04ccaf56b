//! Pages of lists, as read from an API.

use highlevel_api_client::Moment;
use highlevel_catalog::ListAnswer;
use highlevel_core::error::Error;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::borrow::Cow;

/// One page of a list, and what it shows about the rest.
#[derive(Debug)]
pub struct Page {
    /// The items.
    pub items: Vec<Value>,
    /// The number of items without a readable id. They count as items in the API's paging.
    pub aside: u64,
    /// The number of items in the list, if the API reports it.
    pub total: Option<u64>,
    /// When the request was sent.
    pub sent_at: Moment,
    /// Whether these are all items, because the API does not page the list.
    pub whole: bool,
    /// Whether the page was read by the cursor of the item before `offset`, wherever that item is now. If earlier items
    /// were removed, only the total shows it.
    pub behind: bool,
    /// Whether the list ends here: a request for more items returned none.
    pub end: bool,
    /// Why the list is incomplete, if it is.
    pub flaw: Option<Flaw>,
    /// The lists of names that could not be read, with the errors. Items show ids in place of those names.
    pub unnamed: Vec<(&'static str, Error)>,
    /// A remark for the caller.
    pub note: Option<Cow<'static, str>>,
}

/// A reason why an API never shows the whole list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Flaw {
    /// Every offset returns the same page.
    Repeats,
    /// The list is not paged, and is shorter than the total that the API reports.
    Fewer,
}

impl Flaw {
    /// The reason, as a clause that follows a colon.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Repeats => "the API returns the same page again at every offset",
            Self::Fewer => "the API returns fewer items than the total that it reports",
        }
    }
}

/// Whether a total may be a cap, the largest number that the API reports. Caps are round numbers. A list with such a
/// total is read until a page is empty.
pub fn may_be_cap(total: u64) -> bool {
    total >= 20 && total.is_multiple_of(10)
}

impl Page {
    /// A page of the session API. `takes_query` says whether the endpoint pages.
    pub(super) fn of_session(answer: ListAnswer, sent_at: Moment, limit: u64, takes_query: bool) -> Self {
        let total = answer.total();
        let aside = answer.unreadable.len() as u64;
        let items = answer.items;
        let count = items.len() as u64 + aside;
        let fewer = total.is_some_and(|total| total > count);
        // An API that returns more than the limit does not page, unless its total is larger still.
        let whole = !takes_query || (count > limit && !fewer);
        let flaw = (whole && fewer).then_some(Flaw::Fewer);
        let end = count == 0;
        Self { items, aside, total, sent_at, whole, behind: false, end, flaw, unnamed: Vec::new(), note: None }
    }
}
