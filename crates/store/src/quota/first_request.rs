//! The first request of an account whose limit and window are not known. It goes alone, in one of all processes, so that
//! its answer gives both before other requests follow.

use serde::{Deserialize, Serialize};

/// The longest that it goes alone, in milliseconds.
const ALONE: u64 = 5_000;

/// After an answer that gave not all of it, another request goes alone after this, in milliseconds.
const AGAIN: u64 = 60_000;

/// What the answer to a first request says of the quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lesson {
    /// Nothing: no answer came, or one that cannot say it, such as a 401. The next request goes alone.
    None,
    /// Not all of it.
    Partial,
    /// A success without quota headers: this API has none.
    Silent,
}

/// The state of an account's first request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct FirstRequest {
    /// A first request is under way, and alone until then; 0 if none is.
    alone_until: u64,
    /// No request has to go alone before this.
    settled_until: u64,
}

impl FirstRequest {
    /// The most permits at once; `None` if no request has to go alone. `known`: limit and window are known.
    pub(super) fn most(&mut self, lesson: Option<Lesson>, known: bool, now: u64) -> Option<u32> {
        // A clock that was set back must not hold calls for long.
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
