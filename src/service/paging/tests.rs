//! Scans of lists that rest, move, and are capped.

use super::*;
use std::collections::BTreeSet;

/// How a list shows itself.
#[derive(Debug, Clone, Copy)]
struct Manner {
    /// The most items of a page.
    cap: usize,
    total: Total,
    /// Whatever offset is asked for, the first page comes.
    ignores_offset: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Total {
    Right,
    Absent,
    Capped(u64),
    More(u64),
}

const PLAIN: Manner = Manner { cap: 100, total: Total::Right, ignores_offset: false };

/// What a scan came to.
#[derive(Debug)]
struct Scanned {
    met: Vec<String>,
    complete: bool,
    /// The list as it is at the end.
    list: Vec<String>,
    requests: usize,
    why: String,
}

impl Scanned {
    fn is_right(&self) -> bool {
        self.complete && self.met == self.list
    }
}

/// Reads a list that `change` changes before each request but the first.
fn scan(mut list: Vec<String>, manner: Manner, mut change: impl FnMut(&mut Vec<String>, usize)) -> Scanned {
    let (mut paging, mut met, mut requests, mut resumed) = (Paging::default(), BTreeSet::new(), 0, false);
    let mut page = |list: &mut Vec<String>, offset: u64, met: &mut BTreeSet<String>| {
        if requests > 0 {
            change(list, requests);
        }
        requests += 1;
        assert!(requests < 2_000, "no end");
        let skip = if manner.ignores_offset { 0 } else { usize::try_from(offset).unwrap() };
        let ids: Vec<String> = list.iter().skip(skip).take(manner.cap.min(100)).cloned().collect();
        met.extend(ids.clone());
        let count = list.len() as u64;
        let total = match manner.total {
            Total::Right => Some(count),
            Total::Absent => None,
            Total::Capped(most) => Some(count.min(most)),
            Total::More(more) => Some(count + more),
        };
        (ids, total)
    };
    while !paging.has_ended() {
        for offset in paging.offsets() {
            let (ids, total) = page(&mut list, offset, &mut met);
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            let fit = paging.take(offset, &Shown { ids, total, ..Shown::default() });
            if fit == Fit::Moved || paging.has_ended() {
                break;
            }
            // A scan is gone on with by another process as if nothing had happened.
            if !std::mem::replace(&mut resumed, true) {
                paging = serde_json::from_str(&serde_json::to_string(&paging).unwrap()).unwrap();
            }
        }
    }
    if paging.head() > 0 {
        let (ids, total) = page(&mut list, 0, &mut met);
        let ids = ids.iter().map(String::as_str).collect();
        paging.take_head(&Shown { ids, total, ..Shown::default() });
    }
    let count = met.len() as u64;
    let (complete, why) = (paging.is_complete(count), paging.why(count));
    list.sort();
    Scanned { met: met.into_iter().collect(), complete, list, requests, why }
}

fn rests(_: &mut Vec<String>, _: usize) {}

fn ids(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("{number:05}")).collect()
}

#[test]
fn a_list_that_rests_is_read_once() {
    for (count, most) in [(0, 1), (1, 1), (99, 1), (100, 2), (101, 2), (199, 3), (200, 4), (1000, 12)] {
        let scanned = scan(ids(count), PLAIN, rests);
        assert!(scanned.is_right() && scanned.requests <= most, "{count}: {scanned:?}");
    }
}

#[test]
fn a_short_page_is_not_the_end() {
    for cap in [1, 2, 7, 20, 50, 99, 100] {
        for total in [Total::Right, Total::Absent, Total::Capped(20), Total::Capped(50)] {
            for count in [0, 1, 19, 20, 21, 51, 100, 251] {
                let scanned = scan(ids(count), Manner { cap, total, ..PLAIN }, rests);
                assert!(scanned.is_right(), "{cap} {total:?} {count}: {scanned:?}");
            }
        }
    }
}

#[test]
fn an_api_that_gives_the_same_page_again_is_found_out() {
    for count in [2, 50, 100, 101, 1000] {
        for total in [Total::Absent, Total::More(1)] {
            let scanned = scan(ids(count), Manner { total, ignores_offset: true, ..PLAIN }, rests);
            assert!(!scanned.complete && scanned.requests <= 3, "{count} {total:?}: {scanned:?}");
            assert_eq!(scanned.why, Flaw::Repeats.as_str());
        }
    }
    // One that shows all that it says there is needs no second page.
    assert!(scan(ids(51), Manner { ignores_offset: true, ..PLAIN }, rests).is_right());
}

#[test]
fn a_total_that_is_not_reached_is_said() {
    for count in [0, 1, 50, 100, 250] {
        let scanned = scan(ids(count), Manner { total: Total::More(1), ..PLAIN }, rests);
        assert!(!scanned.complete && scanned.requests <= 5, "{scanned:?}");
        assert_eq!(scanned.why, format!("the API shows {count} of {}", count + 1));
    }
}

