//! The exchange with the other processes of this machine: reports what was used, takes leases, passes a 429 on.

use super::{Limiter, QuotaTicket, state::LimiterState};
use chrono::Utc;
use highlevel_core::context::Priority;
use highlevel_core::error::{Code, Error};
use highlevel_store::{LeaseGrant, LeaseRequest, ObservedQuota, QuotaKey, Store};
use std::{
    sync::{
        Arc, OnceLock, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{sync::Notify, time::Instant};
use tokio_util::sync::{CancellationToken, DropGuard};

/// From the taking of a permit to its sending, and from an attempt's timeout to the end of its connection.
const SLACK: Duration = Duration::from_secs(1);

/// How a limiter shares its quota with other processes.
#[derive(Debug)]
pub struct Sharing {
    /// The store that the processes share.
    pub store: Arc<Store>,
    /// The address of the API.
    pub address: String,
    /// The location that is pinned; without one the token stands for the account.
    pub location: Option<String>,
    /// This process's name among them.
    pub member: String,
    /// The longest that one attempt takes.
    pub attempt_timeout: Duration,
}

/// The sharing part of a limiter.
#[derive(Debug)]
pub(super) struct Shared {
    sharing: Sharing,
    token_hash: OnceLock<String>,
    kick: Arc<Notify>,
    started: AtomicBool,
    /// One exchange at a time, so that each reports what the previous one left.
    turn: tokio::sync::Mutex<()>,
    gone: CancellationToken,
    _end: DropGuard,
}

impl Shared {
    pub(super) fn new(sharing: Sharing) -> Self {
        let gone = CancellationToken::new();
        let end = gone.clone().drop_guard();
        Self {
            sharing,
            token_hash: OnceLock::new(),
            kick: Arc::default(),
            started: AtomicBool::new(false),
            turn: tokio::sync::Mutex::default(),
            gone,
            _end: end,
        }
    }

    /// The first token that this process used stands for the account; later ones are of its line, or of a new login
    /// to the same account.
    pub(super) fn know_token(&self, hash: &str) {
        self.token_hash.get_or_init(|| hash.to_owned());
    }

    fn key(&self) -> Option<QuotaKey> {
        let address = self.sharing.address.clone();
        match &self.sharing.location {
            Some(location) => Some(QuotaKey::Location(address, location.clone())),
            None => Some(QuotaKey::Token(address, self.token_hash.get()?.clone())),
        }
    }
}

impl Limiter {
    /// Starts the task that exchanges, at the first need, and wakes it.
    pub(super) fn kick(self: &Arc<Self>) {
        let Some(shared) = &self.shared else { return };
        if !shared.started.swap(true, Ordering::Relaxed) {
            tokio::spawn(drive(Arc::downgrade(self), Arc::clone(&shared.kick), shared.gone.clone()));
        }
        shared.kick.notify_one();
    }

    /// Wakes the exchanging task if it runs: a permit may be dropped outside of the runtime.
    pub(super) fn nudge(&self) {
        if let Some(shared) = &self.shared {
            shared.kick.notify_one();
        }
    }

    /// Reports, and takes permits for the calls that wait.
    async fn exchange(&self) {
        let Some(shared) = &self.shared else { return };
        let _turn = shared.turn.lock().await;
        let clock = Clocks::read();
        let (ask, wanting, own_use) = {
            let mut state = self.state();
            state.local.settle(clock.now);
            let Some(asking) = state.lease_request(shared, &clock) else { return };
            asking
        };
        let done = match shared.key() {
            Some(key) => shared.sharing.store.exchange_quota(key, ask).await,
            None => Err(Error::new(Code::Internal, "no token stands for the account yet")),
        };
        let clock = Clocks::read();
        let mut state = self.state();
        match done {
            Ok(grant) => state.granted(&grant, own_use, wanting, &clock),
            Err(error) => {
                if state.lease.as_mut().is_some_and(|lease| lease.failed(clock.now)) {
                    tracing::warn!(
                        "the quota is not shared with other processes, this one paces alone: {}",
                        error.message
                    );
                }
            }
        }
        state.wake(clock.now);
    }

    /// Reports for the last time and gives back what was not used, so that the others need not wait for it.
    pub(crate) async fn leave(&self) {
        {
            let mut state = self.state();
            let Some(lease) = &mut state.lease else { return };
            if lease.is_alone() || lease.is_untouched() {
                return;
            }
            lease.put_down();
        }
        self.exchange().await;
    }
}

impl LimiterState {
    /// When the next exchange is due.
    pub(super) fn next_exchange(&self, now: Instant) -> Option<Instant> {
        let lease = self.lease.as_ref()?;
        let in_hand = lease.in_hand(now);
        let wanting = self.queue.len().saturating_sub(in_hand);
        let interactive = self.interactive().saturating_sub(in_hand);
        lease.next(wanting, interactive, self.local.turn(in_hand, now), now)
    }

    /// Takes over what an exchange gave.
    pub(super) fn granted(&mut self, grant: &LeaseGrant, own_use: usize, wanting: (usize, usize), clock: &Clocks) {
        let held = Some(grant.held_until).filter(|held| *held > 0).map(|held| clock.at(held));
        self.local.hear(grant.told, grant.learned_window.map(Duration::from_millis), held);
        if let Some(lease) = &mut self.lease {
            lease.granted(grant, own_use, wanting, |time| clock.at(time), clock.now);
        }
    }

    fn interactive(&self) -> usize {
        self.queue.range(..QuotaTicket { priority: Priority::Bulk, number: i64::MIN }).count()
    }

    /// The report and the request for permits; how many calls, and interactive calls, it is for; and this process's own use.
    pub(super) fn lease_request(
        &mut self,
        shared: &Shared,
        clock: &Clocks,
    ) -> Option<(LeaseRequest, (usize, usize), usize)> {
        let (waiting, interactive) = (self.queue.len(), self.interactive());
        let LimiterState { local, lease: Some(lease), .. } = self else { return None };
        let window = local.window();
        let spare = lease.spare();
        let (set_limit, set_window) = local.settings();
        let (report, in_hand) = lease.begin(window, clock.now);
        let held = local.in_flight() + in_hand;
        // No more than this process's own share allows.
        let mut room = local.free().saturating_sub(in_hand);
        let mut within = |wanted: usize| {
            let wanted = wanted.min(room);
            room -= wanted;
            wanted
        };
        let interactive_wanted = within(interactive.saturating_sub(in_hand));
        let bulk = within(waiting.saturating_sub(in_hand.max(interactive)));
        let spare = within(spare);
        let ask = LeaseRequest {
            member: shared.sharing.member.clone(),
            set_limit,
            set_window: set_window.map(millis),
            usual: Some(local.usual()),
            longest: millis(shared.sharing.attempt_timeout + SLACK),
            held: count(held),
            ended: report.ended.iter().map(|at| clock.wall(*at)).collect(),
            told: report.limit,
            learned_window: local.learned_window().map(millis),
            held_until: local.held_until().map_or(0, |held| clock.wall(held)),
            seen: report.scarcest.map(|told| ObservedQuota {
                limit: told.limit,
                remaining: told.remaining,
                at: clock.wall(told.at),
                until: clock.wall(told.until),
            }),
            lesson: report.lesson,
            interactive: count(interactive_wanted),
            bulk: count(bulk),
            spare: count(spare),
        };
        Some((ask, (interactive_wanted + bulk, interactive_wanted), held + local.cooling()))
    }
}

/// Exchanges whenever it is due, until the limiter is gone.
async fn drive(limiter: Weak<Limiter>, kick: Arc<Notify>, gone: CancellationToken) {
    loop {
        let next = {
            let Some(limiter) = limiter.upgrade() else { return };
            let now = Instant::now();
            let next = {
                let mut state = limiter.state();
                state.local.settle(now);
                state.next_exchange(now)
            };
            if next.is_some_and(|next| next <= now) {
                limiter.exchange().await;
                continue;
            }
            next
        };
        let due = async {
            match next {
                Some(next) => tokio::time::sleep_until(next).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = gone.cancelled() => return,
            () = kick.notified() => {}
            () = due => {}
        }
    }
}

/// The runtime's clock and this machine's, read together.
pub(super) struct Clocks {
    pub(super) now: Instant,
    /// Milliseconds since 1970.
    pub(super) wall: u64,
}

impl Clocks {
    fn read() -> Self {
        Self { now: Instant::now(), wall: u64::try_from(Utc::now().timestamp_millis()).unwrap_or_default() }
    }

    /// A moment of the runtime's clock on this machine's, never earlier than it was.
    fn wall(&self, at: Instant) -> u64 {
        let past = millis(self.now.saturating_duration_since(at));
        let future = millis(at.saturating_duration_since(self.now));
        self.wall.saturating_add(1).saturating_add(future).saturating_sub(past)
    }

    /// A time of this machine's clock on the runtime's; what is past is now.
    fn at(&self, wall: u64) -> Instant {
        let ahead = Duration::from_millis(wall.saturating_sub(self.wall));
        self.now.checked_add(ahead).unwrap_or(self.now)
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn count(size: usize) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}
