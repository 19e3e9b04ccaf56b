//! The pace of scans. Background scans use a part of the quota, so that the rest is left for other calls. Scans over
//! several windows use all of it evenly: a burst would leave SQLite behind and the rest of each window unused.

use highlevel_api_client::QuotaView;
use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// Spreads requests evenly over time.
#[derive(Debug)]
pub(super) struct Pace {
    percent: u32,
    /// A late request may catch up within this fraction of a window. Zero: it does not catch up.
    catch_up: u32,
    next: Mutex<Option<Instant>>,
}

impl Pace {
    /// A pace that never exceeds this percentage of the quota.
    pub(super) fn part(percent: u32) -> Self {
        Self { percent: percent.clamp(1, 100), catch_up: 0, next: Mutex::default() }
    }

    /// A pace that uses all of the quota. Requests that were late catch up soon.
    pub(super) fn all() -> Self {
        Self { percent: 100, catch_up: 10, next: Mutex::default() }
    }

    /// The time of the next request.
    pub(super) fn turn(&self, quota: &QuotaView) -> Instant {
        let now = Instant::now();
        let late = quota.window.checked_div(self.catch_up).and_then(|late| now.checked_sub(late)).unwrap_or(now);
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = next.map_or(now, |next| next.max(late));
        *next = Some(turn + self.apart(quota));
        turn.max(now)
    }

    /// The time between two requests.
    fn apart(&self, quota: &QuotaView) -> Duration {
        let requests = u64::from(quota.limit) * u64::from(self.percent);
        let nanos = quota.window.as_nanos().saturating_mul(100) / u128::from(requests.max(1));
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUOTA: QuotaView =
        QuotaView { limit: 300, window: Duration::from_secs(60), remaining: 300, held_until: None };

    fn turns(pace: &Pace, quota: &QuotaView, start: Instant, count: usize) -> Vec<u128> {
        (0..count).map(|_| pace.turn(quota).duration_since(start).as_millis()).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn half_of_the_quota_doubles_the_interval() {
        let (pace, start) = (Pace::part(50), Instant::now());
        assert_eq!(turns(&pace, &QUOTA, start, 4), [0, 400, 800, 1200]);
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!(turns(&pace, &QUOTA, start, 2), [10_000, 10_400], "nothing to catch up with");
    }

    #[tokio::test(start_paused = true)]
    async fn a_pace_with_all_of_the_quota_catches_up() {
        let (pace, start) = (Pace::all(), Instant::now());
        assert_eq!(turns(&pace, &QUOTA, start, 3), [0, 200, 400]);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(turns(&pace, &QUOTA, start, 4), [1000, 1000, 1000, 1200]);
        // A long pause is not caught up in full, which would be a burst.
        tokio::time::advance(Duration::from_secs(600)).await;
        let burst = turns(&pace, &QUOTA, start, 300).iter().filter(|at| **at == 601_000).count();
        assert_eq!(burst, 31, "a tenth of a window's requests and its own");
    }
}
