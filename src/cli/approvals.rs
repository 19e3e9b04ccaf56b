//! `approvals`: lists what waits on the approval page, or prints a one-time link to it.

use super::{approve, print, say, terminal};
use crate::{
    guard::{LINK_LIFE, new_secret},
    settings::Settings,
};
use clap::{Args, Subcommand};
use highlevel_core::error::{Code, Error};
use highlevel_store::{Approval, ApproverSession, Store};
use serde_json::Value;
use std::{net::IpAddr, process::ExitCode, time::Duration};
use tokio::net::TcpStream;
use url::Url;

/// How long a page may take to accept a connection.
const ALIVE: Duration = Duration::from_secs(2);

#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print a one-time link to the approval page, valid for ten minutes
    Link {
        /// Log in as this approver. Default: as the user of this terminal, for all accounts
        name: Option<String>,
    },
}

pub(super) async fn run(settings: &Settings, options: Options) -> anyhow::Result<ExitCode> {
    let store = Store::open(settings.state_dir()?);
    match options.command {
        None => list(&store).await,
        Some(Command::Link { name }) => link(&store, name).await,
    }
}

async fn list(store: &Store) -> anyhow::Result<ExitCode> {
    let all = store.page_requests().await?;
    let waiting: Vec<&Approval> =
        all.iter().filter(|request| request.approved_at.is_none() && request.spent_at.is_none()).collect();
    for request in &waiting {
        let (asked, call) = (&request.asked, request.asked.call.as_ref());
        let sentence = asked.preview.get("sentence").and_then(Value::as_str).unwrap_or(&asked.tool);
        let account = call.and_then(|call| call.label.as_deref().or(call.location.as_deref())).unwrap_or("-");
        let client = asked.asker.get("client").and_then(Value::as_str).unwrap_or("-");
        let at = asked.asked_at.format("%Y-%m-%d %H:%M UTC");
        print(&format!("{at}  {account}  {client}  {sentence}"))?;
    }
    match (waiting.len(), store.approval_pages().await?.first()) {
        (0, _) => say("Nothing waits on the approval page."),
        (_, Some(page)) => {
            say(&format!("Decide on {page}, or `highlevel-mcp approve CODE` with the code of a tool's answer."))
        }
        (_, None) => say(
            "No server serves the approval page now. `highlevel-mcp approve CODE` takes the code of a tool's answer.",
        ),
    }
    Ok(ExitCode::SUCCESS)
}

async fn link(store: &Store, name: Option<String>) -> anyhow::Result<ExitCode> {
    if !terminal::is_interactive() {
        let message = "A one-time link is for a person in a terminal of their own, and stdin or stderr is not one.";
        return Err(Error::new(Code::ConfirmationRequired, message).into());
    }
    let page = running_page(store).await?;
    let session = match name {
        Some(name) => {
            let found = store.approvers().await?.into_iter().find(|approver| approver.name == name);
            let approver = found.ok_or_else(|| {
                let message = format!("There is no approver {name}. `highlevel-mcp approvers list` shows them.");
                Error::invalid("NAME", message)
            })?;
            ApproverSession {
                person: approver.name.clone(),
                approver: Some(approver.name),
                accounts: approver.accounts,
                request: None,
                expires_at: chrono::Utc::now() + LINK_LIFE,
            }
        }
        None => ApproverSession {
            person: approve::user_of_terminal(),
            approver: None,
            accounts: Vec::new(),
            request: None,
            expires_at: chrono::Utc::now() + LINK_LIFE,
        },
    };
    let (secret, hash) = new_secret()?;
    store.put_approver_link(&hash, session).await?;
    print(&format!("{page}/open?key={secret}"))?;
    say("The link works once, within ten minutes. Open it in your own browser.");
    Ok(ExitCode::SUCCESS)
}

/// The newest page that answers.
async fn running_page(store: &Store) -> anyhow::Result<String> {
    for page in store.approval_pages().await? {
        let Ok(url) = page.parse::<Url>() else { continue };
        let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else { continue };
        // An address on the internet need not be reachable from here. A port of this machine is, while it is served.
        let is_here = host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
        if !is_here {
            return Ok(page);
        }
        let connected = tokio::time::timeout(ALIVE, TcpStream::connect((host, port))).await;
        if matches!(connected, Ok(Ok(_))) {
            return Ok(page);
        }
    }
    let message = "No server with this state directory serves the approval page. `highlevel-mcp serve --confirm page` does, and `serve --http`.";
    Err(Error::new(Code::UpstreamUnreachable, message).into())
}
