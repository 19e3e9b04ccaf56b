//! The first request of a process that paces alone; `store/quota/first_request.rs` is the same among processes.

use highlevel_store::Lesson;
use std::time::Duration;
use tokio::time::Instant;

/// The longest that its answer is waited for.
const ALONE: Duration = Duration::from_secs(5);

/// The state of this process's first request.
#[derive(Debug, Default)]
pub(super) struct FirstRequest {
    went_at: Option<Instant>,
    settled: bool,
}

impl FirstRequest {
    pub(super) fn goes(&mut self, now: Instant) {
        self.went_at = Some(now);
    }

    pub(super) fn learned(&mut self, lesson: Lesson) {
        self.settled |= lesson != Lesson::None;
    }

    /// Until when nothing else goes out, with `in_flight` requests under way.
    pub(super) fn alone_until(&self, in_flight: usize, now: Instant) -> Option<Instant> {
        let until = self.went_at? + ALONE;
        (!self.settled && in_flight > 0 && until > now).then_some(until)
    }
}
