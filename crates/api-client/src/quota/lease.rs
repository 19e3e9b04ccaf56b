//! This process's part of a quota that several share: what it has in hand, what it has to report, when it asks again.
//! No clock, no waiting, no disk.

use super::headers::AnswerHeaders;
use highlevel_store::{LeaseGrant, Lesson, lease_life};
use std::time::Duration;
use tokio::time::Instant;

/// So long a process paces alone before it tries the state directory again.
const ALONE: Duration = Duration::from_secs(60);

/// The least time between one asking in vain and the next.
const SHORTEST_PAUSE: Duration = Duration::from_millis(5);

/// The quota as one answer told it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Observed {
    pub(super) limit: u32,
    pub(super) remaining: u32,
    pub(super) at: Instant,
    pub(super) until: Instant,
}

/// What is to be reported at the next exchange.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// When requests were answered.
    pub(super) ended: Vec<Instant>,
    /// The server's limit, if it was told.
    pub(super) limit: Option<u32>,
    /// The scarcest answer.
    pub(super) scarcest: Option<Observed>,
    /// What came of the request that went alone.
    pub(super) lesson: Option<Lesson>,
    /// A 429 came, or others wait for a lesson: they must know at once.
    pub(super) urgent: bool,
}

/// When permits come back that are not in hand yet.
#[derive(Debug, Default)]
struct Outlook {
    ahead: usize,
    /// How many are back by when, soonest first.
    back: Vec<(usize, Instant)>,
}

/// The lease of this process.
#[derive(Debug, Default)]
pub(super) struct Lease {
    /// Granted and not taken yet.
    in_hand: usize,
    until: Option<Instant>,
    /// What is in hand, or was taken last, is for a request that goes alone.
    alone: bool,
    report: Report,
    /// What the exchange that is under way reports; it is reported again if that fails.
    reporting: Report,
    /// Permits taken since the last exchange: about so many more will be wanted.
    taken: usize,
    /// Permits of the account that are used, but not by this process, and since when that is known.
    elsewhere: Option<(usize, Instant)>,
    /// Calls that wait have been entered with the account.
    waits: bool,
    waits_interactive: bool,
    outlook: Outlook,
    /// Asking before this would be in vain.
    again: Option<Instant>,
    /// The next report and the giving back of what is in hand.
    due: Option<Instant>,
    alone_until: Option<Instant>,
}

impl Lease {
    /// The state directory cannot be used: this process paces by its own count.
    pub(super) fn is_alone(&self) -> bool {
        self.alone_until.is_some()
    }

    /// Permits that may be used now.
    pub(super) fn in_hand(&self, now: Instant) -> usize {
        if self.until.is_some_and(|until| now < until) { self.in_hand } else { 0 }
    }

    pub(super) fn take(&mut self) {
        self.in_hand = self.in_hand.saturating_sub(1);
        self.taken = self.taken.saturating_add(1);
    }

    /// A permit that was not used is in hand again as long as its lease lives.
    pub(super) fn give_back(&mut self, now: Instant) {
        self.in_hand = self.in_hand.saturating_add(1);
        self.due.get_or_insert(now);
    }

    /// A request was answered now. Says whether the exchange has to be woken for it.
    pub(super) fn ended(&mut self, now: Instant, life: Duration) -> bool {
        self.report.ended.push(now);
        let wake = self.due.is_none() || self.alone;
        self.due.get_or_insert(now + life);
        self.learned(Lesson::None);
        wake
    }

    /// The request that went alone came to this.
    fn learned(&mut self, lesson: Lesson) {
        if std::mem::take(&mut self.alone) {
            self.report.lesson = Some(lesson);
            self.report.urgent = true;
        }
    }

    /// What the answer told, for all processes to know.
    pub(super) fn learn(
        &mut self,
        headers: &AnswerHeaders,
        lesson: Lesson,
        refused: bool,
        window: Duration,
        now: Instant,
    ) {
        // Without an answer it would have been none.
        self.report.lesson = self.report.lesson.max(self.report.lesson.map(|_| lesson));
        self.report.limit = headers.limit.or(self.report.limit);
        self.report.urgent |= refused;
        if let (Some(limit), Some(remaining)) = (headers.limit, headers.remaining)
            && self.report.scarcest.is_none_or(|known| remaining <= known.remaining)
        {
            let until = now + headers.reset.unwrap_or(window);
            self.report.scarcest = Some(Observed { limit, remaining, at: now, until });
        }
    }

    /// What the last answer left, if nobody has reckoned with it yet.
    pub(super) fn told_remaining(&self) -> Option<usize> {
        let told = self.report.scarcest.or(self.reporting.scarcest)?;
        usize::try_from(told.remaining).ok()
    }

    /// Permits of the account that others were known to use within the last window.
    pub(super) fn elsewhere(&self, window: Duration, now: Instant) -> usize {
        self.elsewhere.filter(|(_, at)| *at + window > now).map_or(0, |(count, _)| count)
    }

