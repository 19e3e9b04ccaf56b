//! The account's quota: `acquire` → [`Permit`] → `answered`. Waiting calls go in the order in which they came.
//!
//! A permit comes back one window after the *answer* to the request that took it. The server counts a request
//! somewhere between its sending and its answer, so whatever window the server looks at, fixed or sliding, never holds
//! more than the limit.
//!
//! Processes that work the same account share it: a permit also takes one from this process's [`lease`], and [`shared`]
//! exchanges with the others through the store.

mod first;
mod headers;
mod lease;
mod ledger;
mod permit;
mod shared;
#[cfg(test)]
mod tests;

pub use headers::AnswerHeaders;
pub use permit::Permit;
pub use shared::Sharing;

use chrono::{DateTime, TimeDelta, Utc};
use first::First;
use highlevel_core::context::{CallContext, Priority};
use highlevel_core::error::{Code, Error, Result};
use lease::Lease;
use ledger::Ledger;
use shared::Shared;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{sync::Notify, time::Instant};

/// Nothing is held back for longer than this but by the end of a day.
const A_DAYS_END: Duration = headers::LONGEST_HOLD;

/// A wait that is worth telling.
const NOTICEABLE: Duration = Duration::from_secs(1);

/// The quota as it stands, for `doctor`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotaView {
    /// Requests in one window.
    pub limit: u32,
    /// The window's length.
    pub window: Duration,
    /// Requests that could go out now.
    pub remaining: u32,
    /// Nothing goes out before this, if a 429 said so.
    pub held_until: Option<DateTime<Utc>>,
}

/// A call's place in the queue. It keeps it over all its attempts, so a repeated one does not go to the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket {
    priority: Priority,
    number: i64,
}

/// The budget of one account, shared by all calls of this process.
#[derive(Debug)]
pub struct Budget {
    state: Mutex<State>,
    shared: Option<Shared>,
}

#[derive(Debug)]
struct State {
    ledger: Ledger,
    /// What this process has of a quota that others share.
    lease: Option<Lease>,
    /// Who goes alone, where this process paces alone.
    first: First,
    queue: BTreeMap<Ticket, Waiter>,
    last: i64,
    front: i64,
}

#[derive(Debug)]
struct Waiter {
    deadline: Instant,
    wake: Arc<Notify>,
}

impl Budget {
    /// A budget with these settings, for this process alone; `None` is for the answers to say.
    #[cfg(test)]
    pub(crate) fn new(limit: Option<u32>, window: Option<Duration>) -> Arc<Self> {
        Self::with(limit, window, 100, (highlevel_store::LIMIT, highlevel_store::WINDOW), None)
    }

    /// A budget of which this process may use so many percent, shared with others if there is a way.
    pub fn with(
        limit: Option<u32>,
        window: Option<Duration>,
        percent: u32,
        usual: (u32, u64),
        sharing: Option<Sharing>,
    ) -> Arc<Self> {
        let window = window.filter(|window| !window.is_zero()).map(|window| window.min(headers::LONGEST * 31));
        let ledger = Ledger::new(limit, window).with_share(percent).with_usual(usual.0, usual.1);
        let lease = sharing.is_some().then(Lease::default);
        let first = First::default();
        let state = State { ledger, lease, first, queue: BTreeMap::new(), last: 0, front: 0 };
        Arc::new(Self { state: Mutex::new(state), shared: sharing.map(Shared::new) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The hash of a token that is used now: the first stands for the account if no location does.
    pub(crate) fn know_token(&self, hash: &str) {
        if let Some(shared) = &self.shared {
            shared.know_token(hash);
        }
    }

    /// A place at the end of the queue of this priority.
    pub fn ticket(&self, priority: Priority) -> Ticket {
        let mut state = self.state();
        state.last += 1;
        Ticket { priority, number: state.last }
    }

    /// A place before everyone: for the token's renewal, without which nobody gets anywhere.
    pub fn front_ticket(&self) -> Ticket {
        let mut state = self.state();
        state.front -= 1;
        Ticket { priority: Priority::Interactive, number: state.front }
    }

    /// Waits for the ticket's turn.
    ///
    /// # Errors
    /// `rate_limited` with `retry_at`, at once, when the turn cannot come before the call's deadline; `cancelled`;
    /// `timeout` when the deadline is past already.
    pub async fn acquire(self: &Arc<Self>, ticket: Ticket, context: &CallContext) -> Result<Permit> {
        // Leaves the queue whichever way this function ends, and wakes the next.
        let place = Place { budget: self, ticket, wake: Arc::new(Notify::new()) };
        let (mut told, mut waited) = (false, false);
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
                state.ledger.settle(now);
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
                    return Ok(Permit::new(Arc::clone(self)));
                }
                let Some(turn) = turn.filter(|turn| (*turn).max(now) < context.deadline) else {
                    return Err(no_room(&state.ledger, turn, now));
                };
                let waiter = Waiter { deadline: context.deadline, wake: Arc::clone(&place.wake) };
                state.queue.insert(ticket, waiter);
                (alone.map_or(turn, |until| until.min(context.deadline).max(turn)), ahead == 0 && in_hand)
            };
            if !knows_when {
                self.kick();
            }
            if !told && turn - now >= NOTICEABLE {
                told = true;
                context.report(&format!("waiting {} s for the quota", (turn - now).as_secs_f64().ceil()));
            }
            waited = true;
            // Only the first in the queue has a time to wake at; the others are woken when they become first, or when
            // their turn moves behind their deadline; and when a lease comes, if there is none in hand.
            let until = if knows_when { turn } else { context.deadline };
            tokio::select! {
                () = context.cancel.cancelled() => {}
                () = place.wake.notified() => {}
                () = tokio::time::sleep_until(until) => {}
            }
        }
    }

