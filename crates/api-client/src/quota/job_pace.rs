//! When requests of jobs may enter the queue. No clock, no waiting.
//!
//! A small job goes out at once. A large one comes evenly, and uses what the others leave: a burst uses up a window, and a
//! chat's call beside it would wait for the next one.

use std::{collections::VecDeque, time::Duration};
use tokio::time::Instant;

/// The share of the quota that jobs and the others together use, in thousandths. The rest is free for a further call.
const SHARE: u32 = 985;

/// The share that jobs may use at once, if it is free, in thousandths.
const AT_ONCE: u32 = 200;

/// The share that also stays free, in thousandths, while it is not known yet what the others use.
const RESERVE: u32 = 50;

/// The share that jobs have whatever the others use, in thousandths. They go first all the same.
const LEAST: u32 = 100;

/// The most requests at once, whatever the quota is.
const MOST_AT_ONCE: u32 = 1000;

/// The quota as the account has it now.
#[derive(Debug, Clone, Copy)]
pub(super) struct FreeQuota {
    /// Requests in one window.
    pub(super) limit: u32,
    pub(super) window: Duration,
    /// The requests that are free.
    pub(super) free: u32,
    /// What other processes used of the last window.
    pub(super) elsewhere: u32,
}

/// The turns of the requests of jobs.
#[derive(Debug, Default)]
pub(super) struct JobPace {
    /// When requests of jobs went at once.
    at_once: VecDeque<Instant>,
    /// When this process sent other requests.
    others: VecDeque<Instant>,
    /// When requests began to come evenly.
    since: Option<Instant>,
    /// When the next request that comes evenly may go.
    next: Option<Instant>,
}

impl JobPace {
    /// Notes that a request goes out that is of no job.
    pub(super) fn note_other(&mut self, window: Duration, now: Instant) {
        drop_older(&mut self.others, window, now);
        self.others.push_back(now);
    }

    /// When the next request may enter the queue.
    pub(super) fn turn(&mut self, quota: FreeQuota, now: Instant) -> Instant {
        let FreeQuota { limit, window, free, elsewhere } = quota;
        // A permit comes back one window after the answer.
        let back = window + window / 20;
        drop_older(&mut self.at_once, back, now);
        drop_older(&mut self.others, window, now);
        if self.next.is_none_or(|next| next + window <= now) {
            self.since = None;
        }
        let share = |thousandths: u32| u64::from(limit) * u64::from(thousandths);
        let most = (share(AT_ONCE) / 1000).min(MOST_AT_ONCE.into());
        let at_once = count(&self.at_once);
        if self.since.is_none() && at_once < most && u64::from(free) > u64::from(limit) - most {
            self.at_once.push_back(now);
            return now;
        }
        let since = *self.since.get_or_insert(now);
        let is_beginning = since + back > now || at_once > 0;
        let used = (at_once + count(&self.others) + u64::from(elsewhere)) * 1000;
        let reserve = if is_beginning { share(RESERVE) } else { 0 };
        let left = share(SHARE).saturating_sub(used + reserve).max(share(LEAST)).max(1);
        let interval = window.mul_f64(1000.0).div_f64(u32::try_from(left).unwrap_or(u32::MAX).into());
        let turn = self.next.unwrap_or(now).max(now);
        self.next = Some(turn + interval);
        turn
    }
}

fn drop_older(times: &mut VecDeque<Instant>, than: Duration, now: Instant) {
    while times.front().is_some_and(|time| *time + than <= now) {
        times.pop_front();
    }
}

fn count(times: &VecDeque<Instant>) -> u64 {
    u64::try_from(times.len()).unwrap_or(u64::MAX)
}
