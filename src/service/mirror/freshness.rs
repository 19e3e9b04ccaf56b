//! Whether a table is fresh enough for a question, and what is done if it is not.

use super::{
    Mirroring, age,
    scan::{Progress, Watcher},
};
use crate::service::scan::PAGE;
use chrono::{SecondsFormat, Utc};
use highlevel_core::context::CallContext;
use highlevel_core::error::{Code, Result};
use highlevel_store::{Table, TableState};
use std::{sync::Arc, time::Duration};
use tokio::{sync::watch, time::Instant};

/// A table of so many items, a few pages, is read while the question waits.
const FEW: u64 = 3 * PAGE;

/// Older than this, a table is read anew behind a question that does not say how fresh it wants it.
const STALE: Duration = Duration::from_secs(15 * 60);

/// A table is not read again sooner than so many times the last scan's length.
const REST: u32 = 10;

/// For how long a question waits to learn how large a table is that was never read.
const FIRST_LOOK: Duration = Duration::from_secs(5);

/// For how long a question waits for a reading at most.
const PATIENCE: Duration = Duration::from_secs(30);

/// What of a call's time is left for the answer itself.
const ANSWER: Duration = Duration::from_secs(2);

/// A table whose names could not be read is read anew behind a question after this.
const UNNAMED: Duration = Duration::from_secs(60);

/// What a question wants.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Freshness {
    /// How old a table may be; `None`: as old as it is.
    pub max_age: Option<Duration>,
    /// For what it waits.
    pub wait: Wait,
}

impl Freshness {
    /// Whether a table in this state is as it is wanted: nothing has to be read for it.
    pub(crate) fn is_met_by(self, state: &TableState) -> bool {
        need(state, self) == Need::Nothing
    }
}

/// For what a question waits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Wait {
    /// For tables of a few pages.
    ForFew,
    /// For every table, up to half a minute or the call's time.
    #[default]
    AWhile,
    /// For every table, however long: a person watches the progress.
    ForAll,
}

impl Wait {
    /// How long that is at most.
    fn patience(self, context: &CallContext) -> Duration {
        let left = context.deadline.saturating_duration_since(Instant::now());
        match self {
            Self::ForFew => FIRST_LOOK,
            Self::AWhile => PATIENCE.min(left.saturating_sub(ANSWER.min(left / 4))),
            Self::ForAll => left,
        }
    }
}

/// What is to be done for a table.
#[derive(Debug, PartialEq, Eq)]
enum Need {
    Nothing,
    /// To be read anew, and nobody waits for it.
    Behind,
    /// To be read before the answer, if it is small.
    Before,
}

