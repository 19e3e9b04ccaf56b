//! The quota: counts requests in fixed windows or a sliding one, and records the use of both.

#[cfg(any(feature = "management", test))]
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::time::Duration;

/// How the quota counts requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Counting {
    /// Consecutive windows from the start of the sandbox; each has the whole quota.
    #[default]
    Fixed,
    /// The requests of the last window's length count at every moment.
    Sliding,
}

/// Whether a request is admitted, and what the rate headers report.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RateStatus {
    pub(crate) admitted: bool,
    pub(crate) limit: u32,
    pub(crate) remaining: u32,
    /// Seconds since 1970, rounded up.
    pub(crate) reset: u64,
    /// Seconds from now, rounded up, at least 1.
    pub(crate) retry_after: u64,
}

impl RateStatus {
    /// The session API's rate headers.
    pub(crate) fn headers(self) -> Vec<(&'static str, u64)> {
        let mut headers = vec![
            ("x-ratelimit-limit", self.limit.into()),
            ("x-ratelimit-remaining", self.remaining.into()),
            ("x-ratelimit-reset", self.reset),
        ];
        if !self.admitted {
            headers.push(("retry-after", self.retry_after));
        }
        headers
    }
}

/// The number of windows that the record keeps.
const KEPT: usize = 10_000;

#[derive(Debug)]
struct Window {
    start: Duration,
    count: u32,
}

/// Counts requests against the quota. Times are since 1970.
#[derive(Debug)]
pub(crate) struct RateLimiter {
    counting: Counting,
    limit: u32,
    length: Duration,
    started: Duration,
    /// The window of the latest request.
    open: Window,
    closed: VecDeque<Window>,
    arrivals: VecDeque<Duration>,
    max_in_window: u32,
    max_sliding: usize,
    throttled: u64,
    /// Until when every request is refused, whatever was counted.
    spent_until: Duration,
}

impl RateLimiter {
    pub(crate) fn new(counting: Counting, limit: u32, length: Duration, started: Duration) -> Self {
        Self {
            counting,
            limit,
            length: length.max(Duration::from_millis(1)),
            started,
            open: Window { start: started, count: 0 },
            closed: VecDeque::new(),
            arrivals: VecDeque::new(),
            max_in_window: 0,
            max_sliding: 0,
            throttled: 0,
            spent_until: Duration::ZERO,
        }
    }

    /// Leaves nothing of the current window, without counting a request.
    #[cfg(any(feature = "management", test))]
    pub(crate) fn spend(&mut self, now: Duration) {
        self.roll_window(now);
        self.spent_until = match self.counting {
            Counting::Fixed => self.open.start + self.length,
            Counting::Sliding => now + self.length,
        };
    }

    /// Counts a request. A refused request counts too.
    pub(crate) fn count(&mut self, now: Duration) -> RateStatus {
        self.roll_window(now);
        self.open.count = self.open.count.saturating_add(1);
        self.max_in_window = self.max_in_window.max(self.open.count);
        self.arrivals.push_back(now);
        self.forget_arrivals(now);
        self.max_sliding = self.max_sliding.max(self.arrivals.len());
        let rate = self.rate(now);
        if !rate.admitted {
            self.throttled += 1;
        }
        rate
    }

    /// The status without counting a request.
    pub(crate) fn peek(&mut self, now: Duration) -> RateStatus {
        self.roll_window(now);
        self.forget_arrivals(now);
        self.rate(now)
    }

    /// The length of a window.
    pub(crate) fn length(&self) -> Duration {
        self.length
    }

    fn forget_arrivals(&mut self, now: Duration) {
        while self.arrivals.front().is_some_and(|at| *at + self.length <= now) {
            self.arrivals.pop_front();
        }
    }

    fn window_start(&self, now: Duration) -> Duration {
        let elapsed = now.saturating_sub(self.started).as_nanos();
        let into = elapsed % self.length.as_nanos();
        now.saturating_sub(Duration::from_nanos(u64::try_from(into).unwrap_or_default()))
    }

    /// Closes the window of the latest request if it has ended.
    fn roll_window(&mut self, now: Duration) {
        let start = self.window_start(now);
        if start == self.open.start {
            return;
        }
        let closed = std::mem::replace(&mut self.open, Window { start, count: 0 });
        if closed.count > 0 {
            self.closed.push_back(closed);
        }
        if self.closed.len() > KEPT {
            self.closed.pop_front();
        }
    }

