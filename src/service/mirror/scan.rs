//! The scan of one table. It requests several pages at once, stores them in order, and repeats until the list was read
//! without a gap.

use super::{Mirroring, pace::Pace};
use crate::{
    api::Page,
    service::{
        paging::{PageFit, Paging},
        scan::PAGE,
    },
};
use chrono::{DateTime, Utc};
use futures::{StreamExt, stream};
use highlevel_catalog::{Invocation, locations::GetDefaultLocation};
use highlevel_core::context::CallContext;
use highlevel_core::error::{Code, Error, Result};
use highlevel_store::{Mirror, MirrorPage, Missing, SCAN_LEASE, ScanLock, Table, ToolWrite};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;
use tokio::{sync::watch, time::Instant};

/// The number of concurrent page requests. It is enough to use the whole quota if an answer takes a second.
const CONCURRENT_PAGES: usize = 16;

/// The most scans of a list that changes, before it counts as incomplete.
const MAX_SCANS: usize = 3;

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

/// A table, and the list that is read for it.
struct Reading {
    table: &'static Table,
    list: Invocation,
    paced: bool,
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

    /// The list that fills a table; only its items that are not older than `since`.
    fn list_of(&self, table: &Table, since: Option<DateTime<Utc>>) -> Result<Invocation> {
        let mut list = Invocation::bare(self.api.catalog().named(table.tool)?);
        for (name, value) in table.arguments {
            list.arguments.set(name, *value);
        }
        if let (Some(recent), Some(since)) = (&table.recent, since) {
            // What the day has before that moment is read too.
            list.arguments.set(recent.argument, since.format("%Y-%m-%d").to_string());
        }
        Ok(list)
    }

    async fn read_list(
        &self,
        mirror: &Mirror,
        Reading { table, list, paced }: &Reading,
        ScanPosition { mut paging, cursor }: ScanPosition,
        progress: &watch::Sender<Progress>,
        context: &CallContext,
    ) -> Result<ScanSummary> {
        if let (Some(cursor), Some(last)) = (cursor, paging.read().checked_sub(1)) {
            self.api.resume(list, last, cursor);
        }
        let fetch = |offset| self.fetch_page(list, offset, *paced, context);
        let mut since = Instant::now();
        let mut spent = || std::mem::replace(&mut since, Instant::now()).elapsed();
        while !paging.has_ended() {
            let mut pages = Box::pin(stream::iter(paging.offsets()).map(fetch).buffered(CONCURRENT_PAGES));
            while let Some(page) = pages.next().await {
                let (offset, page) = page?;
                let fit = paging.take(offset, &page.view());
                let cursor = paging.read().checked_sub(1).and_then(|last| self.api.cursor_at(list, last));
                paging = self.store_page(mirror, table, page, ScanPosition { paging, cursor }, spent()).await?;
                progress.send_modify(|now| (now.read, now.total) = (paging.read(), paging.total()));
                if fit == PageFit::Moved || paging.has_ended() {
                    break;
                }
            }
        }
        // Items inserted at the head during the scan, if the API lists the newest first.
        let mut head = 0;
        while head < paging.head() {
            let (_, page) = fetch(head).await?;
            head += PAGE;
            paging.take_head(&page.view());
            paging = self.store_page(mirror, table, page, ScanPosition { paging, cursor: None }, spent()).await?;
        }
        if table.name == "locations" {
            self.read_own_location(mirror, table, context).await?;
        }
        let found = mirror.met(table).await?;
        let short = (!paging.is_complete(found)).then(|| paging.why(found));
        // An unchanged list with a flaw would give the same result again.
        let max_scans = match (paging.flaw(), paging.lost()) {
            (Some(_), _) => 1,
            (None, false) => 2,
            (None, true) => MAX_SCANS,
        };
        Ok(ScanSummary { short, max_scans })
    }

    /// Requests the page at an offset, at the scan's pace.
    async fn fetch_page(
        &self,
        list: &Invocation,
        offset: u64,
        paced: bool,
        context: &CallContext,
    ) -> Result<(u64, Page)> {
        if let Some(pace) = self.pace_of(paced) {
            context.bound(tokio::time::sleep_until(pace.turn(&self.api.quota()))).await?;
        }
        let page = self.api.page(list, offset, PAGE, context).await;
        let mut page = page.map_err(|failed| failed.error)?;
        self.pin.remove_foreign_from_page(&mut page);
        Ok((offset, page))
    }

    /// Reads the credential's own location in full. The list has few fields of each location.
    async fn read_own_location(&self, mirror: &Mirror, table: &'static Table, context: &CallContext) -> Result<()> {
        let call = self.api.catalog().call(&GetDefaultLocation {})?;
        if let Value::Object(location) = self.api.object(&call, context).await? {
            mirror.wrote(table, location, ToolWrite::default()).await?;
        }
        Ok(())
    }

    /// The pace of the next request: a part of the quota in the background, and evenly if the rest takes more than a
    /// window of the quota. `None`: no pace.
    fn pace_of(&self, paced: bool) -> Option<&Pace> {
        if paced {
            return Some(&self.background_pace);
        }
        let left = |progress: &Progress| match progress.total {
            Some(total) if !progress.has_ended() => total.saturating_sub(progress.read) / PAGE,
            _ => 0,
        };
        let pages: u64 = self.running().values().map(|progress| left(&progress.borrow())).sum();
        (pages >= u64::from(self.api.quota().limit)).then_some(&self.full_pace)
    }

    /// Stores a page together with the scan's new position.
    async fn store_page(
        &self,
        mirror: &Mirror,
        table: &'static Table,
        page: Page,
        position: ScanPosition,
        spent: Duration,
    ) -> Result<Paging> {
        let stored = serde_json::to_string(&position).ok();
        let ScanPosition { paging, .. } = position;
        let page = MirrorPage {
            items: page.items,
            sent_at: page.sent_at.wall,
            offset: paging.read(),
            place: stored,
            total: paging.total(),
            drifted: paging.lost(),
            unnamed: page.unnamed.iter().map(|(names, error)| Missing::of(names, error)).collect(),
            spent,
        };
        if mirror.keep_page(table, &self.owner, page).await? {
            return Ok(paging);
        }
        // The lease of this scan expired.
        Err(Error::new(Code::Conflict, format!("Another process took over reading {}.", table.name)))
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

/// The stored position of a scan, from which another process can resume it.
#[derive(Debug, Default, Serialize, Deserialize)]
struct ScanPosition {
    paging: Paging,
    /// The API's cursor of the last item.
    cursor: Option<Value>,
}
