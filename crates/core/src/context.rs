//! The bounds of one call: its deadline, its cancellation, and where its progress is reported.

use crate::error::{Code, Error, Result};
use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// A unique name for this process among those of this machine.
pub fn process_name() -> String {
    format!("{}-{:016x}", std::process::id(), rand::random::<u64>())
}

type Progress = Arc<dyn Fn(&str) + Send + Sync>;

/// Runs before a request that may write is sent. The request is not sent if it fails.
type BeforeSend = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Result<()>> + Send>> + Send + Sync>;

/// The priority of a call when the quota is scarce.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// A caller waits for the answer.
    #[default]
    Interactive,
    /// Work that can wait: interactive calls of all processes of the account go first.
    Bulk,
}

/// The client that makes a call, as the journal names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientSession {
    /// The client's own name and version, such as `claude-ai 0.1.0`, which nobody has checked.
    pub name: String,
    /// The session, unique among those of this machine.
    pub session: String,
    /// Who is behind it, where the connection was authenticated.
    pub caller: Option<Caller>,
}

impl ClientSession {
    /// The client in words: as it names itself, and who is behind it where that is known.
    pub fn shown(&self) -> String {
        let Some(Caller { client, subject }) = &self.caller else { return self.name.clone() };
        let who = subject.as_ref().map_or_else(|| client.clone(), |subject| format!("{subject} by {client}"));
        format!("{} ({who})", self.name).trim_start().to_owned()
    }
}

/// Who calls over an authenticated connection.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Caller {
    /// The name of the client, which the operator gave it.
    pub client: String,
    /// The person or program in whose name the client acts, as the issuer of its token names it.
    pub subject: Option<String>,
}

/// The row of a job that a call is made for, as the journal names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobReference {
    /// The job's id.
    pub job: Arc<str>,
    /// The row's number.
    pub row: u64,
}

/// The context of a call, which goes with it through every layer. Every wait is bounded by it.
#[derive(Clone)]
pub struct CallContext {
    /// When the call has to be over, waiting for the quota included.
    pub deadline: Instant,
    /// Set when the caller no longer wants the answer.
    pub cancel: CancellationToken,
    /// The priority when the quota is scarce.
    pub priority: Priority,
    /// The client that makes the call, if it is known.
    pub client: Option<Arc<ClientSession>>,
    /// The row of a job that the call is made for.
    pub job: Option<JobReference>,
    /// Whether the caller takes the answer whenever it comes.
    patient: bool,
    progress: Option<Progress>,
    before_send: Option<BeforeSend>,
    /// Notes for the answer; the clones of a call share one list.
    notes: Arc<Mutex<Vec<String>>>,
}

impl fmt::Debug for CallContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallContext").field("deadline", &self.deadline).finish_non_exhaustive()
    }
}

impl CallContext {
    /// A call that ends `timeout` from now.
    pub fn new(timeout: Duration) -> Self {
        Self {
            deadline: Instant::now() + timeout,
            cancel: CancellationToken::new(),
            priority: Priority::default(),
            client: None,
            job: None,
            patient: false,
            progress: None,
            before_send: None,
            notes: Arc::default(),
        }
    }

    /// The same call as work that can wait.
    #[must_use]
    pub fn in_bulk(mut self) -> Self {
        self.priority = Priority::Bulk;
        self
    }

    /// The same call, made by `client`.
    #[must_use]
    pub fn made_by(mut self, client: Arc<ClientSession>) -> Self {
        self.client = Some(client);
        self
    }

    /// Who makes the call, where the connection was authenticated.
    pub fn caller(&self) -> Option<&Caller> {
        self.client.as_ref()?.caller.as_ref()
    }

    /// The same call, made for a row of a job.
    #[must_use]
    pub fn for_job(mut self, job: JobReference) -> Self {
        self.job = Some(job);
        self
    }

    /// The same call for a caller that asks later for what takes long, and ends `timeout` from now.
    #[must_use]
    pub fn patient(mut self, timeout: Duration) -> Self {
        self.patient = true;
        self.deadline = Instant::now() + timeout;
        self
    }

    /// The same call, cancelled by `cancel`.
    #[must_use]
    pub fn cancelled_by(mut self, cancel: CancellationToken) -> Self {
        self.cancel = cancel;
        self
    }

    /// The same call, reporting its progress to `report`, which must not block.
    #[must_use]
    pub fn reporting_to(mut self, report: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.progress = Some(Arc::new(report));
        self
    }

    /// The same call, which runs `work` each time before it sends a request that may write, after all waits for the quota.
    #[must_use]
    pub fn before_sending<F>(mut self, work: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        self.before_send = Some(Arc::new(move || Box::pin(work())));
        self
    }

    /// Runs what has to be done before a request that may write is sent.
    ///
    /// # Errors
    /// That of this work. The request must not be sent then.
    pub async fn prepare_to_send(&self) -> Result<()> {
        match &self.before_send {
            Some(work) => work().await,
            None => Ok(()),
        }
    }

    /// Whether somebody sees what the call reports.
    pub fn is_watched(&self) -> bool {
        self.progress.is_some()
    }

    /// Whether the caller takes the answer whenever it comes: no wait need be short for its sake.
    pub fn is_patient(&self) -> bool {
        self.patient
    }

    /// Reports what the call waits for.
    pub fn report(&self, message: &str) {
        if let Some(progress) = &self.progress {
            progress(message);
        }
    }

    /// Adds a note to the answer. A repeated note is added once.
    pub fn note(&self, text: String) {
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        if !notes.contains(&text) {
            notes.push(text);
        }
    }

    /// Takes the notes.
    pub fn take_notes(&self) -> Vec<String> {
        std::mem::take(&mut *self.notes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Runs `future` unless the call is cancelled or its time is up first.
    ///
    /// # Errors
    /// `cancelled` or `timeout`.
    pub async fn bound<T>(&self, future: impl Future<Output = T>) -> Result<T> {
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(Error::new(Code::Cancelled, "The call was cancelled.")),
            done = tokio::time::timeout_at(self.deadline, future) => {
                done.map_err(|_| Error::new(Code::Timeout, "The call's time ran out."))
            }
        }
    }
}
