//! Background reading keeps to a part of the quota, evenly, so that there is always some left for who asks something.

use crate::client::QuotaView;
use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

#[derive(Debug)]
pub(super) struct Pace {
    percent: u32,
    next: Mutex<Option<Instant>>,
}

impl Pace {
    pub(super) fn new(percent: u32) -> Self {
        Self { percent: percent.clamp(1, 100), next: Mutex::default() }
    }

    /// Until when the next request waits.
    pub(super) fn turn(&self, quota: &QuotaView) -> Instant {
        let now = Instant::now();
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = next.map_or(now, |next| next.max(now));
        *next = Some(turn + self.apart(quota));
        turn
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

    #[tokio::test(start_paused = true)]
    async fn half_of_the_quota_is_half_as_fast() {
        let quota = QuotaView { limit: 300, window: Duration::from_secs(60), remaining: 300, held_until: None };
        let (pace, start) = (Pace::new(50), Instant::now());
        let turns: Vec<_> = (0..4).map(|_| pace.turn(&quota).duration_since(start).as_millis()).collect();
        assert_eq!(turns, [0, 400, 800, 1200]);
    }
}
