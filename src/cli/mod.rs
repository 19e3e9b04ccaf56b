//! The command line: one file a subcommand.

mod approve;
mod auth;
mod call;
mod chart;
mod demo;
mod docs;
mod doctor;
mod journal;
mod login;
mod query;
mod sandbox;
mod serve;
mod spreadsheet;
mod start;
mod sync;
mod terminal;
mod tools;
mod watch;

use crate::settings::{Settings, without_empty_variables};
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use highlevel_core::clean;
use highlevel_store::{answer_questions, question_file};
use std::{
    io::{IsTerminal, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};
use tracing::Level;
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::{FilterExt, filter_fn},
    fmt,
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

/// Lets an AI assistant work a GoHighLevel account: every operation a tool, paced to the account's quota, with a
/// person's yes before everything that nothing takes back.
///
/// Without a command it serves MCP on stdin and stdout, as hosts start it.
#[derive(Debug, Parser)]
#[command(name = "highlevel-mcp", version, propagate_version = true, after_help = EXAMPLES)]
struct Cli {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Option<Command>,
}

/// The same without commands.
#[derive(Debug, Parser)]
#[command(name = "highlevel-mcp", version)]
struct Serving {
    #[command(flatten)]
    settings: Settings,
}

const EXAMPLES: &str = "\
Examples:
  highlevel-mcp demo                                     see what an assistant would do, on sample data
  highlevel-mcp auth set < token.txt                     store your token
  highlevel-mcp doctor                                   check settings, credential, network and quota
  highlevel-mcp call list_contacts --tags vip --limit 5  run one tool
  highlevel-mcp query 'select stage, count(*) from opportunities group by 1'
  highlevel-mcp --read-only serve                        serve only tools that change nothing

`-h` is short; `--help` shows every setting. Each is also an environment variable; an empty one counts as unset.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve MCP on stdin and stdout (the default)
    Serve,
    /// List the tools, or show one
    Tools(tools::Options),
    /// Run one tool and print its result as JSON
    #[command(disable_help_subcommand = true)]
    Call(CallMarker),
    /// Ask the whole account with one SQL SELECT, over a local mirror
    Query(query::Options),
    /// Draw the rows of a SELECT as a PNG
    Chart(chart::Options),
    /// Read the account, or some tables of it, into the mirror
    Sync(sync::Options),
    /// Show how the mirror stands
    Status,
    /// Agree to a pending delete or publish (with --confirm human)
    Approve(approve::Options),
    /// Store, show or remove the token, or log in with OAuth
    Auth(auth::Options),
    /// Check settings, credential, network, quota and location
    Doctor(doctor::Options),
    /// Show what was written to the account, or check that the record is whole
    Journal(journal::Options),
    /// Watch an MCP session with the embedded account
    Demo(demo::Options),
    /// Run the embedded account as an HTTP server of its own
    Sandbox(sandbox::Options),
    /// Write or check the generated parts of docs/, manifest.json and server.json
    Docs(docs::Options),
}

/// `call` takes one subcommand a tool, made from the catalogue.
#[derive(Debug, Args)]
struct CallMarker {}

/// The command with the catalogue's tools under `call`. `-h` leaves the settings out, so that a command's own options
/// stand alone; `--help` shows all.
fn command() -> clap::Command {
    let command = Cli::command().mut_subcommand("call", |call| call.defer(call::with_tools)).mut_args(|argument| {
        let is_setting = argument.get_help_heading().is_some();
        argument.hide_short_help(is_setting)
    });
    without_empty_variables(command)
}

/// The settings, if the command line is one as hosts have it: without a command, or with `serve` in front. clap copies every
/// setting into every command, which is half of what the start takes. `None` for any other, and for what is wrong with it.
fn as_a_host_starts_it() -> Option<Settings> {
    let mut arguments: Vec<_> = std::env::args_os().collect();
    if arguments.get(1).is_some_and(|first| first == "serve") {
        arguments.remove(1);
    }
    let matches = without_empty_variables(Serving::command()).try_get_matches_from(arguments).ok()?;
    Serving::from_arg_matches(&matches).ok().map(|serving| serving.settings)
}

/// Parses the command line, runs it, and says how it went.
pub fn main() -> ExitCode {
    if let Some(file) = question_file(std::env::args_os()) {
        return answer_questions(&file);
    }
    let (mut cli, matches) = match as_a_host_starts_it() {
        Some(settings) => (Cli { settings, command: Some(Command::Serve) }, clap::ArgMatches::default()),
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
    let done = runtime.block_on(async {
        match cli.command.unwrap_or(Command::Serve) {
            Command::Serve => serve::run(cli.settings).await,
            Command::Tools(options) => tools::run(cli.settings, &options).await,
            Command::Call(CallMarker {}) => call::run(cli.settings, &matches).await,
            Command::Query(options) => query::run(cli.settings, options).await,
            Command::Chart(options) => chart::run(cli.settings, options).await,
            Command::Sync(options) => sync::run(cli.settings, options).await,
            Command::Status => sync::status(cli.settings).await,
            Command::Approve(options) => approve::run(&cli.settings, &options).await,
            Command::Auth(options) => auth::run(&cli.settings, options).await,
            Command::Doctor(options) => doctor::run(cli.settings, &options).await,
            Command::Journal(options) => journal::run(&cli.settings, options).await,
            Command::Demo(options) => demo::run(&options).await,
            Command::Sandbox(options) => sandbox::run(options, cli.settings.api).await,
            Command::Docs(options) => docs::run(&options),
        }
    });
    // A read of stdin may still hold a blocking thread; the process does not wait for it.
    runtime.shutdown_background();
    done.unwrap_or_else(|error| fail(&error))
}

/// This program's file. On Linux it can be started even after an update replaced it.
fn this_program() -> Option<PathBuf> {
    let running = Path::new("/proc/self/exe");
    let file = std::env::current_exe().ok().filter(|file| file.exists());
    file.or_else(|| running.exists().then(|| running.to_owned()))
}

fn fail(error: &anyhow::Error) -> ExitCode {
    // A reader that closed early, such as `head`, has what it wanted.
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

/// A line for the person, on stderr: stdout is for results and the protocol.
fn say(line: &str) {
    // With stderr closed there is nobody to tell. Errors quote what strangers wrote, and a terminal would obey it.
    drop(writeln!(std::io::stderr(), "{}", clean::text(line).0));
}

/// A line of a result, on stdout. On a terminal it is clean of what the terminal would obey.
fn print(line: &str) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout();
    let line = if stdout.is_terminal() { clean::text(line).0 } else { line.into() };
    Ok(writeln!(stdout, "{line}")?)
}

/// The same for JSON: on a terminal everything that cannot be seen is escaped.
fn print_json(text: &str) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout();
    let text = if stdout.is_terminal() { clean::json(text) } else { text.into() };
    Ok(writeln!(stdout, "{text}")?)
}

/// Logs to stderr. What libraries log at length would hold arguments, answers and headers, so they say no more than
/// warnings, whatever the filter asks of any of their targets.
fn init_log(filter: &str) {
    let quiet = filter_fn(|about| about.target().starts_with("highlevel_mcp") || *about.level() <= Level::WARN);
    let log = fmt::layer().with_writer(std::io::stderr).with_ansi(false);
    tracing_subscriber::registry().with(log.with_filter(EnvFilter::new(filter).and(quiet))).init();
}
