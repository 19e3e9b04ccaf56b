//! `auth`: stores, describes and removes the credential. A token is read from stdin and never shown.

use super::{login, print, say};
use crate::settings::Settings;
use anyhow::Context;
use chrono::Utc;
use clap::{Args, Subcommand};
use highlevel_api_client::{Login, Runtime};
use highlevel_core::error::Error;
use highlevel_store::{CredentialName, CredentialPlace, REMARK, Store, is_login, text_of, token_in};
use secrecy::{ExposeSecret, SecretString};
use std::{
    io::{IsTerminal, Read},
    process::ExitCode,
    sync::Arc,
};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// The credential's name, for accounts of accounts.toml. Default: the credential without a name
    #[arg(long, global = true, value_name = "NAME")]
    credential: Option<CredentialName>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Store a token, read from stdin
    Set {
        /// Store it in the platform's keyring instead of a file that only you can read
        #[cfg(feature = "keyring")]
        #[arg(long)]
        keyring: bool,
    },
    /// Log in with OAuth in a browser, for an app from HighLevel's marketplace
    Login(login::Options),
    /// Show where the token comes from and when it expires, without a request
    Status,
    /// Remove the stored token or login, and the tokens refreshed from it
    Clear,
}

pub(super) async fn run(mut settings: Settings, options: Options) -> anyhow::Result<ExitCode> {
    settings.credential = options.credential.unwrap_or_default();
    let settings = &settings;
    match options.command {
        #[cfg(feature = "keyring")]
        Command::Set { keyring } => {
            set(settings, if keyring { CredentialPlace::Keyring } else { CredentialPlace::File }).await
        }
        #[cfg(not(feature = "keyring"))]
        Command::Set {} => set(settings, CredentialPlace::File).await,
        Command::Login(options) => login::run(settings, options).await,
        Command::Status => status(settings).await,
        Command::Clear => {
            let cleared = Store::open(settings.state_dir()?).clear_credential(&settings.credential).await?;
            say(if cleared { "The stored credential was removed." } else { "There was no stored credential." });
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn set(settings: &Settings, place: CredentialPlace) -> anyhow::Result<ExitCode> {
    let token = read_token()?;
    Store::open(settings.state_dir()?).set_credential(&settings.credential, &token, place).await?;
    say(&format!("Stored in {}.", place.describe()));
    let is_private = token.expose_secret().starts_with("pit-");
    if is_private && settings.location_id.is_none() && settings.credential.as_str().is_none() {
        say(
            "This is a private integration token, for the official API. Set its location's id with --location-id or GHL_LOCATION_ID.",
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads a token from stdin, or from a prompt on a terminal.
pub(super) fn read_token() -> anyhow::Result<SecretString> {
    let text = if std::io::stdin().is_terminal() {
        rpassword::prompt_password("Token (not shown): ").context("cannot read the token")?
    } else {
        let mut bytes = Vec::new();
        let read = std::io::stdin().read_to_end(&mut bytes).and_then(|_| text_of(bytes));
        read.context("cannot read the token from stdin")?
    };
    let (token, is_other) = token_in(&text);
    let word = token.expose_secret();
    if word.is_empty() || word.contains(|c: char| c.is_whitespace() || c.is_control()) {
        let message = "stdin must hold only the token: one word without spaces or line breaks in it.";
        return Err(Error::invalid("token", message).into());
    }
    if is_login(&token) {
        let message = "This is the name of an OAuth login, not a token. To log in, run `highlevel-mcp auth login`.";
        return Err(Error::invalid("token", message).into());
    }
    if is_other {
        say(&format!("Note: {REMARK}."));
    }
    Ok(token)
}

async fn status(settings: &Settings) -> anyhow::Result<ExitCode> {
    let mut settings = settings.clone();
    settings.resolve_api().await?;
    // A pit- token without a location has a status all the same.
    let store = Arc::new(Store::open(settings.state_dir()?));
    let runtime = Runtime::new(store, settings.attempt_timeout());
    let login = Login::new(&runtime, settings.api_config()?, settings.token_source())?;
    let status = login.account(settings.location_id.clone()).token_status().await;
    if !status.present {
        let problem = status.problem.map(|problem| problem.message);
        print(
            problem
                .as_deref()
                .unwrap_or("There is no token. Store one with `highlevel-mcp auth set`, set GHL_TOKEN_ID, or log in with `highlevel-mcp auth login`."),
        )?;
        return Ok(ExitCode::from(4));
    }
    let refreshed = if status.renewed { ", refreshed since" } else { "" };
    let credential = status.login.as_ref().map_or_else(|| "A token".to_owned(), login::describe);
    print(&format!("{credential} from {}{refreshed}.", status.source.as_deref().unwrap_or("an unnamed place")))?;
    print(&match status.expires_at {
        Some(at) if at > Utc::now() => {
            format!("It expires at {} ({}).", at.format("%Y-%m-%d %H:%M:%S UTC"), time_left(at - Utc::now()))
        }
        Some(at) => {
            format!("It expired at {}; the first call tries to refresh it.", at.format("%Y-%m-%d %H:%M:%S UTC"))
        }
        None => "It does not say when it expires.".to_owned(),
    })?;
    if let Some(problem) = status.problem {
        print(&problem.message)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A remaining time in words.
pub(super) fn time_left(span: chrono::TimeDelta) -> String {
    match (span.num_days(), span.num_hours(), span.num_minutes()) {
        (0, 0, 0) => format!("{} s left", span.num_seconds()),
        (0, 0, minutes) => format!("{minutes} min left"),
        (0, hours, _) => format!("{hours} h left"),
        (days, ..) => format!("{days} days left"),
    }
}
