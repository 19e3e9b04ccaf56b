//! Where in a list a scan is, and whether it can have missed anything. Pure.
//!
//! Each page begins with the last item of the one before: if it does not, the list moved. What was added before that item
//! stands at the list's beginning in an API that lists the newest first, and is looked for there at the end. Where
//! something was taken away before it, the scan steps back a page, and cannot know what is gone: it is repeated.

use super::scan::PAGE;

/// A scan's place.
#[derive(Debug, Default)]
pub(super) struct Paging {
    /// How many items of the list are read, as the list was last seen.
    read: u64,
    /// The last of them, to be met again.
    tail: Option<String>,
    total: Option<u64>,
    /// The total that was told first.
    first_total: Option<u64>,
    /// Items that were added before those that are read.
    added: u64,
    /// Items that could not be read.
    aside: u64,
    /// Something was taken away among those that are read, or the list moved in another way.
    lost: bool,
    ended: bool,
}

/// What a page was to a scan.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fit {
    /// As expected.
    Next,
    /// The list moved: what was asked for after this page is of no use.
    Moved,
}

/// The part of a page that matters here.
#[derive(Debug)]
pub(super) struct Shown<'a> {
    /// The ids, in order.
    pub(super) ids: Vec<&'a str>,
    /// Items that could not be read, and stand in the list all the same.
    pub(super) aside: u64,
    pub(super) total: Option<u64>,
    /// The API gave all there is.
    pub(super) whole: bool,
    /// It follows on what was read before, wherever that stands by now.
    pub(super) behind: bool,
}

impl Paging {
    /// Goes on from where another scan ended.
    pub(super) fn from(read: u64, tail: Option<String>) -> Self {
        Self { read, tail, ..Self::default() }
    }

    pub(super) fn read(&self) -> u64 {
        self.read
    }

    pub(super) fn tail(&self) -> Option<String> {
        self.tail.clone()
    }

    pub(super) fn total(&self) -> Option<u64> {
        self.total
    }

