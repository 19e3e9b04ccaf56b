//! `call TOOL`: runs one tool. Its flags are derived from its input schema.

use super::{
    foreground, print_json, say,
    start::{Started, start},
    terminal,
};
use crate::{
    account::{Account, Reply, effect_of},
    guard::Confirmation,
    settings::Settings,
};
use clap::{Arg, ArgAction, ArgMatches, Command};
use highlevel_catalog::{CONFIRMATION_TOKEN, Catalog, Effect, OperationSpec};
use highlevel_core::context::{CallContext, ClientSession, process_name};
use highlevel_core::error::{Code, Error};
use serde_json::{Map, Value};
use std::{io::Read, process::ExitCode, sync::Arc};

const EXIT_STATUS_HELP: &str = "\
The result is JSON on stdout, errors included. Exit status:
  0  success
  1  the API or this program failed
  2  invalid arguments
  3  not found
  4  unauthorized or forbidden
  5  rate limited
  6  unreachable, timed out or cancelled
  7  outcome unknown: check before you repeat the call
  8  a person has to confirm or declined, or a setting forbids the call
  9  the object's state does not allow the call";

/// The exit status for an error code.
pub(super) fn exit_code(code: Code) -> ExitCode {
    ExitCode::from(match code {
        Code::InvalidArguments => 2,
        Code::NotFound => 3,
        Code::Unauthorized | Code::Forbidden => 4,
        Code::RateLimited => 5,
        Code::UpstreamUnreachable | Code::Timeout | Code::Cancelled => 6,
        Code::OutcomeUnknown => 7,
        Code::ConfirmationRequired | Code::ConfirmationInvalid | Code::Declined | Code::PolicyDenied => 8,
        Code::Conflict => 9,
        Code::UpstreamError | Code::TooLarge | Code::Internal => 1,
    })
}

/// Adds a subcommand for each tool to `call`.
pub(super) fn with_tools(call: Command) -> Command {
    call.subcommand_required(true)
        .subcommand_value_name("TOOL")
        .subcommand_help_heading("Tools")
        .after_help(EXIT_STATUS_HELP)
        .subcommands(Catalog::declared().iter().map(tool_command))
}

fn tool_command(entry: &'static OperationSpec) -> Command {
    let mut command =
        Command::new(entry.name.as_ref()).about(entry.description().to_owned()).after_help(EXIT_STATUS_HELP).arg(
            Arg::new("json")
                .long("json")
                .value_name("OBJECT")
                .help("All arguments as a JSON object, or - to read it from stdin; flags override its members"),
        );
    for (path, schema) in flag_paths(entry.input_schema()) {
        command = command.arg(flag(&path, &schema));
    }
    if entry.may_be_guarded() {
        command = command
            .arg(
                Arg::new("yes")
                    .long("yes")
                    .action(ArgAction::SetTrue)
                    .requires("confirmation-token")
                    .help("Confirm without a question; needs the token from a first call"),
            )
            .arg(
                Arg::new("confirmation-token")
                    .long("confirmation-token")
                    .value_name("TOKEN")
                    .requires("yes")
                    .help("The confirmationToken from the first call's answer"),
            );
    }
    command
}

/// The path and schema of every flag: each argument, and each field of an argument that is an object with known fields.
fn flag_paths(schema: &Map<String, Value>) -> Vec<(Vec<String>, Value)> {
    let mut all = Vec::new();
    for (name, inner) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        all.push((vec![name.clone()], inner.clone()));
        for (field, of_field) in inner.get("properties").and_then(Value::as_object).into_iter().flatten() {
            all.push((vec![name.clone(), field.clone()], of_field.clone()));
        }
    }
    all
}

