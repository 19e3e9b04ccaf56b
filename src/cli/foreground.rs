//! Jobs in the foreground: a command works its job in this process until it ends, and shows how far it is.

use super::{call::exit_code, print_json, say, serve::signal, start::Started};
use crate::{
    account::{Account, Reply},
    guard::Confirmation,
};
use futures::FutureExt;
use highlevel_catalog::{
    Operation, OperationSpec,
    bulk::{GetBulk, RunBulk},
};
use highlevel_core::{
    context::CallContext,
    error::{Code, Error, Result},
};
use highlevel_store::{Job, JobState, Jobs, RowCounts, RowState};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Map, Value};
use std::{
    convert::Infallible,
    io::IsTerminal,
    process::ExitCode,
    time::{Duration, Instant},
};
use tokio_util::sync::CancellationToken;

/// How often the progress is looked at.
const LOOK: Duration = Duration::from_millis(300);

/// The interval of progress lines where stderr is no terminal.
const LINE_INTERVAL: Duration = Duration::from_secs(5);

/// How often a call that may begin a job is looked after.
const BEGIN: Duration = Duration::from_millis(50);

/// Runs a call. If it lets a job go on, works that job in this process until it ends, because no other process may be there to
/// do it; the reply then tells the job's end.
pub(super) async fn call_to_end(
    started: &Started,
    account: &Account,
    spec: &'static OperationSpec,
    arguments: Map<String, Value>,
    confirmation: Confirmation<'_>,
    context: CallContext,
) -> Result<Reply> {
    let Some(id) = job_of(spec, &arguments) else {
        return account.call(spec, arguments, confirmation, context).await;
    };
    let call = account.call(spec, arguments, confirmation, context).fuse();
    tokio::pin!(call);
    let first = tokio::select! {
        biased;
        reply = &mut call => Some(reply?),
        () = runs(&started.runtime.queue().store, &id) => None,
    };
    let reply = match first {
        Some(reply @ Reply::RequestInput(..)) => return Ok(reply),
        Some(reply) => reply,
        None => {
            let (reply, worked) = futures::join!(call, work(started, account, &id));
            worked?;
            reply?
        }
    };
    let job = started.runtime.job(&id).await?;
    if job.state == JobState::Running {
        work(started, account, &id).await?;
    } else if first_is_last(&reply, &job) {
        return Ok(reply);
    }
    account.job_answer(&started.runtime.job(&id).await?).await
}

/// Whether a call's reply already tells the job as it is now.
fn first_is_last(reply: &Reply, job: &Job) -> bool {
    match reply {
        Reply::Done(answer) => answer.value.get("state").and_then(Value::as_str) == Some(job.state.as_str()),
        Reply::RequestInput(..) => true,
    }
}

/// The job that a call lets go on.
fn job_of(spec: &OperationSpec, arguments: &Map<String, Value>) -> Option<String> {
    let text = |name: &str| arguments.get(name).and_then(Value::as_str).map(|text| text.trim().to_owned());
    match spec.name.as_ref() {
        RunBulk::NAME => text("plan"),
        GetBulk::NAME if ["resume", "retry"].contains(&text("action")?.as_str()) => text("job"),
        _ => None,
    }
}

/// Waits until a job runs.
async fn runs(jobs: &Jobs, id: &str) {
    loop {
        if matches!(jobs.job(id).await, Ok(Some(job)) if job.state == JobState::Running) {
            return;
        }
        tokio::time::sleep(BEGIN).await;
    }
}

/// Works a running job until it ends, with its progress on stderr. Ctrl-C cancels it before its next row: it can be resumed.
///
/// # Errors
/// As [`crate::runtime::Runtime::work_job_now`].
pub(super) async fn work(started: &Started, account: &Account, id: &str) -> Result<Job> {
    let closing = CancellationToken::new();
    let progress = RowProgress::new(id);
    let worked = tokio::select! {
        worked = started.runtime.work_job_now(id, &closing) => worked,
        never = progress.show(&started.runtime.queue().store, id) => match never {},
        never = stop_on_signal(started, account, id, &closing) => match never {},
    };
    progress.bar.finish_and_clear();
    worked
}

/// The first signal cancels the job and lets the rows under way end. A second one ends the process at once.
async fn stop_on_signal(started: &Started, account: &Account, id: &str, closing: &CancellationToken) -> Infallible {
    signal().await;
    say(&format!("Stopping after the rows under way. `highlevel-mcp bulk resume {id}` goes on with the job."));
    if let Ok(job) = started.runtime.job(id).await
        && let Err(error) = account.cancel_job(&job).await
    {
        say(&error.message);
    }
    closing.cancel();
    signal().await;
    std::process::exit(6);
}

