//! Faults: what may go wrong, which requests it befalls, and the drawing of them.

use super::operations::{Effect, Label};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::time::Duration;

/// What goes wrong.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// The answer takes this much longer.
    Latency(Duration),
    /// A refusal with this status.
    Status(u16),
    /// A 429 with `Retry-After`, in seconds or as a date.
    RetryAfter { seconds: u64, as_date: bool },
    /// A 502 with a page of HTML, as proxies send it.
    Html,
    /// A 403 with a page of HTML, as firewalls send it.
    Block,
    /// A refusal with this status that names the path as unknown.
    NoRoute(u16),
    /// The connection ends without a byte of an answer.
    Drop,
    /// The same, and the effect lands this much later.
    Late(Duration),
    /// `Content-Length` promises more than comes before the connection ends.
    Truncate,
    /// A success whose body is cut-off JSON.
    Malformed,
    /// A 302 to this address.
    Redirect(String),
    /// A success with a body of so many bytes, or without end.
    Huge(Option<u64>),
}

/// Which requests a rule is about.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Filter {
    /// Every operation; the refresh, which is no operation, has to be named.
    Any,
    /// Operations of this effect.
    Effect(Effect),
    /// One operation, as its API writes it or as the document writes the one that does the same.
    Operation(&'static str),
}

impl Filter {
    fn fits(&self, label: Label) -> bool {
        match self {
            Self::Any => label.effect != Effect::Refresh,
            Self::Effect(effect) => label.effect == *effect,
            Self::Operation(name) => label.name == *name || label.twin == Some(name),
        }
    }
}

/// One rule of a plan.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rule {
    /// The kind's word in the plan, under which the books count it.
    pub(super) name: String,
    pub(super) kind: Kind,
    /// Whether the operation is performed before the fault shows.
    pub(super) after: bool,
    pub(super) filter: Filter,
    /// How many matching requests pass unharmed first.
    pub(super) skip: u64,
    /// How many requests it befalls at most.
    pub(super) most: u64,
    /// With what chance, in percent.
    pub(super) percent: f64,
}

/// A plan of faults: what `--fault` says, parsed. The default is none. [`FaultPlan::HELP`] describes the words.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FaultPlan {
    pub(super) rules: Vec<Rule>,
}

/// What befalls one request.
#[derive(Debug, Default)]
pub(super) struct Drawn {
    /// Waiting before the operation.
    pub(super) before: Duration,
    /// Waiting after the operation.
    pub(super) after: Duration,
    /// What replaces its honest answer.
    pub(super) fault: Option<Rule>,
    /// The words of the rules that made it wait.
    pub(super) waits: Vec<String>,
}

/// A plan at work.
#[derive(Debug)]
pub(super) struct Faults {
    rules: Vec<Active>,
}

#[derive(Debug)]
struct Active {
    rule: Rule,
    seen: u64,
    fired: u64,
    dice: ChaCha8Rng,
}

impl Faults {
    /// Puts a plan to work. Each rule has its own dice, so that adding one leaves the others' throws alone.
    pub(super) fn new(plan: FaultPlan, seed: u64) -> Self {
        let with_dice = |(rule, stream): (Rule, u64)| {
            let mut dice = ChaCha8Rng::seed_from_u64(seed);
            dice.set_stream(stream);
            Active { rule, seen: 0, fired: 0, dice }
        };
        Self { rules: plan.rules.into_iter().zip(1..).map(with_dice).collect() }
    }

    /// Draws what befalls a request: every waiting that fits, and the first of the other rules that does.
    pub(super) fn draw(&mut self, label: Label) -> Drawn {
        let mut drawn = Drawn::default();
        for active in &mut self.rules {
            if !active.would_fire(label) {
                continue;
            }
            match active.rule.kind {
                Kind::Latency(wait) => {
                    *if active.rule.after { &mut drawn.after } else { &mut drawn.before } += wait;
                    drawn.waits.push(active.rule.name.clone());
                }
                _ if drawn.fault.is_none() => drawn.fault = Some(active.rule.clone()),
                _ => continue,
            }
            active.fired += 1;
        }
        drawn
    }
}

impl Active {
    /// Every matching request is seen and has its throw, so that a script does not depend on the other rules.
    fn would_fire(&mut self, label: Label) -> bool {
        if !self.rule.filter.fits(label) {
            return false;
        }
        self.seen += 1;
        let hit = self.rule.percent >= 100.0 || self.dice.random_range(0.0..100.0) < self.rule.percent;
        hit && self.seen > self.rule.skip && self.fired < self.rule.most
    }
}

#[cfg(test)]
mod tests {
    use super::super::operations::ROUTES;
    use super::*;

    fn route(name: &str) -> Label {
        ROUTES.iter().find(|route| route.name == name).unwrap().label()
    }

    /// For each of so many creations of a contact, whether a fault befalls it.
    fn throws(spec: &str, seed: u64, count: usize) -> Vec<bool> {
        let mut faults = Faults::new(spec.parse().unwrap(), seed);
        (0..count).map(|_| faults.draw(route("POST /contact")).fault.is_some()).collect()
    }

    #[test]
    fn scripts_count_matching_requests() {
        assert_eq!(throws("500*2", 1, 4), [true, true, false, false]);
        assert_eq!(throws("500@POST /contact*1+2", 1, 4), [false, false, true, false]);
        assert_eq!(throws("500@read", 1, 2), [false, false]);
        assert_eq!(throws("500@write", 1, 2), [true, true]);
    }

    #[test]
    fn rates_are_reproducible() {
        let once = throws("drop%30", 7, 1000);
        assert_eq!(once, throws("drop%30", 7, 1000));
        assert_ne!(once, throws("drop%30", 8, 1000));
        let hits = once.iter().filter(|hit| **hit).count();
        assert!((200..400).contains(&hits), "{hits}");
    }

    #[test]
    fn waits_add_up_and_the_first_other_fault_wins() {
        let mut faults = Faults::new("latency:5;500*1;latency-after:7;drop".parse().unwrap(), 1);
        let first = faults.draw(route("GET /page"));
        assert_eq!((first.before, first.after), (Duration::from_millis(5), Duration::from_millis(7)));
        assert_eq!(first.waits, ["latency", "latency-after"]);
        assert_eq!(first.fault.unwrap().name, "500");
        assert_eq!(faults.draw(route("GET /page")).fault.unwrap().kind, Kind::Drop);
        assert!(faults.draw(route("POST /token/update")).fault.is_none());
    }
}
