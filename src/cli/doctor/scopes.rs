//! `doctor --scopes`: what the credential may do.

use super::super::{login, print, say};
use crate::{
    account::Account,
    api::Api,
    service::{ScopeFinding, ScopeReport},
};
use comfy_table::{ContentArrangement, Table, presets::UTF8_FULL_CONDENSED};
use serde_json::{Map, Value, json};
use std::{io::IsTerminal, process::ExitCode};

/// Prints the scopes as a table or as JSON.
pub(super) async fn run(account: &Account, as_json: bool) -> anyhow::Result<ExitCode> {
    let status = account.client().token_status().await;
    let credential = match &status.login {
        Some(login) => login::describe(login),
        None => format!("A token from {}", status.source.as_deref().unwrap_or("nowhere")),
    };
    // The session API has no scopes: its token may do what its user may.
    let reports = if account.api() == Api::Official { account.scopes().await? } else { Vec::new() };
    if as_json {
        let scopes: Vec<Value> = reports.iter().map(to_json).collect();
        print(&json!({"credential": credential, "api": account.api().as_str(), "scopes": scopes}).to_string())?;
        return Ok(ExitCode::SUCCESS);
    }
    if account.api() == Api::Session {
        print(&format!("{credential}, for the session API, which has no scopes: it may do what its user may."))?;
        return Ok(ExitCode::SUCCESS);
    }
    print(&table(&reports))?;
    let missing: Vec<&str> = reports
        .iter()
        .filter(|report| matches!(report.found, ScopeFinding::Missing))
        .map(|report| report.scope.as_str())
        .collect();
    if missing.is_empty() {
        say(&format!("{credential} lacks no scope that could be tested."));
    } else {
        let next = match status.login {
            Some(_) => {
                "add them to the app in HighLevel's marketplace, and log in again with `highlevel-mcp auth login`"
            }
            None => "add those that you want to use to the private integration in HighLevel's settings",
        };
        say(&format!("{credential} lacks {}. Next: {next}.", missing.join(", ")));
    }
    Ok(ExitCode::SUCCESS)
}

fn table(reports: &[ScopeReport]) -> String {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header(["scope", "credential", "shown by"]);
    if std::io::stdout().is_terminal() {
        table.set_content_arrangement(ContentArrangement::Dynamic);
    }
    for report in reports {
        let shown_by = report.shown_by.clone().unwrap_or_default();
        let by = match why(&report.found) {
            Some(why) if shown_by.is_empty() => why.to_owned(),
            Some(why) => format!("{shown_by}: {why}"),
            None => shown_by,
        };
        table.add_row([report.scope.as_str(), word(&report.found), &by]);
    }
    table.to_string()
}

fn to_json(report: &ScopeReport) -> Value {
    let mut members = Map::new();
    members.insert("scope".to_owned(), report.scope.as_str().into());
    members.insert("status".to_owned(), word(&report.found).into());
    members.extend(report.shown_by.as_ref().map(|by| ("by".to_owned(), by.as_str().into())));
    members.extend(why(&report.found).map(|why| ("why".to_owned(), why.into())));
    members.into()
}

/// The stable word for a finding.
fn word(found: &ScopeFinding) -> &'static str {
    match found {
        ScopeFinding::Granted => "granted",
        ScopeFinding::Missing => "missing",
        ScopeFinding::Unclear(_) => "unclear",
        ScopeFinding::Untested(_) => "untested",
    }
}

fn why(found: &ScopeFinding) -> Option<&str> {
    match found {
        ScopeFinding::Granted | ScopeFinding::Missing => None,
        ScopeFinding::Unclear(why) => Some(why),
        ScopeFinding::Untested(why) => Some(why),
    }
}
