//! `import`: creates or updates objects from the rows of a file. It plans, shows the plan, asks, and works in the foreground.

use super::{
    call::{exit_code, read_object},
    foreground, plan_text, print_json, say,
    start::{Started, start},
    terminal::{self, Agreed, TerminalPrompt},
};
use crate::{
    account::{Account, Reply},
    guard::Confirmation,
    settings::Settings,
};
use clap::{Args, builder::PossibleValuesParser};
use highlevel_catalog::{
    Operation,
    bulk::{PlanBulk, RunBulk},
    contacts::CreateContact,
};
use highlevel_core::{
    context::{CallContext, ClientSession, process_name},
    error::{Code, Error, Result},
};
use serde_json::{Map, Value};
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

/// The quota can make the first reading of a large account take hours.
const TIMEOUT: Duration = Duration::from_secs(24 * 3600);

/// How long a plan waits before it asks again for a table that is being read.
const AGAIN: Duration = Duration::from_secs(2);

const HELP: &str = "\
The last line on stdout is one JSON object. Exit status:
  0  every row was done, or left out as a duplicate
  1  some rows failed, are invalid, or changed in the account since the plan
  6  stopped before the end: `highlevel-mcp bulk resume JOB` goes on
  7  the outcome of some rows is unknown: look at them before you send them again
  8  nobody agreed, or a setting forbids it
The others are those of `highlevel-mcp call`.";

#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct Options {
    /// CSV, TSV, XLSX, JSON or JSON Lines
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The tool, or the operation, of each row
    #[arg(long, value_name = "TOOL", default_value = CreateContact::NAME)]
    operation: String,
    /// Which argument a column is for, such as 'E-Mail=email,Notes=' (without an argument it is left out), or a JSON object.
    /// May be repeated
    #[arg(long, value_name = "COLUMN=ARGUMENT,…")]
    columns: Vec<String>,
    /// Arguments of each call as a JSON object; {{column}} takes the row's value
    #[arg(long, value_name = "JSON")]
    template: Option<String>,
    /// What to do with contacts that exist already
    #[arg(long, value_parser = PossibleValuesParser::new(["skip", "update", "create"]), default_value = "skip")]
    on_duplicate: String,
    /// Plan only: show what would be done, and send nothing
    #[arg(long)]
    dry_run: bool,
    /// Do it without a question
    #[arg(long)]
    yes: bool,
}

pub(super) async fn run(mut settings: Settings, options: Options) -> anyhow::Result<ExitCode> {
    let file = named_file(&options.file)?;
    // The person named the file, so that its folder may be read in this run.
    settings.read_dirs.extend(file.parent().map(Path::to_owned));
    let arguments = plan_arguments(&options, &file)?;
    let started = start(settings).await?;
    let account = started.account_to_write()?;
    let done = import(&started, account, arguments, &options).await;
    started.runtime.leave().await;
    done
}

async fn import(
    started: &Started,
    account: &Account,
    arguments: Map<String, Value>,
    options: &Options,
) -> anyhow::Result<ExitCode> {
    let plan = plan(account, arguments).await?;
    plan_text::lines(&plan).iter().for_each(|line| say(line));
    let id = plan.get("plan").and_then(Value::as_str).unwrap_or_default().to_owned();
    let is_empty = plan.get("calls").and_then(Value::as_object).is_none_or(Map::is_empty);
    if options.dry_run || is_empty {
        if !is_empty {
            say(&format!("Nothing was sent. `highlevel-mcp bulk run {id}` runs exactly this plan."));
        }
        print_json(&plan.to_string())?;
        let invalid = plan.get("invalid").and_then(Value::as_u64).unwrap_or_default();
        return Ok(if invalid > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS });
    }
    if let Some(refused) = ask(&id, &plan, options.yes).await? {
        return Ok(refused);
    }
    run_plan(started, account, &id).await
}

