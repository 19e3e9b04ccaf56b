//! Scans of lists that stay the same, change during the scan, and have a capped total.

use super::*;
use std::collections::BTreeSet;

/// How the simulated API pages its list.
#[derive(Debug, Clone, Copy)]
struct ApiPaging {
    /// The most items of a page.
    cap: usize,
    total: Total,
    /// The API returns the first page for every offset.
    ignores_offset: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Total {
    Right,
    Absent,
    Capped(u64),
    More(u64),
}

const PLAIN: ApiPaging = ApiPaging { cap: 100, total: Total::Right, ignores_offset: false };

/// The result of a scan.
#[derive(Debug)]
struct Scanned {
    found: Vec<String>,
    complete: bool,
    /// The list as it is at the end.
    list: Vec<String>,
    requests: usize,
    why: String,
}

impl Scanned {
    fn is_right(&self) -> bool {
        self.complete && self.found == self.list
    }
}

/// Scans a list. `change` changes it before each request except the first.
fn scan(mut list: Vec<String>, paging_style: ApiPaging, mut change: impl FnMut(&mut Vec<String>, usize)) -> Scanned {
    let mut paging = Paging::default();
    let mut found = BTreeSet::new();
    let mut requests = 0;
    let mut resumed = false;
    let mut page = |list: &mut Vec<String>, offset: u64, found: &mut BTreeSet<String>| {
        if requests > 0 {
            change(list, requests);
        }
        requests += 1;
        assert!(requests < 2_000, "no end");
        let skip = if paging_style.ignores_offset { 0 } else { usize::try_from(offset).unwrap() };
        let ids: Vec<String> = list.iter().skip(skip).take(paging_style.cap.min(100)).cloned().collect();
        found.extend(ids.clone());
        let count = list.len() as u64;
        let total = match paging_style.total {
            Total::Right => Some(count),
            Total::Absent => None,
            Total::Capped(most) => Some(count.min(most)),
            Total::More(more) => Some(count + more),
        };
        (ids, total)
    };
    while !paging.has_ended() {
        for offset in paging.offsets() {
            let (ids, total) = page(&mut list, offset, &mut found);
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            let fit = paging.take(offset, &PageView { ids, total, ..PageView::default() });
            if fit == PageFit::Moved || paging.has_ended() {
                break;
            }
            // Another process resumes the scan from its stored position.
            if !std::mem::replace(&mut resumed, true) {
                paging = serde_json::from_str(&serde_json::to_string(&paging).unwrap()).unwrap();
            }
        }
    }
    if paging.head() > 0 {
        let (ids, total) = page(&mut list, 0, &mut found);
        let ids = ids.iter().map(String::as_str).collect();
        paging.take_head(&PageView { ids, total, ..PageView::default() });
    }
    let count = found.len() as u64;
    let complete = paging.is_complete(count);
    let why = paging.why(count);
    list.sort();
    Scanned { found: found.into_iter().collect(), complete, list, requests, why }
}

fn unchanged(_: &mut Vec<String>, _: usize) {}

fn ids(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("{number:05}")).collect()
}

#[test]
fn an_unchanged_list_is_read_once() {
    for (count, most) in [(0, 1), (1, 1), (99, 1), (100, 2), (101, 2), (199, 3), (200, 4), (1000, 12)] {
        let scanned = scan(ids(count), PLAIN, unchanged);
        assert!(scanned.is_right() && scanned.requests <= most, "{count}: {scanned:?}");
    }
}

#[test]
fn a_short_page_is_not_the_end() {
    for cap in [1, 2, 7, 20, 50, 99, 100] {
        for total in [Total::Right, Total::Absent, Total::Capped(20), Total::Capped(50)] {
            for count in [0, 1, 19, 20, 21, 51, 100, 251] {
                let scanned = scan(ids(count), ApiPaging { cap, total, ..PLAIN }, unchanged);
                assert!(scanned.is_right(), "{cap} {total:?} {count}: {scanned:?}");
            }
        }
    }
}

