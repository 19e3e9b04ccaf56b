//! The queue of the calls that wait for a permit, in their order.

use super::{
    Permit, QuotaTicket, QuotaView, Sharing, headers,
    job_pace::{FreeQuota, JobPace},
    lease::Lease,
    local::LocalQuota,
    shared::Shared,
    state::{LimiterState, Waiter},
    waits::QuotaWait,
};
use chrono::{DateTime, TimeDelta, Utc};
use highlevel_core::context::{CallContext, Priority};
use highlevel_core::error::{Code, Error, Result};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{sync::Notify, time::Instant};

/// A hold that is longer than this lasts until the end of the day.
const A_DAYS_END: Duration = headers::LONGEST_HOLD;

/// The shortest wait that is reported as progress.
const NOTICEABLE: Duration = Duration::from_secs(1);

/// What a limiter starts from.
#[derive(Debug, Clone, Copy)]
pub struct QuotaSettings {
    /// Requests in one window, as an upper bound; `None`: as the answers say.
    pub limit: Option<u32>,
    /// The window; `None`: as the answers say.
    pub window: Option<Duration>,
    /// The percentage of the limit that this process may use.
    pub share: u32,
    /// The API's usual limit, and its window in milliseconds: they hold until the answers say otherwise.
    pub usual: (u32, u64),
}

impl Default for QuotaSettings {
    fn default() -> Self {
        Self { limit: None, window: None, share: 100, usual: (highlevel_store::LIMIT, highlevel_store::WINDOW) }
    }
}

/// The rate limiter of one account, shared by all calls of this process.
#[derive(Debug)]
pub struct Limiter {
    state: Mutex<LimiterState>,
    pub(super) shared: Option<Shared>,
    job_pace: Mutex<JobPace>,
}

impl Limiter {
    /// A limiter for this process, which shares the quota with other processes where `sharing` is given.
    pub fn new(settings: QuotaSettings, sharing: Option<Sharing>) -> Arc<Self> {
        let window = settings.window.filter(|window| !window.is_zero());
        let window = window.map(|window| window.min(headers::LONGEST * 31));
        let (limit, span) = settings.usual;
        let local = LocalQuota::new(settings.limit, window).with_share(settings.share).with_usual(limit, span);
        let lease = sharing.is_some().then(Lease::default);
        let state = Mutex::new(LimiterState::new(local, lease));
        Arc::new(Self { state, shared: sharing.map(Shared::new), job_pace: Mutex::default() })
    }

    pub(super) fn state(&self) -> MutexGuard<'_, LimiterState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the hash of a token in use. Where no location is pinned, the first one stands for the account.
    pub(crate) fn know_token(&self, hash: &str) {
        if let Some(shared) = &self.shared {
            shared.know_token(hash);
        }
    }

    /// A place at the end of the queue of this priority.
    pub fn ticket(&self, priority: Priority) -> QuotaTicket {
        let mut state = self.state();
        state.last += 1;
        QuotaTicket { priority, number: state.last }
    }

    /// A place before all others: for a token refresh, which the other calls wait for.
    pub fn front_ticket(&self) -> QuotaTicket {
        let mut state = self.state();
        state.front -= 1;
        QuotaTicket { priority: Priority::Interactive, number: state.front }
    }