impl Mirroring {
    /// Sees to it that these tables are as fresh as is wanted, as far as that can be waited for. What stands in the way of
    /// one keeps no other from being read: the mirror tells of each how it stands.
    ///
    /// # Errors
    /// `cancelled`; `internal` when the state directory cannot be used.
    pub(crate) async fn freshen(
        self: &Arc<Self>,
        tables: &[&'static Table],
        wanted: Freshness,
        context: &CallContext,
        tell: Watcher<'_>,
    ) -> Result<()> {
        let mirror = Arc::clone(self.mirror().await?);
        if mirror.states(tables.to_vec()).await?.iter().all(|(_, state)| wanted.is_met_by(state)) {
            return Ok(());
        }
        let until = Instant::now() + wanted.wait.patience(context);
        for group in self.in_turn(tables) {
            let mut waiting = Vec::new();
            for (table, state) in mirror.states(group).await? {
                let need = need(&state, wanted);
                // What only has to be there for another table.
                let is_helper = !tables.iter().any(|asked| asked.name == table.name);
                match need {
                    Need::Nothing => {}
                    _ if is_helper && state.complete_at.is_some() => {}
                    Need::Behind => drop(self.scan(table, true)),
                    Need::Before => {
                        let few = state.total.map(|total| total <= FEW);
                        // A first scan is made with all that there is; later ones leave room for others.
                        let paced = state.complete_at.is_some() && few == Some(false) && wanted.wait == Wait::ForFew;
                        let progress = self.scan(table, paced);
                        if wanted.wait != Wait::ForFew || few != Some(false) {
                            waiting.push((table, progress));
                        }
                    }
                }
            }
            let waits = waiting
                .into_iter()
                .map(|(table, progress)| self.wait(table, progress, wanted.wait == Wait::ForFew, until, context, tell));
            futures::future::try_join_all(waits).await?;
        }
        Ok(())
    }

    /// Waits for a scan, at most until then; for a large one only until its size is known, if `only_few` are worth it.
    async fn wait(
        &self,
        table: &'static Table,
        mut progress: watch::Receiver<Progress>,
        only_few: bool,
        until: Instant,
        context: &CallContext,
        tell: Watcher<'_>,
    ) -> Result<()> {
        loop {
            let now = progress.borrow_and_update().clone();
            tell(table, &now);
            let is_large = now.total.is_some_and(|total| total > FEW);
            if now.has_ended() || (only_few && is_large) {
                return Ok(());
            }
            match context.bound(tokio::time::timeout_at(until, progress.changed())).await {
                Ok(Ok(Ok(()))) => {}
                Err(error) if error.code == Code::Cancelled => return Err(error),
                // The task is gone, or it takes long: the answer says how far it is.
                _ => return Ok(()),
            }
        }
    }

    /// Reads these tables anew, whatever their age, and waits for it.
    ///
    /// # Errors
    /// `cancelled`; `internal` when the state directory cannot be used.
    pub(crate) async fn sync(
        self: &Arc<Self>,
        tables: &[&'static Table],
        context: &CallContext,
        tell: Watcher<'_>,
    ) -> Result<()> {
        let mirror = Arc::clone(self.mirror().await?);
        for group in self.in_turn(tables) {
            let states = mirror.states(group).await?.into_iter();
            let asked = states.filter(|(table, state)| {
                state.complete_at.is_none() || tables.iter().any(|asked| asked.name == table.name)
            });
            let waits = asked.map(|(table, _)| {
                let progress = self.scan(table, false);
                self.wait(table, progress, false, context.deadline, context, tell)
            });
            futures::future::try_join_all(waits).await?;
        }
        Ok(())
    }

    /// The tables in the order in which they are read: where no list has the users, they are met by what they own, so that
    /// has to be read first.
    fn in_turn(&self, tables: &[&'static Table]) -> [Vec<&'static Table>; 2] {
        let (users, mut others): (Vec<&Table>, Vec<&Table>) = tables.iter().partition(|table| table.name == "users");
        if !users.is_empty() && !self.api.lists_users() {
            let known: Vec<_> = others.iter().map(|table| table.name).collect();
            others.extend(self.owned().into_iter().filter(|table| !known.contains(&table.name)));
        }
        [others, users]
    }

    /// When a scan of this table that is under way will be done, at the pace that it had so far and that of the quota.
    pub(crate) fn remaining(&self, state: &TableState) -> Option<Duration> {
        let (read, total) = state.under_way?;
        let left = total?.saturating_sub(read);
        let part = |number: u64| u32::try_from(number).map_or(f64::from(u32::MAX), f64::from);
        let measured = if read > 0 { state.spent.mul_f64(part(left) / part(read)) } else { Duration::ZERO };
        let quota = self.api.quota();
        let pages = left.div_ceil(PAGE - 1);
        // What is free goes at once.
        let waiting = pages.saturating_sub(u64::from(quota.remaining));
        let windows = u32::try_from(waiting.div_ceil(u64::from(quota.limit.max(1)))).unwrap_or(u32::MAX);
        Some(measured.max(quota.window.saturating_mul(windows)).max(Duration::from_secs(1)))
    }

    /// Why a table is older than a question wanted it, and when it is read again. `age` is what was wanted.
    pub(crate) fn why_old(&self, state: &TableState) -> String {
        if let Some(fault) = &state.fault {
            return format!("it could not be read anew ({})", fault.why);
        }
        if state.busy {
            return match state.under_way {
                Some((read, Some(total))) => format!("it is being read anew, {read} of {total} so far"),
                _ => "it is being read anew".to_owned(),
            };
        }
        if let Some(short) = &state.short {
            return format!("it could not be read anew in full ({short})");
        }
        let rest = state.took.saturating_mul(REST);
        let again = state.ended_at.map(|ended| ended + rest);
        match again.filter(|again| *again > Utc::now()) {
            Some(again) => {
                let again = again.to_rfc3339_opts(SecondsFormat::Secs, true);
                format!("reading it takes {:.1} s, so it is not read again before {again}", state.took.as_secs_f64())
            }
            None => "it could not be read anew in time".to_owned(),
        }
    }
}

fn need(state: &TableState, wanted: Freshness) -> Need {
    let Some(complete_at) = state.complete_at else { return Need::Before };
    let rested = state.ended_at.is_none_or(|ended| age(ended) >= state.took.saturating_mul(REST));
    let old = age(complete_at);
    match wanted.max_age {
        _ if !rested => Need::Nothing,
        Some(most) if old > most => Need::Before,
        // Who waits for all wants no reading that outlives the question.
        None if wanted.wait != Wait::ForAll && (old > STALE || (old > UNNAMED && !state.unnamed.is_empty())) => {
            Need::Behind
        }
        _ => Need::Nothing,
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
    fn what_is_there_is_enough_until_it_is_stale() {
        let wanted = Freshness::default();
        assert_eq!(need(&TableState::default(), wanted), Need::Before);
        assert_eq!(need(&read_ago(60, 1), wanted), Need::Nothing);
        assert_eq!(need(&read_ago(3600, 1), wanted), Need::Behind);
        assert_eq!(need(&read_ago(3600, 1), Freshness { wait: Wait::ForAll, ..wanted }), Need::Nothing);
    }

    #[test]
    fn what_is_older_than_wanted_is_read_unless_it_has_to_rest() {
        let wanted = Freshness { max_age: Some(Duration::from_secs(30)), wait: Wait::AWhile };
        assert_eq!(need(&read_ago(20, 1), wanted), Need::Nothing);
        assert_eq!(need(&read_ago(40, 1), wanted), Need::Before);
        assert_eq!(need(&read_ago(40, 5), wanted), Need::Nothing, "ten times five seconds");
    }
}
