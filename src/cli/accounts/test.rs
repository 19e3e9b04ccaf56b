//! `accounts test`: one read of each account's location.

use super::print;
use crate::{
    cli::start::start,
    runtime::{Member, Runtime},
    settings::Settings,
};
use futures::{StreamExt, stream};
use highlevel_catalog::locations::GetDefaultLocation;
use std::process::ExitCode;

/// How many accounts are asked at the same time. Each has a quota of its own.
const AT_ONCE: usize = 8;

/// What the test of an account found.
pub(in crate::cli) struct Checked {
    /// The account's name, or its location's where it has none.
    pub(in crate::cli) name: String,
    /// Its location's id.
    pub(in crate::cli) location: String,
    /// Its location and API, or what is wrong.
    pub(in crate::cli) found: Result<String, String>,
}

pub(super) async fn run(mut settings: Settings, names: Vec<String>) -> anyhow::Result<ExitCode> {
    settings.accounts.extend(names);
    let started = start(settings).await?;
    let checked = check_all(&started.runtime).await;
    started.runtime.leave().await;
    let width = checked.iter().map(|one| one.name.chars().count()).max().unwrap_or(0);
    let mut all_good = true;
    for Checked { name, found, .. } in checked {
        let (mark, what) = match found {
            Ok(what) => ("ok   ", what),
            Err(what) => {
                all_good = false;
                ("WRONG", what)
            }
        };
        print(&format!("{mark} {name:width$}  {what}"))?;
    }
    Ok(if all_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Reads the location of every account, a few at once, and gives the results in the accounts' order.
pub(in crate::cli) async fn check_all(runtime: &Runtime) -> Vec<Checked> {
    if let (false, Some(only)) = (runtime.accounts().are_several(), runtime.accounts().usable().next()) {
        let location = only.location().unwrap_or_default().to_owned();
        let name = only.location().unwrap_or("the account").to_owned();
        return vec![Checked { name, location, found: reached(only).await }];
    }
    let check = async |member: &Member| {
        let found = match &member.account {
            Ok(account) => reached(account).await,
            Err(error) => Err(error.message.clone()),
        };
        Checked { name: member.entry.name.clone(), location: member.entry.location.clone(), found }
    };
    stream::iter(runtime.accounts().members()).map(check).buffered(AT_ONCE).collect().await
}

async fn reached(account: &crate::account::Account) -> Result<String, String> {
    match account.run(&GetDefaultLocation {}).await {
        Ok(location) => {
            let name = location.name.unwrap_or_default();
            Ok(format!("{name} ({}), the {} API", location.id, account.api().as_str()))
        }
        Err(error) => Err(error.message),
    }
}
