//! The state behind a limiter: the queue of waiting calls, this process's own count, and its lease.

use super::{
    first_request::FirstRequest,
    lease::{self, Lease},
    local::LocalQuota,
};
use highlevel_core::context::Priority;
use std::{collections::BTreeMap, sync::Arc};
use tokio::{sync::Notify, time::Instant};

/// A call's place in the queue. A call keeps it over all its attempts, so that a repeated attempt does not go to the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct QuotaTicket {
    pub(super) priority: Priority,
    pub(super) number: i64,
}

/// The state behind a limiter.
#[derive(Debug)]
pub(super) struct LimiterState {
    pub(super) local: LocalQuota,
    /// This process's part of a quota that processes share.
    pub(super) lease: Option<Lease>,
    /// The first request of a process that paces alone.
    pub(super) first: FirstRequest,
    pub(super) queue: BTreeMap<QuotaTicket, Waiter>,
    /// The number of the last ticket at the end of the queue, and of the last one before its beginning.
    pub(super) last: i64,
    pub(super) front: i64,
}

/// A call that waits in the queue.
#[derive(Debug)]
pub(super) struct Waiter {
    pub(super) deadline: Instant,
    pub(super) wake: Arc<Notify>,
}

impl LimiterState {
    pub(super) fn new(local: LocalQuota, lease: Option<Lease>) -> Self {
        Self { local, lease, first: FirstRequest::default(), queue: BTreeMap::new(), last: 0, front: 0 }
    }

    /// The lease that a permit has to come from; `None` if this process paces alone.
    pub(super) fn leased(&self) -> Option<&Lease> {
        self.lease.as_ref().filter(|lease| !lease.is_alone())
    }

    pub(super) fn has_in_hand(&self, now: Instant) -> bool {
        self.leased().is_none_or(|lease| lease.in_hand(now) > 0)
    }

    /// Until when the first request goes alone. Among processes the shared quota sees to that.
    pub(super) fn waits_for_the_first(&self, now: Instant) -> Option<Instant> {
        if self.leased().is_some() || self.local.knows_terms() {
            return None;
        }
        self.first.alone_until(self.local.in_flight(), now)
    }

    pub(super) fn take(&mut self, now: Instant) {
        if self.local.in_flight() == 0 {
            self.first.goes(now);
        }
        self.local.take();
        if let Some(lease) = &mut self.lease {
            lease.take();
        }
    }

    /// When the call with `ahead` others before it can go, as far as this process knows.
    pub(super) fn turn(&self, ahead: usize, now: Instant) -> Option<Instant> {
        let own = self.local.turn(ahead, now)?;
        let Some(lease) = self.leased() else { return Some(own) };
        let all = lease.turn(ahead, self.local.going_round(), self.local.window(), now)?;
        Some(own.max(all))
    }

    /// Permits that this process could use now, as far as it knows.
    pub(super) fn free(&self, now: Instant) -> usize {
        let own = self.local.free();
        let Some(lease) = self.leased() else { return own };
        let all = self.local.left_of_limit().saturating_sub(lease.elsewhere(self.local.window(), now));
        own.min(all).min(lease.told_remaining().unwrap_or(usize::MAX))
    }

    /// Permits that are free now, those for the calls that wait aside. None while a 429 holds.
    pub(super) fn free_beside_the_queue(&self, now: Instant) -> u32 {
        let is_held = self.local.held_until().is_some();
        let free = if is_held { 0 } else { self.free(now).saturating_sub(self.queue.len()) };
        u32::try_from(free).unwrap_or(u32::MAX)
    }

    /// Records that a request ended now. Returns whether the exchange with the other processes has to be woken.
    pub(super) fn ended(&mut self, now: Instant) -> bool {
        self.local.ended(now);
        let life = lease::life(self.local.window());
        self.lease.as_mut().is_some_and(|lease| lease.ended(now, life))
    }

    /// Wakes the first in the queue, whose time may have changed, and every call whose turn now comes too late.
    pub(super) fn wake(&self, now: Instant) {
        for (ahead, waiter) in self.queue.values().enumerate() {
            if ahead == 0 || self.turn(ahead, now).is_none_or(|turn| turn >= waiter.deadline) {
                waiter.wake.notify_one();
            }
        }
    }
}