#[test]
fn an_api_that_repeats_the_same_page_is_detected() {
    for count in [2, 50, 100, 101, 1000] {
        for total in [Total::Absent, Total::More(1)] {
            let scanned = scan(ids(count), ApiPaging { total, ignores_offset: true, ..PLAIN }, unchanged);
            assert!(!scanned.complete && scanned.requests <= 3, "{count} {total:?}: {scanned:?}");
            assert_eq!(scanned.why, Flaw::Repeats.as_str());
        }
    }
    // A page that has all items of the total needs no second page.
    assert!(scan(ids(51), ApiPaging { ignores_offset: true, ..PLAIN }, unchanged).is_right());
}

#[test]
fn a_total_that_is_not_reached_is_reported() {
    for count in [0, 1, 50, 100, 250] {
        let scanned = scan(ids(count), ApiPaging { total: Total::More(1), ..PLAIN }, unchanged);
        assert!(!scanned.complete && scanned.requests <= 5, "{scanned:?}");
        assert_eq!(scanned.why, format!("the API shows {count} of {}", count + 1));
    }
}

#[test]
fn items_inserted_at_either_end_are_found() {
    for at_front in [true, false] {
        let scanned = scan(ids(1000), PLAIN, |list, request| {
            if request % 3 == 0 && request < 9 {
                let at = if at_front { 0 } else { list.len() };
                list.insert(at, format!("new{request}"));
            }
        });
        assert!(scanned.is_right(), "{at_front}");
    }
}

#[test]
fn a_removal_among_the_items_already_read_is_noticed() {
    let Scanned { found, complete, list, .. } = scan(ids(1000), PLAIN, |list, request| {
        if request == 4 {
            list.drain(10..13);
        }
    });
    assert!(!complete && list.iter().all(|id| found.contains(id)));
}

#[test]
fn a_removal_after_the_position_does_not_matter() {
    let scanned = scan(ids(1000), PLAIN, |list, request| {
        if request == 2 {
            list.drain(800..813);
        }
    });
    assert!(scanned.is_right());
}

/// Scans a list, newest first, by cursor. Returns the items found, whether the scan reports to be complete, and the
/// list at the end.
fn scan_by_cursor(count: u64, has_total: bool, steps: &[(usize, usize)]) -> (Vec<u64>, bool, Vec<u64>) {
    let mut list: Vec<u64> = (1..=count).rev().collect();
    let mut paging = Paging::default();
    let mut read = Vec::<u64>::new();
    let mut found = BTreeSet::new();
    let mut newest = count;
    let mut requests = 0;
    let mut change = |list: &mut Vec<u64>| {
        match steps.get(requests) {
            Some((0, _)) => {
                newest += 1;
                list.insert(0, newest);
            }
            Some((1, at)) if !list.is_empty() => drop(list.remove(at % list.len())),
            _ => {}
        }
        requests += 1;
        assert!(requests < 200, "no end");
    };
    let shown = |page: &[u64]| page.iter().map(u64::to_string).collect::<Vec<_>>();
    while !paging.has_ended() && !paging.lost() {
        let offset = paging.offsets().next().unwrap();
        change(&mut list);
        // The cursor is the item before `offset` at the time it was read.
        let before = usize::try_from(offset).unwrap().checked_sub(1).and_then(|at| read.get(at));
        let page: Vec<u64> =
            list.iter().copied().filter(|id| before.is_none_or(|before| id < before)).take(100).collect();
        read.truncate(usize::try_from(offset).unwrap());
        read.extend(&page);
        found.extend(page.clone());
        let ids = shown(&page);
        let ids = ids.iter().map(String::as_str).collect();
        let total = has_total.then_some(list.len() as u64);
        paging.take(offset, &PageView { ids, total, behind: true, ..PageView::default() });
    }
    if paging.head() > 0 {
        change(&mut list);
        let page: Vec<u64> = list.iter().take(100).copied().collect();
        found.extend(page.clone());
        let ids = shown(&page);
        let ids = ids.iter().map(String::as_str).collect();
        paging.take_head(&PageView { ids, total: has_total.then_some(list.len() as u64), ..PageView::default() });
    }
    let complete = paging.is_complete(found.len() as u64);
    (found.into_iter().collect(), complete, list)
}

