//! Keeping the mirror: when a table is read anew, and what a tool's own write means for it (docs/mirror.md).

mod freshness;
mod pace;
mod scan;
mod users;
mod write_through;

pub(crate) use freshness::Freshness;
pub use freshness::Wait;
pub use scan::{Progress, Watcher};

use super::{AccountRules, pin::Pin};
use crate::api::Adapter;
use chrono::Utc;
use highlevel_core::context::{CallContext, process_name};
use highlevel_core::error::{Error, Result};
use highlevel_store::{Mirror, Table};
use pace::Pace;
use scan::Ended;
use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tempfile::TempDir;
use tokio::sync::{OnceCell, watch};
use tokio_util::sync::{CancellationToken, DropGuard};

/// Where mirrors lie.
#[derive(Debug, Clone, Default)]
pub enum MirrorPlace {
    /// In a directory of its own that goes with the process: for an account that does too.
    #[default]
    Temporary,
    /// In the state directory.
    In(PathBuf),
}

/// The mirror of the account behind a credential, and the scans that this process makes.
#[derive(Debug)]
pub(crate) struct Mirroring {
    api: Adapter,
    pin: Arc<Pin>,
    place: MirrorPlace,
    program: Option<PathBuf>,
    hidden: Vec<&'static str>,
    opened: OnceCell<Opened>,
    /// This process, among those that scan.
    owner: String,
    /// For what is read behind a question.
    pace: Pace,
    /// For scans that take all of the quota for several windows.
    even: Pace,
    running: Mutex<HashMap<&'static str, watch::Receiver<Progress>>>,
    alive: CancellationToken,
    _end: DropGuard,
}

#[derive(Debug)]
struct Opened {
    mirror: Arc<Mirror>,
    _temporary: Option<TempDir>,
}

impl Mirroring {
    pub(super) fn new(api: Adapter, pin: Arc<Pin>, rules: &AccountRules) -> Arc<Self> {
        let alive = CancellationToken::new();
        let end = alive.clone().drop_guard();
        Arc::new(Self {
            api,
            pin,
            place: rules.mirror.clone(),
            program: rules.program.clone(),
            hidden: rules.hidden_tables.iter().map(|(table, _)| *table).collect(),
            opened: OnceCell::new(),
            owner: process_name(),
            pace: Pace::part(rules.bulk_share),
            even: Pace::all(),
            running: Mutex::default(),
            alive,
            _end: end,
        })
    }

    /// The account's mirror; the account is known by the credential, so there has to be one.
    pub(crate) async fn mirror(&self) -> Result<&Arc<Mirror>> {
        let opened = self.opened.get_or_try_init(|| async {
            let account = self.api.account().await?;
            let (dir, temporary) = match &self.place {
                MirrorPlace::In(dir) => (dir.clone(), None),
                MirrorPlace::Temporary => {
                    let made = tempfile::Builder::new().prefix("highlevel-mcp-").tempdir();
                    let made = made.map_err(|fault| {
                        Error::new(
                            highlevel_core::error::Code::Internal,
                            format!("No temporary directory can be made: {fault}."),
                        )
                    })?;
                    (made.path().to_owned(), Some(made))
                }
            };
            let mirror = Mirror::open(&dir, &account).answered_by(self.program.clone());
            Ok::<_, Error>(Opened { mirror: Arc::new(mirror), _temporary: temporary })
        });
        Ok(&opened.await?.mirror)
    }

    fn running(&self) -> MutexGuard<'_, HashMap<&'static str, watch::Receiver<Progress>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The scan of a table that this process makes, begun if it is not under way.
    fn scan(self: &Arc<Self>, table: &'static Table, paced: bool) -> watch::Receiver<Progress> {
        let mut running = self.running();
        if let Some(under_way) = running.get(table.name).filter(|progress| progress.borrow().ended.is_none()) {
            return under_way.clone();
        }
        let (tell, progress) = watch::channel(Progress::default());
        running.insert(table.name, progress.clone());
        let this = Arc::clone(self);
        tokio::spawn(async move {
            let context = this.bulk();
            let ended = this.run_scan(table, paced, &tell, &context).await;
            if let Err(error) = ended.as_ref()
                && !this.alive.is_cancelled()
            {
                tracing::warn!("{} could not be read for the mirror ({})", table.name, error.code);
                tracing::debug!("why {} could not be read: {}", table.name, error.message);
            }
            tell.send_modify(|progress| {
                progress.ended = Some(match ended {
                    Ok(()) => Ended::Read,
                    Err(error) => Ended::Failed(error),
                });
            });
        });
        progress
    }

    /// Why this process could not read a table the last time that it tried.
    pub(crate) fn failure(&self, table: &Table) -> Option<Error> {
        match &self.running().get(table.name)?.borrow().ended {
            Some(Ended::Failed(error)) => Some(error.clone()),
            _ => None,
        }
    }

    /// The tables that name owners, of those that may be read.
    fn owned(&self) -> Vec<&'static Table> {
        let names = ["contacts", "opportunities"].into_iter().filter(|name| !self.hidden.contains(name));
        names.filter_map(Table::named).collect()
    }

    fn is_leaving(&self) -> bool {
        self.alive.is_cancelled()
    }

    /// Lets go of the scans that are under way, so that another process goes on with them at once.
    pub(crate) async fn leave(&self) {
        /// What cannot be written by then ends with its lease.
        const PATIENCE: Duration = Duration::from_secs(2);
        self.alive.cancel();
        let running: Vec<_> = self.running().values().cloned().collect();
        let ended = running.into_iter().map(|mut progress| async move {
            // A task that is gone has ended too.
            drop(progress.wait_for(Progress::has_ended).await);
        });
        drop(tokio::time::timeout(PATIENCE, futures::future::join_all(ended)).await);
    }

    /// Work that can wait, until the process ends.
    fn bulk(&self) -> CallContext {
        /// A quota may be held for long; a scan goes on after that.
        const PATIENCE: Duration = Duration::from_secs(24 * 3600);
        CallContext::new(PATIENCE).cancelled_by(self.alive.clone()).in_bulk()
    }
}

/// How old something is.
fn age(at: chrono::DateTime<Utc>) -> Duration {
    Utc::now().signed_duration_since(at).to_std().unwrap_or_default()
}
