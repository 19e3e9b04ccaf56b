//! The server's clock, learned from the `Date` of its answers.

use chrono::{DateTime, TimeDelta, Utc};
use std::{
    sync::{Mutex, OnceLock, PoisonError},
    time::Instant,
};

/// A moment by this machine's clock, and by a monotonic one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// By this machine's clock.
    pub wall: DateTime<Utc>,
    /// This machine's clock at the first use, and the time that has passed since.
    steady: DateTime<Utc>,
}

impl Moment {
    /// Now.
    pub fn now() -> Self {
        static START: OnceLock<(DateTime<Utc>, Instant)> = OnceLock::new();
        let (start, from) = START.get_or_init(|| (Utc::now(), Instant::now()));
        let passed = TimeDelta::from_std(from.elapsed()).unwrap_or_default();
        Self { wall: Utc::now(), steady: start.checked_add_signed(passed).unwrap_or(*start) }
    }

    /// An earlier moment, perhaps of another process, by this machine's clock.
    pub fn earlier(wall: DateTime<Utc>) -> Self {
        let now = Self::now();
        Self { wall, steady: now.steady.checked_sub_signed(now.wall - wall).unwrap_or(now.steady) }
    }
}

/// What the server's clock may have shown at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerTime {
    /// It showed this or later.
    pub earliest: DateTime<Utc>,
    /// It showed this or earlier.
    pub latest: DateTime<Utc>,
}

/// How far the server's clock is ahead of this machine's: at least, at most.
type Offset = (TimeDelta, TimeDelta);

/// Narrows the server's clock down, answer by answer.
#[derive(Debug, Default)]
pub struct Clock {
    offset: Mutex<Option<Offset>>,
}

impl Clock {
    /// Learns from an answer, whose time of this resolution was written between sending and receiving.
    pub fn learn(&self, time: DateTime<Utc>, resolution: TimeDelta, sent: Moment, received: Moment) {
        let seen = (time - received.steady, time + resolution - sent.steady);
        if seen.0 > seen.1 {
            return;
        }
        let mut offset = self.offset.lock().unwrap_or_else(PoisonError::into_inner);
        *offset = offset
            .map(|known| (known.0.max(seen.0), known.1.min(seen.1)))
            // Nothing in common: one of the clocks was set or has drifted. The last answer holds.
            .filter(|both| both.0 <= both.1)
            .or(Some(seen));
    }

    /// What the server's clock may have shown at a moment of this machine's; `None` until something was learned.
    pub fn at(&self, local: Moment) -> Option<ServerTime> {
        let (least, most) = (*self.offset.lock().unwrap_or_else(PoisonError::into_inner))?;
        let local = local.steady;
        Some(ServerTime { earliest: local.checked_add_signed(least)?, latest: local.checked_add_signed(most)? })
    }

    /// The best guess at the server's clock now: this machine's, until something was learned.
    pub fn now(&self) -> DateTime<Utc> {
        self.guess(Moment::now())
    }

    /// The best guess at what the server's clock showed at a moment of this machine's.
    pub fn guess(&self, local: Moment) -> DateTime<Utc> {
        self.at(local).map_or(local.wall, |time| time.earliest + (time.latest - time.earliest) / 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(millis: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(millis).unwrap()
    }

    fn at(millis: i64) -> Moment {
        Moment { wall: time(millis), steady: time(millis) }
    }

    fn learn(clock: &Clock, date: i64, sent: i64, received: i64) {
        clock.learn(time(date), TimeDelta::seconds(1), at(sent), at(received));
    }

    #[test]
    fn answers_narrow_the_offset_down() {
        let clock = Clock::default();
        assert_eq!(clock.at(at(0)), None);
        // The server is 5.0 s ahead: at 10.1 here it shows 15.1, written as 15.
        learn(&clock, 15_000, 10_000, 10_200);
        assert_eq!(clock.at(at(0)), Some(ServerTime { earliest: time(4_800), latest: time(6_000) }));
        // At 10.95 it shows 15.95, written as 15.
        learn(&clock, 15_000, 10_900, 11_000);
        assert_eq!(clock.at(at(0)), Some(ServerTime { earliest: time(4_800), latest: time(5_100) }));
    }

    #[test]
    fn a_server_clock_that_was_set_is_learned_anew() {
        let clock = Clock::default();
        learn(&clock, 15_000, 10_000, 10_000);
        learn(&clock, 90_000, 10_000, 10_000);
        assert_eq!(clock.at(at(0)), Some(ServerTime { earliest: time(80_000), latest: time(81_000) }));
    }

    #[test]
    fn that_this_machines_clock_is_set_changes_nothing() {
        let clock = Clock::default();
        let set_back = Moment { wall: time(7_000), steady: time(10_500) };
        clock.learn(time(15_000), TimeDelta::seconds(1), at(10_000), set_back);
        assert_eq!(clock.at(at(10_000)), Some(ServerTime { earliest: time(14_500), latest: time(16_000) }));
        assert!(Moment::now().steady <= Moment::now().steady);
    }

    #[test]
    fn an_answer_received_before_it_was_sent_teaches_nothing() {
        let clock = Clock::default();
        learn(&clock, 15_000, 20_000, 10_000);
        assert_eq!(clock.at(at(0)), None);
    }
}
