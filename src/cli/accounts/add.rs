//! `accounts add`: one account with a credential of its own, or locations of an agency's login.

use super::{agency, say};
use crate::{
    account::Account,
    cli::auth::read_token,
    guard::ConfirmMode,
    runtime::Runtime,
    settings::{
        Settings,
        accounts::{AccountsEditor, AccountsFile, NamedAccount},
    },
};
use clap::Args;
use highlevel_catalog::locations::GetDefaultLocation;
use highlevel_core::error::Error;
use highlevel_store::{CredentialName, CredentialPlace, Store};
use secrecy::SecretString;
use std::process::ExitCode;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  highlevel-mcp accounts add \"Smile Dental\" --location-id ve9EPM428h8vShlRW1KT < token.txt
  highlevel-mcp accounts add \"Smile Dental\" --location-id ve9EPM428h8vShlRW1KT --credential smile
  highlevel-mcp accounts add --login agency                   show the locations of an agency's login
  highlevel-mcp accounts add --login agency --all             add all of them
  highlevel-mcp accounts add --login agency \"Smile Dental\"    add this one

The token is read from stdin, never from an argument. --read-only, --confirm, --toolsets, --tools, --exclude-tools, --confirm-tools, --api and --base-url become the account's own.")]
pub(super) struct Options {
    /// The account's name. With --login: the locations to add, by exact name or id
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Use this stored credential instead of reading a token
    #[arg(long, value_name = "NAME", conflicts_with = "login")]
    credential: Option<CredentialName>,
    /// Take locations of this agency's login, as `auth login --agency --credential NAME` stored it
    #[arg(long, value_name = "NAME", num_args = 0..=1, default_missing_value = "")]
    login: Option<String>,
    /// Add all locations of the login
    #[arg(long, requires = "login", conflicts_with = "names")]
    all: bool,
    /// Make it the account of reads that name none
    #[arg(long, conflicts_with = "login")]
    default: bool,
    /// Store the token in the platform's keyring instead of a file that only you can read
    #[cfg(feature = "keyring")]
    #[arg(long, conflicts_with_all = ["login", "credential"])]
    keyring: bool,
}

pub(super) async fn run(settings: &Settings, options: Options) -> anyhow::Result<ExitCode> {
    if let Some(login) = &options.login {
        let login = if login.is_empty() { CredentialName::default() } else { login.parse()? };
        return agency::run(settings, login, &options.names, options.all).await;
    }
    let [name] = options.names.as_slice() else {
        let message = "Give one name: `highlevel-mcp accounts add NAME --location-id ID`. With --login, names are the agency's locations.";
        return Err(Error::invalid("NAME", message).into());
    };
    let store = Store::open(settings.state_dir()?);
    let path = settings.accounts_path()?;
    // A file that is wrong is reported before anybody enters a token.
    AccountsFile::read(&path)?;
    let token = match &options.credential {
        Some(credential) => {
            if store.credential(credential).await?.is_none() {
                let message = format!(
                    "The credential {credential} is not stored. Store it with `highlevel-mcp auth set --credential {credential}`, or leave --credential out and give the token on stdin."
                );
                return Err(Error::invalid("--credential", message).into());
            }
            None
        }
        None => Some(read_token()?),
    };
    let credential = options.credential.clone().unwrap_or_default();
    let mut account = with_policy(settings, NamedAccount { name: name.clone(), credential, ..NamedAccount::default() });
    account.location = match &settings.location_id {
        Some(location) => location.clone(),
        None => own_location(settings, &account, token.as_ref()).await?,
    };
    // Only now, since nothing else may change the file until it is written.
    let mut editor = AccountsEditor::open(&path)?;
    if token.is_some() {
        account.credential = unused(&store, &editor.accounts()?, name).await?;
    }
    editor.add(std::slice::from_ref(&account))?;
    if options.default {
        editor.set_default(name);
    }
    if let Some(token) = &token {
        #[cfg(feature = "keyring")]
        let place = if options.keyring { CredentialPlace::Keyring } else { CredentialPlace::File };
        #[cfg(not(feature = "keyring"))]
        let place = CredentialPlace::File;
        store.set_credential(&account.credential, token, place).await?;
    }
    if let Err(error) = editor.save() {
        // Nothing half-done: a credential without its account would only lie about.
        if token.is_some() {
            store.clear_credential(&account.credential).await?;
        }
        return Err(error.into());
    }
    say(&format!(
        "Added the account \"{name}\", location {}. `highlevel-mcp accounts test` checks it.",
        account.location
    ));
    Ok(ExitCode::SUCCESS)
}

/// The account with the policy of this command line.
pub(super) fn with_policy(settings: &Settings, account: NamedAccount) -> NamedAccount {
    NamedAccount {
        api: settings.api,
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
        base_url: settings.base_url.clone(),
        ..account
    }
}

/// A credential's name that is like the account's, and that is neither stored nor awaited by another account.
async fn unused(store: &Store, file: &AccountsFile, name: &str) -> Result<CredentialName, Error> {
    let mut candidate = CredentialName::like(name);
    for number in 2.. {
        let is_named = file.accounts.iter().any(|account| account.credential == candidate);
        if !is_named && store.credential(&candidate).await?.is_none() {
            break;
        }
        candidate = CredentialName::like(&format!("{} {number}", name.chars().take(40).collect::<String>()));
    }
    Ok(candidate)
}

/// The location that the credential itself is for, as the API reports it.
async fn own_location(
    settings: &Settings,
    account: &NamedAccount,
    token: Option<&SecretString>,
) -> Result<String, Error> {
    let mut own = settings.clone();
    own.credential = account.credential.clone();
    own.given_token = token.cloned();
    own.journal = false;
    let found = async {
        own.resolve_api().await?;
        let runtime = Runtime::new(&own)?;
        let reached: &Account = runtime.accounts().for_read(None)?;
        reached.run(&GetDefaultLocation {}).await
    };
    found.await.map(|location| location.id).map_err(|error| {
        let message = format!(
            "The account's location is not known: {} Give its id with --location-id; it is part of the address of every page of the sub-account, /location/ID/….",
            error.message
        );
        Error { field: Some("--location-id".to_owned()), ..Error::new(error.code, message) }
    })
}
