//! Several processes, their shared quota and a server in virtual time. Each process has the real count and lease, and may
//! be killed at any moment. The server counts a request at some moment between sending and answer.

use crate::quota::{
    QuotaTicket, Sharing,
    lease::Lease,
    local::LocalQuota,
    shared::{Clocks, Shared},
    state::{LimiterState, Waiter},
};
use highlevel_core::context::Priority;
use highlevel_store::{LeaseGrant, LeaseRequest, SharedQuota, Store};
use proptest::prelude::*;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::time::Instant;

/// The longest attempt, in milliseconds.
const ATTEMPT: u64 = 300;
/// The clock's reading at the beginning.
const BEGINNING: u64 = 1_700_000_000_000;

#[derive(Debug, Clone)]
struct Call {
    comes: u64,
    takes: u64,
    /// When the server counts it, in percent of the time it takes.
    counted: u64,
    bulk: bool,
}

#[derive(Debug, Clone)]
struct Plan {
    calls: Vec<Call>,
    dies: Option<u64>,
    share: u32,
    /// How long an exchange takes to reach the books, and its answer to come back.
    there: u64,
    back: u64,
}

struct Under {
    ask: LeaseRequest,
    wanting: (usize, usize),
    own_use: usize,
    at: u64,
    grant: Option<LeaseGrant>,
}

struct Process {
    plan: Plan,
    state: LimiterState,
    shared: Shared,
    waiting: BTreeMap<QuotaTicket, usize>,
    answers: Vec<u64>,
    under: Option<Under>,
    /// When each of its calls was sent, and whether it was bulk.
    sent: Vec<(u64, bool)>,
}

struct World {
    start: Instant,
    books: SharedQuota,
    processes: Vec<Process>,
    counted: Vec<u64>,
}

impl World {
    fn new(limit: u32, window: u64, plans: &[Plan]) -> Self {
        let process = |(number, plan): (usize, &Plan)| {
            let local = LocalQuota::new(Some(limit), Some(Duration::from_millis(window))).with_share(plan.share);
            Process {
                plan: plan.clone(),
                state: LimiterState::new(local, Some(Lease::default())),
                shared: Shared::new(Sharing {
                    store: Arc::new(Store::open("unused".into())),
                    address: String::new(),
                    location: None,
                    member: format!("process-{number}"),
                    attempt_timeout: Duration::from_millis(ATTEMPT),
                }),
                waiting: BTreeMap::new(),
                answers: Vec::new(),
                under: None,
                sent: Vec::new(),
            }
        };
        Self {
            start: Instant::now(),
            books: SharedQuota::default(),
            processes: plans.iter().enumerate().map(process).collect(),
            counted: Vec::new(),
        }
    }

    /// Lets it be `at` milliseconds after the beginning.
    fn tick(&mut self, at: u64) {
        let clock = Clocks { now: self.start + Duration::from_millis(at), wall: BEGINNING + at };
        for process in &mut self.processes {
            if process.plan.dies.is_none_or(|dies| at < dies) {
                process.tick(at, &clock, &mut self.books, &mut self.counted);
            }
        }
    }

    fn is_done(&self, at: u64) -> bool {
        let served = |process: &Process| process.sent.len() == process.plan.calls.len();
        self.processes.iter().all(|process| served(process) || process.plan.dies.is_some_and(|dies| dies <= at))
    }
}

