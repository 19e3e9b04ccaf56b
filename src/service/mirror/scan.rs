//! The scan of one table. It requests several pages at once, stores them in order, and repeats until the list was read
//! without a gap.

use super::{Mirroring, read_list::Reading};
use highlevel_core::context::CallContext;
use highlevel_core::error::{Error, Result};
use highlevel_store::{Mirror, Missing, SCAN_LEASE, ScanLock, Table};
use std::time::Duration;
use tokio::sync::watch;

/// The interval at which a process checks another process's scan.
const POLL_INTERVAL: Duration = Duration::from_millis(300);

/// The progress of a scan.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    /// The number of items read.
    pub read: u64,
    /// The number of items in the list, if the API reports it.
    pub total: Option<u64>,
    pub(super) ended: Option<ScanEnd>,
}

impl Progress {
    /// Whether the scan is over.
    pub fn has_ended(&self) -> bool {
        self.ended.is_some()
    }
}

/// A callback that receives the progress of each table.
pub type Watcher<'a> = &'a (dyn Fn(&'static Table, &Progress) + Sync);

/// How a scan ended.
#[derive(Debug, Clone)]
pub(super) enum ScanEnd {
    /// At the list's end, possibly with missing items.
    Finished,
    /// Before the list's end.
    Failed(Error),
}

/// How a table is scanned.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ScanMode {
    /// With a part of the quota only.
    pub(super) paced: bool,
    /// The whole list, also where reading what is recent would do.
    pub(super) full: bool,
}

impl Mirroring {
    /// Scans a table, or waits for another process that does. Stores the result in the mirror.
    pub(super) async fn run_scan(
        &self,
        table: &'static Table,
        mode: ScanMode,
        progress: &watch::Sender<Progress>,
        context: &CallContext,
    ) -> Result<()> {
        let mirror = self.mirror().await?;
        let read = async {
            self.pin.check_credential_for_read(&self.api, context).await?;
            self.read_table(mirror, table, mode, progress, context).await
        };
        let Err(error) = read.await else { return Ok(()) };
        if self.is_leaving() {
            mirror.leave_scan(table, &self.owner).await?;
        } else {
            mirror.fail_scan(table, &self.owner, &Missing::of(table.name, &error)).await?;
        }
        Err(error)
    }

    async fn read_table(
        &self,
        mirror: &Mirror,
        table: &'static Table,
        mode: ScanMode,
        progress: &watch::Sender<Progress>,
        context: &CallContext,
    ) -> Result<()> {
        let mut scans = 0;
        loop {
            let (position, since) = match mirror.begin_scan(table, &self.owner, mode.full).await? {
                ScanLock::Acquired { place, since, .. } => {
                    (place.and_then(|stored| serde_json::from_str(&stored).ok()), since)
                }
                ScanLock::Busy => {
                    if self.watch_other(mirror, table, progress, context).await? {
                        return Ok(());
                    }
                    // The other scan stopped before the end, so this process resumes it.
                    continue;
                }
            };
            scans += 1;
            let scan = async {
                match table.name {
                    "users" => self.read_users(mirror, context).await,
                    _ => {
                        let reading = Reading { table, list: self.list_of(table, since)?, paced: mode.paced };
                        self.read_list(mirror, &reading, position.unwrap_or_default(), progress, context).await
                    }
                }
            };
            let ScanSummary { short, max_scans } = tokio::select! {
                summary = scan => summary,
                error = self.prolong(mirror, table) => Err(error),
            }?;
            let is_done = short.is_none() || scans >= max_scans;
            mirror.end_scan(table, &self.owner, short).await?;
            if is_done {
                return Ok(());
            }
        }
    }

    /// Renews the scan's lease while it is polled.
    async fn prolong(&self, mirror: &Mirror, table: &'static Table) -> Error {
        loop {
            tokio::time::sleep(SCAN_LEASE / 3).await;
            if let Err(error) = mirror.prolong_scan(table, &self.owner).await {
                return error;
            }
        }
    }

    /// Waits while another process scans the table. Returns whether that scan reached the list's end.
    async fn watch_other(
        &self,
        mirror: &Mirror,
        table: &'static Table,
        progress: &watch::Sender<Progress>,
        context: &CallContext,
    ) -> Result<bool> {
        loop {
            let state = mirror.state(table).await?;
            if let Some((read, total)) = state.under_way {
                progress.send_modify(|now| (now.read, now.total) = (read, total));
            }
            if !state.busy {
                return Ok(state.under_way.is_none() && state.fault.is_none());
            }
            context.bound(tokio::time::sleep(POLL_INTERVAL)).await?;
        }
    }
}

/// The result of a scan.
#[derive(Debug)]
pub(super) struct ScanSummary {
    /// Why items may be missing, if they may.
    pub(super) short: Option<String>,
    /// The number of scans, including this one, after which another scan is not worthwhile.
    pub(super) max_scans: usize,
}
