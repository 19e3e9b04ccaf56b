//! `bulk`: lists and shows jobs, runs a plan, and resumes, retries or cancels a job.

use super::{
    call::exit_code,
    foreground, import, plan_text, print, print_json, say,
    start::{Started, start},
    terminal::{self, Agreed, TerminalPrompt},
};
use crate::{
    account::{Account, Reply},
    guard::Confirmation,
    settings::Settings,
};
use clap::{Args, Subcommand};
use comfy_table::{ContentArrangement, Table, presets::UTF8_FULL_CONDENSED};
use highlevel_catalog::bulk::GetBulk;
use highlevel_core::error::{Code, Error, Result};
use highlevel_store::{Job, JobState};
use serde_json::{Map, Value, json};
use std::{io::IsTerminal, process::ExitCode};

#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the jobs, the newest first
    List {
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Show how far a job is, and the rows that went wrong
    Show {
        /// The job's id
        job: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Run a plan, such as that of `import --dry-run`
    Run {
        /// The plan's id
        plan: String,
        /// Do it without a question
        #[arg(long)]
        yes: bool,
    },
    /// Go on with a job that stopped, was cancelled or was interrupted, until it ends
    Resume {
        /// The job's id
        job: String,
    },
    /// Send named rows again that failed or whose outcome is unknown
    Retry {
        /// The job's id
        job: String,
        /// The rows' numbers. A row of unknown outcome may be done twice: look first
        #[arg(required = true)]
        rows: Vec<u64>,
        /// Do it without a question
        #[arg(long)]
        yes: bool,
    },
    /// Stop a job before its next row. It can be resumed
    Cancel {
        /// The job's id
        job: String,
    },
}

pub(super) async fn run(settings: Settings, options: Options) -> anyhow::Result<ExitCode> {
    let started = start(settings).await?;
    let done = match options.command {
        Command::List { json } => list(&started, json).await,
        Command::Show { job, json } => show(&started, &job, json).await,
        Command::Run { plan, yes } => run_plan(&started, &plan, yes).await,
        Command::Resume { job } => go_on(&started, &job, json!({"action": "resume"}), false).await,
        Command::Retry { job, rows, yes } => go_on(&started, &job, json!({"action": "retry", "rows": rows}), yes).await,
        Command::Cancel { job } => cancel(&started, &job).await,
    };
    started.runtime.leave().await;
    done
}

/// The answer of get_bulk.
async fn get_bulk(account: &Account, arguments: Value) -> Result<Value> {
    let spec = account.catalog().get::<GetBulk>()?;
    let context = import::context_of(account.timeout());
    match account.call(spec, members(arguments), Confirmation::None, context).await? {
        Reply::Done(answer) => Ok(answer.value),
        Reply::RequestInput(..) => Err(Error::new(Code::ConfirmationRequired, "A person has to agree first.")),
    }
}

fn members(value: Value) -> Map<String, Value> {
    if let Value::Object(members) = value { members } else { Map::new() }
}

async fn list(started: &Started, as_json: bool) -> anyhow::Result<ExitCode> {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header(["job", "state", "rows", "what", "planned", "account"]);
    if std::io::stdout().is_terminal() {
        table.set_content_arrangement(ContentArrangement::Dynamic);
    }
    for account in started.runtime.accounts().usable() {
        let listed = match get_bulk(account, json!({})).await {
            Ok(listed) => listed,
            // Where there are several, the others are shown all the same.
            Err(error) if account.label().is_some() => {
                say(&error.message);
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        for job in listed.get("jobs").and_then(Value::as_array).into_iter().flatten() {
            if as_json {
                let mut job = job.clone();
                if let (Some(members), Some(label)) = (job.as_object_mut(), account.label()) {
                    members.insert("account".to_owned(), label.into());
                }
                print_json(&job.to_string())?;
                continue;
            }
            let text = |name: &str| job.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            let rows = plan_text::rows(job.get("rows").and_then(Value::as_object));
            let account = account.label().unwrap_or_default().to_owned();
            table.add_row([text("job"), text("state"), rows, text("what"), text("planned"), account]);
        }
    }
    if !as_json {
        print(&table.to_string())?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn show(started: &Started, id: &str, as_json: bool) -> anyhow::Result<ExitCode> {
    let job = started.runtime.job(id).await?;
    let account = started.runtime.account_of(&job).await?;
    let answer = get_bulk(&account, json!({"job": job.id})).await?;
    if as_json {
        print_json(&answer.to_string())?;
        return Ok(ExitCode::SUCCESS);
    }
    let text = |name: &str| answer.get(name).and_then(Value::as_str);
    print(&format!("{}: {}", job.id, text("what").unwrap_or_default()))?;
    print(&format!("state: {}", text("state").unwrap_or_default()))?;
    print(&format!("rows: {}", plan_text::rows(answer.get("rows").and_then(Value::as_object))))?;
    if let Some(minutes) = answer.get("minutesLeft") {
        print(&format!("about {minutes} min left"))?;
    }
    if let Some(why) = answer.get("why").and_then(|why| why.get("message")).and_then(Value::as_str) {
        print(&format!("why: {why}"))?;
    }
    for problem in answer.get("problems").and_then(Value::as_array).into_iter().flatten() {
        let text = |name: &str| problem.get(name).and_then(Value::as_str).unwrap_or_default();
        let number = |name: &str| problem.get(name).map(|value| format!("{name} {value} ")).unwrap_or_default();
        print(&format!("{}{}{}: {}", number("row"), number("line"), text("state"), text("message")))?;
    }
    for name in ["file", "results", "rejected"] {
        if let Some(path) = text(name) {
            print(&format!("{name}: {path}"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs a plan, once the person agreed.
async fn run_plan(started: &Started, id: &str, agreed: bool) -> anyhow::Result<ExitCode> {
    let job = started.runtime.job(id).await?;
    let account = started.runtime.account_of(&job).await?;
    if job.state != JobState::Planned || agreed {
        return import::run_plan(started, &account, &job.id).await;
    }
    let shown = job.facts.get("shown").cloned().unwrap_or_default();
    say(job.text("what"));
    plan_text::lines(&shown).iter().for_each(|line| say(line));
    if !terminal::is_interactive() {
        say(&format!("Nothing was sent: nobody agreed yet. `highlevel-mcp bulk run {id} --yes` runs this plan."));
        return Ok(exit_code(Code::ConfirmationRequired));
    }
    if terminal::ask_yes_no("Do it?").await? {
        return import::run_plan(started, &account, &job.id).await;
    }
    say("Nothing was sent.");
    Ok(exit_code(Code::Declined))
}

/// Lets a job go on, and works it until it ends.
async fn go_on(started: &Started, id: &str, action: Value, agreed: bool) -> anyhow::Result<ExitCode> {
    let job = started.runtime.job(id).await?;
    let account = started.runtime.account_of(&job).await?;
    let mut arguments = members(action);
    arguments.insert("job".to_owned(), job.id.as_str().into());
    let confirmation = match agreed {
        true => Confirmation::Ask(&Agreed),
        false if terminal::is_interactive() => Confirmation::Ask(&TerminalPrompt),
        false => Confirmation::None,
    };
    let spec = account.catalog().get::<GetBulk>()?;
    let context = import::context_of(account.timeout());
    let went_on = foreground::call_to_end(started, &account, spec, arguments, confirmation, context).await;
    if let Err(error) = went_on {
        return foreground::tell_error(&error);
    }
    let job: Job = started.runtime.job(id).await?;
    foreground::tell_end(started, &account, &job).await
}

async fn cancel(started: &Started, id: &str) -> anyhow::Result<ExitCode> {
    let job = started.runtime.job(id).await?;
    let account = started.runtime.account_of(&job).await?;
    let answer = get_bulk(&account, json!({"job": job.id, "action": "cancel"})).await?;
    let state = answer.get("state").and_then(Value::as_str).unwrap_or_default();
    say(&format!("{} is {state}.", job.id));
    print_json(&answer.to_string())?;
    Ok(ExitCode::SUCCESS)
}
