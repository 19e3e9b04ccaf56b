//! Where in a list a scan is, and whether it can have missed anything. Pure.
//!
//! Each page begins with the last item of the one before: if it does not, the list moved. What was added before that item
//! stands at the list's beginning in an API that lists the newest first, and is looked for there at the end. Where
//! something was taken away before it, the scan steps back a page, and cannot know what is gone: it is repeated.
//!
//! A short page is not the end of a list, and a total may be absent or wrong. A scan ends at the total, and where that
//! may be a cap, or is none, at a page that shows nothing new.

use super::scan::PAGE;
use crate::api::{Flaw, may_be_cap};
use serde::{Deserialize, Serialize};

/// How often a scan steps back before it gives up.
const STEPS_BACK: u32 = 20;

/// A scan's place. A later process goes on from one that was written down.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Paging {
    /// How many items of the list are read, as the list was last seen.
    read: u64,
    /// The last of them, to be met again.
    tail: Option<String>,
    /// The first item of the first page.
    first: Option<String>,
    total: Option<u64>,
    /// The total that was told first.
    first_total: Option<u64>,
    /// Items that were added before those that are read.
    added: u64,
    /// Items that could not be read.
    aside: u64,
    /// How many items a page has, where that is fewer than were asked for.
    size: Option<u64>,
    /// Pages followed on a cursor, so that no offset tells what was added.
    followed: bool,
    /// The list's beginning was read again and led to `first`.
    closed: bool,
    /// Something was taken away among those that are read, or the list moved in another way.
    lost: bool,
    steps_back: u32,
    flaw: Option<Flaw>,
    /// The page that was taken in last: its offset and its ids.
    #[serde(skip)]
    last: Option<(u64, Vec<String>)>,
    #[serde(skip)]
    ended: bool,
}

/// What a page was to a scan.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fit {
    /// As expected.
    Next,
    /// The list moved, or its pages are smaller than was thought: what was asked for after this page is of no use.
    Moved,
}

/// The part of a page that matters here.
#[derive(Debug, Default)]
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
    /// Nothing follows on it.
    pub(super) end: bool,
    /// Why the list that it is of is not all there is.
    pub(super) flaw: Option<Flaw>,
}