#[test]
fn a_scan_by_cursor_reaches_the_end() {
    for has_total in [true, false] {
        for count in [0, 1, 99, 100, 101, 199, 1000] {
            let (found, complete, list) = scan_by_cursor(count, has_total, &[]);
            assert!(complete || list.is_empty(), "{has_total} {count}");
            assert_eq!(found.len(), list.len());
        }
        let (found, complete, list) = scan_by_cursor(1000, has_total, &[(2, 0), (0, 0), (0, 0)]);
        assert!(complete && found.len() == list.len(), "items inserted at the head are found there");
    }
    let (_, complete, _) = scan_by_cursor(1000, true, &[(2, 0), (2, 0), (1, 5)]);
    assert!(!complete, "the total shows the removal");
}

fn any_total() -> impl proptest::strategy::Strategy<Value = Total> {
    use proptest::prelude::*;
    prop_oneof![
        Just(Total::Right),
        Just(Total::Absent),
        // Multiples of 10 from 20 on: the scan takes any other total as exact.
        (2_u64..70).prop_map(|tens| Total::Capped(tens * 10)),
        (1_u64..50).prop_map(Total::More),
    ]
}

proptest::proptest! {
    #[test]
    fn complete_means_complete_by_cursor_too(
        count in 0_u64..600,
        has_total in proptest::bool::ANY,
        steps in proptest::collection::vec((0_usize..3, 0_usize..600), 0..12),
    ) {
        let (found, complete, list) = scan_by_cursor(count, has_total, &steps);
        if complete {
            proptest::prop_assert!(list.iter().all(|id| found.contains(id)), "missed");
        }
    }

    /// A scan that reports to be complete has found every item, for any changes, page size and total.
    #[test]
    fn complete_means_complete(
        count in 0_usize..600,
        cap in proptest::sample::select(vec![2, 3, 20, 50, 100]),
        total in any_total(),
        steps in proptest::collection::vec((0_usize..4, 0_usize..600), 0..12),
    ) {
        let paging_style = ApiPaging { cap, total, ignores_offset: false };
        let Scanned { found, complete, list, .. } = scan(ids(count), paging_style, |list, request| {
            match steps.get(request) {
                Some((0, _)) => list.insert(0, format!("front{request}")),
                Some((1, _)) => list.push(format!("back{request}")),
                Some((2, at)) if !list.is_empty() => drop(list.remove(at % list.len())),
                _ => {}
            }
        });
        if complete {
            // A removed item may have been found before its removal, so `found` may have more items than the list.
            proptest::prop_assert!(list.iter().all(|id| found.contains(id)), "missed");
        }
    }

    /// A scan of an unchanged list is complete, unless the API reports a larger total.
    #[test]
    fn a_scan_of_an_unchanged_list_is_complete(
        count in 0_usize..600, cap in 1_usize..101, total in any_total(), ignores_offset in proptest::bool::ANY,
    ) {
        let scanned = scan(ids(count), ApiPaging { cap, total, ignores_offset }, unchanged);
        let is_whole = scanned.found == scanned.list;
        match total {
            Total::More(_) => proptest::prop_assert!(!scanned.complete),
            _ if ignores_offset => proptest::prop_assert!(!scanned.complete || is_whole, "{:?}", scanned),
            _ => proptest::prop_assert!(scanned.complete && is_whole, "{:?}", scanned),
        }
    }
}
