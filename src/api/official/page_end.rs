//! What a page says about its list: how many items there are, and whether it is the last page. Pure functions.

use crate::api::may_be_cap;
use serde_json::Value;

/// The members with the number of all items, the surest first.
const TOTALS: [&str; 3] = ["total", "totalCount", "count"];

/// The members that describe a page.
const ABOUT_PAGE: [&str; 3] = ["meta", "pagination", "paging"];

/// A page after those that were read before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PageEnd {
    /// Whether it has no new item: the API ignores its paging, and would return the same page forever.
    pub(super) repeats: bool,
    /// Whether it has more than was asked for: it is the whole list.
    pub(super) whole: bool,
    /// Whether it is empty.
    pub(super) empty: bool,
    /// Whether it ends at the total that the API reports.
    pub(super) at_total: bool,
}

impl PageEnd {
    /// Judges a page of at most `limit` items from `at`. `known` are the items that were read before it.
    ///
    /// A short page is not the end of the list. A list ends at an empty page, or at a reliable total.
    pub(super) fn of(page: &[Value], known: &[Value], at: u64, limit: u64, total: Option<u64>) -> Self {
        let got = page.len() as u64;
        let is_known = |item: &Value| known.iter().any(|known| is_same(known, item));
        Self {
            repeats: got > 0 && page.iter().all(is_known),
            whole: got > limit && at == 0,
            empty: got == 0,
            at_total: total == Some(at + got) && got < limit && !may_be_cap(at + got),
        }
    }

    /// Whether there is no page after it.
    pub(super) fn is_last(self) -> bool {
        self.repeats || self.whole || self.empty || self.at_total
    }
}

/// Whether two items are the same object.
fn is_same(one: &Value, other: &Value) -> bool {
    match (id(one), id(other)) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    }
}

/// The id of an object in the API's form.
pub(super) fn id(object: &Value) -> Option<&str> {
    object.get("_id").or(object.get("id")).and_then(Value::as_str)
}

/// The number of all items, if the API reports it.
pub(super) fn total(body: &Value) -> Option<u64> {
    let count = |object: &Value| TOTALS.iter().find_map(|name| number(object.get(*name)?));
    count(body).or_else(|| ABOUT_PAGE.iter().find_map(|name| count(body.get(*name)?)))
}

/// A count, as a number or as text.
pub(super) fn number(count: &Value) -> Option<u64> {
    count.as_u64().or_else(|| count.as_str()?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn items(ids: &[u32]) -> Vec<Value> {
        ids.iter().map(|id| json!({"id": id.to_string()})).collect()
    }

    #[test]
    fn totals_are_read_in_all_their_forms() {
        for (body, expected) in [
            (json!({"total": 7}), Some(7)),
            (json!({"count": "7", "meta": {"total": 9}}), Some(7)),
            (json!({"count": 3, "total": 7}), Some(7)),
            (json!({"pagination": {"totalCount": 7}}), Some(7)),
            (json!({"total": "many"}), None),
            (json!([1]), None),
        ] {
            assert_eq!(total(&body), expected, "{body}");
        }
    }

    #[test]
    fn a_list_ends_at_its_total_or_at_an_empty_page() {
        let end = |page: &[u32], known: &[u32], limit, total| {
            PageEnd::of(&items(page), &items(known), known.len() as u64, limit, total).is_last()
        };
        assert!(!end(&[1, 2], &[], 2, None));
        assert!(!end(&[1], &[], 2, None), "a short page is not the end");
        assert!(end(&[3], &[1, 2], 2, Some(3)));
        assert!(end(&[], &[1, 2], 2, Some(7)));
        assert!(end(&[1, 2, 3], &[], 2, None), "more than was asked for is the whole list");
        assert!(end(&[1, 2], &[1, 2], 2, Some(7)), "an API that ignores its paging");
    }

    #[test]
    fn items_without_an_id_are_compared_as_a_whole() {
        let numbers = |number: &str| vec![json!({"phoneNumber": number})];
        assert!(!PageEnd::of(&numbers("+1"), &numbers("+2"), 1, 1, None).repeats);
        assert!(PageEnd::of(&numbers("+1"), &numbers("+1"), 1, 1, None).repeats);
    }
}
