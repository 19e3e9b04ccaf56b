//! `sync` reads tables into the mirror; `status` shows each table's state.

use super::{print, progress::ProgressReport, say, start::start};
use crate::settings::Settings;
use chrono::{SecondsFormat, Utc};
use clap::Args;
use highlevel_core::context::CallContext;
use highlevel_core::error::Error;
use highlevel_store::{Missing, TABLES, Table, TableState};
use std::{process::ExitCode, time::Duration};

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
    let tables: Vec<_> = started.account()?.readable_tables().into_iter().filter(wanted).collect();
    let report = ProgressReport::default();
    let unreadable = started
        .account()?
        .sync(&tables, &CallContext::new(TIMEOUT), &|table, progress| report.update(table, progress))
        .await;
    report.clear();
    started.runtime.leave().await;
    let unreadable = unreadable?;
    show(started.account()?.mirror_status().await?.into_iter().filter(|(table, ..)| wanted(table)))?;
    for Missing { table, why, scope } in &unreadable {
        let scope = scope.as_ref().map_or(String::new(), |scope| format!(" (scope {scope})"));
        say(&format!("{table}{scope}: {why}"));
    }
    Ok(if unreadable.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

pub(super) async fn status(settings: Settings) -> anyhow::Result<ExitCode> {
    let started = start(settings).await?;
    show(started.account()?.mirror_status().await?.into_iter())?;
    Ok(ExitCode::SUCCESS)
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