/// Asks the person, unless they agreed beforehand. Returns the exit status if nothing is to be done.
async fn ask(id: &str, plan: &Value, agreed: bool) -> anyhow::Result<Option<ExitCode>> {
    if agreed {
        return Ok(None);
    }
    if !terminal::is_interactive() {
        say(&format!(
            "Nothing was sent: nobody agreed yet. `highlevel-mcp bulk run {id} --yes` runs exactly this plan."
        ));
        print_json(&plan.to_string())?;
        return Ok(Some(exit_code(Code::ConfirmationRequired)));
    }
    if terminal::ask_yes_no("Do it?").await? {
        return Ok(None);
    }
    say(&format!("Nothing was sent. `highlevel-mcp bulk run {id}` runs this plan later."));
    print_json(&plan.to_string())?;
    Ok(Some(exit_code(Code::Declined)))
}

/// Runs a plan that the person agreed to, in the foreground.
pub(super) async fn run_plan(started: &Started, account: &Account, id: &str) -> anyhow::Result<ExitCode> {
    let arguments = Map::from_iter([("plan".to_owned(), Value::from(id))]);
    let spec = account.catalog().get::<RunBulk>()?;
    let context = context_of(account.timeout());
    let ran = foreground::call_to_end(started, account, spec, arguments, Confirmation::Ask(&Agreed), context).await;
    if let Err(error) = ran {
        return foreground::tell_error(&error);
    }
    let job = started.runtime.job(id).await?;
    foreground::tell_end(started, account, &job).await
}

/// Makes the plan. It waits for a table that has to be read first.
async fn plan(account: &Account, arguments: Map<String, Value>) -> Result<Value> {
    let spec = account.catalog().get::<PlanBulk>()?;
    loop {
        let context = context_of(TIMEOUT);
        match account.call(spec, arguments.clone(), Confirmation::Ask(&TerminalPrompt), context).await {
            Ok(Reply::Done(answer)) => return Ok(answer.value),
            Ok(Reply::RequestInput(..)) => return Err(Error::new(Code::Internal, "A plan asks nobody.")),
            Err(error) if error.code == Code::Timeout && error.details.contains_key("reading") => {
                let said = error.message.split(". ").next().unwrap_or_default().to_owned();
                say(&said);
                tokio::time::sleep(AGAIN).await;
            }
            Err(error) => return Err(error),
        }
    }
}

/// The context of a command's call, as the journal names it.
pub(super) fn context_of(timeout: Duration) -> CallContext {
    let client = ClientSession { name: "highlevel-mcp import".to_owned(), session: process_name(), caller: None };
    CallContext::new(timeout).made_by(Arc::new(client))
}

fn named_file(path: &Path) -> Result<PathBuf> {
    let wrong = |what: String| Error::invalid("FILE", format!("{}: {what}.", path.display()));
    let file = path.canonicalize().map_err(|fault| wrong(fault.to_string()))?;
    if file.is_file() { Ok(file) } else { Err(wrong("this is no file".to_owned())) }
}

fn plan_arguments(options: &Options, file: &Path) -> Result<Map<String, Value>> {
    let mut arguments = Map::new();
    arguments.insert("operation".to_owned(), options.operation.as_str().into());
    arguments.insert("file".to_owned(), file.to_string_lossy().into_owned().into());
    arguments.insert("onDuplicate".to_owned(), options.on_duplicate.as_str().into());
    let mut columns = Map::new();
    for text in &options.columns {
        columns.extend(columns_of(text)?);
    }
    if !columns.is_empty() {
        arguments.insert("columns".to_owned(), columns.into());
    }
    if let Some(template) = &options.template {
        arguments.insert("template".to_owned(), read_object("--template", template)?.into());
    }
    Ok(arguments)
}

/// The mapping of columns in a flag: `A=email,B=` or a JSON object.
fn columns_of(text: &str) -> Result<Map<String, Value>> {
    if text.trim_start().starts_with('{') {
        return read_object("--columns", text);
    }
    let pairs = text.split(',').filter(|pair| !pair.trim().is_empty());
    pairs
        .map(|pair| {
            let (column, argument) = pair.rsplit_once('=').ok_or_else(|| {
                let message = format!("--columns takes COLUMN=ARGUMENT, not `{}`.", pair.trim());
                Error::invalid("--columns", message)
            })?;
            let argument = argument.trim();
            let argument = if argument.is_empty() { Value::Null } else { argument.into() };
            Ok((column.trim().to_owned(), argument))
        })
        .collect()
}