    /// Waits for the ticket's turn.
    ///
    /// # Errors
    /// `rate_limited` with `retry_at`, at once, when the turn cannot come before the call's deadline; `cancelled`;
    /// `timeout` when the deadline is past already.
    pub async fn acquire(self: &Arc<Self>, ticket: QuotaTicket, context: &CallContext) -> Result<Permit> {
        if context.job.is_some() {
            context.bound(tokio::time::sleep_until(self.turn_of_job())).await?;
        }
        // Leaves the queue and wakes the next call, whichever way this function ends.
        let place = QueuePlace { limiter: self, ticket, wake: Arc::new(Notify::new()) };
        let mut reported = false;
        let mut waited = false;
        let mut wait = QuotaWait::default();
        loop {
            if context.cancel.is_cancelled() {
                return Err(Error::new(Code::Cancelled, "The call was cancelled."));
            }
            let now = Instant::now();
            if now >= context.deadline && !waited {
                return Err(Error::new(Code::Timeout, "The call's time ran out."));
            }
            let (turn, knows_when) = {
                let mut state = self.state();
                state.local.settle(now);
                let ahead = state.queue.range(..ticket).count();
                let turn = state.turn(ahead, now);
                let in_hand = state.has_in_hand(now);
                let alone = state.waits_for_the_first(now);
                if ahead == 0
                    && in_hand
                    && alone.is_none()
                    && turn.is_some_and(|turn| turn <= now)
                    && now < context.deadline
                {
                    state.take(now);
                    if context.job.is_none() {
                        self.job_pace().note_other(state.local.window(), now);
                    }
                    return Ok(Permit::new(Arc::clone(self)));
                }
                let Some(turn) = turn.filter(|turn| (*turn).max(now) < context.deadline) else {
                    return Err(no_room(&state.local, turn, now));
                };
                let waiter = Waiter { deadline: context.deadline, wake: Arc::clone(&place.wake) };
                state.queue.insert(ticket, waiter);
                (alone.map_or(turn, |until| until.min(context.deadline).max(turn)), ahead == 0 && in_hand)
            };
            if !knows_when {
                self.kick();
            }
            if !reported && turn - now >= NOTICEABLE {
                reported = true;
                wait.begin();
                context.report(&format!("waiting {} s for the quota", (turn - now).as_secs_f64().ceil()));
            }
            waited = true;
            // Only the first in the queue knows when to wake. The others are woken when they become first, when their
            // turn moves behind their deadline, and when a lease arrives.
            let until = if knows_when { turn } else { context.deadline };
            tokio::select! {
                () = context.cancel.cancelled() => {}
                () = place.wake.notified() => {}
                () = tokio::time::sleep_until(until) => {}
            }
        }
    }

    /// When a request of a job may enter the queue.
    fn turn_of_job(&self) -> Instant {
        let now = Instant::now();
        let quota = {
            let mut state = self.state();
            state.local.settle(now);
            let limit = u32::try_from(state.local.going_round()).unwrap_or(u32::MAX);
            let (window, free) = (state.local.window(), state.free_beside_the_queue(now));
            let elsewhere = state.leased().map_or(0, |lease| lease.elsewhere(window, now));
            FreeQuota { limit, window, free, elsewhere: u32::try_from(elsewhere).unwrap_or(u32::MAX) }
        };
        self.job_pace().turn(quota, now)
    }

    fn job_pace(&self) -> MutexGuard<'_, JobPace> {
        self.job_pace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The quota as it stands.
    pub fn view(&self) -> QuotaView {
        let now = Instant::now();
        let mut state = self.state();
        state.local.settle(now);
        let held = state.local.held_until();
        QuotaView {
            limit: state.local.limit(),
            window: state.local.window(),
            remaining: state.free_beside_the_queue(now),
            held_until: held.map(|held| on_the_clock(held, now)),
        }
    }
}

/// A place in the queue, which ends when it is dropped.
struct QueuePlace<'a> {
    limiter: &'a Limiter,
    ticket: QuotaTicket,
    wake: Arc<Notify>,
}

impl Drop for QueuePlace<'_> {
    fn drop(&mut self) {
        let mut state = self.limiter.state();
        state.queue.remove(&self.ticket);
        if let Some((_, next)) = state.queue.first_key_value() {
            next.wake.notify_one();
        }
    }
}

fn no_room(local: &LocalQuota, turn: Option<Instant>, now: Instant) -> Error {
    let quota = || format!("{} requests in {} s", local.limit(), local.window().as_secs_f64());
    let why = match local.held_until() {
        Some(held) if held > now + A_DAYS_END => "The account's requests for this day are used up".to_owned(),
        Some(_) => format!("The API asked to slow down ({})", quota()),
        None => format!("The account's quota is used up ({})", quota()),
    };
    let message = format!(
        "{why}, and this call's turn does not come before its deadline. Nothing was sent; try again at the time given."
    );
    let error = Error::new(Code::RateLimited, message);
    match turn {
        Some(turn) => error.retry_at(on_the_clock(turn, now)),
        None => error,
    }
}

/// A moment of the runtime's clock on this machine's.
fn on_the_clock(at: Instant, now: Instant) -> DateTime<Utc> {
    let distance = TimeDelta::from_std(at.saturating_duration_since(now)).unwrap_or_default();
    Utc::now().checked_add_signed(distance).unwrap_or(DateTime::<Utc>::MAX_UTC)
}