impl Process {
    fn tick(&mut self, at: u64, clock: &Clocks, books: &mut SharedQuota, counted: &mut Vec<u64>) {
        let state = &mut self.state;
        state.local.settle(clock.now);
        let life = crate::quota::lease::life(state.local.window());
        for _ in self.answers.extract_if(.., |answer| *answer <= at) {
            state.ended(clock.now);
        }
        for (number, call) in self.plan.calls.iter().enumerate().filter(|(_, call)| call.comes == at) {
            state.last += 1;
            let priority = if call.bulk { Priority::Bulk } else { Priority::Interactive };
            let ticket = QuotaTicket { priority, number: state.last };
            let far = clock.now + Duration::from_secs(100_000);
            state.queue.insert(ticket, Waiter { deadline: far, wake: Arc::default() });
            self.waiting.insert(ticket, number);
        }
        self.exchange(at, clock, books);
        let state = &mut self.state;
        while let Some((&ticket, &number)) = self.waiting.first_key_value() {
            if !state.has_in_hand(clock.now) || state.turn(0, clock.now).is_none_or(|turn| turn > clock.now) {
                break;
            }
            let call = &self.plan.calls[number];
            state.take(clock.now);
            state.queue.remove(&ticket);
            self.waiting.remove(&ticket);
            self.sent.push((at, call.bulk));
            counted.push(at + call.takes * call.counted / 100);
            self.answers.push(at + call.takes);
        }
        assert!(life >= Duration::from_millis(50));
    }

    fn exchange(&mut self, at: u64, clock: &Clocks, books: &mut SharedQuota) {
        let due = self.state.next_exchange(clock.now).is_some_and(|next| next <= clock.now);
        if self.under.is_none() && due {
            let (ask, wanting, own_use) = self.state.lease_request(&self.shared, clock).unwrap();
            self.under = Some(Under { ask, wanting, own_use, at: at + self.plan.there, grant: None });
        }
        let Some(under) = &mut self.under else { return };
        if under.at > at {
            return;
        }
        if under.grant.is_none() {
            under.grant = Some(books.exchange(&under.ask, BEGINNING + at));
            under.at = at + self.plan.back;
            // What is kept between two exchanges is text.
            *books = serde_json::from_str(&serde_json::to_string(books).unwrap()).unwrap();
        }
        if under.at <= at
            && let Some(Under { wanting, own_use, grant: Some(grant), .. }) = self.under.take()
        {
            self.state.granted(&grant, own_use, wanting, clock);
        }
    }
}

fn call() -> impl Strategy<Value = Call> {
    let times = (0_u64..1_500, 0..=ATTEMPT, 0_u64..=100, proptest::bool::weighted(0.3));
    times.prop_map(|(comes, takes, counted, bulk)| Call { comes, takes, counted, bulk })
}

fn plan() -> impl Strategy<Value = Plan> {
    let share = prop_oneof![3 => Just(100_u32), 1 => 1_u32..=100];
    let dies = proptest::option::weighted(0.3, 0_u64..2_500);
    (proptest::collection::vec(call(), 0..12), dies, share, 0_u64..8, 0_u64..8)
        .prop_map(|(calls, dies, share, there, back)| Plan { calls, dies, share, there, back })
}

