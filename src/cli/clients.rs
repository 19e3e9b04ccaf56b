//! `clients`: adds, lists and removes the clients of `clients.toml`, who may connect over HTTP.

use super::{print, say};
use crate::{
    guard::ConfirmMode,
    settings::{
        Settings,
        clients::{ClientEntry, ClientsEditor, ClientsFile, new_token, token_hash},
    },
};
use clap::{Args, Subcommand};
use comfy_table::{ContentArrangement, Table, presets::UTF8_FULL_CONDENSED};
use highlevel_core::{error::Error, suggest::did_you_mean};
use std::{io::IsTerminal, process::ExitCode};

#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Add a client, and print its token. The token is not kept, only its hash
    #[command(after_help = "\
Examples:
  highlevel-mcp clients add claude
  highlevel-mcp clients add reports --read-only --account \"Smile Dental\"
  highlevel-mcp clients add anna --oauth-subject anna@example.com

--account, --read-only, --confirm, --toolsets, --tools, --exclude-tools, --exclude-operations, --confirm-tools and --allow-unconfirmed become the client's own, within what the server allows.")]
    Add {
        /// The client's name, which the journal shows
        name: String,
        /// A subject (`sub`) whose OAuth tokens are this client's, instead of a token of its own. May be repeated
        #[arg(long = "oauth-subject", value_name = "SUBJECT")]
        oauth_subjects: Vec<String>,
        /// An OAuth client whose tokens are this client's, whoever their subject is. May be repeated
        #[arg(long = "oauth-client", value_name = "ID")]
        oauth_clients: Vec<String>,
    },
    /// List the clients
    List,
    /// Remove a client. Its sessions end at once
    Remove {
        /// The client's exact name
        name: String,
    },
}

pub(super) fn run(settings: &Settings, options: Options) -> anyhow::Result<ExitCode> {
    match options.command {
        Command::Add { name, oauth_subjects, oauth_clients } => {
            let entry = ClientEntry { name, oauth_subjects, oauth_clients, ..ClientEntry::default() };
            add(settings, with_policy(settings, entry))
        }
        Command::List => list(settings),
        Command::Remove { name } => remove(settings, &name),
    }
}

fn add(settings: &Settings, mut client: ClientEntry) -> anyhow::Result<ExitCode> {
    let token = if client.has_oauth() { None } else { Some(new_token()?) };
    client.token_sha256 = token.as_deref().map(token_hash);
    // The flags are the client's, not those of the server that it will use.
    let process = Settings { accounts: Vec::new(), client_accounts: None, ..settings.clone() };
    process.of_client(&client)?.served_accounts()?;
    let mut editor = ClientsEditor::open(&settings.clients_path()?)?;
    editor.add(&client)?;
    editor.save()?;
    let name = &client.name;
    match token {
        Some(token) => {
            say(&format!(
                "Added the client \"{name}\". It connects with the header `Authorization: Bearer TOKEN`. This is its token, which is not shown again:"
            ));
            print(&token)?;
        }
        None => say(&format!("Added the client \"{name}\". It connects with tokens of the server's --oauth-issuer.")),
    }
    Ok(ExitCode::SUCCESS)
}

/// The client with the policy of this command line.
fn with_policy(settings: &Settings, client: ClientEntry) -> ClientEntry {
    ClientEntry {
        accounts: if settings.asks_for_all() { Vec::new() } else { settings.accounts.clone() },
        read_only: settings.read_only,
        toolsets: settings.toolsets.clone(),
        tools: settings.tools.clone(),
        exclude_tools: settings.exclude_tools.clone(),
        exclude_operations: settings.exclude_operations.clone(),
        confirm: Some(settings.confirm).filter(|mode| *mode != ConfirmMode::Auto),
        confirm_tools: settings.confirm_tools.clone(),
        allow_unconfirmed: Some(settings.allow_unconfirmed.clone()).filter(|names| !names.is_empty()),
        max_unconfirmed_per_hour: settings.max_unconfirmed_per_hour,
        max_unconfirmed_per_recipient_day: settings.max_unconfirmed_per_recipient_day,
        ..client
    }
}

fn list(settings: &Settings) -> anyhow::Result<ExitCode> {
    let path = settings.clients_path()?;
    let Some(file) = ClientsFile::read(&path)?.filter(|file| !file.clients.is_empty()) else {
        say(&format!("{} has no clients. `highlevel-mcp clients add` adds one.", path.display()));
        return Ok(ExitCode::SUCCESS);
    };
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header(["client", "known by", "accounts", "may"]);
    if std::io::stdout().is_terminal() {
        table.set_content_arrangement(ContentArrangement::Dynamic);
    }
    for client in &file.clients {
        let accounts = if client.accounts.is_empty() { "all".to_owned() } else { client.accounts.join(", ") };
        table.add_row([client.name.clone(), known_by(client), accounts, client.policy().describe()]);
    }
    print(&table.to_string())?;
    Ok(ExitCode::SUCCESS)
}

fn known_by(client: &ClientEntry) -> String {
    let token = client.token_sha256.iter().map(|_| "token".to_owned());
    let subjects = client.oauth_subjects.iter().map(|subject| format!("subject {subject}"));
    let clients = client.oauth_clients.iter().map(|id| format!("OAuth client {id}"));
    token.chain(subjects).chain(clients).collect::<Vec<_>>().join(", ")
}

fn remove(settings: &Settings, name: &str) -> anyhow::Result<ExitCode> {
    let mut editor = ClientsEditor::open(&settings.clients_path()?)?;
    let file = editor.clients()?;
    if file.named(name).is_none() {
        let hint = did_you_mean(name, file.clients.iter().map(|client| client.name.as_str()));
        let message = format!("There is no client \"{name}\".{hint} `highlevel-mcp clients list` lists them.");
        return Err(Error::invalid("NAME", message).into());
    }
    editor.remove(name)?;
    editor.save()?;
    say(&format!("Removed the client \"{name}\". Its token is worth nothing from now on."));
    Ok(ExitCode::SUCCESS)
}
