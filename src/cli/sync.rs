//! `sync` reads tables into the mirror; `status` shows each table's state.

use super::{
    print,
    progress::ProgressReport,
    say,
    start::{Started, start},
};
use crate::{account::Account, service::Progress, settings::Settings};
use chrono::{SecondsFormat, Utc};
use clap::Args;
use futures::{StreamExt, stream};
use highlevel_core::context::CallContext;
use highlevel_core::error::Error;
use highlevel_store::{Missing, TABLES, Table, TableState};
use std::{process::ExitCode, time::Duration};

/// How many accounts are read at the same time. Each has a quota of its own.
const AT_ONCE: usize = 4;

/// The quota can make a large account take hours.
const TIMEOUT: Duration = Duration::from_secs(24 * 3600);

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Only these tables. Default: all
    #[arg(value_name = "TABLE", value_parser = table)]
    tables: Vec<&'static str>,
}

pub(super) async fn run(settings: Settings, options: Options) -> anyhow::Result<ExitCode> {
    let started = start(settings).await?;
    let wanted = |table: &&'static Table| options.tables.is_empty() || options.tables.contains(&table.name);
    let report = ProgressReport::default();
    let read = async |account: &Account| {
        let tables: Vec<_> = account.readable_tables().into_iter().filter(wanted).collect();
        let watcher = |table: &'static Table, progress: &Progress| report.update(account, table, progress);
        account.sync(&tables, &CallContext::new(TIMEOUT), &watcher).await
    };
    let accounts: Vec<&Account> = started.runtime.accounts().usable().collect();
    let unreadable: Vec<_> = stream::iter(accounts.iter().copied()).map(read).buffered(AT_ONCE).collect().await;
    report.clear();
    started.runtime.leave().await;
    let mut all_good = is_all_served(&started);
    for (account, unreadable) in accounts.into_iter().zip(unreadable) {
        title(account)?;
        let unreadable = match unreadable {
            Ok(unreadable) => unreadable,
            // Where there are several, the others are shown all the same.
            Err(error) if account.label().is_some() => {
                say(&error.message);
                all_good = false;
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        show(account.mirror_status().await?.into_iter().filter(|(table, ..)| wanted(table)))?;
        for Missing { table, why, scope } in &unreadable {
            let scope = scope.as_ref().map_or(String::new(), |scope| format!(" (scope {scope})"));
            say(&format!("{table}{scope}: {why}"));
        }
        all_good &= unreadable.is_empty();
    }
    Ok(if all_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

pub(super) async fn status(settings: Settings) -> anyhow::Result<ExitCode> {
    let started = start(settings).await?;
    for account in started.runtime.accounts().usable() {
        title(account)?;
        show(account.mirror_status().await?.into_iter())?;
    }
    Ok(if is_all_served(&started) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Reports the accounts that cannot be served. Returns whether there are none.
fn is_all_served(started: &Started) -> bool {
    let members = started.runtime.accounts().members().iter();
    let broken: Vec<_> =
        members.filter_map(|member| Some((&member.entry.name, member.account.as_ref().err()?))).collect();
    broken.iter().for_each(|(name, error)| say(&format!("{name}: {}", error.message)));
    broken.is_empty()
}

/// Prints the account's name, where there are several.
fn title(account: &Account) -> anyhow::Result<()> {
    account.label().map_or(Ok(()), print)
}

fn show(tables: impl Iterator<Item = (&'static Table, u64, TableState)>) -> anyhow::Result<()> {
    let mut shown = comfy_table::Table::new();
    shown.load_style(comfy_table::presets::UTF8_FULL_CONDENSED).set_header(["table", "rows", "as of", "state"]);
    for (table, rows, state) in tables {
        let as_of = state.complete_at.map_or("never".to_owned(), |at| at.to_rfc3339_opts(SecondsFormat::Secs, true));
        shown.add_row([table.name.to_owned(), rows.to_string(), as_of, describe_state(&state)]);
    }
    print(&shown.to_string())
}

fn describe_state(state: &TableState) -> String {
    let how = match (state.under_way, state.complete_at) {
        (Some((read, total)), _) => {
            let of = total.map_or(String::new(), |total| format!(" of {total}"));
            let doing = if state.busy { "being read" } else { "interrupted" };
            format!("{doing}: {read}{of}")
        }
        (None, Some(at)) => {
            let age = Utc::now().signed_duration_since(at);
            format!("complete, {} min old, took {:.1} s", age.num_minutes(), state.took.as_secs_f64())
        }
        (None, None) if state.ended_at.is_some() => {
            format!("incomplete: {}", state.short.as_deref().unwrap_or("rows may be missing"))
        }
        (None, None) => "not read yet".to_owned(),
    };
    match (&state.fault, state.unnamed.first()) {
        (Some(fault), _) => format!("{how}; not readable{}", needed_scope(fault)),
        (None, Some(names)) => format!("{how}, without the names of {}{}", names.table, needed_scope(names)),
        (None, None) => how,
    }
}

/// The scope that is missing, in brackets.
fn needed_scope(missing: &Missing) -> String {
    missing.scope.as_ref().map_or(String::new(), |scope| format!(" (needs {scope})"))
}

fn table(name: &str) -> Result<&'static str, Error> {
    let names = || TABLES.iter().map(|table| table.name);
    names().find(|table| *table == name).ok_or_else(|| {
        let all = names().collect::<Vec<_>>().join(", ");
        Error::invalid("TABLE", format!("There is no table {name}. The tables are {all}."))
    })
}
