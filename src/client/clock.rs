//! The server's clock, learned from the `Date` of its answers.

use chrono::{DateTime, TimeDelta, Utc};
use std::sync::{Mutex, PoisonError};

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
pub(crate) struct Clock {
    offset: Mutex<Option<Offset>>,
}

impl Clock {
    /// Learns from an answer: its `Date`, in whole seconds, was written between sending and receiving.
    pub(crate) fn learn(&self, date: DateTime<Utc>, sent: DateTime<Utc>, received: DateTime<Utc>) {
        let seen = (date - received, date + TimeDelta::seconds(1) - sent);
        if seen.0 > seen.1 {
            return; // This machine's clock was set back meanwhile.
        }
        let mut offset = self.offset.lock().unwrap_or_else(PoisonError::into_inner);
        *offset = offset
            .map(|known| (known.0.max(seen.0), known.1.min(seen.1)))
            // Nothing in common: one of the clocks was set or has drifted. What was seen last is what holds.
            .filter(|both| both.0 <= both.1)
            .or(Some(seen));
    }

    /// What the server's clock may have shown at a moment of this machine's; `None` until something was learned.
    pub(crate) fn at(&self, local: DateTime<Utc>) -> Option<ServerTime> {
        let (least, most) = (*self.offset.lock().unwrap_or_else(PoisonError::into_inner))?;
        Some(ServerTime { earliest: local.checked_add_signed(least)?, latest: local.checked_add_signed(most)? })
    }

    /// The best guess at the server's clock now: this machine's, until something was learned.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.guess(Utc::now())
    }

    /// The best guess at what the server's clock showed at a moment of this machine's.
    pub(crate) fn guess(&self, local: DateTime<Utc>) -> DateTime<Utc> {
        self.at(local).map_or(local, |time| time.earliest + (time.latest - time.earliest) / 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(millis).unwrap()
    }

    #[test]
    fn answers_narrow_the_offset_down() {
        let clock = Clock::default();
        assert_eq!(clock.at(at(0)), None);
        // The server is 5.0 s ahead: at 10.1 here it shows 15.1, written as 15.
        clock.learn(at(15_000), at(10_000), at(10_200));
        assert_eq!(clock.at(at(0)), Some(ServerTime { earliest: at(4_800), latest: at(6_000) }));
        // At 10.95 it shows 15.95, written as 15.
        clock.learn(at(15_000), at(10_900), at(11_000));
        assert_eq!(clock.at(at(0)), Some(ServerTime { earliest: at(4_800), latest: at(5_100) }));
    }

    #[test]
    fn a_clock_that_was_set_is_learned_anew() {
        let clock = Clock::default();
        clock.learn(at(15_000), at(10_000), at(10_000));
        clock.learn(at(90_000), at(10_000), at(10_000));
        assert_eq!(clock.at(at(0)), Some(ServerTime { earliest: at(80_000), latest: at(81_000) }));
    }

    #[test]
    fn an_answer_received_before_it_was_sent_teaches_nothing() {
        let clock = Clock::default();
        clock.learn(at(15_000), at(20_000), at(10_000));
        assert_eq!(clock.at(at(0)), None);
    }
}
