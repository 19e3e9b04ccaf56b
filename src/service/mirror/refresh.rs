//! The refresh of tables for a question, and the wait for it.

use super::{
    Mirroring,
    freshness::{Freshness, RefreshNeed, WaitPolicy, refresh_need},
    scan::{Progress, ScanMode, Watcher},
};
use crate::service::scan::PAGE;
use highlevel_core::context::CallContext;
use highlevel_core::error::{Code, Result};
use highlevel_store::{Table, TableState};
use std::sync::Arc;
use tokio::{sync::watch, time::Instant};

/// The most items of a small table. A question waits for its scan.
const SMALL: u64 = 3 * PAGE;

impl Mirroring {
    /// Refreshes these tables as required, and waits as the wait policy allows. A failure of one table does not stop
    /// the others. The mirror stores each table's state.
    ///
    /// # Errors
    /// `cancelled`; `internal` when the state directory cannot be used.
    pub(crate) async fn freshen(
        self: &Arc<Self>,
        tables: &[&'static Table],
        wanted: Freshness,
        context: &CallContext,
        watcher: Watcher<'_>,
    ) -> Result<()> {
        let mirror = Arc::clone(self.mirror().await?);
        if mirror.states(tables.to_vec()).await?.iter().all(|(_, state)| wanted.is_met_by(state)) {
            return Ok(());
        }
        let until = Instant::now() + wanted.wait.patience(context);
        let small_only = wanted.wait == WaitPolicy::SmallTables;
        for group in self.in_reading_order(tables) {
            let mut waiting = Vec::new();
            for (table, state) in mirror.states(group).await? {
                if let Some((progress, is_awaited)) = self.refresh(table, &state, tables, wanted)
                    && is_awaited
                {
                    waiting.push((table, progress));
                }
            }
            let waits = waiting
                .into_iter()
                .map(|(table, progress)| self.wait(table, progress, small_only, until, context, watcher));
            futures::future::try_join_all(waits).await?;
        }
        Ok(())
    }

    /// Refreshes these tables as required, and waits for every scan to end, also for one that a question does not wait for.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub(crate) async fn refresh_to_end(self: &Arc<Self>, tables: &[&'static Table], wanted: Freshness) -> Result<()> {
        let mirror = Arc::clone(self.mirror().await?);
        for group in self.in_reading_order(tables) {
            let states = mirror.states(group).await?;
            let scans = states.iter().filter_map(|(table, state)| self.refresh(table, state, tables, wanted));
            let scans: Vec<_> = scans.collect();
            for (mut progress, _) in scans {
                // The sender is dropped with the task, so an error means that the scan ended.
                drop(progress.wait_for(Progress::has_ended).await);
            }
        }
        Ok(())
    }

    /// Starts the refresh that a table needs, and says whether a question waits for it. `asked`: the tables that are not only
    /// read for another one.
    fn refresh(
        self: &Arc<Self>,
        table: &'static Table,
        state: &TableState,
        asked: &[&'static Table],
        wanted: Freshness,
    ) -> Option<(watch::Receiver<Progress>, bool)> {
        let is_helper = !asked.iter().any(|asked| asked.name == table.name);
        match refresh_need(state, wanted) {
            RefreshNeed::None => None,
            _ if self.is_leaving() || (is_helper && state.complete_at.is_some()) => None,
            RefreshNeed::InBackground => Some((self.scan(table, ScanMode { paced: true, full: false }), false)),
            RefreshNeed::BeforeAnswer => {
                let small_only = wanted.wait == WaitPolicy::SmallTables;
                let is_small = state.total.map(|total| total <= SMALL);
                // The first scan uses the full quota. Later ones leave a part for other calls.
                let paced = state.complete_at.is_some() && is_small == Some(false) && small_only;
                Some((self.scan(table, ScanMode { paced, full: false }), !small_only || is_small != Some(false)))
            }
        }
    }

    /// Waits for a scan until `until`. With `small_only`, stops as soon as the table is known to be large.
    async fn wait(
        &self,
        table: &'static Table,
        mut progress: watch::Receiver<Progress>,
        small_only: bool,
        until: Instant,
        context: &CallContext,
        watcher: Watcher<'_>,
    ) -> Result<()> {
        loop {
            let now = progress.borrow_and_update().clone();
            watcher(table, &now);
            let is_large = now.total.is_some_and(|total| total > SMALL);
            if now.has_ended() || (small_only && is_large) {
                return Ok(());
            }
            match context.bound(tokio::time::timeout_at(until, progress.changed())).await {
                Ok(Ok(Ok(()))) => {}
                Err(error) if error.code == Code::Cancelled => return Err(error),
                // The task ended, or the wait is over. The answer reports the progress.
                _ => return Ok(()),
            }
        }
    }

    /// Refreshes these tables regardless of their age, and waits for the scans.
    ///
    /// # Errors
    /// `cancelled`; `internal` when the state directory cannot be used.
    pub(crate) async fn sync(
        self: &Arc<Self>,
        tables: &[&'static Table],
        context: &CallContext,
        watcher: Watcher<'_>,
    ) -> Result<()> {
        let mirror = Arc::clone(self.mirror().await?);
        for group in self.in_reading_order(tables) {
            let states = mirror.states(group).await?.into_iter();
            let asked = states.filter(|(table, state)| {
                state.complete_at.is_none() || tables.iter().any(|asked| asked.name == table.name)
            });
            let waits = asked.map(|(table, _)| {
                let progress = self.scan(table, ScanMode { paced: false, full: true });
                self.wait(table, progress, false, context.deadline, context, watcher)
            });
            futures::future::try_join_all(waits).await?;
        }
        Ok(())
    }

    /// The tables in two groups that are read one after the other. If the API does not list users, the owners of
    /// records are the known users, so the tables with owners come first.
    fn in_reading_order(&self, tables: &[&'static Table]) -> [Vec<&'static Table>; 2] {
        let (users, mut others): (Vec<&Table>, Vec<&Table>) = tables.iter().partition(|table| table.name == "users");
        if !users.is_empty() && !self.api.lists_users() {
            let known: Vec<_> = others.iter().map(|table| table.name).collect();
            others.extend(self.owned().into_iter().filter(|table| !known.contains(&table.name)));
        }
        [others, users]
    }
}
