//! The first request of an account whose limit and window nobody knows goes alone, so that its answer teaches both
//! before others follow. One of all processes sends it.

use serde::{Deserialize, Serialize};

/// So long it goes alone, in milliseconds.
const ALONE: u64 = 5_000;

/// Who learned nothing, or not all, tries again after this, in milliseconds.
const AGAIN: u64 = 60_000;

/// What an answer to a first request came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lesson {
    /// It could teach nothing: no answer came, or one that says nothing of quotas, such as a 401. The next goes alone.
    None,
    /// An answer, from which no more could be learned at that moment.
    Partial,
    /// A success that tells of no quota: this API has no such headers.
    Silent,
}

/// How far an account has come with it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct First {
    /// A first request is under way, and alone until then; 0 if none is.
    alone_until: u64,
    /// Nobody goes alone before this.
    settled_until: u64,
}

impl First {
    /// How many permits there may be at once; `None` if nobody has to go alone. `known`: limit and window are.
    pub(super) fn most(&mut self, lesson: Option<Lesson>, known: bool, now: u64) -> Option<u32> {
        // A clock that was set back holds nobody for long.
        self.alone_until = self.alone_until.min(now + ALONE);
        if self.settled_until != u64::MAX {
            self.settled_until = self.settled_until.min(now + AGAIN);
        }
        let lesson = lesson.or((self.alone_until != 0 && self.alone_until <= now).then_some(Lesson::Partial));
        if let Some(lesson) = lesson {
            self.alone_until = 0;
            self.settled_until = match lesson {
                Lesson::None => self.settled_until,
                Lesson::Partial => self.settled_until.max(now + AGAIN),
                Lesson::Silent => u64::MAX,
            };
        }
        let alone = !known && self.settled_until <= now;
        alone.then_some(u32::from(self.alone_until == 0))
    }

    /// The first request goes out.
    pub(super) fn goes(&mut self, now: u64) {
        self.alone_until = now + ALONE;
    }
}
