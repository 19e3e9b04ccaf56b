//! `accounts add --login`: the locations of an agency's login, by name.

use super::{add::with_policy, print, say};
use crate::{
    api::Api,
    settings::{
        Settings,
        accounts::{AccountsEditor, AccountsFile, MAX_NAME, NamedAccount, fold, is_name},
    },
};
use highlevel_api_client::{AgencyLocation, Holder, Login, Runtime, TokenSource};
use highlevel_core::{clean, context::CallContext, error::Error, suggest::did_you_mean};
use highlevel_store::{CredentialName, Store};
use std::{collections::HashSet, process::ExitCode, sync::Arc};

/// The most characters of an account's name.
const NAME_CHARS: usize = 80;

pub(super) async fn run(
    settings: &Settings,
    login: CredentialName,
    names: &[String],
    all: bool,
) -> anyhow::Result<ExitCode> {
    let path = settings.accounts_path()?;
    let known = AccountsFile::read(&path)?.unwrap_or_default();
    let offered = locations(settings, &login).await?;
    if names.is_empty() && !all {
        return offer(&offered, &known, &login);
    }
    let wanted = if all { offered.iter().collect() } else { chosen(&offered, names)? };
    // Only now, since nothing else may change the file until it is written.
    let mut editor = AccountsEditor::open(&path)?;
    let known = editor.accounts()?;
    let mut taken = TakenNames::new(&known, &offered);
    let mut said = Vec::new();
    let mut added: Vec<NamedAccount> = Vec::new();
    for location in wanted {
        let mut all = known.accounts.iter().chain(&added);
        if let Some(account) = all.find(|account| account.location == location.id) {
            said.push(format!("{} is already there, as \"{}\".", location.id, account.name));
            continue;
        }
        let account = NamedAccount {
            name: taken.free_name(location),
            location: location.id.clone(),
            credential: login.clone(),
            ..NamedAccount::default()
        };
        said.push(format!("Added \"{}\" ({}).", account.name, location.id));
        added.push(with_policy(settings, account));
    }
    if !added.is_empty() {
        editor.add(&added)?;
        editor.save()?;
    }
    said.iter().for_each(|line| say(line));
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
        // An id is that of its location, whatever others are named.
        if let Some(only) = offered.iter().find(|location| location.id == *wanted) {
            return Ok(only);
        }
        let found: Vec<_> = offered.iter().filter(|location| location.name == *wanted).collect();
        match found.as_slice() {
            [only] => Ok(*only),
            [] => {
                let hint = did_you_mean(wanted, offered.iter().map(|location| location.name.as_str()));
                let message = format!("The login has no location \"{wanted}\".{hint} Leave the names out to see all.");
                Err(Error::invalid("NAME", message))
            }
            several => {
                let ids: Vec<&str> = several.iter().map(|location| location.id.as_str()).collect();
                let message = format!("Several locations are named \"{wanted}\": {}. Give the id.", ids.join(", "));
                Err(Error::invalid("NAME", message))
            }
        }
    };
    names.iter().map(one).collect()
}

/// The names that an account cannot have, as a reader sees them.
struct TakenNames(HashSet<String>);

impl TakenNames {
    /// Those of the accounts, and the ids of all locations.
    fn new(known: &AccountsFile, offered: &[AgencyLocation]) -> Self {
        let names = known.accounts.iter().flat_map(|account| [&account.name, &account.location]);
        let ids = offered.iter().map(|location| &location.id);
        Self(names.chain(ids).map(|name| fold(name)).collect())
    }

    /// The location's name, with a part of its id where another account could be mistaken for it. It is taken then.
    fn free_name(&mut self, location: &AgencyLocation) -> String {
        let AgencyLocation { id, name } = location;
        let name = clean::line(name, NAME_CHARS);
        let start: String = id.chars().take(6).collect();
        let short = clean::line(&name, MAX_NAME.saturating_sub(id.chars().count() + 3));
        let candidates = [name.clone(), format!("{name} ({start})"), format!("{short} ({id})")];
        // Two locations never have the same id.
        let free = candidates.into_iter().find(|name| is_name(name) && !self.0.contains(&fold(name)));
        let free = free.unwrap_or_else(|| id.clone());
        self.0.insert(fold(&free));
        free
    }
}
