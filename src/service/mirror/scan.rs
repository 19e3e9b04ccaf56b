//! Reading one table: several pages at once, kept in their order, until the list was read without a gap.

use super::{Mirroring, pace::Pace};
use crate::{
    api::Page,
    service::{
        paging::{Fit, Paging},
        scan::PAGE,
    },
};
use futures::{StreamExt, stream};
use highlevel_catalog::{Invocation, locations::GetDefaultLocation};
use highlevel_core::context::CallContext;
use highlevel_core::error::{Code, Error, Result};
use highlevel_store::{LEASE, Mirror, MirrorPage, Missing, Table, Turn, Written};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;
use tokio::{sync::watch, time::Instant};

/// Pages that are asked for at once: enough for the whole quota where an answer takes a second.
const AT_ONCE: usize = 16;

/// How often a list that moved is read anew before it is called incomplete.
const READINGS: usize = 3;

/// How often a process looks how another one's scan goes.
const LOOK_AGAIN: Duration = Duration::from_millis(300);

/// How a scan goes.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    /// Items that are read.
    pub read: u64,
    /// Items that there are, if the API says.
    pub total: Option<u64>,
    pub(super) ended: Option<Ended>,
}

impl Progress {
    /// Whether the scan is over.
    pub fn has_ended(&self) -> bool {
        self.ended.is_some()
    }
}