/// The rows of a job on stderr: a bar on a terminal, otherwise a line every few seconds.
struct RowProgress {
    bar: ProgressBar,
    id: String,
}

impl RowProgress {
    fn new(id: &str) -> Self {
        let bar = ProgressBar::no_length().with_message(id.to_owned());
        // With a wrong template the bar keeps its default style.
        if let Ok(style) =
            ProgressStyle::with_template("{msg} {bar:30} {human_pos}/{human_len} {per_sec:12} {eta} left")
        {
            bar.set_style(style);
        }
        Self { bar, id: id.to_owned() }
    }

    async fn show(&self, jobs: &Jobs, id: &str) -> Infallible {
        let is_terminal = std::io::stderr().is_terminal();
        let (began, mut last) = (Instant::now(), Instant::now());
        let mut first = None;
        loop {
            if let Ok(counts) = jobs.counts(id).await {
                let (ended, all) = ended_of(&counts);
                let before = *first.get_or_insert(ended);
                if is_terminal {
                    self.draw(ended, all, before);
                } else if last.elapsed() >= LINE_INTERVAL {
                    last = Instant::now();
                    self.line(ended, all, ended.saturating_sub(before), began.elapsed());
                }
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    fn draw(&self, ended: u64, all: u64, before: u64) {
        if self.bar.length().is_none() {
            // The rows of an earlier run do not count for the rate.
            self.bar.set_position(before);
            self.bar.reset_eta();
        }
        self.bar.set_length(all);
        self.bar.set_position(ended);
    }

    fn line(&self, ended: u64, all: u64, here: u64, took: Duration) {
        let seconds = took.as_secs().max(1);
        let left = match here {
            0 => String::new(),
            here => {
                let left = all.saturating_sub(ended).saturating_mul(seconds) / here;
                format!(", {} rows a minute, {} min left", here * 60 / seconds, left.div_ceil(60))
            }
        };
        say(&format!("{}: {ended} of {all} rows{left}", self.id));
    }
}

/// How many rows have come to an end, and how many there are.
fn ended_of(counts: &RowCounts) -> (u64, u64) {
    let all: u64 = counts.values().sum();
    let left: u64 = [RowState::Waiting, RowState::Sent].iter().filter_map(|state| counts.get(state)).sum();
    (all.saturating_sub(left), all)
}

/// Prints what became of a job: words for a person on stderr, one line of JSON on stdout. The exit status tells what became of
/// its rows.
pub(super) async fn tell_end(started: &Started, account: &Account, job: &Job) -> anyhow::Result<ExitCode> {
    let counts = started.runtime.queue().store.counts(&job.id).await?;
    let rows: Vec<String> = counts.iter().map(|(state, count)| format!("{count} {}", state.as_str())).collect();
    say(&format!("{} is {}: {}", job.id, job.state.as_str(), rows.join(", ")));
    if let Some(why) = job.facts.get("why").and_then(|why| why.get("message")).and_then(Value::as_str) {
        say(why);
    }
    if matches!(job.state, JobState::Stopped | JobState::Cancelled | JobState::Running) {
        say(&format!("`highlevel-mcp bulk resume {}` goes on with it.", job.id));
    }
    if let Reply::Done(answer) = account.job_answer(job).await? {
        for (what, file) in [("results", "results"), ("rows to mend and run again", "rejected")] {
            if let Some(path) = answer.value.get(file).and_then(Value::as_str) {
                say(&format!("{what}: {path}"));
            }
        }
        print_json(&answer.text)?;
    }
    Ok(status_of(job, &counts))
}

/// Prints an error as one line of JSON on stdout, and in words on stderr.
pub(super) fn tell_error(error: &Error) -> anyhow::Result<ExitCode> {
    say(&error.message);
    print_json(&error.to_json().to_string())?;
    Ok(exit_code(error.code))
}

/// The exit status of a job: 0 only if every row was done or left out on purpose.
pub(super) fn status_of(job: &Job, counts: &RowCounts) -> ExitCode {
    let has = |states: &[RowState]| states.iter().any(|state| counts.get(state).is_some_and(|count| *count > 0));
    if has(&[RowState::Unknown]) {
        return exit_code(Code::OutcomeUnknown);
    }
    match job.state {
        JobState::Stopped => exit_code(code_of(job)),
        JobState::Running | JobState::Cancelled => exit_code(Code::Cancelled),
        _ if has(&[RowState::Failed, RowState::Changed, RowState::Invalid]) => ExitCode::FAILURE,
        _ => ExitCode::SUCCESS,
    }
}

/// Why a job stopped.
fn code_of(job: &Job) -> Code {
    let code = job.facts.get("why").and_then(|why| why.get("code")).cloned().unwrap_or_default();
    serde_json::from_value(code).unwrap_or(Code::Internal)
}
