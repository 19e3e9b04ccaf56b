//! The command line: one file a subcommand.

mod accounts;
mod approvals;
mod approve;
mod approvers;
mod auth;
mod bulk;
mod call;
mod chart;
mod clients;
mod demo;
mod doctor;
mod export;
mod foreground;
mod import;
mod journal;
mod login;
mod plan_text;
mod progress;
mod query;
mod run;
mod sandbox;
mod serve;
mod start;
mod sync;
mod terminal;
mod tools;

pub use tools::apis;

use crate::{
    mcp::host_log,
    settings::{Settings, without_empty_variables},
};
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use futures::{FutureExt, future::LocalBoxFuture};
use highlevel_core::clean;
use highlevel_store::{answer_questions, question_file};
use std::{
    future,
    io::{IsTerminal, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};
use tracing::Level;
use tracing_subscriber::{
    Layer,
    filter::{FilterExt, Targets, filter_fn},
    fmt,
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

/// An MCP server for GoHighLevel. It gives an AI assistant tools for contacts, deals, pages and more, keeps to the
/// account's quota, and asks a person before anything that cannot be undone.
///
/// Without a command it serves MCP on stdin and stdout, which is how hosts start it.
#[derive(Debug, Parser)]
#[command(name = "highlevel-mcp", version, propagate_version = true, after_help = EXAMPLES)]
struct Cli {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Option<Command>,
}

/// The command line without subcommands.
#[derive(Debug, Parser)]
#[command(name = "highlevel-mcp", version)]
struct Serving {
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    options: serve::Options,
}

const EXAMPLES: &str = "\
Examples:
  highlevel-mcp demo                                     watch an assistant's session on sample data
  highlevel-mcp auth set < token.txt                     store your token
  highlevel-mcp doctor                                   check settings, token, network, quota
  highlevel-mcp call list_contacts --tags vip --limit 5  run one tool
  highlevel-mcp query 'select stage, count(*) from opportunities group by 1'
  highlevel-mcp export contacts contacts.xlsx            write a table into a file
  highlevel-mcp import leads.csv                         create contacts from a file
  highlevel-mcp --read-only serve                        serve only tools that change nothing

`-h` shows a summary, `--help` every setting. Each setting is also an environment variable; an empty one counts as unset.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve MCP on stdin and stdout (the default), or over HTTP
    Serve(serve::Options),
    /// List the tools, or show one
    Tools(tools::Options),
    /// Run one tool and print its result as JSON
    #[command(disable_help_subcommand = true)]
    Call(CallMarker),
    /// Query the whole account with one SQL SELECT, over a local mirror
    Query(query::Options),
    /// Draw the rows of a SELECT as a PNG chart
    Chart(chart::Options),
    /// Write all rows of a SELECT or of a table into a file
    Export(export::Options),
    /// Create or update objects from the rows of a file
    Import(import::Options),
    /// List, show, run, resume or cancel jobs of many rows
    Bulk(bulk::Options),
    /// Run the tool calls of a file, one a line
    Run(run::Options),
    /// Read the account, or some tables of it, into the mirror
    Sync(sync::Options),
    /// Show how complete and how old the mirror is
    Status,
    /// Confirm a pending delete or publish (with --confirm human or page)
    Approve(approve::Options),
    /// List what waits on the approval page, or print a one-time link to it
    Approvals(approvals::Options),
    /// Add, list or remove people who log in to the approval page
    Approvers(approvers::Options),
    /// Store, show or remove the token, or log in with OAuth
    Auth(auth::Options),
    /// Add, list, remove or test named accounts, for a server of several
    Accounts(accounts::Options),
    /// Add, list or remove the clients that may connect over HTTP
    Clients(clients::Options),
    /// Check settings, credential, network, quota and location
    Doctor(doctor::Options),
    /// Show what was written to the account, or verify the journal
    Journal(journal::Options),
    /// Watch an MCP session on the embedded account
    Demo(demo::Options),
    /// Serve the embedded account over HTTP
    Sandbox(sandbox::Options),
}

/// `call` has one subcommand per tool, which [`call::with_tools`] adds from the catalogue.
#[derive(Debug, Args)]
struct CallMarker {}

/// The command with the catalogue's tools under `call`. `-h` shows only a command's own options; `--help` also shows the
/// settings.
pub fn command() -> clap::Command {
    let command = Cli::command().mut_subcommand("call", |call| call.defer(call::with_tools)).mut_args(|argument| {
        let is_setting = argument.get_help_heading().is_some();
        argument.hide_short_help(is_setting)
    });
    without_empty_variables(command)
}

/// The settings of a command line as hosts use it: without a command, or with `serve` first. `None` for any other, and for
/// one with errors. This saves half of the start's time, since clap copies every setting into every subcommand.
fn serving() -> Option<Serving> {
    let mut arguments: Vec<_> = std::env::args_os().collect();
    if arguments.get(1).is_some_and(|first| first == "serve") {
        arguments.remove(1);
    }
    let matches = without_empty_variables(Serving::command()).try_get_matches_from(arguments).ok()?;
    Serving::from_arg_matches(&matches).ok()
}

/// Parses the command line and runs the command.
pub fn main() -> ExitCode {
    if let Some(file) = question_file(std::env::args_os()) {
        return answer_questions(&file);
    }
    let (mut cli, matches) = match serving() {
        Some(Serving { settings, options }) => {
            (Cli { settings, command: Some(Command::Serve(options)) }, clap::ArgMatches::default())
        }
        None => {
            let matches = command().get_matches();
            match Cli::from_arg_matches(&matches) {
                Ok(cli) => (cli, matches),
                Err(error) => error.exit(),
            }
        }
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.into()),
    };
    init_log(&cli.settings.log);
    cli.settings.program = this_program();
    let Cli { settings, command } = cli;
    let command = command.unwrap_or_else(|| Command::Serve(serve::Options::default()));
    let done = runtime.block_on(execute(command, settings, matches));
    // Do not wait for a thread that still reads stdin.
    runtime.shutdown_background();
    done.unwrap_or_else(|error| fail(&error))
}

