//! The circuit breaker: while the API fails whatever is asked, calls fail at once, with the time at which to retry.
//!
//! A failure is an attempt without a usable answer: no connection, a connection that broke, a timeout, a 5xx, a 2xx that
//! cannot be read. Any other answer shows that the API works, also a 4xx or a 429. An attempt that the call's own bounds
//! ended does not count.

#[cfg(test)]
mod tests;

use chrono::{TimeDelta, Utc};
use highlevel_core::error::{Code, Error, Result};
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// The breaker opens when this many attempts in a row fail …
const ATTEMPTS: u32 = 5;
/// … over at least this time: the repetitions of many concurrent calls handle a short hiccup …
const SPAN: Duration = Duration::from_secs(1);
/// … with at most this time between one and the next: rare calls are each tried.
const GAP: Duration = Duration::from_secs(60);

/// The first pause, and the longest: it doubles each time that the attempt after it fails.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// One call, over all its attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CallId(u64);

/// What one attempt says of the API.
#[derive(Debug)]
pub(crate) enum AttemptVerdict {
    /// It works.
    Answered,
    /// It fails, for this reason.
    Trouble(String),
}

/// The circuit breaker of an account.
#[derive(Debug, Default)]
pub(crate) struct Breaker {
    state: Mutex<BreakerState>,
}

#[derive(Debug, Default)]
struct BreakerState {
    last_call: u64,
    circuit: Circuit,
    /// The failures since the last answer.
    run: Option<Run>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Circuit {
    #[default]
    Closed,
    /// Nothing goes out before `until`; then one attempt does.
    Open { until: Instant, pause: Duration },
    /// That attempt is under way.
    Trying { pause: Duration },
}

#[derive(Debug)]
struct Run {
    since: Instant,
    last: Instant,
    attempts: u32,
    first_call: CallId,
    several_calls: bool,
    why: String,
}

impl Breaker {
    fn state(&self) -> MutexGuard<'_, BreakerState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn call(&self) -> CallId {
        let mut state = self.state();
        state.last_call += 1;
        CallId(state.last_call)
    }

    /// Fails if no attempt can go out now. For use before any wait.
    ///
    /// # Errors
    /// `upstream_unreachable` with `retry_at`.
    pub(crate) fn check(&self) -> Result<()> {
        self.state().may_go(Instant::now())
    }

    /// The right to one attempt. After a pause there is only one at a time.
    ///
    /// # Errors
    /// `upstream_unreachable` with `retry_at`.
    pub(crate) fn admit(&self, call: CallId) -> Result<BreakerPass<'_>> {
        let mut state = self.state();
        state.may_go(Instant::now())?;
        let tries = match state.circuit {
            Circuit::Open { pause, .. } => {
                state.circuit = Circuit::Trying { pause };
                true
            }
            Circuit::Closed | Circuit::Trying { .. } => false,
        };
        Ok(BreakerPass { breaker: self, call, tries, open: true })
    }
}

impl BreakerState {
    fn may_go(&self, now: Instant) -> Result<()> {
        let wait = match self.circuit {
            Circuit::Closed => return Ok(()),
            Circuit::Open { until, .. } if until <= now => return Ok(()),
            Circuit::Open { until, .. } => until - now,
            Circuit::Trying { .. } => FIRST_PAUSE,
        };
        let (why, since) = match &self.run {
            Some(run) => (run.why.as_str(), (now - run.since).as_secs()),
            None => ("no answer", 0),
        };
        let message = format!(
            "The API has been failing for {since} s, whatever was asked; the last failure: {} No requests are sent until the time given; try again then.",
            sentence(why)
        );
        let wait = TimeDelta::from_std(wait).unwrap_or_default();
        Err(Error::new(Code::UpstreamUnreachable, message).retry_at(Utc::now() + wait))
    }

    fn answered(&mut self) {
        if self.circuit != Circuit::Closed {
            tracing::info!("the API answers again");
        }
        self.circuit = Circuit::Closed;
        self.run = None;
    }

    fn failed(&mut self, call: CallId, tries: bool, why: String, now: Instant) {
        let run = self.run.take().filter(|run| now - run.last <= GAP || self.circuit != Circuit::Closed);
        let mut run = run.unwrap_or(Run {
            since: now,
            last: now,
            attempts: 0,
            first_call: call,
            several_calls: false,
            why: String::new(),
        });
        run.last = now;
        run.attempts = run.attempts.saturating_add(1);
        run.several_calls |= run.first_call != call;
        run.why = why;
        let sustained = run.attempts >= ATTEMPTS && run.several_calls && run.last - run.since >= SPAN;
        self.run = Some(run);
        let pause = match self.circuit {
            Circuit::Closed if sustained => FIRST_PAUSE,
            Circuit::Trying { pause } if tries => pause.saturating_mul(2).min(LONGEST_PAUSE),
            // Attempts that were under way when it opened do not count.
            Circuit::Closed | Circuit::Open { .. } | Circuit::Trying { .. } => return,
        };
        tracing::warn!("the API keeps failing: nothing is sent for {} s", pause.as_secs());
        self.circuit = Circuit::Open { until: now + pause, pause };
    }
}

fn sentence(text: &str) -> String {
    if text.ends_with(['.', '!', '?', '…']) { text.to_owned() } else { format!("{text}.") }
}

/// The right to one attempt. If it is dropped without a verdict, another call may try at once.
#[derive(Debug)]
pub(crate) struct BreakerPass<'a> {
    breaker: &'a Breaker,
    call: CallId,
    /// Whether this is the one attempt after a pause.
    tries: bool,
    open: bool,
}

impl BreakerPass<'_> {
    pub(crate) fn ended(mut self, verdict: AttemptVerdict) {
        self.open = false;
        let mut state = self.breaker.state();
        match verdict {
            AttemptVerdict::Answered => state.answered(),
            AttemptVerdict::Trouble(why) => state.failed(self.call, self.tries, why, Instant::now()),
        }
    }
}

impl Drop for BreakerPass<'_> {
    fn drop(&mut self) {
        if self.open && self.tries {
            let mut state = self.breaker.state();
            if let Circuit::Trying { pause } = state.circuit {
                state.circuit = Circuit::Open { until: Instant::now(), pause };
            }
        }
    }
}
