//! How often and how long this process's requests have waited for the quota.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};
use tokio::time::Instant;

static WAITS: AtomicU64 = AtomicU64::new(0);
static MILLISECONDS: AtomicU64 = AtomicU64::new(0);

/// How many requests of this process have waited for the quota, and for how long in all.
pub fn quota_waits() -> (u64, Duration) {
    (WAITS.load(Ordering::Relaxed), Duration::from_millis(MILLISECONDS.load(Ordering::Relaxed)))
}

/// The wait of one request, which counts when it is dropped.
#[derive(Debug, Default)]
pub(super) struct QuotaWait(Option<Instant>);

impl QuotaWait {
    /// Begins, unless it has begun.
    pub(super) fn begin(&mut self) {
        self.0.get_or_insert_with(Instant::now);
    }
}

impl Drop for QuotaWait {
    fn drop(&mut self) {
        if let Some(begun) = self.0 {
            WAITS.fetch_add(1, Ordering::Relaxed);
            let took = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
            MILLISECONDS.fetch_add(took, Ordering::Relaxed);
        }
    }
}
