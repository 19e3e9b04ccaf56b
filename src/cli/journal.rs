//! `journal`: lists the writes to the account, and verifies the journal's hash chain.

use super::{print, print_json, say, tools::named};
use crate::settings::Settings;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use clap::{Args, Subcommand};
use highlevel_core::clean;
use highlevel_core::error::Error;
use highlevel_store::{Journal, JournalEntry, UNFINISHED, Wanted};
use std::process::ExitCode;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Options {
    #[command(flatten)]
    list: List,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Args)]
struct List {
    /// Only writes since a time: a span such as 30m, 2h or 3d, or a time such as 2026-02-28T10:00:00Z
    #[arg(long, value_name = "TIME", value_parser = since)]
    since: Option<DateTime<Utc>>,
    /// Only writes by this tool
    #[arg(long, value_name = "TOOL", value_parser = tool)]
    tool: Option<String>,
    /// Only writes that are not known to be done: failed, cancelled, outcome unknown or unfinished
    #[arg(long)]
    failed: bool,
    /// Print JSON Lines: an object per write, with its arguments and the object before and after
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Verify that no line was changed, removed or moved
    Verify {
        /// A hash from an earlier `journal head` that was kept elsewhere. It also detects a cut end and a full rewrite
        #[arg(long, value_name = "HASH", value_parser = hash)]
        head: Option<String>,
    },
    /// Print the number of lines and the last line's hash, to keep elsewhere
    Head,
}

pub(super) async fn run(settings: &Settings, options: Options) -> anyhow::Result<ExitCode> {
    // A journal can be read also while --journal is off.
    let journal = Journal::new(settings.state_dir()?, settings.journal_max);
    match options.command {
        None => list(&journal, options.list).await,
        Some(Command::Verify { head }) => verify(&journal, head).await,
        Some(Command::Head) => {
            let head = journal.verify(None).await?.head;
            print(&format!("{} {}", head.count, head.hash))?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn list(journal: &Journal, options: List) -> anyhow::Result<ExitCode> {
    let List { since, tool, failed, json } = options;
    let entries = journal.entries(Wanted { since, tool, failed }).await?;
    if json {
        for entry in entries {
            print_json(&serde_json::to_string(&entry.members)?)?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    if entries.is_empty() {
        say("The journal has no such write.");
        return Ok(ExitCode::SUCCESS);
    }
    print(&row(["LINE", "TIME", "TOOL", "OBJECT", "CONFIRMED", "OUTCOME"]))?;
    for entry in &entries {
        let [time, tool, object, confirmed] =
            ["time", "tool", "object", "confirmation"].map(|name| plain(entry.text(name)));
        print(&row([&entry.seq().to_string(), &time, &tool, &object, &confirmed, &outcome(entry)]))?;
    }
    if entries.iter().any(|entry| entry.text("outcome") == UNFINISHED) {
        say(
            "Unfinished: the process is still running the call, or ended during it. Check in the account whether it took effect.",
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn row(cells: [&str; 6]) -> String {
    let [line, time, tool, object, confirmed, outcome] = cells;
    format!("{line:>6}  {time:24}  {tool:18}  {object:24}  {confirmed:13}  {outcome}")
}

fn outcome(entry: &JournalEntry) -> String {
    match (entry.text("outcome"), entry.text("code")) {
        (UNFINISHED, _) => "unfinished: check".to_owned(),
        ("failed", code) => format!("failed: {}", plain(code)),
        (outcome, _) => plain(outcome),
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
        print(&format!("WRONG {problem}"))?;
    }
    if report.torn > 0 {
        print(&format!(
            "note  the last {} bytes are an incomplete line of a process that was killed; the next write repairs it",
            report.torn
        ))?;
    }
    if report.dropped > 0 {
        print(&format!(
            "note  lines 1 to {} were removed by --journal-max, as the chain itself records",
            report.dropped
        ))?;
    }
    if !report.problems.is_empty() {
        return Ok(ExitCode::FAILURE);
    }
    print(&format!("ok    {} lines, head {} {}", report.lines, report.head.count, report.head.hash))?;
    if !has_head {
        say("Without --head and a hash that was kept elsewhere, a cut end and a full rewrite are not detected.");
    }
    Ok(ExitCode::SUCCESS)
}

fn since(text: &str) -> Result<DateTime<Utc>, String> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Ok(time.to_utc());
    }
    let ago = text.char_indices().next_back().and_then(|(at, unit)| {
        let count = text.get(..at)?.parse::<u32>().ok()?.into();
        match unit {
            's' => TimeDelta::try_seconds(count),
            'm' => TimeDelta::try_minutes(count),
            'h' => TimeDelta::try_hours(count),
            'd' => TimeDelta::try_days(count),
            _ => None,
        }
    });
    ago.and_then(|ago| Utc::now().checked_sub_signed(ago)).ok_or_else(|| {
        let now = Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true);
        format!("not a span such as 2h or 3d, or a time such as {now}")
    })
}

fn tool(name: &str) -> Result<String, Error> {
    named(name).map(|spec| spec.name.to_string())
}

fn hash(text: &str) -> Result<String, String> {
    if text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        Ok(text.to_ascii_lowercase())
    } else {
        Err("not the 64 hexadecimal digits that `journal head` prints".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_and_times_are_read() {
        let hours = Utc::now() - since("2h").unwrap();
        assert!((hours - TimeDelta::hours(2)).num_minutes().abs() < 5);
        assert_eq!(since("2026-02-28T10:00:00+01:00").unwrap().to_rfc3339(), "2026-02-28T09:00:00+00:00");
        for wrong in ["", "h", "2", "2w", "-1h", "yesterday", "2€", "99999999999d"] {
            assert!(since(wrong).is_err(), "{wrong}");
        }
    }
}
