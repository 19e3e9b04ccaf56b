//! The arithmetic of the quota: what is in flight, what is cooling, and when the next turns come. No clock, no waiting.

use super::headers::AnswerHeaders;
use std::{collections::VecDeque, time::Duration};
use tokio::time::Instant;

/// What holds until the answers say otherwise.
const USUAL: (u32, u64) = (highlevel_store::LIMIT, highlevel_store::WINDOW);

/// How the requests of the last window are accounted for.
#[derive(Debug, Default)]
pub(super) struct LocalQuota {
    set_limit: Option<u32>,
    /// What holds until the answers say otherwise, where it is not [`USUAL`].
    usual: Option<(u32, u64)>,
    /// The part of the limit that is not this process's to use, in percent.
    left_to_others: u32,
    told_limit: Option<u32>,
    set_window: Option<Duration>,
    learned_window: Option<Duration>,
    /// Permits out and not answered yet.
    in_flight: usize,
    /// When the last requests were answered, oldest first. Each comes back one window later.
    cooling: VecDeque<Instant>,
    /// What others were seen to use, until when it counts.
    others: Option<(usize, Instant)>,
    /// Nothing goes out before this: a 429 said so.
    held: Option<Instant>,
    /// How many 429s without a time came in a row.
    streak: u32,
}

impl LocalQuota {
    pub(super) fn new(limit: Option<u32>, window: Option<Duration>) -> Self {
        Self { set_limit: limit.map(|limit| limit.max(1)), set_window: window, ..Self::default() }
    }

    /// The same count, for a process that may use only `percent` of the limit.
    pub(super) fn with_share(mut self, percent: u32) -> Self {
        self.left_to_others = 100_u32.saturating_sub(percent);
        self
    }

    /// The same count, for an API whose usual limit and window (in milliseconds) are these.
    pub(super) fn with_usual(mut self, limit: u32, window: u64) -> Self {
        self.usual = Some((limit, window));
        self
    }

    pub(super) fn usual(&self) -> (u32, u64) {
        self.usual.unwrap_or(USUAL)
    }

    /// The server's limit as an answer gave it, or as it is assumed.
    fn servers_limit(&self) -> u32 {
        self.told_limit.or(self.set_limit).unwrap_or_else(|| self.usual().0)
    }

    /// Requests in one window: of setting and header the tighter.
    pub(super) fn limit(&self) -> u32 {
        let told = self.servers_limit();
        self.set_limit.map_or(told, |set| set.min(told))
    }

    /// What of the limit this process may use.
    fn share(&self) -> u32 {
        let percent = u64::from(100 - self.left_to_others.min(100));
        let share = u64::from(self.limit()) * percent / 100;
        u32::try_from(share).unwrap_or(u32::MAX).max(1)
    }

    pub(super) fn window(&self) -> Duration {
        self.set_window.or(self.learned_window).unwrap_or_else(|| Duration::from_millis(self.usual().1))
    }

    pub(super) fn held_until(&self) -> Option<Instant> {
        self.held
    }

    /// Removes what has come back by now.
    pub(super) fn settle(&mut self, now: Instant) {
        let window = self.window();
        while self.cooling.front().is_some_and(|answered| *answered + window <= now) {
            self.cooling.pop_front();
        }
        self.others = self.others.filter(|(_, until)| *until > now);
        self.held = self.held.filter(|until| *until > now);
    }

    /// What others use of *our* limit: a setting below the server's limit leaves them the difference.
    fn held_for_others(&self) -> usize {
        let spare = size(self.servers_limit() - self.limit());
        self.others.map_or(0, |(count, _)| count.saturating_sub(spare))
    }

    fn used(&self) -> usize {
        self.in_flight + self.cooling.len() + self.held_for_others()
    }

    /// Permits that are free now, a hold aside. Call [`Self::settle`] first.
    pub(super) fn free(&self) -> usize {
        size(self.share()).saturating_sub(self.used())
    }

    /// What of the whole limit this process does not use itself.
    pub(super) fn left_of_limit(&self) -> usize {
        size(self.limit()).saturating_sub(self.used())
    }

    /// How many permits go round once a window.
    pub(super) fn going_round(&self) -> usize {
        size(self.share())
    }

    /// When the one with `ahead` others before it can go at the earliest, if everything in flight is answered now.
    /// `None`: at no time that can be computed.
    pub(super) fn turn(&self, ahead: usize, now: Instant) -> Option<Instant> {
        let limit = size(self.share());
        // Each permit goes round once a window: a call behind all of them waits that much longer.
        let (rounds, place) = (ahead / limit, ahead % limit);
        let free = limit.saturating_sub(self.used());
        let first = if place < free { now } else { self.comes_back((place + self.used()).checked_sub(limit)?, now)? };
        let first = self.held.map_or(first, |held| first.max(held));
        let longer = self.window().checked_mul(u32::try_from(rounds).ok()?)?;
        first.checked_add(longer)
    }

