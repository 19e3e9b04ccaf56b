//! Whether a table is fresh enough for a question, and what is done if it is not.

use super::{
    Mirroring, age,
    scan::{Ended, Progress, Watcher},
};
use crate::{
    account::scan::PAGE,
    context::CallContext,
    error::Result,
    store::{Table, TableState},
};
use std::{sync::Arc, time::Duration};
use tokio::sync::watch;

/// A table of so many items, a few pages, is read while the question waits.
const FEW: u64 = 3 * PAGE;

/// Older than this, a table is read anew behind a question that does not say how fresh it wants it.
const STALE: Duration = Duration::from_secs(15 * 60);

/// A table is not read again sooner than so many times the last scan's length.
const REST: u32 = 10;

/// For how long a question waits to learn how large a table is that was never read.
const FIRST_LOOK: Duration = Duration::from_secs(5);

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
    #[default]
    ForFew,
    /// For all: a person watches the progress.
    ForAll,
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
    /// Sees to it that these tables are as fresh as is wanted, as far as that can be waited for.
    ///
    /// # Errors
    /// What keeps a table from being read that was never read before, or that is waited for.
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
        for group in in_turn(tables) {
            let mut waiting = Vec::new();
            for (table, state) in mirror.states(group).await? {
                match need(&state, wanted) {
                    Need::Nothing => {}
                    Need::Behind => drop(self.scan(table, true)),
                    Need::Before => {
                        let few = state.total.map(|total| total <= FEW);
                        // A first scan is made with all that there is; later ones leave room for others.
                        let paced = state.complete_at.is_some() && few == Some(false) && wanted.wait != Wait::ForAll;
                        let progress = self.scan(table, paced);
                        if wanted.wait == Wait::ForAll || few != Some(false) {
                            waiting.push((table, progress, state.complete_at.is_none()));
                        }
                    }
                }
            }
            let waits = waiting
                .into_iter()
                .map(|(table, progress, first)| self.wait(table, progress, first, wanted, context, tell));
            futures::future::try_join_all(waits).await?;
        }
        Ok(())
    }

    /// Waits for a scan as long as it is worth it.
    async fn wait(
        &self,
        table: &'static Table,
        mut progress: watch::Receiver<Progress>,
        first: bool,
        wanted: Freshness,
        context: &CallContext,
        tell: Watcher<'_>,
    ) -> Result<()> {
        let look = tokio::time::sleep(FIRST_LOOK);
        tokio::pin!(look);
        loop {
            let now = progress.borrow_and_update().clone();
            tell(table, &now);
            match now.ended {
                Some(Ended::Failed(error)) if first || wanted.wait == Wait::ForAll => return Err(error),
                Some(_) => return Ok(()),
                None if wanted.wait == Wait::ForFew && now.total.is_some_and(|total| total > FEW) => return Ok(()),
                None => {}
            }
            let changed = async {
                if wanted.wait == Wait::ForAll {
                    return progress.changed().await.is_ok();
                }
                tokio::select! {
                    changed = progress.changed() => changed.is_ok(),
                    () = &mut look => false,
                }
            };
            match context.bound(changed).await {
                Ok(true) => {}
                // The task is gone, or it takes long: the answer says how far it is.
                Ok(false) => return Ok(()),
                Err(error) if wanted.wait == Wait::ForAll => return Err(error),
                Err(_) => return Ok(()),
            }
        }
    }

    /// Reads these tables anew, whatever their age, and waits for it.
    ///
    /// # Errors
    /// What keeps a table from being read.
    pub(crate) async fn sync(
        self: &Arc<Self>,
        tables: &[&'static Table],
        context: &CallContext,
        tell: Watcher<'_>,
    ) -> Result<Vec<(&'static Table, bool)>> {
        let mut done = Vec::new();
        for group in in_turn(tables) {
            let scans = group.into_iter().map(|table| async move {
                let wanted = Freshness { max_age: None, wait: Wait::ForAll };
                let progress = self.scan(table, false);
                let ended = progress.clone();
                self.wait(table, progress, true, wanted, context, tell).await?;
                let complete = matches!(ended.borrow().ended, Some(Ended::Complete));
                Ok::<_, crate::error::Error>((table, complete))
            });
            done.extend(futures::future::try_join_all(scans).await?);
        }
        Ok(done)
    }

    /// When a scan of this table that is under way will be done, at the pace of the quota.
    pub(crate) fn remaining(&self, state: &TableState) -> Option<Duration> {
        let (read, total) = state.under_way?;
        let quota = self.backend.quota();
        let pages = total?.saturating_sub(read).div_ceil(PAGE - 1);
        // What is free goes at once.
        let waiting = pages.saturating_sub(u64::from(quota.remaining));
        let windows = u32::try_from(waiting.div_ceil(u64::from(quota.limit.max(1)))).unwrap_or(u32::MAX);
        Some(
            quota.window.saturating_mul(windows)
                + Duration::from_millis(100) * u32::try_from(pages.min(1000)).unwrap_or(0),
        )
    }
}

/// The tables in the order in which they are read: users are met by what they own, so they come last.
fn in_turn(tables: &[&'static Table]) -> [Vec<&'static Table>; 2] {
    let (users, others) = tables.iter().partition(|table| table.name == "users");
    [others, users]
}

fn need(state: &TableState, wanted: Freshness) -> Need {
    let Some(complete_at) = state.complete_at else { return Need::Before };
    let rested = state.ended_at.is_none_or(|ended| age(ended) >= state.took.saturating_mul(REST));
    let old = age(complete_at);
    match wanted.max_age {
        _ if !rested => Need::Nothing,
        Some(most) if old > most => Need::Before,
        // Who waits for all wants no reading that outlives the question.
        None if old > STALE && wanted.wait == Wait::ForFew => Need::Behind,
        _ => Need::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{TimeDelta, Utc};

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
        let wanted = Freshness { max_age: Some(Duration::from_secs(30)), wait: Wait::ForFew };
        assert_eq!(need(&read_ago(20, 1), wanted), Need::Nothing);
        assert_eq!(need(&read_ago(40, 1), wanted), Need::Before);
        assert_eq!(need(&read_ago(40, 5), wanted), Need::Nothing, "ten times five seconds");
    }
}
