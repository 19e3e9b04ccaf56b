//! Work on a job: its rows are sent, several at a time, until none waits or a reason to stop comes up.

use super::{super::Account, row::RowEnd};
use crate::guard::Agreement;
use futures::{StreamExt, stream::FuturesUnordered};
use highlevel_core::{
    context::{CallContext, Caller, ClientSession, JobReference},
    error::{Code, Error, Result},
};
use highlevel_store::{Job, JobRow, JobState, RowState};
use serde_json::{Map, Value, json};
use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How many rows are under way at once. Enough to use the whole quota while each request takes a second.
const UNDER_WAY: usize = 12;

/// The rows that are read ahead.
const READ_AHEAD: u32 = 100;

/// How often the job's own state is read, so that a cancellation in another process is seen.
const LOOK: Duration = Duration::from_secs(1);

/// The longest pause after a failure that may pass.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// So many failures in a row that may pass, or that forbid, stop a job.
const MOST_FAILURES: u32 = 12;

/// Why a job's work ended.
#[derive(Debug)]
enum WorkEnd {
    /// No row waits.
    Finished,
    /// Somebody cancelled the job, or the process ends.
    Left,
    /// A person has to mend something first.
    Stopped(Error),
}

impl Account {
    /// Works a job whose lock the caller holds. Returns when no row waits, when the job was cancelled, when it stopped for a
    /// reason that a person has to mend, or when `closing` is cancelled.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used. The job then still runs, for another process or a later start.
    pub async fn work(&self, job: &Job, closing: &CancellationToken) -> Result<()> {
        self.recover(job).await?;
        let end = match self.check_job_policy(job).await {
            Ok(()) => self.send_rows(job, closing).await?,
            Err(error) => WorkEnd::Stopped(error),
        };
        match end {
            WorkEnd::Left => Ok(()),
            WorkEnd::Stopped(error) => {
                let why = self.client.scrub(&error.message).into_owned();
                tracing::warn!("the job {} stopped: {why}", job.id);
                let why = json!({"why": {"code": error.code.as_str(), "message": why}});
                self.queue.store.tell(&job.id, super::members(why)).await?;
                self.queue.store.step(&job.id, &[JobState::Running], JobState::Stopped).await.map(drop)
            }
            WorkEnd::Finished => {
                self.settle_unknown(job, closing).await?;
                if closing.is_cancelled() {
                    return Ok(());
                }
                self.queue.store.tell(&job.id, Map::from_iter([("why".to_owned(), Value::Null)])).await?;
                // Who sees that the job is done also finds its files.
                self.write_results(job).await?;
                self.queue.store.step(&job.id, &[JobState::Running], JobState::Done).await.map(drop)
            }
        }
    }

    async fn send_rows(&self, job: &Job, closing: &CancellationToken) -> Result<WorkEnd> {
        let mut work = Work::new(self, job);
        let mut under_way = FuturesUnordered::new();
        let mut failures = Failures::default();
        let mut looked = Instant::now();
        let mut end = None;
        loop {
            if looked.elapsed() >= LOOK {
                looked = Instant::now();
                self.queue.store.worked(&job.id).await?;
                let state = self.queue.store.job(&job.id).await?.map(|job| job.state);
                if state != Some(JobState::Running) || closing.is_cancelled() {
                    end.get_or_insert(WorkEnd::Left);
                }
            }
            while end.is_none() && !failures.pauses() && under_way.len() < UNDER_WAY {
                let Some(row) = work.next().await? else { break };
                under_way.push(work.run(row));
            }
            if under_way.is_empty() && !failures.pauses() {
                return Ok(end.unwrap_or(WorkEnd::Finished));
            }
            tokio::select! {
                Some((row, row_end)) = under_way.next(), if !under_way.is_empty() => {
                    work.ended(&row);
                    match row_end {
                        RowEnd::Settled(state, outcome) => {
                            failures.settled(state, outcome.code.as_deref());
                            self.queue.store.settle(&job.id, row.number, state, outcome).await?;
                        }
                        RowEnd::NotSent(error) => {
                            self.queue.store.send_again(&job.id, &[RowState::Sent], vec![row.number]).await?;
                            work.put_back(row);
                            failures.not_sent(error);
                        }
                    }
                    if let Some(error) = failures.reason_to_stop() {
                        end.get_or_insert(WorkEnd::Stopped(error));
                    }
                }
                () = failures.pause(), if failures.pauses() && end.is_none() => {}
                () = tokio::time::sleep(LOOK) => {}
                () = closing.cancelled(), if end.is_none() => end = Some(WorkEnd::Left),
            }
            if end.is_some() {
                failures.clear_pause();
            }
        }
    }
}

/// The rows of a job that this process has in hand.
struct Work<'a> {
    account: &'a Account,
    job: &'a Job,
    id: Arc<str>,
    client: Option<Arc<ClientSession>>,
    agreed: Agreement,
    /// Waiting rows in their order.
    waiting: VecDeque<JobRow>,
    /// The number of the last row that was read.
    read: u64,
    /// The keys of the rows that are under way.
    busy: HashSet<String>,
}

