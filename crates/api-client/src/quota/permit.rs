//! A permit: what becomes of it when its request was answered, was not sent, or was given up.

use super::{AnswerHeaders, Budget};
use highlevel_store::Lesson;
use std::sync::Arc;
use tokio::time::Instant;

/// The right to send one request. Dropped without an answer it counts as used, from that moment on.
#[derive(Debug)]
pub struct Permit {
    budget: Arc<Budget>,
    open: bool,
    /// What its answer teaches of limit and window beside its headers.
    lesson: Lesson,
}

impl Permit {
    /// A permit that was taken from this budget.
    pub(super) fn new(budget: Arc<Budget>) -> Self {
        Self { budget, open: true, lesson: Lesson::None }
    }

    /// What its answer teaches, if it is the first.
    pub(crate) fn teaching(mut self, lesson: Lesson) -> Self {
        self.lesson = lesson;
        self
    }

    /// The request was answered just now with these headers; `refused` is a 429.
    pub fn answered(mut self, headers: &AnswerHeaders, refused: bool) {
        self.open = false;
        let now = Instant::now();
        let mut state = self.budget.state();
        let tell = state.ended(now);
        state.ledger.settle(now);
        let window = state.ledger.window();
        let alone = state.leased().is_none();
        state.first.learned(self.lesson);
        if alone {
            state.ledger.learn(headers, now);
        } else {
            // What others use can be told only from what all processes use.
            state.ledger.learn_terms(headers);
        }
        if let Some(lease) = &mut state.lease {
            lease.learn(headers, self.lesson, refused || headers.day_ends.is_some(), window, now);
        }
        if refused {
            state.ledger.refused(headers, now, rand::random());
        } else {
            state.ledger.accepted();
        }
        state.ledger.spent(headers, now);
        state.wake(now);
        drop(state);
        if tell || refused || headers.day_ends.is_some() {
            self.budget.nudge();
        }
    }

    /// No request was sent on it: it is free again at once.
    pub fn unused(mut self) {
        self.open = false;
        let now = Instant::now();
        let mut state = self.budget.state();
        state.ledger.give_back();
        if let Some(lease) = &mut state.lease {
            lease.give_back(now);
        }
        state.wake(now);
        drop(state);
        self.budget.nudge();
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.open {
            let now = Instant::now();
            let mut state = self.budget.state();
            let tell = state.ended(now);
            state.wake(now);
            drop(state);
            if tell {
                self.budget.nudge();
            }
        }
    }
}
