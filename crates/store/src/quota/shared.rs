//! The arithmetic of a quota that several processes share, without clock and disk. Times are milliseconds of this
//! machine's clock, which all of its processes read.
//!
//! A permit is *held* by a process from its grant until its request was answered, then it *cools* for one window. The
//! server counts a request between its sending and its answer, so it never counts more than what is held or cooling,
//! and that is never granted beyond the limit.

use super::{
    first_request::FirstRequest,
    messages::{LeaseGrant, LeaseRequest},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Requests in one window until a setting or an answer says otherwise.
pub const LIMIT: u32 = 300;
/// The window in milliseconds until a setting or an answer says otherwise.
pub const WINDOW: u64 = 60_000;

/// The times of answers are rounded up to this fraction of the window, so that there are few to store.
const GRAINS: u64 = 250;
/// The shortest lease: a process needs some time to use it.
const SHORTEST_LEASE: u64 = 50;
/// While others wait, a process takes at most this fraction of the limit at a time.
const ROUND: u32 = 20;
/// The longest hold: what lies further ahead was written before the clock was set back.
const LONGEST_HOLD: u64 = 24 * 3_600_000;

/// How long unused permits may be kept: a hundredth of the window.
pub fn lease_life(window: u64) -> u64 {
    (window / 100).max(SHORTEST_LEASE)
}

/// How many calls wait, and since when.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Waits {
    count: u32,
    since: u64,
}

/// One process of the account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Member {
    held: u32,
    /// When the last of the held ones is answered, if the process never reports again.
    answered_by: u64,
    window: u64,
    interactive: Waits,
    bulk: Waits,
    /// It asks again before this, if calls still wait.
    waits_until: u64,
}

/// The quota of one account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SharedQuota {
    told: Option<u32>,
    learned_window: Option<u64>,
    held_until: u64,
    first: FirstRequest,
    /// What users outside of this machine were seen to use, and until when it counts.
    others: u32,
    others_until: u64,
    /// How many requests were answered by when.
    cooling: BTreeMap<u64, u32>,
    members: BTreeMap<String, Member>,
}

impl SharedQuota {
    /// Takes a process's report and grants it permits.
    pub fn exchange(&mut self, request: &LeaseRequest, now: u64) -> LeaseGrant {
        self.told = request.told.or(self.told);
        self.learned_window = self.learned_window.max(request.learned_window);
        self.held_until = self.held_until.max(request.held_until);
        let usual = request.usual.unwrap_or((LIMIT, WINDOW));
        let window = request.set_window.or(self.learned_window).unwrap_or(usual.1).max(1);
        let life = lease_life(window);
        let before = self.members.get(&request.member).cloned().unwrap_or_default();
        self.settle(request, window, now);
        self.enter(request, window, now);
        let servers = self.told.or(request.set_limit).unwrap_or(usual.0);
        let limit = request.set_limit.map_or(servers, |set| set.min(servers));
        self.see_others(request, window);

        let known = self.told.or(request.set_limit).is_some() && request.set_window.or(self.learned_window).is_some();
        let most = self.first.most(request.lesson, known, now);
        let used = self.used(window, now);
        // A setting below the server's limit leaves others the difference.
        let outside = self.others.saturating_sub(servers - limit);
        let free = limit.saturating_sub(used.saturating_add(outside)).min(most.unwrap_or(u32::MAX));
        let round = (limit / ROUND).max(1);
        let since = |waits: Waits| if waits.count > 0 { waits.since.min(now) } else { now };
        let (mine, mine_bulk) = (since(before.interactive), since(before.bulk));
        let waiting = self.others_waiting(&request.member, mine, mine_bulk, round, now);

        let open = self.held_until <= now;
        let at_most = |others: bool| if others { round } else { u32::MAX };
        let give = |ahead: u32, wanted: u32| if open { free.saturating_sub(ahead).min(wanted) } else { 0 };
        let interactive = give(waiting.before_interactive, request.interactive.min(at_most(waiting.interactive)));
        let left_waiting = request.interactive - interactive;
        let before_bulk = waiting.before_bulk.saturating_add(interactive).saturating_add(left_waiting);
        let bulk = give(before_bulk, request.bulk.min(at_most(waiting.waits)));
        let unmet = left_waiting > 0 || request.bulk > bulk;
        let rest = give(interactive.saturating_add(bulk), u32::MAX) / 4;
        let spare = if unmet || waiting.waits || most.is_some() { 0 } else { request.spare.min(round).min(rest) };
        let permits = interactive + bulk + spare;
        let alone = most.is_some() && permits > 0;
        if alone {
            self.first.goes(now);
        }
        let returns = match (unmet, most) {
            (false, _) => Vec::new(),
            // The time of the first answer is not known; it is usually soon, and then all can go.
            (true, Some(_)) => vec![(now, limit)],
            (true, None) => self.returns(window, free.saturating_sub(permits), outside, now),
        };

        // A process that got permits goes behind the others that wait.
        let then =
            |got: u32, wanted: u32, since: u64| Waits { count: wanted - got, since: if got > 0 { now } else { since } };
        let member = Member {
            held: request.held.saturating_add(permits),
            answered_by: now + life + request.longest,
            window,
            interactive: then(interactive, request.interactive, mine),
            bulk: then(bulk, request.bulk, mine_bulk),
            waits_until: now + life * 3,
        };
        if member.held > 0 || unmet {
            self.members.insert(request.member.clone(), member);
        } else {
            self.members.remove(&request.member);
        }
        LeaseGrant {
            permits,
            until: now + life,
            life,
            now,
            told: self.told,
            learned_window: self.learned_window,
            held_until: if open { 0 } else { self.held_until },
            used: used.saturating_add(outside),
            ahead: if left_waiting > 0 { waiting.before_interactive } else { before_bulk },
            alone,
            returns,
        }
    }

