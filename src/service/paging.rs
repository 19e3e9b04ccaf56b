//! The position of a scan in a list, and whether the scan may have missed an item. Pure.
//!
//! Each page overlaps the previous one by its last item. If the overlap is missing, the list changed. Items inserted
//! ahead of the previous tail are at the head of a list that shows the newest first, so the scan reads the head again
//! at the end. If an item ahead of the tail was removed, the scan steps back a page. It cannot know which items it
//! missed, so the list is read again.
//!
//! A short page is not the end of a list, and the total may be absent or wrong. A scan ends at the total. If the total
//! may be a cap or is absent, the scan ends at a page without new items.

use super::scan::PAGE;
use crate::api::{Flaw, may_be_cap};
use serde::{Deserialize, Serialize};

/// The most steps back of one scan.
const MAX_STEPS_BACK: u32 = 20;

/// The position of a scan. A later process can resume from a stored one.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Paging {
    /// The number of items read, as an offset in the current list.
    read: u64,
    /// The id of the last item read, which the next page begins with.
    tail: Option<String>,
    /// The id of the first item of the first page.
    first: Option<String>,
    total: Option<u64>,
    /// The first total that the API reported.
    first_total: Option<u64>,
    /// The number of items inserted ahead of the items already read.
    added: u64,
    /// The number of unreadable items.
    aside: u64,
    /// The size of a page, if it is smaller than requested.
    size: Option<u64>,
    /// Pages followed a cursor, so that offsets do not show insertions.
    followed: bool,
    /// The head was read again up to `first`.
    closed: bool,
    /// An item among those already read was removed, or the list changed in another way.
    lost: bool,
    steps_back: u32,
    flaw: Option<Flaw>,
    /// The offset and the ids of the last page.
    #[serde(skip)]
    last: Option<(u64, Vec<String>)>,
    #[serde(skip)]
    ended: bool,
}

/// How a page fits the position of the scan.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PageFit {
    Expected,
    /// The list changed, or its pages are smaller than assumed. The pages requested after this one are useless.
    Moved,
}