    /// When the call with `ahead` others of this process before it may get a permit, as far as is known. `limit`
    /// permits go round once a window.
    pub(super) fn turn(&self, ahead: usize, limit: usize, window: Duration, now: Instant) -> Option<Instant> {
        let Some(place) = ahead.checked_sub(self.in_hand(now)) else { return Some(now) };
        if self.outlook.back.is_empty() {
            return Some(now); // To be asked for.
        }
        let place = place.checked_add(self.outlook.ahead)?;
        let (rounds, place) = (place / limit.max(1), place % limit.max(1));
        let at = self.outlook.back.partition_point(|(count, _)| *count <= place);
        let back = self.outlook.back.get(at).or(self.outlook.back.last()).map_or(now, |(_, at)| *at);
        back.max(now).checked_add(window.checked_mul(u32::try_from(rounds).ok()?)?)
    }

    /// When the next exchange is due. `wanting`: calls that wait for what is not in hand, `interactive` of them for
    /// somebody; `own`: when this process's own share lets it take more.
    pub(super) fn next(
        &self,
        wanting: usize,
        interactive: usize,
        own: Option<Instant>,
        now: Instant,
    ) -> Option<Instant> {
        let mut due = self.due;
        if wanting > 0 {
            let news = interactive > 0 && !self.waits_interactive;
            let again = self.again.filter(|_| !news).unwrap_or(now);
            due = [due, own.map(|own| own.max(again))].into_iter().flatten().min();
        } else if self.waits {
            due = Some(now); // Others need not stand back any more.
        }
        if self.report.urgent {
            due = Some(now);
        }
        match self.alone_until {
            Some(until) => due.map(|due| due.max(until)),
            None => due,
        }
    }

    /// Begins an exchange: what to report and how many permits stay in hand.
    pub(super) fn begin(&mut self, window: Duration, now: Instant) -> (&Report, usize) {
        if self.in_hand > 0 && self.in_hand(now) == 0 {
            self.learned(Lesson::None); // It was never sent.
        }
        let mut report = std::mem::take(&mut self.report);
        report.ended.append(&mut self.reporting.ended);
        report.limit = report.limit.or(self.reporting.limit);
        report.lesson = report.lesson.max(self.reporting.lesson);
        report.ended.retain(|at| *at + window > now);
        self.reporting = report;
        self.due = None;
        if self.in_hand(now) == 0 {
            self.in_hand = 0;
        }
        (&self.reporting, self.in_hand)
    }

    /// About so many permits will be wanted beyond those that are waited for.
    pub(super) fn spare(&self) -> usize {
        self.taken
    }

    /// Ends an exchange. `at` turns a time of the grant into one of this clock.
    pub(super) fn granted(
        &mut self,
        grant: &LeaseGrant,
        own_use: usize,
        wanting: (usize, usize),
        at: impl Fn(u64) -> Instant,
        now: Instant,
    ) {
        self.reporting = Report::default();
        self.alone_until = None;
        self.taken = 0;
        self.in_hand += size(grant.permits);
        self.alone |= grant.alone;
        self.until = Some(at(grant.until));
        self.elsewhere = Some((size(grant.used).saturating_sub(own_use), now));
        let mut sum = 0_usize;
        let back = grant.returns.iter().map(|(time, count)| {
            sum = sum.saturating_add(size(*count));
            (sum, at(*time))
        });
        self.outlook = Outlook { ahead: size(grant.ahead), back: back.collect() };
        let life = Duration::from_millis(grant.life);
        self.waits = !grant.returns.is_empty();
        self.waits_interactive = self.waits && wanting.1 > 0;
        self.again = self.waits.then(|| {
            // Not for each permit that comes back, but for those of a while; and often enough to keep the place.
            let pause = (life / 4).max(SHORTEST_PAUSE);
            let place = self.outlook.back.partition_point(|(count, _)| *count <= self.outlook.ahead);
            let first = self.outlook.back.get(place).map_or(now, |(_, at)| *at);
            first.clamp(now + pause, now + life.max(pause))
        });
        if self.in_hand > 0 || !self.report.ended.is_empty() {
            self.due = Some(now + life);
        }
    }

    /// The exchange failed: alone for a while. Says whether that is new.
    pub(super) fn failed(&mut self, now: Instant) -> bool {
        let new = self.alone_until.is_none();
        self.alone_until = Some(now + ALONE);
        self.report.urgent = false;
        self.alone = false;
        (self.in_hand, self.elsewhere, self.waits, self.waits_interactive) = (0, None, false, false);
        self.outlook = Outlook::default();
        self.again = None;
        self.due = Some(now + ALONE);
        new
    }

    /// Nothing was ever taken or reported, so there is nothing to give back.
    pub(super) fn is_untouched(&self) -> bool {
        self.until.is_none()
    }

    /// Nothing stays in hand: the process ends.
    pub(super) fn put_down(&mut self) {
        if self.in_hand > 0 {
            self.learned(Lesson::None);
        }
        self.in_hand = 0;
    }
}

/// How long a lease lives with this window.
pub(super) fn life(window: Duration) -> Duration {
    Duration::from_millis(lease_life(u64::try_from(window.as_millis()).unwrap_or(u64::MAX)))
}

/// Lossless on every platform this runs on.
fn size(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}
