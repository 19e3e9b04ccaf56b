//! `run`: the tool calls of a file, one a line. What was done is kept beside the script, so that a run can go on
//! (docs/scripts.md).

mod check;
mod references;
mod script;
mod state;

use super::{
    call::exit_code,
    foreground, print_json, say,
    serve::signal,
    start::{Started, start},
    terminal::{self, Agreed, TerminalPrompt},
};
use crate::{
    account::{ACCOUNT, Account, Reply, effect_of},
    guard::Confirmation,
    runtime::ALL,
    settings::Settings,
};
use clap::Args;
use highlevel_catalog::{
    Effect, OperationSpec,
    bulk::{GetBulk, RunBulk},
};
use highlevel_core::{
    context::{CallContext, ClientSession, process_name},
    error::{Code, Error, Result},
};
use highlevel_store::JobState;
use references::Results;
use script::{Script, ScriptLine};
use serde_json::{Map, Value, json};
use state::{LineState, StateFile};
use std::{path::PathBuf, process::ExitCode, sync::Arc};
use tokio_util::sync::CancellationToken;

const HELP: &str = "\
Each line is a JSON object: {\"tool\": \"get_contact\", \"arguments\": {\"id\": \"…\"}, \"as\": \"ann\"}. Empty lines and lines
that begin with # are skipped. {{ann.email}} in a later line stands for a part of the answer.
What was done is kept in SCRIPT.done.jsonl: a line that was done is not done again.
The last line on stdout is one JSON object. The exit status is that of `highlevel-mcp call` for the first line that failed;
1 if rows of a job failed.";

#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct Options {
    /// The tool calls, a JSON object a line
    #[arg(value_name = "SCRIPT.jsonl")]
    script: PathBuf,
    /// Check every line against the tools' schemas, and send nothing
    #[arg(long)]
    dry_run: bool,
    /// Go on after a line that failed
    #[arg(long)]
    keep_going: bool,
    /// Begin anew if the last run reached the end; an unfinished run goes on
    #[arg(long)]
    repeat: bool,
    /// Agree to every line that asks for a confirmation
    #[arg(long)]
    yes: bool,
    /// Send this line again, although its outcome is unknown. May be repeated
    #[arg(long, value_name = "LINE")]
    send_again: Vec<usize>,
    /// Take this line as done, whose outcome is unknown. May be repeated
    #[arg(long, value_name = "LINE")]
    take_as_done: Vec<usize>,
}

pub(super) async fn run(settings: Settings, options: Options) -> anyhow::Result<ExitCode> {
    let script = Script::read(&options.script)?;
    let started = start(settings).await?;
    let problems = check::problems(&script, &started)?;
    if options.dry_run || !problems.is_empty() {
        started.runtime.leave().await;
        return tell_problems(&script, &problems);
    }
    let stopping = CancellationToken::new();
    tokio::spawn(stop_on_signal(stopping.clone()));
    let done = Run::open(&started, &script, &options, stopping);
    let done = match done {
        Ok(mut run) => run.lines(&script).await.and_then(|()| run.tell(&script)),
        Err(error) => Err(error.into()),
    };
    started.runtime.leave().await;
    done
}

/// Prints what is wrong with the lines of a script. Nothing was sent.
fn tell_problems(script: &Script, problems: &[(usize, Error)]) -> anyhow::Result<ExitCode> {
    problems.iter().for_each(|(line, error)| say(&format!("line {line}: {}", error.message)));
    let count = script.lines.len();
    match problems.len() {
        0 => say(&format!("{count} lines are right. Nothing was sent.")),
        wrong => say(&format!("{wrong} of {count} lines are wrong. Nothing was sent.")),
    }
    let listed: Vec<Value> = problems.iter().map(|(line, error)| numbered(*line, error)).collect();
    print_json(&json!({"script": script.path.display().to_string(), "lines": count, "problems": listed}).to_string())?;
    Ok(problems.first().map_or(ExitCode::SUCCESS, |(_, error)| exit_code(error.code)))
}

fn numbered(line: usize, error: &Error) -> Value {
    json!({"line": line, "code": error.code.as_str(), "field": error.field, "message": error.message})
}

/// The first signal stops the script before its next line. A second one ends the process at once.
async fn stop_on_signal(stopping: CancellationToken) {
    signal().await;
    say("Stopping after this line. The same command goes on.");
    stopping.cancel();
    signal().await;
    std::process::exit(6);
}