fn flag(path: &[String], schema: &Value) -> Arg {
    let name = path.join(".");
    let json_type = schema.get("type").and_then(Value::as_str).unwrap_or("string");
    let (value_name, hint) = match json_type {
        "integer" | "number" => ("N", ""),
        "array" => ("TEXT,…", "comma-separated, or repeat the flag; for texts with a comma use --json"),
        "object" => ("OBJECT", "as JSON"),
        _ => ("TEXT", ""),
    };
    let choices = schema.get("enum").or_else(|| schema.get("items")?.get("enum")).and_then(Value::as_array);
    let choices = choices.map(|choices| choices.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "));
    let description = schema.get("description").and_then(Value::as_str).map(str::to_owned);
    let help: Vec<String> =
        [description, choices, Some(hint.to_owned())].into_iter().flatten().filter(|part| !part.is_empty()).collect();
    Arg::new(name.clone())
        .long(kebab(&name))
        .alias(name)
        .value_name(value_name)
        .allow_negative_numbers(true)
        .action(if json_type == "array" { ArgAction::Append } else { ArgAction::Set })
        .value_delimiter(if json_type == "array" { Some(',') } else { None })
        .help(help.join("; "))
}

/// The flag for a name: `first-name` for `firstName`.
fn kebab(name: &str) -> String {
    name.chars().fold(String::new(), |mut text, letter| {
        if letter.is_ascii_uppercase() {
            text.push('-');
        }
        text.push(letter.to_ascii_lowercase());
        text
    })
}

pub(super) async fn run(settings: Settings, matches: &ArgMatches) -> anyhow::Result<ExitCode> {
    let called = matches.subcommand_matches("call").and_then(ArgMatches::subcommand);
    let (entry, given) = called
        .and_then(|(name, given)| Some((Catalog::declared().find(name)?, given)))
        .ok_or_else(|| Error::invalid("TOOL", "Name a tool. `highlevel-mcp tools` lists them."))?;
    let arguments = read_arguments(entry, given)?;
    let started = start(settings).await?;
    let effect = effect_of(entry, &arguments);
    let account = if effect == Effect::Read { started.account() } else { started.account_to_write() };
    let done = match account {
        Ok(account) => call(&started, account, entry, arguments).await,
        Err(error) => Err(error),
    };
    started.runtime.leave().await;
    match done {
        Ok(Reply::Done(answer)) => {
            print_json(&serde_json::to_string_pretty(&answer.value)?)?;
            if answer.image.is_some() {
                say("The picture is not shown here. `highlevel-mcp chart` writes it to a file.");
            }
            Ok(ExitCode::SUCCESS)
        }
        Ok(Reply::RequestInput(..)) => {
            Err(anyhow::anyhow!("the guard returned an input request, which only MCP hosts can answer"))
        }
        Err(error) => print_error(&error),
    }
}

/// Prints the error of a call as JSON, and gives its exit status.
pub(super) fn print_error(error: &Error) -> anyhow::Result<ExitCode> {
    print_json(&serde_json::to_string_pretty(&error.to_json())?)?;
    if error.code == Code::ConfirmationRequired {
        say("To confirm, run the same command with --yes --confirmation-token and this confirmationToken.");
    }
    Ok(exit_code(error.code))
}

async fn call(
    started: &Started,
    account: &Account,
    entry: &'static OperationSpec,
    arguments: Map<String, Value>,
) -> Result<Reply, Error> {
    let prompt = terminal::TerminalPrompt;
    // A call with a token has been confirmed already.
    let asks = terminal::is_interactive() && !arguments.contains_key(CONFIRMATION_TOKEN);
    let confirmation = if asks { Confirmation::Ask(&prompt) } else { Confirmation::None };
    let client = ClientSession { name: "highlevel-mcp call".to_owned(), session: process_name(), caller: None };
    let context = CallContext::new(account.timeout()).made_by(Arc::new(client));
    foreground::call_to_end(started, account, entry, arguments, confirmation, context).await
}

/// The arguments from `--json`, overridden by the flags.
fn read_arguments(entry: &OperationSpec, given: &ArgMatches) -> Result<Map<String, Value>, Error> {
    let mut arguments = match given.get_one::<String>("json") {
        Some(text) => from_json(text)?,
        None => Map::new(),
    };
    for (path, schema) in flag_paths(entry.input_schema()) {
        let name = path.join(".");
        let Some(texts) = given.get_many::<String>(&name) else { continue };
        let texts: Vec<&str> = texts.map(String::as_str).collect();
        let value = value_of(&name, &schema, &texts)?;
        match path.as_slice() {
            [outer, inner] => {
                let object = arguments.entry(outer.clone()).or_insert_with(|| Map::new().into());
                if let Some(object) = object.as_object_mut() {
                    object.insert(inner.clone(), value);
                }
            }
            _ => drop(arguments.insert(name, value)),
        }
    }
    if entry.may_be_guarded()
        && given.get_flag("yes")
        && let Some(token) = given.get_one::<String>("confirmation-token")
    {
        arguments.insert(CONFIRMATION_TOKEN.to_owned(), token.clone().into());
    }
    Ok(arguments)
}

fn from_json(text: &str) -> Result<Map<String, Value>, Error> {
    let wrong = |what: String| Error::invalid("--json", format!("--json takes a JSON object: {what}."));
    let mut read = String::new();
    let text = if text == "-" {
        std::io::stdin().read_to_string(&mut read).map_err(|error| wrong(error.to_string()))?;
        &read
    } else {
        text
    };
    serde_json::from_str(text).map_err(|error| wrong(error.to_string()))
}

/// The JSON object of a flag.
pub(super) fn read_object(flag: &str, text: &str) -> Result<Map<String, Value>, Error> {
    serde_json::from_str(text).map_err(|error| Error::invalid(flag, format!("{flag} takes a JSON object: {error}.")))
}

/// The value of a flag, of the type in its schema.
fn value_of(name: &str, schema: &Value, texts: &[&str]) -> Result<Value, Error> {
    let json_type = schema.get("type").and_then(Value::as_str).unwrap_or("string");
    let text = texts.last().copied().unwrap_or_default();
    let wrong = |what: &str| Error::invalid(name, format!("--{} takes {what}, not `{text}`.", kebab(name)));
    match json_type {
        "array" => Ok(texts.iter().copied().map(Value::from).collect()),
        "integer" => text.parse::<i64>().map(Value::from).map_err(|_| wrong("a whole number")),
        "number" => serde_json::from_str::<serde_json::Number>(text).map(Value::Number).map_err(|_| wrong("a number")),
        "object" => {
            serde_json::from_str::<Map<String, Value>>(text).map(Value::Object).map_err(|_| wrong("a JSON object"))
        }
        _ => Ok(text.into()),
    }
}
