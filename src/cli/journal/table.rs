//! `journal`: the writes as a table.

use super::{super::print, super::say, filter::Filter, plain};
use highlevel_store::{Journal, JournalEntry, UNFINISHED};
use std::{collections::HashSet, process::ExitCode};

/// The rows of a table without `--limit`.
const ROWS: u64 = 100;

/// How the rows name their account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AccountColumn {
    /// All rows are of one account.
    None,
    Name,
    /// Several locations have one name.
    Location,
}

pub(super) async fn run(journal: &Journal, filter: Filter) -> anyhow::Result<ExitCode> {
    let entries = filter.entries(journal, Some(ROWS)).await?;
    let (mut names, mut locations, mut rows) = (HashSet::new(), HashSet::new(), 0_u64);
    entries
        .each(false, |entry| {
            rows += 1;
            names.insert(entry.text("account").to_owned());
            locations.insert(entry.text("location").to_owned());
            Ok(true)
        })
        .await?;
    if rows == 0 {
        say("The journal has no such write.");
        return Ok(ExitCode::SUCCESS);
    }
    let column = match (names.len(), locations.len()) {
        (2.., _) => AccountColumn::Name,
        (_, 2..) => AccountColumn::Location,
        _ => AccountColumn::None,
    };
    print(&row(column, ["ENTRY", "TIME", "ACCOUNT", "CLIENT", "TOOL", "OBJECT", "CONFIRMED", "OUTCOME"]))?;
    let mut is_unfinished = false;
    entries
        .each(false, |entry| {
            is_unfinished |= entry.text("outcome") == UNFINISHED;
            print(&of_entry(column, &entry))?;
            Ok(true)
        })
        .await?;
    if entries.has_more() {
        say(&format!("These are the newest {rows} entries. There are more: use --limit, --since or --until."));
    }
    if is_unfinished {
        say(
            "Unfinished: the process is still running the call, or ended during it. Check in the account whether it took effect.",
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn of_entry(column: AccountColumn, entry: &JournalEntry) -> String {
    let account = if column == AccountColumn::Location { "location" } else { "account" };
    let [time, account, tool, object, confirmed] =
        ["time", account, "tool", "object", "confirmation"].map(|name| plain(entry.text(name)));
    let (seq, client) = (entry.seq().to_string(), plain(entry.client()));
    row(column, [&seq, &time, &account, &client, &tool, &object, &confirmed, &outcome(entry)])
}

fn row(column: AccountColumn, cells: [&str; 8]) -> String {
    let [entry, time, account, client, tool, object, confirmed, outcome] = cells;
    let account = if column == AccountColumn::None { String::new() } else { format!("{account:20}  ") };
    format!("{entry:>6}  {time:24}  {account}{client:20}  {tool:18}  {object:24}  {confirmed:13}  {outcome}")
}

/// The outcome in a few words.
pub(super) fn outcome(entry: &JournalEntry) -> String {
    match (entry.text("outcome"), entry.text("code")) {
        (UNFINISHED, _) => "unfinished: check".to_owned(),
        ("failed", code) => format!("failed: {}", plain(code)),
        (outcome, _) => plain(outcome),
    }
}