#[test]
fn what_is_added_at_either_end_is_met() {
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
fn what_is_taken_away_before_is_noticed() {
    let Scanned { met, complete, list, .. } = scan(ids(1000), PLAIN, |list, request| {
        if request == 4 {
            list.drain(10..13);
        }
    });
    assert!(!complete && list.iter().all(|id| met.contains(id)));
}

#[test]
fn what_is_taken_away_behind_was_never_there() {
    let scanned = scan(ids(1000), PLAIN, |list, request| {
        if request == 2 {
            list.drain(800..813);
        }
    });
    assert!(scanned.is_right());
}

/// Reads a list, newest first, behind what was read before. Gives what was met, whether it says to be complete, and
/// the list as it is at the end.
fn scan_behind(count: u64, told: bool, steps: &[(usize, usize)]) -> (Vec<u64>, bool, Vec<u64>) {
    let mut list: Vec<u64> = (1..=count).rev().collect();
    let (mut paging, mut read) = (Paging::default(), Vec::<u64>::new());
    let (mut met, mut newest, mut requests) = (BTreeSet::new(), count, 0);
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
        // Behind the item before `offset`, as it was when it was read.
        let before = usize::try_from(offset).unwrap().checked_sub(1).and_then(|at| read.get(at));
        let page: Vec<u64> =
            list.iter().copied().filter(|id| before.is_none_or(|before| id < before)).take(100).collect();
        read.truncate(usize::try_from(offset).unwrap());
        read.extend(&page);
        met.extend(page.clone());
        let ids = shown(&page);
        let ids = ids.iter().map(String::as_str).collect();
        let total = told.then_some(list.len() as u64);
        paging.take(offset, &Shown { ids, total, behind: true, ..Shown::default() });
    }
    if paging.head() > 0 {
        change(&mut list);
        let page: Vec<u64> = list.iter().take(100).copied().collect();
        met.extend(page.clone());
        let ids = shown(&page);
        let ids = ids.iter().map(String::as_str).collect();
        paging.take_head(&Shown { ids, total: told.then_some(list.len() as u64), ..Shown::default() });
    }
    let complete = paging.is_complete(met.len() as u64);
    (met.into_iter().collect(), complete, list)
}

#[test]
fn a_list_that_is_read_behind_what_was_read_comes_to_its_end() {
    for told in [true, false] {
        for count in [0, 1, 99, 100, 101, 199, 1000] {
            let (met, complete, list) = scan_behind(count, told, &[]);
            assert!(complete || list.is_empty(), "{told} {count}");
            assert_eq!(met.len(), list.len());
        }
        let (met, complete, list) = scan_behind(1000, told, &[(2, 0), (0, 0), (0, 0)]);
        assert!(complete && met.len() == list.len(), "what came to the beginning is met there");
    }
    let (_, complete, _) = scan_behind(1000, true, &[(2, 0), (2, 0), (1, 5)]);
    assert!(!complete, "what was taken away shows in the total");
}

fn any_total() -> impl proptest::strategy::Strategy<Value = Total> {
    use proptest::prelude::*;
    prop_oneof![
        Just(Total::Right),
        Just(Total::Absent),
        // A total that says no more than what one page shows, and looks like none of the usual caps, is believed.
        (2_u64..70).prop_map(|tens| Total::Capped(tens * 10)),
        (1_u64..50).prop_map(Total::More),
    ]
}

proptest::proptest! {
    #[test]
    fn complete_means_complete_behind_what_was_read_too(count in 0_u64..600, told in proptest::bool::ANY, steps in proptest::collection::vec((0_usize..3, 0_usize..600), 0..12)) {
        let (met, complete, list) = scan_behind(count, told, &steps);
        if complete {
            proptest::prop_assert!(list.iter().all(|id| met.contains(id)), "missed");
        }
    }

    /// Whatever happens at the ends or in the middle, however small pages are and whatever total is told: who is said
    /// to be complete has met everything that is there.
    #[test]
    fn complete_means_complete(
        count in 0_usize..600,
        cap in proptest::sample::select(vec![2, 3, 20, 50, 100]),
        total in any_total(),
        steps in proptest::collection::vec((0_usize..4, 0_usize..600), 0..12),
    ) {
        let manner = Manner { cap, total, ignores_offset: false };
        let Scanned { met, complete, list, .. } = scan(ids(count), manner, |list, request| {
            match steps.get(request) {
                Some((0, _)) => list.insert(0, format!("front{request}")),
                Some((1, _)) => list.push(format!("back{request}")),
                Some((2, at)) if !list.is_empty() => drop(list.remove(at % list.len())),
                _ => {}
            }
        });
        if complete {
            // What was taken away after it was met, in exchange for what came to the end, is met in vain only.
            proptest::prop_assert!(list.iter().all(|id| met.contains(id)), "missed");
        }
    }

    /// A list that rests is read whole and called so, unless the API says that there is more.
    #[test]
    fn a_list_that_rests_is_complete(
        count in 0_usize..600, cap in 1_usize..101, total in any_total(), ignores_offset in proptest::bool::ANY,
    ) {
        let scanned = scan(ids(count), Manner { cap, total, ignores_offset }, rests);
        let is_whole = scanned.met == scanned.list;
        match total {
            Total::More(_) => proptest::prop_assert!(!scanned.complete),
            _ if ignores_offset => proptest::prop_assert!(!scanned.complete || is_whole, "{:?}", scanned),
            _ => proptest::prop_assert!(scanned.complete && is_whole, "{:?}", scanned),
        }
    }
}
