//! A permit, and how it ends: answered, unused, or dropped.

use super::{AnswerHeaders, Limiter};
use highlevel_store::Lesson;
use std::sync::Arc;
use tokio::time::Instant;

/// The right to send one request. Dropped without an answer it counts as used, from that moment on.
#[derive(Debug)]
pub struct Permit {
    limiter: Arc<Limiter>,
    open: bool,
    /// What its answer says of limit and window beside its headers.
    lesson: Lesson,
}

impl Permit {
    /// A permit that was taken from this limiter.
    pub(super) fn new(limiter: Arc<Limiter>) -> Self {
        Self { limiter, open: true, lesson: Lesson::None }
    }

    /// The same permit, with what its answer says of the quota if it is the account's first.
    pub(crate) fn teaching(mut self, lesson: Lesson) -> Self {
        self.lesson = lesson;
        self
    }

    /// The request was answered just now with these headers; `refused` is a 429.
    pub fn answered(mut self, headers: &AnswerHeaders, refused: bool) {
        self.open = false;
        let now = Instant::now();
        let mut state = self.limiter.state();
        let tell = state.ended(now);
        state.local.settle(now);
        let window = state.local.window();
        let alone = state.leased().is_none();
        state.first.learned(self.lesson);
        if alone {
            state.local.learn(headers, now);
        } else {
            // The use of others shows only against the use of all processes.
            state.local.learn_terms(headers);
        }
        if let Some(lease) = &mut state.lease {
            lease.learn(headers, self.lesson, refused || headers.day_ends.is_some(), window, now);
        }
        if refused {
            state.local.refused(headers, now, rand::random());
        } else {
            state.local.accepted();
        }
        state.local.spent(headers, now);
        state.wake(now);
        drop(state);
        if tell || refused || headers.day_ends.is_some() {
            self.limiter.nudge();
        }
    }

    /// No request was sent on it: it is free again at once.
    pub fn unused(mut self) {
        self.open = false;
        let now = Instant::now();
        let mut state = self.limiter.state();
        state.local.give_back();
        if let Some(lease) = &mut state.lease {
            lease.give_back(now);
        }
        state.wake(now);
        drop(state);
        self.limiter.nudge();
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.open {
            let now = Instant::now();
            let mut state = self.limiter.state();
            let tell = state.ended(now);
            state.wake(now);
            drop(state);
            if tell {
                self.limiter.nudge();
            }
        }
    }
}