/// Runs a command. Boxed, so that a start takes the stack of its own command alone.
fn execute(
    command: Command,
    settings: Settings,
    matches: clap::ArgMatches,
) -> LocalBoxFuture<'static, anyhow::Result<ExitCode>> {
    match command {
        Command::Serve(options) => serve::run(settings, options).boxed_local(),
        Command::Tools(options) => async move { tools::run(settings, &options).await }.boxed_local(),
        Command::Call(CallMarker {}) => async move { call::run(settings, &matches).await }.boxed_local(),
        Command::Query(options) => query::run(settings, options).boxed_local(),
        Command::Chart(options) => chart::run(settings, options).boxed_local(),
        Command::Export(options) => export::run(settings, options).boxed_local(),
        Command::Import(options) => import::run(settings, options).boxed_local(),
        Command::Bulk(options) => bulk::run(settings, options).boxed_local(),
        Command::Run(options) => run::run(settings, options).boxed_local(),
        Command::Sync(options) => sync::run(settings, options).boxed_local(),
        Command::Status => sync::status(settings).boxed_local(),
        Command::Approve(options) => async move { approve::run(settings, &options).await }.boxed_local(),
        Command::Approvals(options) => async move { approvals::run(&settings, options).await }.boxed_local(),
        Command::Approvers(options) => async move { approvers::run(&settings, options).await }.boxed_local(),
        Command::Auth(options) => auth::run(settings, options).boxed_local(),
        Command::Accounts(options) => accounts::run(settings, options).boxed_local(),
        Command::Clients(options) => future::ready(clients::run(&settings, options)).boxed_local(),
        Command::Doctor(options) => async move { doctor::run(settings, &options).await }.boxed_local(),
        Command::Journal(options) => async move { journal::run(&settings, options).await }.boxed_local(),
        Command::Demo(options) => async move { demo::run(&options).await }.boxed_local(),
        Command::Sandbox(options) => sandbox::run(options, settings.api).boxed_local(),
    }
}

/// This program's file. On Linux, the link in `/proc` still works after an update has replaced the file.
fn this_program() -> Option<PathBuf> {
    let running = Path::new("/proc/self/exe");
    let file = std::env::current_exe().ok().filter(|file| file.exists());
    file.or_else(|| running.exists().then(|| running.to_owned()))
}

fn fail(error: &anyhow::Error) -> ExitCode {
    // A reader such as `head` closes the pipe when it has enough.
    if error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe) {
        return ExitCode::SUCCESS;
    }
    let Some(own) = error.downcast_ref::<highlevel_core::error::Error>() else {
        say(&format!("highlevel-mcp: {error:#}"));
        return ExitCode::FAILURE;
    };
    say(&format!("highlevel-mcp: {error}"));
    own.causes().iter().for_each(|cause| say(&format!("  Caused by: {cause}")));
    call::exit_code(own.code)
}

/// Prints a message for a person to stderr: stdout is for results and the protocol.
fn say(line: &str) {
    // Errors quote strangers' text, which may hold terminal escapes. A closed stderr is ignored.
    drop(writeln!(std::io::stderr(), "{}", clean::text(line).0));
}

/// Prints a line of a result to stdout, on a terminal without its escapes.
fn print(line: &str) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout();
    let line = if stdout.is_terminal() { clean::text(line).0 } else { line.into() };
    Ok(writeln!(stdout, "{line}")?)
}

/// Prints JSON to stdout, on a terminal with invisible characters escaped.
fn print_json(text: &str) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout();
    let text = if stdout.is_terminal() { clean::json(text) } else { text.into() };
    Ok(writeln!(stdout, "{text}")?)
}

/// Starts logging to stderr. Libraries log only warnings, whatever the filter says: at a lower level their logs would
/// contain arguments, answers and headers.
fn init_log(filter: &str) {
    let targets: Targets = filter.parse().unwrap_or_else(|_| {
        say(&format!("highlevel-mcp: `--log {filter}` is not a level or a list such as `warn,highlevel_store=debug`. Warnings are logged."));
        Targets::new().with_default(Level::WARN)
    });
    let quiet = filter_fn(|event| event.target().starts_with("highlevel_") || *event.level() <= Level::WARN);
    let log = fmt::layer().with_writer(std::io::stderr);
    tracing_subscriber::registry().with(log.with_filter(targets.and(quiet))).with(host_log()).init();
}