    pub(super) fn lost(&self) -> bool {
        self.lost
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// How many items were added before those that are read.
    pub(super) fn added(&self) -> u64 {
        self.added
    }

    /// The offsets to ask for: the next one, and those that follow if nothing moves, as far as is known.
    pub(super) fn offsets(&self) -> impl Iterator<Item = u64> + use<> {
        // With the last one read, if there is one to compare with.
        let first = if self.tail.is_some() { self.read.saturating_sub(1) } else { self.read };
        let end = self.total.unwrap_or(0).saturating_sub(1);
        let step = usize::try_from(PAGE - 1).unwrap_or(1);
        std::iter::once(first).chain((first + PAGE - 1..end).step_by(step))
    }

    /// Takes in the page at an offset, in the order in which they were asked for.
    pub(super) fn take(&mut self, offset: u64, page: &Shown<'_>) -> Fit {
        self.total = page.total.or(self.total);
        self.first_total = self.first_total.or(page.total);
        self.aside += page.aside;
        let count = page.ids.len() as u64 + page.aside;
        if page.whole {
            (self.read, self.ended) = (count, true);
            return Fit::Next;
        }
        let place = self.tail.as_ref().map(|tail| page.ids.iter().position(|id| id == tail));
        if place == Some(None) && !(page.ids.is_empty() && self.total.is_none()) {
            self.lost = true;
            self.read = offset.saturating_sub(PAGE / 2);
            self.tail = None;
            return Fit::Moved;
        }
        // As many were added before the one that was the last.
        let added = place.flatten().unwrap_or(0) as u64;
        self.added += added;
        let read = offset + count;
        let news = read > self.read;
        self.read = read.max(self.read);
        self.tail = page.ids.last().filter(|_| page.aside == 0).map(|id| (*id).to_owned());
        // An API that shows no more does not go on, whatever total it says. A page that follows on what was read tells
        // nothing of what moved before it: the list's beginning is looked at once more, and a short page is the end.
        let short = count < PAGE;
        if page.behind {
            let more = self.total.zip(self.first_total).map_or(0, |(total, first)| total.saturating_sub(first));
            self.added = self.added.max(more).max(1);
        }
        let total = self.total.filter(|_| !page.behind);
        self.ended = !news || total.map_or(short, |total| self.read >= total);
        if added > 0 && !self.ended { Fit::Moved } else { Fit::Next }
    }

    /// Takes in what was read again of the list's beginning.
    pub(super) fn take_head(&mut self, page: &Shown<'_>) {
        self.total = page.total.or(self.total);
    }

    /// Whether nothing can have slipped through, if so many different items were met.
    pub(super) fn is_complete(&self, met: u64) -> bool {
        !self.lost && self.total.map_or(self.added == 0, |total| total == met + self.aside)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a list that `change` changes before each request but the first. Gives what was met, and whether it says to
    /// be complete.
    fn scan(
        mut list: Vec<String>,
        mut change: impl FnMut(&mut Vec<String>, usize),
    ) -> (Vec<String>, bool, Vec<String>) {
        let mut paging = Paging::default();
        let mut met = std::collections::BTreeSet::new();
        let mut requests = 0;
        let mut page = |list: &mut Vec<String>, offset: u64, met: &mut std::collections::BTreeSet<String>| {
            if requests > 0 {
                change(list, requests);
            }
            requests += 1;
            assert!(requests < 200, "no end");
            let ids: Vec<String> = list.iter().skip(usize::try_from(offset).unwrap()).take(100).cloned().collect();
            met.extend(ids.clone());
            (ids, list.len() as u64)
        };
        while !paging.has_ended() {
            for offset in paging.offsets() {
                let (ids, total) = page(&mut list, offset, &mut met);
                let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
                let shown = Shown { ids, aside: 0, total: Some(total), whole: false, behind: false };
                if paging.take(offset, &shown) == Fit::Moved || paging.has_ended() {
                    break;
                }
            }
        }
        if paging.added() > 0 {
            let (ids, total) = page(&mut list, 0, &mut met);
            let ids = ids.iter().map(String::as_str).collect();
            paging.take_head(&Shown { ids, aside: 0, total: Some(total), whole: false, behind: false });
        }
        let complete = paging.is_complete(met.len() as u64);
        list.sort();
        (met.into_iter().collect(), complete, list)
    }

    fn ids(count: usize) -> Vec<String> {
        (0..count).map(|number| format!("{number:05}")).collect()
    }

    #[test]
    fn a_list_that_rests_is_read_once() {
        for count in [0, 1, 99, 100, 101, 199, 200, 1000] {
            let (met, complete, list) = scan(ids(count), |_, _| {});
            assert!(complete && met == list, "{count}");
        }
    }

    #[test]
    fn what_is_added_at_either_end_is_met() {
        for at_front in [true, false] {
            let (met, complete, list) = scan(ids(1000), |list, request| {
                if request % 3 == 0 && request < 9 {
                    let at = if at_front { 0 } else { list.len() };
                    list.insert(at, format!("new{request}"));
                }
            });
            assert!(complete && met == list, "{at_front}");
        }
    }

    #[test]
    fn what_is_taken_away_before_is_noticed() {
        let (met, complete, list) = scan(ids(1000), |list, request| {
            if request == 4 {
                list.drain(10..13);
            }
        });
        assert!(!complete && list.iter().all(|id| met.contains(id)));
    }

    #[test]
    fn what_is_taken_away_behind_was_never_there() {
        let (met, complete, list) = scan(ids(1000), |list, request| {
            if request == 2 {
                list.drain(800..813);
            }
        });
        assert!(complete && met == list);
    }

    /// Reads a list, newest first, behind what was read before. Gives what was met, whether it says to be complete, and
    /// the list as it is at the end.
    fn scan_behind(count: u64, steps: &[(usize, usize)]) -> (Vec<u64>, bool, Vec<u64>) {
        let mut list: Vec<u64> = (1..=count).rev().collect();
        let (mut paging, mut read) = (Paging::default(), Vec::<u64>::new());
        let (mut met, mut newest, mut requests) = (std::collections::BTreeSet::new(), count, 0);
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
            let ids: Vec<String> = page.iter().map(u64::to_string).collect();
            let ids = ids.iter().map(String::as_str).collect();
            let total = Some(list.len() as u64);
            paging.take(offset, &Shown { ids, aside: 0, total, whole: false, behind: true });
        }
        if paging.added() > 0 {
            change(&mut list);
            met.extend(list.iter().take(100).copied());
            let total = Some(list.len() as u64);
            paging.take_head(&Shown { ids: Vec::new(), aside: 0, total, whole: false, behind: false });
        }
        let complete = paging.is_complete(met.len() as u64);
        (met.into_iter().collect(), complete, list)
    }

    #[test]
    fn a_list_that_is_read_behind_what_was_read_comes_to_its_end() {
        for count in [0, 1, 99, 100, 101, 199, 1000] {
            let (met, complete, list) = scan_behind(count, &[]);
            assert!(complete && met.len() == list.len(), "{count}");
        }
        let (met, complete, list) = scan_behind(1000, &[(2, 0), (0, 0), (0, 0)]);
        assert!(complete && met.len() == list.len(), "what came to the beginning is met there");
        let (_, complete, _) = scan_behind(1000, &[(2, 0), (2, 0), (1, 5)]);
        assert!(!complete, "what was taken away shows in the total");
    }

    proptest::proptest! {
        #[test]
        fn complete_means_complete_behind_what_was_read_too(count in 0_u64..600, steps in proptest::collection::vec((0_usize..3, 0_usize..600), 0..12)) {
            let (met, complete, list) = scan_behind(count, &steps);
            if complete {
                proptest::prop_assert!(list.iter().all(|id| met.contains(id)), "missed");
            }
        }

        /// Whatever happens at the ends or in the middle: who is said to be complete has met everything that is there.
        #[test]
        fn complete_means_complete(count in 0_usize..600, steps in proptest::collection::vec((0_usize..4, 0_usize..600), 0..12)) {
            let (met, complete, list) = scan(ids(count), |list, request| {
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
    }
}