/// The part of a page that paging needs.
#[derive(Debug, Default)]
pub(super) struct PageView<'a> {
    /// The ids, in order.
    pub(super) ids: Vec<&'a str>,
    /// The number of unreadable items. They count in offsets.
    pub(super) aside: u64,
    pub(super) total: Option<u64>,
    /// The page is the whole list.
    pub(super) whole: bool,
    /// The page follows a cursor, so its offset may have changed.
    pub(super) behind: bool,
    /// The page is the last one.
    pub(super) end: bool,
    /// Why the list is incomplete.
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

    /// Why another scan would find no more items; `None` if it may find more.
    pub(super) fn flaw(&self) -> Option<Flaw> {
        self.flaw
    }

    /// The next offset to request, then the offsets that follow if the list does not change, up to the known total.
    pub(super) fn offsets(&self) -> impl Iterator<Item = u64> + use<> {
        let overlap = u64::from(self.overlaps());
        let first = self.read.saturating_sub(overlap);
        let end = self.total.unwrap_or(0).saturating_sub(overlap);
        let step = (self.size() - overlap).max(1);
        std::iter::once(first).chain((first + step..end).step_by(usize::try_from(step).unwrap_or(1)))
    }

    /// Whether the next page overlaps the last item. This needs a readable last item and pages of more than one item.
    fn overlaps(&self) -> bool {
        self.tail.is_some() && self.size() > 1
    }

    /// The size of a page.
    fn size(&self) -> u64 {
        self.size.unwrap_or(PAGE)
    }

    /// Advances by the page at an offset. Pages have to be taken in the order of their requests.
    pub(super) fn take(&mut self, offset: u64, page: &PageView<'_>) -> PageFit {
        self.total = page.total.or(self.total);
        self.first_total = self.first_total.or(page.total);
        self.flaw = self.flaw.or(page.flaw);
        let count = page.ids.len() as u64 + page.aside;
        if page.whole {
            self.aside += page.aside;
            (self.read, self.ended) = (count, true);
            return PageFit::Expected;
        }
        let expected = self.tail.as_deref().filter(|_| offset < self.read);
        if self.repeats(offset, page, expected) {
            (self.flaw, self.ended) = (Some(Flaw::Repeats), true);
            return PageFit::Expected;
        }
        let overlap_at = expected.map(|tail| page.ids.iter().position(|id| *id == tail));
        if overlap_at == Some(None) && count > 0 {
            self.step_back(offset, page);
            return PageFit::Moved;
        }
        // Even the previous tail is missing: it was removed, or the pages end before the list does.
        self.lost |= count == 0 && expected.is_some() && self.total.is_some_and(|total| total <= self.read);
        self.aside += page.aside;
        // Items inserted ahead of the previous tail.
        let added = overlap_at.flatten().unwrap_or(0) as u64;
        self.added += added;
        let read = offset + count;
        let has_new_items = read > self.read;
        self.read = read.max(self.read);
        if offset == 0 && self.first.is_none() {
            self.first = page.ids.first().map(|id| (*id).to_owned());
        }
        if count > 0 {
            self.tail = page.ids.last().filter(|_| page.aside == 0).map(|id| (*id).to_owned());
        }
        self.note(offset, page);
        if page.behind {
            // A page that follows a cursor does not show insertions ahead of it, so the head has to be read again.
            let more = self.total.zip(self.first_total).map_or(0, |(total, first)| total.saturating_sub(first));
            self.added = self.added.max(more);
            self.followed = true;
        }
        let full = count >= self.size();
        let at_total = self.total.is_some_and(|total| self.read == total && !full && !may_be_cap(total));
        self.ended = page.end || !has_new_items || (at_total && !page.behind);
        if self.ended {
            return PageFit::Expected;
        }
        let size = (count < PAGE).then_some(count);
        let resized = std::mem::replace(&mut self.size, size) != size;
        if added > 0 || resized { PageFit::Moved } else { PageFit::Expected }
    }

    /// Moves the position back after a page without the expected overlap.
    fn step_back(&mut self, offset: u64, page: &PageView<'_>) {
        self.lost = true;
        self.steps_back += 1;
        self.ended = self.steps_back > MAX_STEPS_BACK;
        self.read = offset.saturating_sub(self.size() / 2);
        self.tail = None;
        self.note(offset, page);
    }

    /// Whether a page has the same items as the page before it, although its offset differs.
    fn repeats(&self, offset: u64, page: &PageView<'_>, expected: Option<&str>) -> bool {
        let Some((at, before)) = &self.last else { return false };
        let first = page.ids.first().copied();
        first.is_some()
            && *at != offset
            && first != expected
            && page.ids.len() == before.len()
            && page.ids.iter().all(|id| before.iter().any(|known| known == id))
    }

    fn note(&mut self, offset: u64, page: &PageView<'_>) {
        self.last = Some((offset, page.ids.iter().map(|id| (*id).to_owned()).collect()));
    }

    /// The number of items at the head that have to be read again at the end.
    pub(super) fn head(&self) -> u64 {
        if self.flaw.is_some() { 0 } else { self.added.max(u64::from(self.followed)) }
    }

    /// Takes a page of the head that was read again.
    pub(super) fn take_head(&mut self, page: &PageView<'_>) {
        self.total = page.total.or(self.total);
        self.closed |= self.first.as_deref().is_some_and(|first| page.ids.contains(&first));
    }

    /// Whether no item can be missing, given the number of distinct items found.
    pub(super) fn is_complete(&self, found: u64) -> bool {
        let count = found + self.aside;
        let may_miss_items = self.lost || self.flaw.is_some();
        !may_miss_items
            && match self.total {
                Some(total) if total >= count => total == count,
                // The total is absent, or it is a cap, which does not change. It is only known that the list was read
                // to its end without a gap.
                total => {
                    let is_cap = total == self.first_total && self.aside == 0;
                    self.added == 0 && (self.closed || !self.followed) && (total.is_none() || is_cap)
                }
            }
    }

    /// Why the scan is incomplete, given the number of distinct items found. Completes "could not be read in full: …".
    pub(super) fn why(&self, found: u64) -> String {
        let count = found + self.aside;
        match (self.flaw, self.total) {
            (Some(Flaw::Repeats), _) => Flaw::Repeats.as_str().to_owned(),
            (_, Some(total)) if total > count && !self.lost => format!("the API shows {count} of {total}"),
            (Some(flaw), _) => flaw.as_str().to_owned(),
            _ => "the list changed while it was read".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests;