/// Is told how far each table is.
pub type Watcher<'a> = &'a (dyn Fn(&'static Table, &Progress) + Sync);

/// How a scan ended.
#[derive(Debug, Clone)]
pub(super) enum Ended {
    /// At the list's end, with everything or less.
    Read,
    /// Before its end.
    Failed(Error),
}

impl Mirroring {
    /// Reads a table, or waits for another process that does. What it came to is in the mirror.
    pub(super) async fn run_scan(
        &self,
        table: &'static Table,
        paced: bool,
        tell: &watch::Sender<Progress>,
        context: &CallContext,
    ) -> Result<()> {
        let mirror = self.mirror().await?;
        let read = async {
            self.pin.check_read(&self.api, context).await?;
            self.read_table(mirror, table, paced, tell, context).await
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
        paced: bool,
        tell: &watch::Sender<Progress>,
        context: &CallContext,
    ) -> Result<()> {
        let mut readings = 0;
        loop {
            let place = match mirror.begin_scan(table, &self.owner).await? {
                Turn::Yours { place, .. } => place.and_then(|place| serde_json::from_str(&place).ok()),
                Turn::Busy => {
                    if self.watch_other(mirror, table, tell, context).await? {
                        return Ok(());
                    }
                    // It ended on the way: this one goes on from there.
                    continue;
                }
            };
            readings += 1;
            let reading_it = async {
                match table.name {
                    "users" => self.read_users(mirror, context).await,
                    _ => self.read_list(mirror, table, place.unwrap_or_default(), paced, tell, context).await,
                }
            };
            let Reading { short, again } = tokio::select! {
                read = reading_it => read,
                error = self.prolong(mirror, table) => Err(error),
            }?;
            let is_done = short.is_none() || readings >= again;
            mirror.end_scan(table, &self.owner, short).await?;
            if is_done {
                return Ok(());
            }
        }
    }

    /// Holds the lease as long as it is polled.
    async fn prolong(&self, mirror: &Mirror, table: &'static Table) -> Error {
        loop {
            tokio::time::sleep(LEASE / 3).await;
            if let Err(error) = mirror.prolong_scan(table, &self.owner).await {
                return error;
            }
        }
    }

    /// Waits while another process is at it. Says whether that came to the list's end.
    async fn watch_other(
        &self,
        mirror: &Mirror,
        table: &'static Table,
        tell: &watch::Sender<Progress>,
        context: &CallContext,
    ) -> Result<bool> {
        loop {
            let state = mirror.state(table).await?;
            if let Some((read, total)) = state.under_way {
                tell.send_modify(|progress| (progress.read, progress.total) = (read, total));
            }
            if !state.busy {
                return Ok(state.under_way.is_none() && state.fault.is_none());
            }
            context.bound(tokio::time::sleep(LOOK_AGAIN)).await?;
        }
    }

    async fn read_list(
        &self,
        mirror: &Mirror,
        table: &'static Table,
        Place { mut paging, cursor }: Place,
        paced: bool,
        tell: &watch::Sender<Progress>,
        context: &CallContext,
    ) -> Result<Reading> {
        let list = Invocation::bare(self.api.catalog().named(table.tool)?);
        if let (Some(cursor), Some(last)) = (cursor, paging.read().checked_sub(1)) {
            self.api.resume(&list, last, cursor);
        }
        let fetch = |offset: u64| {
            let list = &list;
            async move {
                if let Some(pace) = self.pace_of(paced) {
                    context.bound(tokio::time::sleep_until(pace.turn(&self.api.quota()))).await?;
                }
                let page = self.api.page(list, offset, PAGE, context).await;
                let mut page = page.map_err(|failed| failed.error)?;
                self.pin.sift_page(&mut page);
                Ok::<_, Error>((offset, page))
            }
        };
        let mut since = Instant::now();
        let mut spent = || std::mem::replace(&mut since, Instant::now()).elapsed();
        while !paging.has_ended() {
            let mut pages = Box::pin(stream::iter(paging.offsets()).map(fetch).buffered(AT_ONCE));
            while let Some(page) = pages.next().await {
                let (offset, page) = page?;
                let fit = paging.take(offset, &page.shown());
                let cursor = paging.read().checked_sub(1).and_then(|last| self.api.cursor_at(&list, last));
                paging = self.keep(mirror, table, page, Place { paging, cursor }, spent()).await?;
                tell.send_modify(|progress| (progress.read, progress.total) = (paging.read(), paging.total()));
                if fit == Fit::Moved || paging.has_ended() {
                    break;
                }
            }
        }
        // What came to the beginning while the rest was read, if the API lists the newest first.
        let mut head = 0;
        while head < paging.head() {
            let (_, page) = fetch(head).await?;
            head += PAGE;
            paging.take_head(&page.shown());
            paging = self.keep(mirror, table, page, Place { paging, cursor: None }, spent()).await?;
        }
        if table.name == "locations" {
            // A list tells little of each; the one that matters is read in full.
            let location = self.api.catalog().call(&GetDefaultLocation {})?;
            if let Value::Object(location) = self.api.object(&location, context).await? {
                mirror.wrote(table, location, Written::default()).await?;
            }
        }
        let met = mirror.met(table).await?;
        let short = (!paging.is_complete(met)).then(|| paging.why(met));
        // What a list that rests shows once, it shows again.
        let again = match (paging.flaw(), paging.lost()) {
            (Some(_), _) => 1,
            (None, false) => 2,
            (None, true) => READINGS,
        };
        Ok(Reading { short, again })
    }

    /// How the next page is waited for: in the background with a part of the quota, and evenly where what is left to
    /// read takes more than a window.
    fn pace_of(&self, paced: bool) -> Option<&Pace> {
        if paced {
            return Some(&self.pace);
        }
        let left = |progress: &Progress| match progress.total {
            Some(total) if !progress.has_ended() => total.saturating_sub(progress.read) / PAGE,
            _ => 0,
        };
        let pages: u64 = self.running().values().map(|progress| left(&progress.borrow())).sum();
        (pages >= u64::from(self.api.quota().limit)).then_some(&self.even)
    }

    /// Keeps a page with the place that is read now.
    async fn keep(
        &self,
        mirror: &Mirror,
        table: &'static Table,
        page: Page,
        place: Place,
        spent: Duration,
    ) -> Result<Paging> {
        // Where the list moved, something may be lost that who goes on does not know of.
        let text = serde_json::to_string(&place).ok();
        let Place { paging, .. } = place;
        let page = MirrorPage {
            items: page.items,
            sent_at: page.sent_at.wall,
            offset: paging.read(),
            place: text,
            total: paging.total(),
            drifted: paging.lost(),
            unnamed: page.unnamed.iter().map(|(names, error)| Missing::of(names, error)).collect(),
            spent,
        };
        if mirror.keep_page(table, &self.owner, page).await? {
            return Ok(paging);
        }
        // It stood still for too long.
        Err(Error::new(Code::Conflict, format!("Another process went on reading {}.", table.name)))
    }
}

/// What a reading of a list came to.
#[derive(Debug)]
pub(super) struct Reading {
    /// Why something may be missing, if it may.
    pub(super) short: Option<String>,
    /// How often it is worth reading in all.
    pub(super) again: usize,
}

/// Where a scan is, for who goes on with it.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Place {
    paging: Paging,
    /// The place of the last item in the API's own list.
    cursor: Option<Value>,
}