/// A run of a script.
struct Run<'a> {
    started: &'a Started,
    options: &'a Options,
    state: StateFile,
    results: Results,
    client: Arc<ClientSession>,
    stopping: CancellationToken,
    done: usize,
    before: usize,
    /// The first line that failed.
    failed: Option<(usize, Error)>,
    failures: usize,
    /// Whether rows of a job failed.
    has_bad_rows: bool,
}

impl<'a> Run<'a> {
    fn open(started: &'a Started, script: &Script, options: &'a Options, stopping: CancellationToken) -> Result<Self> {
        let mut state = StateFile::open(&script.state_path())?;
        if options.repeat && script.lines.iter().all(|line| state.is_done(line.number)) {
            state.clear()?;
        }
        let client = ClientSession { name: "highlevel-mcp run".to_owned(), session: process_name(), caller: None };
        let results = Results::of(script);
        let client = Arc::new(client);
        Ok(Self {
            started,
            options,
            state,
            results,
            client,
            stopping,
            done: 0,
            before: 0,
            failed: None,
            failures: 0,
            has_bad_rows: false,
        })
    }

    async fn lines(&mut self, script: &Script) -> anyhow::Result<()> {
        let count = script.lines.len();
        for (at, line) in script.lines.iter().enumerate() {
            if self.stopping.is_cancelled() {
                return Ok(());
            }
            if self.is_done(line)? {
                self.before += 1;
                continue;
            }
            say(&format!("{}/{count} {}", at + 1, line.tool));
            let Err(error) = self.line(line).await else {
                self.done += 1;
                continue;
            };
            say(&format!("line {}: {}", line.number, error.message));
            self.failures += 1;
            let stops = error.code == Code::OutcomeUnknown || !self.options.keep_going;
            self.failed.get_or_insert((line.number, error));
            if stops {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Whether an earlier run did the line. Its result is then known.
    ///
    /// # Errors
    /// `conflict` for a line that changed since.
    fn is_done(&mut self, line: &ScriptLine) -> Result<bool> {
        if self.options.take_as_done.contains(&line.number) && self.state.is_doubtful(line.number) {
            self.state.done(line, &Value::Null)?;
        }
        let Some(result) = self.state.result(line.number) else { return Ok(false) };
        if !self.state.is_same(line) {
            let message = format!(
                "Line {} changed since it was done. Put it back, or remove {} to run the whole script again.",
                line.number,
                self.state.path().display()
            );
            return Err(Error::new(Code::Conflict, message));
        }
        self.results.add(line, result.clone());
        Ok(true)
    }

    /// Does one line, and keeps what became of it.
    async fn line(&mut self, line: &ScriptLine) -> Result<()> {
        if self.state.is_doubtful(line.number) && !self.options.send_again.contains(&line.number) {
            return Err(doubtful(line.number));
        }
        let arguments = self.results.fill(line)?;
        let outcome = self.call(line, arguments).await;
        match outcome {
            Ok(value) => {
                self.state.done(line, &value)?;
                self.results.add(line, value);
                Ok(())
            }
            Err(error) => {
                let state = if error.code == Code::OutcomeUnknown { LineState::Unknown } else { LineState::Failed };
                self.state.failed(line, state, &error)?;
                Err(error)
            }
        }
    }

    async fn call(&mut self, line: &ScriptLine, mut arguments: Map<String, Value>) -> Result<Value> {
        let accounts = self.started.runtime.accounts();
        let wanted = match arguments.get(ACCOUNT) {
            Some(Value::String(_)) if accounts.are_several() => arguments.shift_remove(ACCOUNT),
            _ => line.account.clone().map(Value::from),
        };
        let wanted = wanted.as_ref().and_then(Value::as_str);
        let any = accounts.any()?;
        let spec = any.find(&line.tool).ok_or_else(|| check::no_tool(any, &line.tool))?;
        let context = || CallContext::new(any.timeout()).made_by(Arc::clone(&self.client));
        if accounts.are_several() && wanted.is_some_and(|name| name.eq_ignore_ascii_case(ALL)) {
            let across = self.started.runtime.across();
            let asked = accounts.for_question(None)?;
            return Ok(across.call(asked, ALL, spec, arguments, &context()).await?.value);
        }
        let reads = effect_of(spec, &arguments) == Effect::Read;
        let account = match (wanted, reads) {
            (Some(name), true) => accounts.for_read(Some(name))?,
            (Some(name), false) => accounts.for_write(Some(name))?,
            (None, true) => self.started.account()?,
            (None, false) => self.started.account_to_write()?,
        };
        let plan = arguments.get("plan").and_then(Value::as_str).filter(|_| spec.is::<RunBulk>());
        if let Some(nothing) = self.nothing_to_run(plan).await? {
            return Ok(nothing);
        }
        let (spec, arguments) = self.resumed(account, spec, arguments).await?;
        // Nothing begins twice in a job, so that such a line may be repeated.
        if !reads && !spec.is_about_jobs() {
            self.state.sent(line)?;
        }
        let confirmation = match self.options.yes {
            true => Confirmation::Ask(&Agreed),
            false if terminal::is_interactive() => Confirmation::Ask(&TerminalPrompt),
            false => Confirmation::None,
        };
        let context = context();
        match foreground::call_to_end(self.started, account, spec, arguments, confirmation, context).await? {
            Reply::Done(answer) => self.ended(answer.value),
            Reply::RequestInput(..) => Err(Error::new(Code::ConfirmationRequired, "A person has to agree first.")),
        }
    }

    /// The answer for a plan without a row to send, which a script that runs every night may make.
    async fn nothing_to_run(&self, plan: Option<&str>) -> Result<Option<Value>> {
        let Some(plan) = plan else { return Ok(None) };
        let job = self.started.runtime.job(plan).await?;
        let has_rows = !self.started.runtime.queue().store.tools(&job.id).await?.is_empty();
        Ok((!has_rows).then(|| json!({"job": job.id, "state": "done", "note": "The plan has no row to send."})))
    }

    /// The call that goes on with the job of a run_bulk that was interrupted; any other call as it is.
    async fn resumed(
        &self,
        account: &Account,
        spec: &'static OperationSpec,
        arguments: Map<String, Value>,
    ) -> Result<(&'static OperationSpec, Map<String, Value>)> {
        let plan = arguments.get("plan").and_then(Value::as_str).filter(|_| spec.is::<RunBulk>());
        let Some(plan) = plan else { return Ok((spec, arguments)) };
        let job = self.started.runtime.job(plan).await?;
        let has_stopped = matches!(job.state, JobState::Stopped | JobState::Cancelled);
        if !has_stopped || job.text("confirmation").is_empty() {
            return Ok((spec, arguments));
        }
        let resume = json!({"job": job.id, "action": "resume"});
        let resume = resume.as_object().cloned().unwrap_or_default();
        Ok((account.catalog().get::<GetBulk>()?, resume))
    }

    /// The answer of a line; the error of a job that did not come to its end.
    fn ended(&mut self, value: Value) -> Result<Value> {
        let state = value.get("state").and_then(Value::as_str);
        let Some((job, state)) = value.get("job").and_then(Value::as_str).zip(state) else { return Ok(value) };
        let rows = value.get("rows").and_then(Value::as_object);
        self.has_bad_rows |= rows
            .is_some_and(|rows| ["failed", "unknown", "changed", "invalid"].iter().any(|bad| rows.contains_key(*bad)));
        match state {
            "stopped" | "cancelled" => {
                let why = value.get("why").and_then(|why| why.get("message")).and_then(Value::as_str);
                let why = why.map_or(String::new(), |why| format!(": {why}"));
                Err(Error::new(Code::Cancelled, format!("The job {job} is {state}{why}. The same command goes on.")))
            }
            _ => Ok(value),
        }
    }

    /// Prints the end of the run as one line of JSON.
    fn tell(&self, script: &Script) -> anyhow::Result<ExitCode> {
        let left = script.lines.len().saturating_sub(self.done + self.before + self.failures);
        let mut end = json!({
            "script": script.path.display().to_string(), "lines": script.lines.len(), "done": self.done,
            "doneBefore": self.before, "failed": self.failures, "left": left,
            "state": self.state.path().display().to_string(),
        });
        if let (Some((line, error)), Some(members)) = (&self.failed, end.as_object_mut()) {
            let mut shown = state::shown(error);
            shown.shift_insert(0, "line".to_owned(), (*line).into());
            members.insert("error".to_owned(), shown.into());
        }
        print_json(&end.to_string())?;
        Ok(match &self.failed {
            Some((_, error)) => exit_code(error.code),
            None if left > 0 => exit_code(Code::Cancelled),
            None if self.has_bad_rows => ExitCode::FAILURE,
            None => ExitCode::SUCCESS,
        })
    }
}

/// The error of a line that may have been done.
fn doubtful(line: usize) -> Error {
    let message = format!(
        "Line {line} was sent in an earlier run, and its outcome is unknown. Look at the account, and at `highlevel-mcp journal`. Then run again with --take-as-done {line} if it was done, or with --send-again {line} if it was not."
    );
    Error::new(Code::OutcomeUnknown, message)
}
