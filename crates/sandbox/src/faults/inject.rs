//! Draws which faults a request gets.

use super::FaultPlan;
use super::rule::{FaultKind, FaultRule};
use crate::operation::OperationLabel;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::time::Duration;

/// The faults drawn for one request.
#[derive(Debug, Default)]
pub(crate) struct DrawnFaults {
    /// The delay before the operation.
    pub(crate) before: Duration,
    /// The delay after the operation.
    pub(crate) after: Duration,
    /// The rule whose fault replaces the answer.
    pub(crate) fault: Option<FaultRule>,
    /// The words of the rules that delay the request.
    pub(crate) delays: Vec<String>,
}

/// Draws the faults of each request from a plan.
#[derive(Debug)]
pub(crate) struct FaultInjector {
    rules: Vec<ActiveRule>,
}

#[derive(Debug)]
struct ActiveRule {
    rule: FaultRule,
    seen: u64,
    fired: u64,
    rng: ChaCha8Rng,
}

impl FaultInjector {
    /// Creates the injector. Each rule has its own random stream, so that adding a rule does not change the others' draws.
    pub(crate) fn new(plan: FaultPlan, seed: u64) -> Self {
        let active = |(rule, stream): (FaultRule, u64)| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.set_stream(stream);
            ActiveRule { rule, seen: 0, fired: 0, rng }
        };
        Self { rules: plan.rules.into_iter().zip(1..).map(active).collect() }
    }

    /// Draws the faults of a request: every delay that fits, and the first other rule that fits. `owner` is the id of the
    /// request's location, or `agency`.
    pub(crate) fn draw(&mut self, label: OperationLabel, owner: &str) -> DrawnFaults {
        let mut drawn = DrawnFaults::default();
        for active in &mut self.rules {
            if !active.would_fire(label, owner) {
                continue;
            }
            match active.rule.kind {
                FaultKind::Latency(delay) => {
                    *if active.rule.after { &mut drawn.after } else { &mut drawn.before } += delay;
                    drawn.delays.push(active.rule.name.clone());
                }
                _ if drawn.fault.is_none() => drawn.fault = Some(active.rule.clone()),
                _ => continue,
            }
            active.fired += 1;
        }
        drawn
    }
}

impl ActiveRule {
    /// Every matching request is counted and drawn for, so that a rule does not depend on the other rules.
    fn would_fire(&mut self, label: OperationLabel, owner: &str) -> bool {
        if !self.rule.fits(label, owner) {
            return false;
        }
        self.seen += 1;
        let hit = self.rule.percent >= 100.0 || self.rng.random_range(0.0..100.0) < self.rule.percent;
        hit && self.seen > self.rule.skip && self.fired < self.rule.max_count
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::routes::ROUTES;

    fn route(name: &str) -> OperationLabel {
        ROUTES.iter().find(|route| route.name == name).unwrap().label()
    }

    /// For each of `count` contact creations, whether it gets a fault.
    fn draws(spec: &str, seed: u64, count: usize) -> Vec<bool> {
        let mut faults = FaultInjector::new(spec.parse().unwrap(), seed);
        (0..count).map(|_| faults.draw(route("POST /contact"), "here").fault.is_some()).collect()
    }

    #[test]
    fn scripts_count_matching_requests() {
        assert_eq!(draws("500*2", 1, 4), [true, true, false, false]);
        assert_eq!(draws("500@POST /contact*1+2", 1, 4), [false, false, true, false]);
        assert_eq!(draws("500@read", 1, 2), [false, false]);
        assert_eq!(draws("500@write", 1, 2), [true, true]);
        assert_eq!(draws("500@write@location:here*1", 1, 2), [true, false]);
        assert_eq!(draws("500@write@location:there", 1, 2), [false, false]);
    }

    #[test]
    fn rates_are_reproducible() {
        let once = draws("drop%30", 7, 1000);
        assert_eq!(once, draws("drop%30", 7, 1000));
        assert_ne!(once, draws("drop%30", 8, 1000));
        let hits = once.iter().filter(|hit| **hit).count();
        assert!((200..400).contains(&hits), "{hits}");
    }

    #[test]
    fn waits_add_up_and_the_first_other_fault_wins() {
        let mut faults = FaultInjector::new("latency:5;500*1;latency-after:7;drop".parse().unwrap(), 1);
        let first = faults.draw(route("GET /page"), "here");
        assert_eq!((first.before, first.after), (Duration::from_millis(5), Duration::from_millis(7)));
        assert_eq!(first.delays, ["latency", "latency-after"]);
        assert_eq!(first.fault.unwrap().name, "500");
        assert_eq!(faults.draw(route("GET /page"), "here").fault.unwrap().kind, FaultKind::Drop);
        assert!(faults.draw(route("POST /token/update"), "here").fault.is_none());
    }
}
