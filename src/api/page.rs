//! One page of a list, as an API shows it.

use highlevel_api_client::Moment;
use highlevel_catalog::ListAnswer;
use highlevel_core::error::Error;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One page of a list, and what it says of the rest.
#[derive(Debug)]
pub struct Page {
    /// The items.
    pub items: Vec<Value>,
    /// Items that cannot be read. They have places in the list all the same.
    pub aside: u64,
    /// How many items the list has, if the API says.
    pub total: Option<u64>,
    /// When the request was sent.
    pub sent_at: Moment,
    /// The API gave more than was asked for: it does not page, and these are all items.
    pub whole: bool,
    /// It follows on the item before `offset`, wherever that item stands by now. Items that were taken away before it
    /// show in the total alone.
    pub behind: bool,
    /// Nothing follows on these: the API was asked, and showed no more.
    pub end: bool,
    /// Why the list that these are of is not complete.
    pub flaw: Option<Flaw>,
    /// Lists of names that could not be read, and why. Ids stand for the names.
    pub unnamed: Vec<(&'static str, Error)>,
    /// What a caller should know of it.
    pub note: Option<&'static str>,
}

/// Why an API shows less than the whole list, however often it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Flaw {
    /// The same page comes at every offset.
    Repeats,
    /// The list takes no paging and is shorter than the total that the API reports.
    Fewer,
}

impl Flaw {
    /// The reason in words that follow a colon.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Repeats => "the API gives the same page again, whatever offset is asked for",
            Self::Fewer => "the API shows fewer than the total that it tells",
        }
    }
}

/// Whether a total may be the largest number that the API ever reports, which is a round one. Then the list is asked for
/// what follows.
pub fn may_be_cap(total: u64) -> bool {
    total >= 20 && total.is_multiple_of(10)
}

impl Page {
    /// A page of the session API. `takes_query`: the endpoint pages at all.
    pub(super) fn of_session(answer: ListAnswer, sent_at: Moment, limit: u64, takes_query: bool) -> Self {
        let total = answer.total();
        let aside = answer.unreadable.len() as u64;
        let items = answer.items;
        let count = items.len() as u64 + aside;
        let fewer = total.is_some_and(|total| total > count);
        // An API that gives more than was asked for does not page, unless there is more still.
        let whole = !takes_query || (count > limit && !fewer);
        let flaw = (whole && fewer).then_some(Flaw::Fewer);
        let end = count == 0;
        Self { items, aside, total, sent_at, whole, behind: false, end, flaw, unnamed: Vec::new(), note: None }
    }
}