/// The client that planned a job.
fn client_of(job: &Job) -> Option<ClientSession> {
    let text = |fact: &str, name: &str| Some(job.facts.get(fact)?.get(name)?.as_str()?.to_owned());
    let caller = text("caller", "client").map(|client| Caller { client, subject: text("caller", "subject") });
    Some(ClientSession { name: text("client", "name")?, session: text("client", "session")?, caller })
}

impl<'a> Work<'a> {
    fn new(account: &'a Account, job: &'a Job) -> Self {
        let client = client_of(job).map(Arc::new);
        let agreed = Agreement::named(job.text("confirmation"), job.facts.get("approval"));
        let id = Arc::from(job.id.as_str());
        Self { account, job, id, client, agreed, waiting: VecDeque::new(), read: 0, busy: HashSet::new() }
    }

    /// The next row whose object no row under way is about.
    async fn next(&mut self) -> Result<Option<JobRow>> {
        if self.waiting.len() < usize::try_from(READ_AHEAD / 2).unwrap_or_default() {
            let more = self.account.queue.store.rows(&self.job.id, &[RowState::Waiting], self.read, READ_AHEAD).await?;
            self.read = more.last().map_or(self.read, |row| row.number);
            self.waiting.extend(more);
        }
        // Rows about one object keep their order.
        let mut passed: HashSet<&str> = HashSet::new();
        let is_free = |row: &JobRow| row.key.as_ref().is_none_or(|key| !self.busy.contains(key));
        let mut at = None;
        for (position, row) in self.waiting.iter().enumerate() {
            let is_first = row.key.as_deref().is_none_or(|key| passed.insert(key));
            if is_first && is_free(row) {
                at = Some(position);
                break;
            }
        }
        let row = at.and_then(|at| self.waiting.remove(at));
        self.busy.extend(row.iter().filter_map(|row| row.key.clone()));
        Ok(row)
    }

    fn ended(&mut self, row: &JobRow) {
        if let Some(key) = &row.key {
            self.busy.remove(key);
        }
    }

    fn put_back(&mut self, row: JobRow) {
        let at = self.waiting.partition_point(|other| other.number < row.number);
        self.waiting.insert(at, row);
    }

    /// Runs a row to its end.
    fn run(&self, row: JobRow) -> impl Future<Output = (JobRow, RowEnd)> + use<'a> {
        let (account, agreed) = (self.account, self.agreed.clone());
        let (store, id, number) = (account.queue.store.clone(), Arc::clone(&self.id), row.number);
        let mut context = CallContext::new(account.timeout)
            .in_bulk()
            .for_job(JobReference { job: Arc::clone(&self.id), row: row.number })
            .before_sending(move || {
                let (store, id) = (store.clone(), Arc::clone(&id));
                async move { store.mark_sent(&id, number).await }
            });
        if let Some(client) = &self.client {
            context = context.made_by(Arc::clone(client));
        }
        async move {
            let end = account.run_row(&row, agreed, &context).await;
            (row, end)
        }
    }
}

/// Failures in a row, and the pause after one that may pass.
#[derive(Default)]
struct Failures {
    /// The number of failures since the last row that was not one.
    count: u32,
    last: Option<Error>,
    until: Option<Instant>,
}

impl Failures {
    fn settled(&mut self, state: RowState, code: Option<&str>) {
        if state == RowState::Failed && code == Some(Code::Forbidden.as_str()) {
            self.count += 1;
            self.last = Some(Error::new(Code::Forbidden, "The account forbids these calls."));
        } else {
            *self = Self::default();
        }
    }

    fn not_sent(&mut self, error: Error) {
        let now = Instant::now();
        // Rows that were under way together fail together.
        if self.until.is_none_or(|until| until <= now) {
            self.count += 1;
            let pause = Duration::from_secs(1 << self.count.min(6)).min(LONGEST_PAUSE);
            let asked = error.retry_at.and_then(|at| (at - chrono::Utc::now()).to_std().ok());
            self.until = Some(now + asked.unwrap_or(pause));
        }
        self.last = Some(error);
    }

    /// Why the job cannot go on by itself, if it cannot.
    fn reason_to_stop(&self) -> Option<Error> {
        let last = self.last.as_ref()?;
        let never_passes = matches!(last.code, Code::Unauthorized | Code::PolicyDenied);
        (never_passes || self.count >= MOST_FAILURES).then(|| last.clone())
    }

    fn pauses(&self) -> bool {
        self.until.is_some_and(|until| until > Instant::now())
    }

    async fn pause(&self) {
        if let Some(until) = self.until {
            tokio::time::sleep_until(until).await;
        }
    }

    fn clear_pause(&mut self) {
        self.until = None;
    }
}
