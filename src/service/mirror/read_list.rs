//! The reading of one list for a scan: pages are requested at once and stored in order, each with the scan's position.

use super::{
    Mirroring,
    pace::Pace,
    scan::{Progress, ScanSummary},
};
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
use highlevel_store::{Mirror, MirrorPage, Missing, Table, ToolWrite};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;
use tokio::{sync::watch, time::Instant};

/// The number of concurrent page requests. It is enough to use the whole quota if an answer takes a second.
const CONCURRENT_PAGES: usize = 16;

/// The most scans of a list that changes, before it counts as incomplete.
const MAX_SCANS: usize = 3;

/// A table, and the list that is read for it.
pub(super) struct Reading {
    pub(super) table: &'static Table,
    pub(super) list: Invocation,
    pub(super) paced: bool,
}

impl Mirroring {
    /// The list that fills a table; only its items that are not older than `since`.
    pub(super) fn list_of(&self, table: &Table, since: Option<DateTime<Utc>>) -> Result<Invocation> {
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

    pub(super) async fn read_list(
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

/// The stored position of a scan, from which another process can resume it.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct ScanPosition {
    paging: Paging,
    /// The API's cursor of the last item.
    cursor: Option<Value>,
}
