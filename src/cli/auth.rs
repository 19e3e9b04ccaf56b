//! `auth`: the stored token. It is read from stdin, and never shown.

use super::{login, print, say};
use crate::{app::App, settings::Settings};
use anyhow::Context;
use chrono::Utc;
use clap::{Args, Subcommand};
use highlevel_core::error::Error;
use highlevel_store::{Place, REMARK, Store, is_login, text_of, token_in};
use secrecy::{ExposeSecret, SecretString};
use std::{
    io::{IsTerminal, Read},
    process::ExitCode,
};

#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Store the token that stands on stdin
    Set {
        /// In the platform's keyring instead of a file that only you can read
        #[cfg(feature = "keyring")]
        #[arg(long)]
        keyring: bool,
    },
    /// Log in with OAuth: in a browser, for an app made in HighLevel's marketplace
    Login(login::Options),
    /// Say where the token comes from and how long it lives; sends nothing
    Status,
    /// Remove the stored token or login, and what was renewed from it
    Clear,
}

pub(super) async fn run(settings: &Settings, options: Options) -> anyhow::Result<ExitCode> {
    match options.command {
        #[cfg(feature = "keyring")]
        Command::Set { keyring } => set(settings, if keyring { Place::Keyring } else { Place::File }).await,
        #[cfg(not(feature = "keyring"))]
        Command::Set {} => set(settings, Place::File).await,
        Command::Login(options) => login::run(settings, options).await,
        Command::Status => status(settings).await,
        Command::Clear => {
            let cleared = Store::open(settings.state_dir()?).clear_credential().await?;
            say(if cleared { "The stored credential is gone." } else { "No token was stored." });
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn set(settings: &Settings, place: Place) -> anyhow::Result<ExitCode> {
    let text = if std::io::stdin().is_terminal() {
        rpassword::prompt_password("Token (it is not shown): ").context("the token could not be read")?
    } else {
        let mut bytes = Vec::new();
        let read = std::io::stdin().read_to_end(&mut bytes).and_then(|_| text_of(bytes));
        read.context("the token could not be read from stdin")?
    };
    let (token, is_other) = token_in(&text);
    let token = token.expose_secret();
    if token.is_empty() || token.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(Error::invalid("token", "stdin has to hold the token alone: one word, nothing else.").into());
    }
    if is_login(&SecretString::from(token)) {
        return Err(Error::invalid(
            "token",
            "That is the name of a login, and no token. Use `highlevel-mcp auth login`.",
        )
        .into());
    }
    Store::open(settings.state_dir()?).set_credential(&SecretString::from(token), place).await?;
    if is_other {
        say(&format!("Remark: {REMARK}."));
    }
    say(&format!("Stored in {}.", place.describe()));
    if token.starts_with("pit-") && settings.location_id.is_none() {
        say(
            "It is a private integration token, for the official API: give its location with --location-id or GHL_LOCATION_ID.",
        );
    }
    Ok(ExitCode::SUCCESS)
}

async fn status(settings: &Settings) -> anyhow::Result<ExitCode> {
    let mut settings = settings.clone();
    settings.resolve_api().await?;
    let status = App::new(&settings)?.client().token_status().await;
    if !status.present {
        let problem = status.problem.map(|problem| problem.message);
        print(
            problem
                .as_deref()
                .unwrap_or("There is no token. Store one with `highlevel-mcp auth set`, set GHL_TOKEN_ID, or log in with `highlevel-mcp auth login`."),
        )?;
        return Ok(ExitCode::from(4));
    }
    let renewed = if status.renewed { ", renewed since" } else { "" };
    let kind = status.login.as_ref().map_or_else(|| "A token".to_owned(), login::kind);
    print(&format!("{kind} from {}{renewed}.", status.source.as_deref().unwrap_or("an unnamed place")))?;
    print(&match status.expires_at {
        Some(at) if at > Utc::now() => {
            format!("It lives until {} ({}).", at.format("%Y-%m-%d %H:%M:%S UTC"), left(at - Utc::now()))
        }
        Some(at) => format!("It ended at {}; the first call tries to renew it.", at.format("%Y-%m-%d %H:%M:%S UTC")),
        None => "It does not say how long it lives.".to_owned(),
    })?;
    if let Some(problem) = status.problem {
        print(&problem.message)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A span as a person says it.
pub(super) fn left(span: chrono::TimeDelta) -> String {
    match (span.num_days(), span.num_hours(), span.num_minutes()) {
        (0, 0, 0) => format!("{} s left", span.num_seconds()),
        (0, 0, minutes) => format!("{minutes} min left"),
        (0, hours, _) => format!("{hours} h left"),
        (days, ..) => format!("{days} days left"),
    }
}
