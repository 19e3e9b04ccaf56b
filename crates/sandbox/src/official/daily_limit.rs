//! The daily limit, and the official API's rate headers.

use crate::rate_limit::{RateStatus, millis};
#[cfg(feature = "management")]
use serde_json::{Value, json};
use std::time::Duration;

/// Counts the requests of a day. Days are consecutive from the start of the sandbox.
#[derive(Debug)]
pub(crate) struct DailyLimit {
    limit: u32,
    length: Duration,
    /// When the current day ends, since 1970.
    end: Duration,
    used: u32,
    refused: u64,
}

/// Whether a request is admitted, and what is left of the day.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DailyStatus {
    pub(crate) admitted: bool,
    remaining: u32,
    reset: Duration,
    limit: u32,
}

impl DailyLimit {
    pub(crate) fn new(limit: u32, length: Duration, now: Duration) -> Self {
        let length = length.max(Duration::from_millis(1));
        Self { limit, length, end: now + length, used: 0, refused: 0 }
    }

    /// The status without counting a request.
    pub(crate) fn peek(&mut self, now: Duration) -> DailyStatus {
        if now >= self.end {
            let days = (now - self.end).as_nanos() / self.length.as_nanos() + 1;
            self.end += self.length * u32::try_from(days).unwrap_or(u32::MAX);
            self.used = 0;
        }
        let reset = self.end.saturating_sub(now);
        DailyStatus { admitted: true, remaining: self.limit.saturating_sub(self.used), reset, limit: self.limit }
    }

    /// Counts a request, unless the limit is reached.
    pub(crate) fn count(&mut self, now: Duration) -> DailyStatus {
        let left = self.peek(now);
        if left.remaining == 0 {
            self.refused += 1;
            return DailyStatus { admitted: false, ..left };
        }
        self.used += 1;
        DailyStatus { remaining: left.remaining - 1, ..left }
    }

    /// Leaves nothing of the current day.
    #[cfg(any(feature = "management", test))]
    pub(crate) fn spend(&mut self, now: Duration) {
        self.peek(now);
        self.used = self.limit;
    }
}

/// The record of one daily limit, or the sums of several.
#[cfg(feature = "management")]
pub(crate) fn stats(days: &[&DailyLimit]) -> Value {
    json!({
        "limit": days.first().map(|day| day.limit),
        "used": days.iter().map(|day| u64::from(day.used)).sum::<u64>(),
        "refused": days.iter().map(|day| day.refused).sum::<u64>(),
    })
}

/// The rate headers of every answer. Not even a 429 has a `Retry-After`.
pub(crate) fn headers(rate: RateStatus, window: Duration, left: DailyStatus) -> Vec<(&'static str, u64)> {
    vec![
        ("x-ratelimit-max", rate.limit.into()),
        ("x-ratelimit-remaining", rate.remaining.into()),
        ("x-ratelimit-interval-milliseconds", millis(window)),
        ("x-ratelimit-limit-daily", left.limit.into()),
        ("x-ratelimit-daily-remaining", left.remaining.into()),
        // Milliseconds from now.
        ("x-ratelimit-daily-reset", millis(left.reset)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: fn(u64) -> Duration = Duration::from_secs;

    #[test]
    fn a_day_is_spent_and_another_one_comes() {
        let mut day = DailyLimit::new(2, S(100), S(1000));
        assert_eq!([1, 0], [day.count(S(1000)).remaining, day.count(S(1040)).remaining]);
        let spent = day.count(S(1090));
        assert!(!spent.admitted && spent.reset == S(10));
        assert!(day.count(S(1100)).admitted);
        assert_eq!(day.peek(S(1350)).reset, S(50));
        assert_eq!(day.peek(S(1350)).remaining, 2);
        day.spend(S(1360));
        assert!(!day.count(S(1370)).admitted);
        assert!(day.count(S(1400)).admitted);
    }
}