impl Paging {
    pub(super) fn read(&self) -> u64 {
        self.read
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

    /// Why another reading would show no more; `None` where it may.
    pub(super) fn flaw(&self) -> Option<Flaw> {
        self.flaw
    }

    /// The offsets to ask for: the next one, and those that follow if nothing moves, as far as is known.
    pub(super) fn offsets(&self) -> impl Iterator<Item = u64> + use<> {
        let overlap = u64::from(self.overlaps());
        let first = self.read.saturating_sub(overlap);
        let end = self.total.unwrap_or(0).saturating_sub(overlap);
        let step = (self.size() - overlap).max(1);
        std::iter::once(first).chain((first + step..end).step_by(usize::try_from(step).unwrap_or(1)))
    }

    /// Whether the next page is asked for with the last item that was read: there has to be one to compare with, and room
    /// for more.
    fn overlaps(&self) -> bool {
        self.tail.is_some() && self.size() > 1
    }

    /// How many items a page has.
    fn size(&self) -> u64 {
        self.size.unwrap_or(PAGE)
    }

    /// Takes in the page at an offset, in the order in which they were asked for.
    pub(super) fn take(&mut self, offset: u64, page: &Shown<'_>) -> Fit {
        self.total = page.total.or(self.total);
        self.first_total = self.first_total.or(page.total);
        self.flaw = self.flaw.or(page.flaw);
        let count = page.ids.len() as u64 + page.aside;
        if page.whole {
            self.aside += page.aside;
            (self.read, self.ended) = (count, true);
            return Fit::Next;
        }
        let expected = self.tail.as_deref().filter(|_| offset < self.read);
        if self.repeats(offset, page, expected) {
            (self.flaw, self.ended) = (Some(Flaw::Repeats), true);
            return Fit::Next;
        }
        let place = expected.map(|tail| page.ids.iter().position(|id| *id == tail));
        if place == Some(None) && count > 0 {
            self.lost = true;
            self.steps_back += 1;
            self.ended = self.steps_back > STEPS_BACK;
            self.read = offset.saturating_sub(self.size() / 2);
            self.tail = None;
            self.note(offset, page);
            return Fit::Moved;
        }
        // Nothing is there any more, not even what was the last: it was taken away, or pages end before the list does.
        self.lost |= count == 0 && expected.is_some() && self.total.is_some_and(|total| total <= self.read);
        self.aside += page.aside;
        // As many were added before the one that was the last.
        let added = place.flatten().unwrap_or(0) as u64;
        self.added += added;
        let read = offset + count;
        let news = read > self.read;
        self.read = read.max(self.read);
        if offset == 0 && self.first.is_none() {
            self.first = page.ids.first().map(|id| (*id).to_owned());
        }
        if count > 0 {
            self.tail = page.ids.last().filter(|_| page.aside == 0).map(|id| (*id).to_owned());
        }
        self.note(offset, page);
        if page.behind {
            // A page that follows on what was read tells nothing of what moved before it: the list's beginning is looked
            // at once more.
            let more = self.total.zip(self.first_total).map_or(0, |(total, first)| total.saturating_sub(first));
            self.added = self.added.max(more);
            self.followed = true;
        }
        let full = count >= self.size();
        let at_total = self.total.is_some_and(|total| self.read == total && !full && !may_be_cap(total));
        self.ended = page.end || !news || (at_total && !page.behind);
        if self.ended {
            return Fit::Next;
        }
        let size = (count < PAGE).then_some(count);
        let resized = std::mem::replace(&mut self.size, size) != size;
        if added > 0 || resized { Fit::Moved } else { Fit::Next }
    }

    /// Whether a page shows again what the page before it showed, although it was asked for at another offset.
    fn repeats(&self, offset: u64, page: &Shown<'_>, expected: Option<&str>) -> bool {
        let Some((at, before)) = &self.last else { return false };
        let first = page.ids.first().copied();
        first.is_some()
            && *at != offset
            && first != expected
            && page.ids.len() == before.len()
            && page.ids.iter().all(|id| before.iter().any(|known| known == id))
    }

    fn note(&mut self, offset: u64, page: &Shown<'_>) {
        self.last = Some((offset, page.ids.iter().map(|id| (*id).to_owned()).collect()));
    }

    /// How many items of the list's beginning are to be read again at the end.
    pub(super) fn head(&self) -> u64 {
        if self.flaw.is_some() { 0 } else { self.added.max(u64::from(self.followed)) }
    }

    /// Takes in what was read again of the list's beginning.
    pub(super) fn take_head(&mut self, page: &Shown<'_>) {
        self.total = page.total.or(self.total);
        self.closed |= self.first.as_deref().is_some_and(|first| page.ids.contains(&first));
    }

    /// Whether nothing can have slipped through, if so many different items were met.
    pub(super) fn is_complete(&self, met: u64) -> bool {
        let count = met + self.aside;
        let unlikely = self.lost || self.flaw.is_some();
        !unlikely
            && match self.total {
                Some(total) if total >= count => total == count,
                // There is no total, or it is a cap, which stays as it is: all that is known is that the list was read to
                // its end, in one piece.
                total => {
                    let is_cap = total == self.first_total && self.aside == 0;
                    self.added == 0 && (self.closed || !self.followed) && (total.is_none() || is_cap)
                }
            }
    }

    /// Why a scan that met so many different items is not complete, in words that follow "could not be read in full:".
    pub(super) fn why(&self, met: u64) -> String {
        let count = met + self.aside;
        match (self.flaw, self.total) {
            (Some(Flaw::Repeats), _) => Flaw::Repeats.as_str().to_owned(),
            (_, Some(total)) if total > count && !self.lost => format!("the API shows {count} of {total}"),
            (Some(flaw), _) => flaw.as_str().to_owned(),
            _ => "the list moved while it was read".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests;
