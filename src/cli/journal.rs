//! `journal`: lists the writes to the account, shows and exports them, and verifies the journal.

mod difference;
mod export;
mod filter;
mod show;
mod table;

use super::{print, say};
use crate::settings::Settings;
use clap::{Args, Subcommand};
use filter::Filter;
use highlevel_core::clean;
use highlevel_store::Journal;
use std::process::ExitCode;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Options {
    #[command(flatten)]
    filter: Filter,
    /// Print JSON Lines, as `journal export` does
    #[arg(long)]
    json: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show one write: what was asked, and how the object was before and after
    Show {
        /// The number of the entry, as `journal` lists it
        entry: u64,
    },
    /// Print writes as JSON Lines, with their arguments and the object before and after
    Export {
        #[command(flatten)]
        filter: Filter,
    },
    /// Verify that no event was changed, removed or moved, and that every image is as it was stored
    Verify {
        /// A hash from an earlier `journal head` that was kept elsewhere. It also detects a cut end and a full rewrite
        #[arg(long, value_name = "HASH", value_parser = hash)]
        head: Option<String>,
    },
    /// Print the number of events and the last event's hash, to keep elsewhere
    Head,
}

pub(super) async fn run(settings: &Settings, options: Options) -> anyhow::Result<ExitCode> {
    // A journal can be read also while --journal is off.
    let journal = settings.stored_journal()?;
    match options.command {
        None if options.json => export::run(&journal, options.filter).await,
        None => table::run(&journal, options.filter).await,
        Some(Command::Show { entry }) => show::run(&journal, entry).await,
        Some(Command::Export { filter }) => export::run(&journal, filter).await,
        Some(Command::Verify { head }) => verify(&journal, head).await,
        Some(Command::Head) => {
            let head = journal.head().await?;
            print(&format!("{} {}", head.count, head.hash))?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// One line without terminal escapes: ids come from the account.
fn plain(text: &str) -> String {
    clean::line(text, 128)
}

async fn verify(journal: &Journal, head: Option<String>) -> anyhow::Result<ExitCode> {
    let has_head = head.is_some();
    let report = journal.verify(head).await?;
    for problem in &report.problems {
        print(&format!("WRONG {}", clean::line(&problem.to_string(), 500)))?;
    }
    if report.dropped > 0 {
        print(&format!(
            "note  lines 1 to {} were removed by an older version's --journal-max, as the chain itself records",
            report.dropped
        ))?;
    }
    if report.pruned > 0 {
        print(&format!("note  {} images were pruned, as the chain itself records", report.pruned))?;
    }
    if !report.problems.is_empty() {
        return Ok(ExitCode::FAILURE);
    }
    print(&format!(
        "ok    {} events, {} images, head {} {}",
        report.events, report.images, report.head.count, report.head.hash
    ))?;
    if !has_head {
        say("Without --head and a hash that was kept elsewhere, a cut end and a full rewrite are not detected.");
    }
    Ok(ExitCode::SUCCESS)
}

fn hash(text: &str) -> Result<String, String> {
    if text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        Ok(text.to_ascii_lowercase())
    } else {
        Err("not the 64 hexadecimal digits that `journal head` prints".to_owned())
    }
}
