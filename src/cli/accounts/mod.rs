//! `accounts`: adds, lists, removes and tests the accounts of `accounts.toml`.

mod add;
mod agency;
mod test;

pub(super) use test::{Checked, check_all};

use super::{print, say};
use crate::settings::{
    Settings,
    accounts::{AccountsEditor, AccountsFile},
};
use clap::{Args, Subcommand};
use comfy_table::{ContentArrangement, Table, presets::UTF8_FULL_CONDENSED};
use highlevel_core::{error::Error, suggest::did_you_mean};
use highlevel_store::Store;
use std::{io::IsTerminal, process::ExitCode};

#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Add an account, or locations of an agency's login
    Add(add::Options),
    /// List the accounts
    List,
    /// Remove an account, and its credential if no other account has it. Nothing is removed in HighLevel
    Remove {
        /// The account's exact name, or its location's id
        name: String,
        /// Keep the stored credential
        #[arg(long)]
        keep_credential: bool,
    },
    /// Check with one request each that the accounts can be reached and are the locations that they should be
    Test {
        /// Only these accounts. Default: all
        #[arg(value_name = "NAME")]
        names: Vec<String>,
    },
}

pub(super) async fn run(settings: Settings, options: Options) -> anyhow::Result<ExitCode> {
    match options.command {
        Command::Add(options) => add::run(&settings, options).await,
        Command::List => list(&settings),
        Command::Remove { name, keep_credential } => remove(&settings, &name, keep_credential).await,
        Command::Test { names } => test::run(settings, names).await,
    }
}

fn list(settings: &Settings) -> anyhow::Result<ExitCode> {
    let path = settings.accounts_path()?;
    let Some(file) = AccountsFile::read(&path)?.filter(|file| !file.accounts.is_empty()) else {
        say(&format!("{} has no accounts. `highlevel-mcp accounts add` adds one.", path.display()));
        return Ok(ExitCode::SUCCESS);
    };
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header(["account", "location", "credential", "may"]);
    if std::io::stdout().is_terminal() {
        table.set_content_arrangement(ContentArrangement::Dynamic);
    }
    for account in &file.accounts {
        let is_default = file.default.as_deref() == Some(account.name.as_str());
        let name = if is_default { format!("{} (default)", account.name) } else { account.name.clone() };
        table.add_row([name, account.location.clone(), account.credential.to_string(), account.policy().describe()]);
    }
    print(&table.to_string())?;
    Ok(ExitCode::SUCCESS)
}

async fn remove(settings: &Settings, name: &str, keep_credential: bool) -> anyhow::Result<ExitCode> {
    let path = settings.accounts_path()?;
    let mut editor = AccountsEditor::open(&path)?;
    let before = editor.accounts()?;
    let account = before.accounts.iter().find(|account| account.is(name)).ok_or_else(|| unknown(&before, name))?;
    editor.remove(&account.name)?;
    editor.save()?;
    let is_shared = editor.accounts()?.accounts.iter().any(|other| other.credential == account.credential);
    let mut said = format!("Removed the account \"{}\".", account.name);
    // The credential without a name may be in use without an account.
    if !is_shared && !keep_credential && account.credential.as_str().is_some() {
        let store = Store::open(settings.state_dir()?);
        if store.clear_credential(&account.credential).await? {
            said.push_str(&format!(" Its credential {} was removed, too.", account.credential));
        }
    }
    say(&said);
    Ok(ExitCode::SUCCESS)
}

/// The error for an account that is not in the file.
fn unknown(file: &AccountsFile, name: &str) -> Error {
    let hint = did_you_mean(name, file.accounts.iter().map(|account| account.name.as_str()));
    let message = format!("There is no account \"{name}\".{hint} `highlevel-mcp accounts list` lists them.");
    Error::invalid("NAME", message)
}
