//! Whether a table is fresh enough for a question, and if it is not, why and for how long.

use super::{Mirroring, age};
use crate::service::scan::PAGE;
use chrono::{SecondsFormat, Utc};
use highlevel_core::context::CallContext;
use highlevel_store::TableState;
use std::time::Duration;
use tokio::time::Instant;

/// The age at which a question without `max_age` starts a refresh in the background.
const STALE: Duration = Duration::from_secs(15 * 60);

/// The least pause before the next scan, in durations of the last scan.
const PAUSE: u32 = 10;

/// How long a question waits for the size of a table that was never read.
const FIRST_LOOK: Duration = Duration::from_secs(5);

/// The longest wait of a question for a scan.
const PATIENCE: Duration = Duration::from_secs(30);

/// The part of a call's time that is reserved for the answer itself.
const ANSWER_TIME: Duration = Duration::from_secs(2);

/// The age at which a question refreshes a table in the background whose names could not be read.
const UNNAMED: Duration = Duration::from_secs(60);

/// The freshness that a question requires.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) struct Freshness {
    /// The maximum age of a table; `None` accepts any age.
    pub max_age: Option<Duration>,
    pub wait: WaitPolicy,
}

impl Freshness {
    /// Whether a table in this state needs no refresh.
    pub(crate) fn is_met_by(self, state: &TableState) -> bool {
        refresh_need(state, self) == RefreshNeed::None
    }

    /// Whether a question waits for the refresh of a table in this state.
    pub(crate) fn waits_for(self, state: &TableState) -> bool {
        refresh_need(state, self) == RefreshNeed::BeforeAnswer
    }
}

/// The wait policy: which scans a question waits for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum WaitPolicy {
    /// Waits for tables of a few pages.
    SmallTables,
    /// Waits for every table, up to half a minute or the call's deadline; a patient caller's question until its deadline.
    #[default]
    Bounded,
    /// Waits for every table until the call's deadline, because a person watches the progress.
    Unbounded,
}

impl WaitPolicy {
    /// The longest wait.
    pub(crate) fn patience(self, context: &CallContext) -> Duration {
        let left = context.deadline.saturating_duration_since(Instant::now());
        match self {
            Self::SmallTables => FIRST_LOOK,
            Self::Bounded if context.is_patient() => left.saturating_sub(ANSWER_TIME),
            Self::Bounded => PATIENCE.min(left.saturating_sub(ANSWER_TIME.min(left / 4))),
            Self::Unbounded => left,
        }
    }
}

/// The refresh that a table needs.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum RefreshNeed {
    None,
    /// A refresh that the question does not wait for.
    InBackground,
    /// A refresh before the answer, as far as the wait policy allows.
    BeforeAnswer,
}

impl Mirroring {
    /// The remaining time of a running scan, by its pace so far and by the quota.
    pub(crate) fn remaining(&self, state: &TableState) -> Option<Duration> {
        let (read, total) = state.under_way?;
        let left = total?.saturating_sub(read);
        let part = |number: u64| u32::try_from(number).map_or(f64::from(u32::MAX), f64::from);
        let measured = if read > 0 { state.spent.mul_f64(part(left) / part(read)) } else { Duration::ZERO };
        let quota = self.api.quota();
        let pages = left.div_ceil(PAGE - 1);
        // Requests within the remaining quota do not wait.
        let waiting = pages.saturating_sub(u64::from(quota.remaining));
        let windows = u32::try_from(waiting.div_ceil(u64::from(quota.limit.max(1)))).unwrap_or(u32::MAX);
        Some(measured.max(quota.window.saturating_mul(windows)).max(Duration::from_secs(1)))
    }

    /// Why a table is older than a question required, and when it can be refreshed.
    pub(crate) fn why_old(&self, state: &TableState) -> String {
        if let Some(fault) = &state.fault {
            return format!("it could not be refreshed ({})", fault.why);
        }
        if state.busy {
            return match state.under_way {
                Some((read, Some(total))) => format!("it is being refreshed, {read} of {total} so far"),
                _ => "it is being refreshed".to_owned(),
            };
        }
        if let Some(short) = &state.short {
            return format!("it could not be refreshed in full ({short})");
        }
        let pause = state.took.saturating_mul(PAUSE);
        let again = state.ended_at.map(|ended| ended + pause);
        match again.filter(|again| *again > Utc::now()) {
            Some(again) => {
                let again = again.to_rfc3339_opts(SecondsFormat::Secs, true);
                format!("reading it takes {:.1} s, so it is not read again before {again}", state.took.as_secs_f64())
            }
            None => "it could not be refreshed in time".to_owned(),
        }
    }
}

pub(super) fn refresh_need(state: &TableState, wanted: Freshness) -> RefreshNeed {
    let Some(complete_at) = state.complete_at else { return RefreshNeed::BeforeAnswer };
    let pause_is_over = state.ended_at.is_none_or(|ended| age(ended) >= state.took.saturating_mul(PAUSE));
    let old = age(complete_at);
    match wanted.max_age {
        _ if !pause_is_over => RefreshNeed::None,
        Some(most) if old > most => RefreshNeed::BeforeAnswer,
        // A command with an unbounded wait ends with its answer, which would cut a background refresh short.
        None if wanted.wait != WaitPolicy::Unbounded
            && (old > STALE || (old > UNNAMED && !state.unnamed.is_empty())) =>
        {
            RefreshNeed::InBackground
        }
        _ => RefreshNeed::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    fn read_ago(seconds: i64, took: u64) -> TableState {
        let at = Utc::now() - TimeDelta::seconds(seconds);
        let took = Duration::from_secs(took);
        TableState { complete_at: Some(at), took, ended_at: Some(at), ..TableState::default() }
    }

    #[test]
    fn a_table_is_refreshed_in_the_background_when_it_is_stale() {
        let wanted = Freshness::default();
        assert_eq!(refresh_need(&TableState::default(), wanted), RefreshNeed::BeforeAnswer);
        assert_eq!(refresh_need(&read_ago(60, 1), wanted), RefreshNeed::None);
        assert_eq!(refresh_need(&read_ago(3600, 1), wanted), RefreshNeed::InBackground);
        assert_eq!(
            refresh_need(&read_ago(3600, 1), Freshness { wait: WaitPolicy::Unbounded, ..wanted }),
            RefreshNeed::None
        );
    }

    #[test]
    fn a_table_older_than_max_age_is_refreshed_unless_it_was_just_scanned() {
        let wanted = Freshness { max_age: Some(Duration::from_secs(30)), wait: WaitPolicy::Bounded };
        assert_eq!(refresh_need(&read_ago(20, 1), wanted), RefreshNeed::None);
        assert_eq!(refresh_need(&read_ago(40, 1), wanted), RefreshNeed::BeforeAnswer);
        assert_eq!(refresh_need(&read_ago(40, 5), wanted), RefreshNeed::None, "ten times five seconds");
    }
}
