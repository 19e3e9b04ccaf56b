//! The upkeep of the mirror: when a table is refreshed, and how a tool's own writes change it (docs/mirror.md).

mod freshness;
mod pace;
mod read_list;
mod refresh;
mod scan;
mod users;
mod write_through;

pub(crate) use freshness::Freshness;
pub use freshness::WaitPolicy;
pub use scan::{Progress, Watcher};

use super::{AccountRules, object_updates::WriteFeed, pin::LocationPin};
use crate::api::Adapter;
use chrono::Utc;
use highlevel_core::context::{CallContext, process_name};
use highlevel_core::error::{Code, Error, Result};
use highlevel_store::{Mirror, Table};
use pace::Pace;
use scan::{ScanEnd, ScanMode};
use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tempfile::TempDir;
use tokio::sync::{OnceCell, watch};
use tokio_util::sync::{CancellationToken, DropGuard};

/// Where mirrors are stored.
#[derive(Debug, Clone, Default)]
pub enum MirrorPlace {
    /// In a temporary directory that is deleted at exit, for an account that exists only as long as the process.
    #[default]
    Temporary,
    /// In the state directory.
    In(PathBuf),
}

impl MirrorPlace {
    /// The directory, and what deletes it where it is temporary.
    ///
    /// # Errors
    /// `internal` if it could not be created.
    pub(super) fn open(&self) -> Result<(PathBuf, Option<TempDir>)> {
        let created = match self {
            Self::In(dir) => return Ok((dir.clone(), None)),
            Self::Temporary => tempfile::Builder::new().prefix("highlevel-mcp-").tempdir(),
        };
        let dir = created.map_err(|fault| {
            Error::new(Code::Internal, format!("The temporary directory could not be created: {fault}."))
        })?;
        Ok((dir.path().to_owned(), Some(dir)))
    }
}

/// The mirror of the credential's account, and the scans of this process.
#[derive(Debug)]
pub(crate) struct Mirroring {
    api: Adapter,
    pin: Arc<LocationPin>,
    place: MirrorPlace,
    program: Option<PathBuf>,
    hidden: Vec<&'static str>,
    opened: OnceCell<Opened>,
    /// The name of this process as the owner of scans.
    owner: String,
    /// The pace of background scans.
    background_pace: Pace,
    /// The pace of scans that use the full quota over several windows.
    full_pace: Pace,
    running: Mutex<HashMap<&'static str, watch::Receiver<Progress>>>,
    writes: WriteFeed,
    alive: CancellationToken,
    _end: DropGuard,
}

#[derive(Debug)]
struct Opened {
    mirror: Arc<Mirror>,
    _temporary: Option<TempDir>,
}

impl Mirroring {
    pub(super) fn new(api: Adapter, pin: Arc<LocationPin>, rules: &AccountRules) -> Arc<Self> {
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
            background_pace: Pace::part(rules.bulk_share),
            full_pace: Pace::all(),
            running: Mutex::default(),
            writes: WriteFeed::default(),
            alive,
            _end: end,
        })
    }

    /// The account's mirror.
    ///
    /// # Errors
    /// `unauthorized` without a credential, which identifies the account; `internal` if no directory can be used.
    pub(crate) async fn mirror(&self) -> Result<&Arc<Mirror>> {
        let opened = self.opened.get_or_try_init(|| async {
            let account = self.api.account().await?;
            let (dir, temporary) = self.place.open()?;
            let mirror = Mirror::open(&dir, &account).answered_by(self.program.clone());
            Ok::<_, Error>(Opened { mirror: Arc::new(mirror), _temporary: temporary })
        });
        Ok(&opened.await?.mirror)
    }

    /// The writes of this process.
    pub(in crate::service) fn writes(&self) -> &WriteFeed {
        &self.writes
    }

    fn running(&self) -> MutexGuard<'_, HashMap<&'static str, watch::Receiver<Progress>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// This process's scan of a table. Starts one if none is running.
    fn scan(self: &Arc<Self>, table: &'static Table, mode: ScanMode) -> watch::Receiver<Progress> {
        let mut running = self.running();
        if let Some(under_way) = running.get(table.name).filter(|progress| progress.borrow().ended.is_none()) {
            return under_way.clone();
        }
        let (sender, progress) = watch::channel(Progress::default());
        running.insert(table.name, progress.clone());
        let this = Arc::clone(self);
        tokio::spawn(async move {
            let context = this.bulk();
            let ended = this.run_scan(table, mode, &sender, &context).await;
            if let Err(error) = ended.as_ref()
                && !this.alive.is_cancelled()
            {
                tracing::warn!("{} could not be read for the mirror ({})", table.name, error.code);
                tracing::debug!("reason why {} could not be read: {}", table.name, error.message);
            }
            sender.send_modify(|progress| {
                progress.ended = Some(match ended {
                    Ok(()) => ScanEnd::Finished,
                    Err(error) => ScanEnd::Failed(error),
                });
            });
        });
        progress
    }

    /// The error of this process's last scan of a table, if it failed.
    pub(crate) fn failure(&self, table: &Table) -> Option<Error> {
        match &self.running().get(table.name)?.borrow().ended {
            Some(ScanEnd::Failed(error)) => Some(error.clone()),
            _ => None,
        }
    }

    /// The readable tables that have an owner column.
    fn owned(&self) -> Vec<&'static Table> {
        let names = ["contacts", "opportunities"].into_iter().filter(|name| !self.hidden.contains(name));
        names.filter_map(Table::named).collect()
    }

    fn is_leaving(&self) -> bool {
        self.alive.is_cancelled()
    }

    /// Releases the running scans, so that another process can resume them at once.
    pub(crate) async fn leave(&self) {
        /// A scan that cannot be released by then ends with its lease.
        const PATIENCE: Duration = Duration::from_secs(2);
        self.alive.cancel();
        let running: Vec<_> = self.running().values().cloned().collect();
        let ended = running.into_iter().map(|mut progress| async move {
            // The sender is dropped with the task, so an error means that the scan ended.
            drop(progress.wait_for(Progress::has_ended).await);
        });
        drop(tokio::time::timeout(PATIENCE, futures::future::join_all(ended)).await);
    }

    /// The context of bulk work, which is cancelled when the process ends.
    fn bulk(&self) -> CallContext {
        /// A long timeout: the quota may be exhausted for hours, and a scan continues afterwards.
        const PATIENCE: Duration = Duration::from_secs(24 * 3600);
        CallContext::new(PATIENCE).cancelled_by(self.alive.clone()).in_bulk()
    }
}

/// The time since a moment.
fn age(at: chrono::DateTime<Utc>) -> Duration {
    Utc::now().signed_duration_since(at).to_std().unwrap_or_default()
}
