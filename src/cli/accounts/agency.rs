//! `accounts add --login`: the locations of an agency's login, by name.

use super::{add::with_policy, print, say};
use crate::{
    api::Api,
    settings::{
        Settings,
        accounts::{ALL, AccountsEditor, AccountsFile, NamedAccount, fold},
    },
};
use highlevel_api_client::{AgencyLocation, Holder, Login, Runtime, TokenSource};
use highlevel_core::{
    clean,
    context::CallContext,
    error::{Code, Error},
    suggest::did_you_mean,
};
use highlevel_store::{CredentialName, Store};
use std::{process::ExitCode, sync::Arc};

/// The most characters of an account's name.
const NAME_CHARS: usize = 80;

pub(super) async fn run(
    settings: &Settings,
    login: CredentialName,
    names: &[String],
    all: bool,
) -> anyhow::Result<ExitCode> {
    let mut editor = AccountsEditor::open(&settings.accounts_path()?)?;
    let offered = locations(settings, &login).await?;
    let before = editor.accounts()?;
    if names.is_empty() && !all {
        return offer(&offered, &before, &login);
    }
    let wanted = if all { offered.iter().collect() } else { chosen(&offered, names)? };
    let mut added = 0;
    for location in wanted {
        let known = editor.accounts()?;
        if let Some(account) = known.accounts.iter().find(|account| account.location == location.id) {
            say(&format!("{} is already there, as \"{}\".", location.id, account.name));
            continue;
        }
        let name = free_name(&known, location);
        let account = NamedAccount {
            name: name.clone(),
            location: location.id.clone(),
            credential: login.clone(),
            ..NamedAccount::default()
        };
        editor.add(&with_policy(settings, account))?;
        say(&format!("Added \"{name}\" ({}).", location.id));
        added += 1;
    }
    if added > 0 {
        editor.save()?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The locations of the login, as the API lists them.
async fn locations(settings: &Settings, credential: &CredentialName) -> anyhow::Result<Vec<AgencyLocation>> {
    let mut settings = settings.clone();
    settings.api = Some(Api::Official);
    settings.credential = credential.clone();
    let store = Arc::new(Store::open(settings.state_dir()?));
    let runtime = Runtime::new(store, settings.attempt_timeout());
    let source = TokenSource::Stored(credential.clone());
    let client = Login::new(&runtime, settings.api_config()?, source)?.agency();
    let status = client.token_status().await;
    let view = status.login.filter(|login| login.holder == Holder::Company).ok_or_else(|| {
        let what = status.problem.map(|problem| format!(": {}", problem.message)).unwrap_or_default();
        let flag = credential.as_str().map_or_else(String::new, |name| format!(" --credential {name}"));
        let message = format!(
            "The credential {credential} is not an agency's login{what} Log in with `highlevel-mcp auth login --agency{flag}`."
        );
        Error::invalid("--login", message)
    })?;
    let found = client.installed_locations(&view, &CallContext::new(settings.timeout())).await;
    client.leave().await;
    Ok(found?)
}

fn offer(offered: &[AgencyLocation], known: &AccountsFile, login: &CredentialName) -> anyhow::Result<ExitCode> {
    for AgencyLocation { id, name } in offered {
        let account = known.accounts.iter().find(|account| account.location == *id);
        let mark = account.map_or_else(String::new, |account| format!("  (added as \"{}\")", account.name));
        print(&format!("{id}  {}{mark}", clean::line(name, NAME_CHARS)))?;
    }
    let login = login.as_str().map_or_else(String::new, |name| format!(" {name}"));
    say(&format!(
        "{} locations. Add some by name or id: `highlevel-mcp accounts add --login{login} NAME …`; or all: `--all`.",
        offered.len()
    ));
    Ok(ExitCode::SUCCESS)
}

/// The locations of these exact names or ids.
fn chosen<'a>(offered: &'a [AgencyLocation], names: &[String]) -> Result<Vec<&'a AgencyLocation>, Error> {
    let one = |wanted: &String| {
        let found: Vec<_> =
            offered.iter().filter(|location| location.id == *wanted || location.name == *wanted).collect();
        match found.as_slice() {
            [only] => Ok(*only),
            [] => {
                let hint = did_you_mean(wanted, offered.iter().map(|location| location.name.as_str()));
                let message = format!("The login has no location \"{wanted}\".{hint} Leave the names out to see all.");
                Err(Error { field: Some("NAME".to_owned()), ..Error::new(Code::InvalidArguments, message) })
            }
            several => {
                let ids: Vec<&str> = several.iter().map(|location| location.id.as_str()).collect();
                let message = format!("Several locations are named \"{wanted}\": {}. Give the id.", ids.join(", "));
                Err(Error { field: Some("NAME".to_owned()), ..Error::new(Code::InvalidArguments, message) })
            }
        }
    };
    names.iter().map(one).collect()
}

/// The location's name, with a part of its id where another account could be mistaken for it.
fn free_name(known: &AccountsFile, location: &AgencyLocation) -> String {
    let name = clean::line(&location.name, NAME_CHARS);
    let is_free = |name: &str| {
        let folded = fold(name);
        let is_taken = |account: &NamedAccount| fold(&account.name) == folded || account.location == name;
        !folded.is_empty() && folded != ALL && !known.accounts.iter().any(is_taken)
    };
    let start: String = location.id.chars().take(6).collect();
    let candidates = [name.clone(), format!("{name} ({start})"), format!("{name} ({})", location.id)];
    candidates.into_iter().find(|name| is_free(name)).unwrap_or_else(|| location.id.clone())
}