    /// When the permit at this place in the order of coming back does: the cooling ones by their answers, those of
    /// others together, those in flight one window from now.
    fn comes_back(&self, place: usize, now: Instant) -> Option<Instant> {
        let window = self.window();
        let (others, until) = self.others.map_or((0, now), |(_, until)| (self.held_for_others(), until));
        let flying = now + window;
        // Answers lie in the past, so everything cooling is back before anything in flight.
        let before = self.cooling.partition_point(|answered| *answered + window <= until);
        let after = before + others;
        if place < before {
            return self.cooling.get(place).map(|answered| *answered + window);
        }
        if until <= flying {
            if place < after {
                return Some(until);
            }
            return Some(self.cooling.get(place - others).map_or(flying, |answered| *answered + window));
        }
        Some(if place < self.cooling.len() + self.in_flight { flying } else { until })
    }

    pub(super) fn take(&mut self) {
        self.in_flight += 1;
    }

    /// The permit was not used: no request was sent on it.
    pub(super) fn give_back(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// The request ended now, answered or not.
    pub(super) fn ended(&mut self, now: Instant) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.cooling.push_back(now);
    }

    /// Learns from an answer that came now; its own permit has [`Self::ended`].
    pub(super) fn learn(&mut self, headers: &AnswerHeaders, now: Instant) {
        self.learn_terms(headers);
        let Some(remaining) = headers.remaining else { return };
        let ours = size(self.servers_limit()).saturating_sub(self.in_flight + self.cooling.len());
        let others = ours.saturating_sub(size(remaining));
        // What is in flight may not be counted there yet, so a smaller number does not mean that others use less.
        if others > self.others.map_or(0, |(known, _)| known) {
            self.others = Some((others, now + headers.reset.unwrap_or_else(|| self.window())));
        }
    }

    /// Learns limit and window, and nothing of what others use: that takes more than one process's view.
    pub(super) fn learn_terms(&mut self, headers: &AnswerHeaders) {
        self.told_limit = headers.limit.or(self.told_limit);
        self.learned_window = self.learned_window.max(headers.interval);
        if let (Some(limit), Some(remaining), Some(reset)) = (headers.limit, headers.remaining, headers.reset)
            && limit.checked_sub(1) == Some(remaining)
            && headers.reset_is_sure
            && !reset.is_zero()
        {
            // This request opened a fresh window, so what is left of it is its whole length.
            self.learned_window = self.learned_window.max(Some(reset));
        }
    }

    /// Adopts what other processes learned.
    pub(super) fn hear(&mut self, limit: Option<u32>, window: Option<Duration>, held: Option<Instant>) {
        self.told_limit = limit.or(self.told_limit);
        self.learned_window = self.learned_window.max(window);
        self.held = self.held.max(held);
    }

    pub(super) fn settings(&self) -> (Option<u32>, Option<Duration>) {
        (self.set_limit, self.set_window)
    }

    /// Whether limit and window are known, by setting or by answer.
    pub(super) fn knows_terms(&self) -> bool {
        self.set_limit.or(self.told_limit).is_some() && self.set_window.or(self.learned_window).is_some()
    }

    pub(super) fn learned_window(&self) -> Option<Duration> {
        self.learned_window
    }

    pub(super) fn in_flight(&self) -> usize {
        self.in_flight
    }

    pub(super) fn cooling(&self) -> usize {
        self.cooling.len()
    }

    /// Holds everything back after a 429. `jitter` is a fraction between 0 and 1.
    pub(super) fn refused(&mut self, headers: &AnswerHeaders, now: Instant, jitter: f64) {
        // A wait of zero would mean a request at once, and another 429.
        let told = [headers.retry_after, headers.reset].into_iter().flatten().find(|wait| !wait.is_zero());
        let wait = told.unwrap_or_else(|| {
            // Answers to requests that were out together are one refusal, not many.
            if self.held.is_none_or(|held| held <= now) {
                self.streak = (self.streak + 1).min(3);
            }
            let base = Duration::from_secs(1 << self.streak.saturating_sub(1));
            base + base.mul_f64(jitter.clamp(0.0, 1.0) / 2.0)
        });
        self.held = self.held.max(Some(now + wait));
    }

    /// Holds everything back until the next day, once this one's requests are used up.
    pub(super) fn spent(&mut self, headers: &AnswerHeaders, now: Instant) {
        self.held = self.held.max(headers.day_ends.map(|wait| now + wait));
    }

    pub(super) fn accepted(&mut self) {
        self.streak = 0;
    }
}

/// Lossless on every platform this runs on.
fn size(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}