    /// The quota as it stands.
    pub fn view(&self) -> QuotaView {
        let now = Instant::now();
        let mut state = self.state();
        state.ledger.settle(now);
        let held = state.ledger.held_until();
        let free = if held.is_some() { 0 } else { state.free(now).saturating_sub(state.queue.len()) };
        QuotaView {
            limit: state.ledger.limit(),
            window: state.ledger.window(),
            remaining: u32::try_from(free).unwrap_or(u32::MAX),
            held_until: held.map(|held| on_the_clock(held, now)),
        }
    }
}

impl State {
    /// The lease that a permit has to come from: none if this process paces alone.
    fn leased(&self) -> Option<&Lease> {
        self.lease.as_ref().filter(|lease| !lease.is_alone())
    }

    fn has_in_hand(&self, now: Instant) -> bool {
        self.leased().is_none_or(|lease| lease.in_hand(now) > 0)
    }

    /// Until when a request that goes alone is waited for. Among processes it is the books that see to it.
    fn waits_for_the_first(&self, now: Instant) -> Option<Instant> {
        if self.leased().is_some() || self.ledger.knows_terms() {
            return None;
        }
        self.first.alone_until(self.ledger.in_flight(), now)
    }

    fn take(&mut self, now: Instant) {
        if self.ledger.in_flight() == 0 {
            self.first.goes(now);
        }
        self.ledger.take();
        if let Some(lease) = &mut self.lease {
            lease.take();
        }
    }

    /// When the one with `ahead` others before it can go, as far as this process knows.
    fn turn(&self, ahead: usize, now: Instant) -> Option<Instant> {
        let own = self.ledger.turn(ahead, now)?;
        let Some(lease) = self.leased() else { return Some(own) };
        let all = lease.turn(ahead, self.ledger.going_round(), self.ledger.window(), now)?;
        Some(own.max(all))
    }

    /// Permits that this process could use now, as far as it knows.
    fn free(&self, now: Instant) -> usize {
        let own = self.ledger.free();
        let Some(lease) = self.leased() else { return own };
        let all = self.ledger.left_of_limit().saturating_sub(lease.elsewhere(self.ledger.window(), now));
        own.min(all).min(lease.told_remaining().unwrap_or(usize::MAX))
    }

    /// A request ended now. Says whether the other processes are to be told.
    fn ended(&mut self, now: Instant) -> bool {
        self.ledger.ended(now);
        let life = lease::life(self.ledger.window());
        self.lease.as_mut().is_some_and(|lease| lease.ended(now, life))
    }

    /// Wakes the first in the queue, whose time may have changed, and all whose turn now comes too late for them.
    fn wake(&self, now: Instant) {
        for (ahead, waiter) in self.queue.values().enumerate() {
            if ahead == 0 || self.turn(ahead, now).is_none_or(|turn| turn >= waiter.deadline) {
                waiter.wake.notify_one();
            }
        }
    }
}

/// A place in the queue, left when dropped.
struct Place<'a> {
    budget: &'a Budget,
    ticket: Ticket,
    wake: Arc<Notify>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut state = self.budget.state();
        state.queue.remove(&self.ticket);
        if let Some((_, next)) = state.queue.first_key_value() {
            next.wake.notify_one();
        }
    }
}

fn no_room(ledger: &Ledger, turn: Option<Instant>, now: Instant) -> Error {
    let quota = || format!("{} requests in {} s", ledger.limit(), ledger.window().as_secs_f64());
    let why = match ledger.held_until() {
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
