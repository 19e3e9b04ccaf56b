//! What is repeated, and after which wait.

use super::{Fate, Repeat};
use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use highlevel_core::error::Error;
use std::time::Duration;
use tokio::time::Instant;

/// Repetitions after the first attempt.
const TIMES: usize = 2;
const FIRST: Duration = Duration::from_millis(250);

/// An attempt that got no definite answer.
#[derive(Debug)]
pub(crate) struct AttemptFailure {
    pub(crate) error: Error,
    pub(crate) fate: Fate,
    /// Whether another attempt may succeed.
    pub(crate) passing: bool,
    /// How long the server asks to wait.
    pub(crate) after: Option<Duration>,
}

impl AttemptFailure {
    /// A failure that may pass.
    pub(crate) fn passing(error: Error, fate: Fate) -> Self {
        Self { error, fate, passing: true, after: None }
    }

    /// A failure that stays.
    pub(crate) fn lasting(error: Error, fate: Fate) -> Self {
        Self { error, fate, passing: false, after: None }
    }
}

/// The repetitions that one request has left.
#[derive(Debug)]
pub(crate) struct RetryPlan {
    repeat: Repeat,
    waits: ExponentialBackoff,
}

impl RetryPlan {
    pub(crate) fn new(repeat: Repeat) -> Self {
        let waits =
            ExponentialBuilder::new().with_min_delay(FIRST).with_factor(2.0).with_max_times(TIMES).with_jitter();
        Self { repeat, waits: waits.build() }
    }

    /// How long to wait before the next attempt; `None` if there is none: the request may not be repeated, the
    /// failure stays, the repetitions are used up, or the wait does not end before `deadline`.
    pub(crate) fn next(&mut self, failure: &AttemptFailure, deadline: Instant) -> Option<Duration> {
        let allowed = self.repeat == Repeat::Freely || failure.fate == Fate::NotExecuted;
        if !(allowed && failure.passing) {
            return None;
        }
        let wait = self.waits.next()?.max(failure.after.unwrap_or_default());
        Instant::now().checked_add(wait).filter(|at| *at < deadline).map(|_| wait)
    }
}

/// The worse of two fates: what is known of a request after both attempts.
pub(crate) fn worse(one: Fate, other: Fate) -> Fate {
    match (one, other) {
        (Fate::Unknown, _) | (_, Fate::Unknown) => Fate::Unknown,
        (Fate::AnsweredFailure, _) | (_, Fate::AnsweredFailure) => Fate::AnsweredFailure,
        (Fate::Refused, _) | (_, Fate::Refused) => Fate::Refused,
        _ => Fate::NotExecuted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use highlevel_core::error::Code;

    fn failure(fate: Fate) -> AttemptFailure {
        AttemptFailure::passing(Error::new(Code::UpstreamError, ""), fate)
    }

    #[test]
    fn a_create_is_repeated_only_when_it_was_surely_not_executed() {
        let far = Instant::now() + Duration::from_secs(60);
        let mut plan = RetryPlan::new(Repeat::IfNotExecuted);
        assert!(plan.next(&failure(Fate::Unknown), far).is_none());
        assert!(plan.next(&failure(Fate::AnsweredFailure), far).is_none());
        assert!(plan.next(&failure(Fate::NotExecuted), far).is_some());
    }

    #[test]
    fn the_others_are_repeated_twice_and_not_past_the_deadline() {
        let far = Instant::now() + Duration::from_secs(60);
        let mut plan = RetryPlan::new(Repeat::Freely);
        let waits: Vec<_> = std::iter::from_fn(|| plan.next(&failure(Fate::Unknown), far)).collect();
        assert_eq!(waits.len(), 2);
        assert!(waits.iter().all(|wait| *wait >= FIRST && *wait < FIRST * 6));
        assert!(RetryPlan::new(Repeat::Freely).next(&failure(Fate::Unknown), Instant::now()).is_none());
        assert!(
            RetryPlan::new(Repeat::Freely)
                .next(&AttemptFailure { passing: false, ..failure(Fate::Unknown) }, far)
                .is_none()
        );
        let late = AttemptFailure { after: Some(Duration::from_secs(90)), ..failure(Fate::Unknown) };
        assert!(RetryPlan::new(Repeat::Freely).next(&late, far).is_none());
    }

    #[test]
    fn doubt_is_never_forgotten() {
        assert_eq!(worse(Fate::Unknown, Fate::NotExecuted), Fate::Unknown);
        assert_eq!(worse(Fate::NotExecuted, Fate::AnsweredFailure), Fate::AnsweredFailure);
        assert_eq!(worse(Fate::AnsweredFailure, Fate::Unknown), Fate::Unknown);
    }
}