    fn rate(&self, now: Duration) -> RateStatus {
        let (count, end) = match self.counting {
            Counting::Fixed => (self.open.count, self.open.start + self.length),
            Counting::Sliding => {
                let count = u32::try_from(self.arrivals.len()).unwrap_or(u32::MAX);
                // A request is admitted again once enough earlier ones have left the window.
                let over = self.arrivals.len().saturating_sub(usize::try_from(self.limit).unwrap_or(usize::MAX));
                (count, self.arrivals.get(over).copied().unwrap_or(now) + self.length)
            }
        };
        let spent = now < self.spent_until;
        let end = if spent { end.max(self.spent_until) } else { end };
        RateStatus {
            admitted: count <= self.limit && !spent,
            limit: self.limit,
            remaining: if spent { 0 } else { self.limit.saturating_sub(count) },
            reset: whole_seconds(end),
            retry_after: whole_seconds(end.saturating_sub(now)).max(1),
        }
    }
}

/// The record of one quota, or of several together: their windows, the most requests in any window of one of them, wherever
/// it begins, and the sum of the refused requests.
#[cfg(any(feature = "management", test))]
pub(crate) fn stats(quotas: &[&RateLimiter]) -> Value {
    let windows = quotas.iter().flat_map(|quota| {
        let windows = quota.closed.iter().chain(Some(&quota.open).filter(|window| window.count > 0));
        windows.map(|window| json!({ "start": millis(window.start), "count": window.count, "limit": quota.limit }))
    });
    json!({
        "limit": quotas.first().map(|quota| quota.limit),
        "windowMs": quotas.first().map(|quota| millis(quota.length)),
        "windows": windows.collect::<Vec<_>>(),
        "maxInWindow": quotas.iter().map(|quota| quota.max_in_window).max(),
        "maxInAnySlidingWindow": quotas.iter().map(|quota| quota.max_sliding).max(),
        "throttled": quotas.iter().map(|quota| quota.throttled).sum::<u64>(),
    })
}

/// A time in whole milliseconds.
pub(crate) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// A time in seconds, rounded up.
pub(crate) fn whole_seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    #[test]
    fn a_fixed_window_lets_twice_the_limit_pass_at_its_edge_and_the_record_shows_it() {
        let mut limits = RateLimiter::new(Counting::Fixed, 3, MS(1000), MS(0));
        let admitted: Vec<_> = [900, 910, 920, 930, 1000, 1010, 1020].map(|at| limits.count(MS(at)).admitted).into();
        assert_eq!(admitted, [true, true, true, false, true, true, true]);
        let stats = stats(&[&limits]);
        assert_eq!(stats["maxInWindow"], 4);
        assert_eq!(stats["maxInAnySlidingWindow"], 7);
        assert_eq!(stats["throttled"], 1);
        assert_eq!(stats["windows"][1]["count"], 3);
    }

    #[test]
    fn a_sliding_window_gives_room_back_when_a_request_leaves_it() {
        let mut limits = RateLimiter::new(Counting::Sliding, 2, MS(10_000), MS(0));
        assert!(limits.count(MS(0)).admitted);
        assert_eq!(limits.count(MS(4000)).remaining, 0);
        let refused = limits.count(MS(5000));
        assert!(!refused.admitted);
        // The refused one counts too: only when the second has left is there room.
        assert_eq!(refused.retry_after, 9);
        assert!(limits.count(MS(14_000)).admitted);
    }

    #[test]
    fn a_spent_quota_refuses_until_the_next_window_and_counts_nothing() {
        for (counting, end) in [(Counting::Fixed, 1000), (Counting::Sliding, 1400)] {
            let mut limits = RateLimiter::new(counting, 5, MS(1000), MS(0));
            limits.spend(MS(400));
            let refused = limits.count(MS(500));
            assert_eq!((refused.admitted, refused.remaining), (false, 0), "{counting:?}");
            assert!(!limits.peek(MS(end - 1)).admitted && limits.count(MS(end)).admitted, "{counting:?}");
            assert_eq!(stats(&[&limits])["maxInWindow"], 1, "{counting:?}");
        }
    }

    #[test]
    fn several_records_are_one_and_no_window_spans_two_quotas() {
        let mut quotas = [(); 2].map(|()| RateLimiter::new(Counting::Fixed, 1, MS(1000), MS(0)));
        for at in [100, 200] {
            for quota in &mut quotas {
                quota.count(MS(at));
            }
        }
        quotas[0].count(MS(300));
        let stats = stats(&[&quotas[0], &quotas[1]]);
        assert_eq!((&stats["maxInWindow"], &stats["throttled"]), (&json!(3), &json!(3)));
        assert_eq!(stats["windows"].as_array().unwrap().len(), 2);
    }

    #[test]
    fn reset_and_retry_after_round_up() {
        let mut limits = RateLimiter::new(Counting::Fixed, 1, MS(1500), MS(0));
        let rate = limits.count(MS(100));
        assert_eq!((rate.reset, rate.retry_after, rate.remaining), (2, 2, 0));
        assert_eq!(limits.peek(MS(1500)).remaining, 1);
    }
}
