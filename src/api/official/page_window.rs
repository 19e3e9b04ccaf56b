//! Conversion of offset and limit to page numbers, for an API that only has page numbers. Pure functions.

use std::ops::Range;

/// A page to request, and the wanted items in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PageWindow {
    /// The page's number, from 1.
    pub(super) page: u64,
    /// The page's size.
    pub(super) size: u64,
    /// The indices of the wanted items in the page.
    pub(super) wanted: Range<u64>,
}

/// The pages that hold the `limit` items from `offset`, if a page has at most `most` items. That is one page, possibly
/// larger than `limit`, or two adjacent pages if no single page holds all items.
pub(super) fn windows(offset: u64, limit: u64, most: u64) -> Vec<PageWindow> {
    let limit = limit.clamp(1, most.max(1));
    let end = offset.saturating_add(limit);
    let holds_all = |size: &u64| offset / size == (end - 1) / size;
    let cut = |page: u64, size: u64| {
        let start = page * size;
        let wanted = offset.max(start) - start..end.min(start.saturating_add(size)) - start;
        PageWindow { page: page + 1, size, wanted }
    };
    match (limit..=most).find(holds_all) {
        Some(size) => vec![cut(offset / size, size)],
        None => vec![cut(offset / limit, limit), cut(offset / limit + 1, limit)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn aligned_pages_take_one_request() {
        assert_eq!(windows(0, 100, 500), [PageWindow { page: 1, size: 100, wanted: 0..100 }]);
        assert_eq!(windows(200, 100, 500), [PageWindow { page: 3, size: 100, wanted: 0..100 }]);
        assert_eq!(windows(99, 100, 500), [PageWindow { page: 1, size: 199, wanted: 99..199 }]);
        assert_eq!(windows(99, 100, 100).len(), 2);
    }

    proptest! {
        #[test]
        fn windows_hold_exactly_the_wanted_items(offset in 0_u64..100_000, limit in 1_u64..=100, more in 0_u64..=400) {
            let windows = windows(offset, limit, 100 + more);
            let items: Vec<u64> = windows
                .iter()
                .flat_map(|window| window.wanted.clone().map(|at| (window.page - 1) * window.size + at))
                .collect();
            prop_assert_eq!(items, (offset..offset + limit).collect::<Vec<_>>());
            prop_assert!(windows.len() <= 2 && windows.iter().all(|window| window.size <= 100 + more));
        }
    }
}