    /// Removes what is over for every process, and corrects times that a clock that was set back left in the future.
    fn settle(&mut self, request: &LeaseRequest, window: u64, now: u64) {
        let longest_window = self.members.values().map(|member| member.window).max().unwrap_or(0).max(window);
        // A little longer than it counts: an answer that came a moment ago is held against what counted then.
        let kept = longest_window + lease_life(longest_window) * 4 + 1_000;
        let newest = now + 1 + (window / GRAINS).max(1);
        let future: u32 = self.cooling.split_off(&(newest + 1)).into_values().fold(0, u32::saturating_add);
        if future > 0 {
            add(&mut self.cooling, newest, future);
        }
        self.cooling.retain(|at, _| *at + kept > now);
        for member in self.members.values_mut() {
            member.waits_until = member.waits_until.min(now + lease_life(longest_window) * 3);
            member.answered_by = member.answered_by.min(now + lease_life(longest_window) + request.longest.max(60_000));
        }
        self.members.retain(|_, member| member.answered_by + kept > now || member.waits_until > now);
        self.held_until = self.held_until.min(now + LONGEST_HOLD);
        if self.others_until <= now {
            self.others = 0;
        }
    }

    /// Enters the process's report: what it still holds, and what cools from now on.
    fn enter(&mut self, request: &LeaseRequest, window: u64, now: u64) {
        let grain = (window / GRAINS).max(1);
        for at in request.ended.iter().map(|at| (*at).min(now + 1)).filter(|at| *at + window > now) {
            add(&mut self.cooling, at.next_multiple_of(grain), 1);
        }
        let member = self.members.entry(request.member.clone()).or_default();
        member.held = request.held;
        member.answered_by = now + lease_life(window) + request.longest;
    }

    fn used(&self, window: u64, at: u64) -> u32 {
        let cooling = self.cooling.iter().filter(|(answered, _)| *answered + window > at).map(|(_, count)| *count);
        let held = self.members.values().filter(|member| member.answered_by + window > at).map(|member| member.held);
        cooling.chain(held).fold(0, u32::saturating_add)
    }

    /// An answer that leaves less than the use of these processes explains shows users elsewhere.
    fn see_others(&mut self, request: &LeaseRequest, window: u64) {
        let Some(seen) = request.seen else { return };
        // At least what the server had counted of ours when it answered, so that no other users are invented.
        let ours = self.used(window, seen.at);
        let others = seen.limit.saturating_sub(seen.remaining).saturating_sub(ours);
        if others > self.others {
            (self.others, self.others_until) = (others, seen.until);
        }
    }

    /// Which other processes wait, and how many permits come before this one's.
    fn others_waiting(&self, me: &str, mine: u64, mine_bulk: u64, round: u32, now: u64) -> OthersWaiting {
        let mut waiting = OthersWaiting::default();
        for (name, member) in &self.members {
            if name == me || member.waits_until <= now {
                continue;
            }
            let earlier = |waits: Waits, mine: u64| (waits.since, name.as_str()) < (mine, me);
            let (interactive, bulk) = (member.interactive, member.bulk);
            waiting.interactive |= interactive.count > 0;
            waiting.waits |= interactive.count > 0 || bulk.count > 0;
            waiting.before_bulk = waiting.before_bulk.saturating_add(interactive.count);
            if interactive.count > 0 && earlier(interactive, mine) {
                waiting.before_interactive = waiting.before_interactive.saturating_add(interactive.count.min(round));
            }
            if bulk.count > 0 && earlier(bulk, mine_bulk) {
                waiting.before_bulk = waiting.before_bulk.saturating_add(bulk.count.min(round));
            }
        }
        waiting
    }

    /// When permits come back, as if everything that is held were answered now.
    fn returns(&self, window: u64, free: u32, outside: u32, now: u64) -> Vec<(u64, u32)> {
        let cooling = self.cooling.iter().map(|(at, count)| (at + window, *count));
        let held = self.members.values().filter(|member| member.answered_by + window > now).map(|member| member.held);
        let held = held.fold(0, u32::saturating_add);
        let more = [(now, free), (now + window, held), (self.others_until, outside)];
        let mut returns: Vec<_> = cooling.filter(|(at, _)| *at > now).chain(more).collect();
        returns.retain(|(_, count)| *count > 0);
        returns.sort_unstable();
        returns
    }
}

#[derive(Debug, Default)]
struct OthersWaiting {
    /// An interactive call waits.
    interactive: bool,
    /// Any call waits, interactive or bulk.
    waits: bool,
    before_interactive: u32,
    before_bulk: u32,
}

fn add(cooling: &mut BTreeMap<u64, u32>, at: u64, count: u32) {
    let known = cooling.entry(at).or_default();
    *known = known.saturating_add(count);
}
