//! `approvers`: who may log in to the approval page with a key of their own.

use super::{print, say, terminal};
use crate::{guard::new_secret, settings::Settings};
use clap::{Args, Subcommand};
use highlevel_core::{
    clean,
    error::{Code, Error},
};
use highlevel_store::{Store, sha256_hex};
use std::process::ExitCode;

/// What a key begins with, so that people and scanners of secrets recognize one.
const PREFIX: &str = "hlapprove_";

/// The most characters of a name.
const NAME_CHARS: usize = 60;

#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Add a person, and print their key. It is shown once, and stored as a hash
    #[command(after_help = "With --account, the person decides only for these accounts, by name or location id.")]
    Add {
        /// The person's name, as the journal has it
        name: String,
    },
    /// List the approvers
    List,
    /// Remove a person. Their key and their logins end at once
    Remove {
        /// The person's name
        name: String,
    },
}

pub(super) async fn run(settings: &Settings, options: Options) -> anyhow::Result<ExitCode> {
    let store = Store::open(settings.state_dir()?);
    match options.command {
        Command::Add { name } => add(&store, &name, &settings.accounts).await,
        Command::List => list(&store).await,
        Command::Remove { name } => {
            if !store.remove_approver(&name).await? {
                return Err(unknown(&name).into());
            }
            say(&format!("Removed {name}."));
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn add(store: &Store, name: &str, accounts: &[String]) -> anyhow::Result<ExitCode> {
    if !terminal::is_interactive() {
        let message = "A key is for a person in a terminal of their own, and stdin or stderr is not one.";
        return Err(Error::new(Code::ConfirmationRequired, message).into());
    }
    if name.is_empty() || clean::line(name, NAME_CHARS) != name {
        let message = format!("NAME takes one line of at most {NAME_CHARS} visible characters.");
        return Err(Error::invalid("NAME", message).into());
    }
    let (secret, _) = new_secret()?;
    let key = format!("{PREFIX}{secret}");
    if !store.add_approver(name, &sha256_hex(key.as_bytes()), accounts).await? {
        let message = format!("There is an approver {name}. Remove them first to give them another key.");
        return Err(Error::invalid("NAME", message).into());
    }
    print(&key)?;
    say(&format!("This is the key of {name} for the approval page. It is not shown again."));
    Ok(ExitCode::SUCCESS)
}

async fn list(store: &Store) -> anyhow::Result<ExitCode> {
    let approvers = store.approvers().await?;
    for approver in &approvers {
        let accounts =
            if approver.accounts.is_empty() { "all accounts".to_owned() } else { approver.accounts.join(", ") };
        print(&format!("{}  {accounts}  since {}", approver.name, approver.added_at.format("%Y-%m-%d")))?;
    }
    if approvers.is_empty() {
        say("There are no approvers. `highlevel-mcp approvers add NAME` makes a key for one.");
    }
    Ok(ExitCode::SUCCESS)
}

fn unknown(name: &str) -> Error {
    Error::invalid("NAME", format!("There is no approver {name}. `highlevel-mcp approvers list` shows them."))
}
