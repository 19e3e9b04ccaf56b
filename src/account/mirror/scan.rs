//! Reading one table: several pages at once, kept in their order, until the list was read without a gap.

use super::{Mirroring, pace::Pace};
use crate::{
    account::{
        paging::{Fit, Paging},
        scan::PAGE,
    },
    backend::Page,
    context::CallContext,
    crm::{Invocation, find, locations::GetDefaultLocation},
    error::{Code, Error, Result},
    store::{LEASE, Mirror, MirrorPage, Table, Turn},
};
use futures::{StreamExt, stream};
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
    /// With everything.
    Complete,
    /// The list moved too much.
    Incomplete,
    /// Before its end.
    Failed(Error),
}

impl Mirroring {
    /// Reads a table, or waits for another process that does. Says whether nothing can be missing.
    pub(super) async fn run_scan(
        &self,
        table: &'static Table,
        paced: bool,
        tell: &watch::Sender<Progress>,
        context: &CallContext,
    ) -> Result<bool> {
        self.pin.check(&self.backend, context).await?;
        let mirror = self.mirror().await?;
        let mut readings = 0;
        loop {
            let (offset, tail) = match mirror.begin_scan(table, &self.owner).await? {
                Turn::Yours { offset, tail } => (offset, tail),
                Turn::Busy => match self.watch_other(mirror, table, tell, context).await? {
                    Some(whole) => return Ok(whole),
                    // It ended on the way: this one goes on from there.
                    None => continue,
                },
            };
            readings += 1;
            let reading_it = async {
                match table.name {
                    "users" => self.read_users(mirror, context).await,
                    _ => self.read_list(mirror, table, Paging::from(offset, tail), paced, tell, context).await,
                }
            };
            let read = tokio::select! {
                read = reading_it => read,
                error = self.prolong(mirror, table) => Err(error),
            };
            let whole = match read {
                Ok(whole) => whole,
                Err(error) => {
                    mirror.leave_scan(table, &self.owner).await?;
                    return Err(error);
                }
            };
            mirror.end_scan(table, &self.owner, whole).await?;
            if whole || readings >= READINGS {
                return Ok(whole);
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

    /// Waits while another process is at it. Says how its scan ended; `None` if the process did, before its scan.
    async fn watch_other(
        &self,
        mirror: &Mirror,
        table: &'static Table,
        tell: &watch::Sender<Progress>,
        context: &CallContext,
    ) -> Result<Option<bool>> {
        loop {
            let state = mirror.state(table).await?;
            if let Some((read, total)) = state.under_way {
                tell.send_modify(|progress| (progress.read, progress.total) = (read, total));
            }
            if !state.busy {
                return Ok(state.under_way.is_none().then_some(state.complete_at.is_some()));
            }
            context.bound(tokio::time::sleep(LOOK_AGAIN)).await?;
        }
    }

    async fn read_list(
        &self,
        mirror: &Mirror,
        table: &'static Table,
        mut paging: Paging,
        paced: bool,
        tell: &watch::Sender<Progress>,
        context: &CallContext,
    ) -> Result<bool> {
        let list = Invocation { entry: entry(table)?, id: None, arguments: serde_json::Map::new() };
        let fetch = |offset: u64| {
            let list = &list;
            async move {
                if let Some(pace) = self.pace_of(paced) {
                    context.bound(tokio::time::sleep_until(pace.turn(&self.backend.quota()))).await?;
                }
                let page = self.backend.page(list, offset, PAGE, context).await;
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
                self.keep(mirror, table, page, &paging, spent()).await?;
                tell.send_modify(|progress| (progress.read, progress.total) = (paging.read(), paging.total()));
                if fit == Fit::Moved || paging.has_ended() {
                    break;
                }
            }
        }
        // What came to the beginning while the rest was read, if the API lists the newest first.
        let mut head = 0;
        while head < paging.added() {
            let (_, page) = fetch(head).await?;
            head += PAGE;
            paging.take_head(&page.shown());
            self.keep(mirror, table, page, &paging, spent()).await?;
        }
        if table.name == "locations" {
            // A list tells little of each; the one that matters is read in full.
            let location = Invocation::of(&GetDefaultLocation {})?;
            let done = self.backend.run(&location, context).await.map_err(|failed| failed.error)?;
            if let Value::Object(location) = done.value {
                mirror.wrote(table, location).await?;
            }
        }
        Ok(paging.is_complete(mirror.met(table).await?))
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
        (pages >= u64::from(self.backend.quota().limit)).then_some(&self.even)
    }

    async fn keep(
        &self,
        mirror: &Mirror,
        table: &'static Table,
        page: Page,
        paging: &Paging,
        spent: Duration,
    ) -> Result<()> {
        let page = MirrorPage {
            items: page.items,
            sent_at: page.sent_at.wall,
            offset: paging.read(),
            tail: paging.tail(),
            total: paging.total(),
            drifted: paging.lost(),
            spent,
        };
        if mirror.keep_page(table, &self.owner, page).await? {
            return Ok(());
        }
        // It stood still for too long.
        Err(Error::new(Code::Conflict, format!("Another process went on reading {}.", table.name)))
    }
}

fn entry(table: &Table) -> Result<&'static crate::crm::Entry> {
    find(table.tool).ok_or_else(|| Error::new(Code::Internal, format!("{} is not in the catalogue.", table.tool)))
}