fn most_in_a_window(times: &[u64], window: u64) -> usize {
    let within = |end: u64| times.iter().filter(|at| **at <= end && **at + window > end).count();
    times.iter().map(|end| within(*end)).max().unwrap_or(0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn no_window_is_ever_over_and_nobody_starves(
        plans in proptest::collection::vec(plan(), 1..5), limit in 1_u32..9, window in 100_u64..1_500,
    ) {
        let mut world = World::new(limit, window, &plans);
        let calls: usize = plans.iter().map(|plan| plan.calls.len()).sum();
        // Each round of permits takes a window, its answers, and an exchange; the dead hold theirs a little longer.
        let round = window + ATTEMPT + 2 * 50 + 40;
        let least_share = plans.iter().map(|plan| (limit * plan.share / 100).max(1)).min().unwrap_or(1);
        let rounds = u64::try_from(calls).unwrap() / u64::from(least_share.min(limit)) + 3;
        let end = 2_500 + rounds * round + 1_000 + window + ATTEMPT;
        let mut at = 0;
        while at < end && !(at > 2_500 && world.is_done(at)) {
            world.tick(at);
            at += 1;
        }
        let most = most_in_a_window(&world.counted, window);
        prop_assert!(most <= usize::try_from(limit).unwrap(), "{most} of {limit} in a window");
        prop_assert!(world.is_done(at), "calls that never had their turn by {end}");
    }
}

fn plain(calls: Vec<Call>) -> Plan {
    Plan { calls, dies: None, share: 100, there: 1, back: 1 }
}

fn calls(count: usize, comes: u64, bulk: bool) -> Vec<Call> {
    vec![Call { comes, takes: 5, counted: 50, bulk }; count]
}

fn run(limit: u32, window: u64, plans: &[Plan], until: u64) -> World {
    let mut world = World::new(limit, window, plans);
    (0..until).for_each(|at| world.tick(at));
    world
}

#[test]
fn a_saturated_quota_is_used_and_shared_evenly() {
    let plans: Vec<_> = (0..8).map(|_| plain(calls(400, 0, false))).collect();
    let world = run(300, 6_000, &plans, 24_000);
    let sent: Vec<_> = world.processes.iter().map(|process| process.sent.len()).collect();
    // Four windows began: at best four times the limit went out.
    let all: usize = sent.iter().sum();
    assert!(all >= 1_176, "{all} of 1200 are less than 98 %");
    assert!(most_in_a_window(&world.counted, 6_000) <= 300);
    // Who came first took the whole of the first window, since nobody else was there; then they take turns.
    let later = |process: &Process| process.sent.iter().filter(|(at, _)| *at >= 6_000).count();
    let later: Vec<_> = world.processes.iter().map(later).collect();
    let (least, most) = (later.iter().min().unwrap(), later.iter().max().unwrap());
    assert!(most - least <= 60, "{later:?}");
}

#[test]
fn interactive_calls_go_before_the_bulk_of_another_process() {
    let plans = [plain(calls(500, 0, true)), plain(calls(10, 1_500, false))];
    let world = run(20, 1_000, &plans, 4_000);
    let served = world.processes[1].sent.iter().map(|(at, _)| *at).max().unwrap();
    assert_eq!(world.processes[1].sent.len(), 10);
    let bulk = world.processes[0].sent.iter().filter(|(at, _)| *at > 1_560 && *at < served).count();
    assert_eq!(bulk, 0, "what was in hand aside, no bulk call went before them");
    assert!(world.processes[0].sent.len() > 40, "and the bulk goes on");
}

#[test]
fn what_a_dead_process_held_comes_back() {
    let mut dying = plain(calls(10, 0, false));
    dying.dies = Some(3); // Granted at 2, and killed before anything of it could be reported.
    let world = run(10, 1_000, &[dying, plain(calls(10, 10, false))], 4_000);
    let first = world.processes[1].sent.first().unwrap().0;
    assert_eq!(world.processes[1].sent.len(), 10);
    let earliest = 1 + 50 + ATTEMPT + 1_000 + 1_000;
    assert!((earliest..earliest + 120).contains(&first), "{first}: lease, longest attempt, slack, window");
}

#[test]
fn a_process_takes_no_more_than_its_share() {
    let mut half = plain(calls(100, 0, false));
    half.share = 50;
    let world = run(20, 1_000, &[half], 3_500);
    let sent: Vec<_> = world.processes[0].sent.iter().map(|(at, _)| *at).collect();
    assert_eq!(most_in_a_window(&sent, 1_000), 10);
    assert!(sent.len() >= 40);
}

#[test]
fn a_process_with_permits_in_hand_does_not_ask() {
    let many = (0..40).map(|number| Call { comes: number * 20, takes: 5, counted: 0, bulk: false }).collect();
    let mut world = World::new(10_000, 60_000, &[plain(many)]);
    let mut exchanges = 0;
    for at in 0..900 {
        let before = world.processes[0].under.is_some();
        world.tick(at);
        exchanges += usize::from(!before && world.processes[0].under.is_some());
    }
    assert_eq!(world.processes[0].sent.len(), 40);
    assert!(exchanges < 20, "{exchanges} exchanges for 40 calls");
}
