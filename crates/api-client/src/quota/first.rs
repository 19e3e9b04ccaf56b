//! The first request goes alone until its answer, for a process that paces alone; see `store/quota/first.rs`.

use highlevel_store::Lesson;
use std::time::Duration;
use tokio::time::Instant;

/// So long it is waited for.
const ALONE: Duration = Duration::from_secs(5);

/// How far this process has come with it.
#[derive(Debug, Default)]
pub(super) struct First {
    went_at: Option<Instant>,
    settled: bool,
}

impl First {
    pub(super) fn goes(&mut self, now: Instant) {
        self.went_at = Some(now);
    }

    pub(super) fn learned(&mut self, lesson: Lesson) {
        self.settled |= lesson != Lesson::None;
    }

    /// Until when nothing else goes out, with so many requests under way.
    pub(super) fn alone_until(&self, in_flight: usize, now: Instant) -> Option<Instant> {
        let until = self.went_at? + ALONE;
        (!self.settled && in_flight > 0 && until > now).then_some(until)
    }
}
