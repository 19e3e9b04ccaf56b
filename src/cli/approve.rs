//! `approve`: a person confirms a pending call in their own terminal (`--confirm human` and `--confirm page`).

use super::{say, terminal};
use crate::{
    guard::{ApprovalTicket, Guard},
    settings::Settings,
};
use clap::Args;
use highlevel_core::clean;
use highlevel_store::Store;
use std::{process::ExitCode, sync::Arc};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// The code from the tool's answer
    code: String,
}

pub(super) async fn run(settings: &Settings, options: &Options) -> anyhow::Result<ExitCode> {
    let store = Arc::new(Store::open(settings.state_dir()?));
    let ticket = ApprovalTicket::from_text(options.code.as_str());
    let preview = Guard::pending(Arc::clone(&store), &ticket).await?;
    say(&format!("This call waits for your confirmation:\n{preview:#}"));
    if !terminal::ask_yes_no("Do it?").await? {
        Guard::decline(store, &ticket).await?;
        say("Not approved. The code is no longer valid.");
        return Ok(ExitCode::from(8));
    }
    Guard::approve(store, &ticket).await?;
    say(
        "Approved. Repeat the call to carry it out: within five minutes of the first call, or 24 hours with --confirm page.",
    );
    Ok(ExitCode::SUCCESS)
}

/// The user of this terminal, for the journal.
pub(super) fn user_of_terminal() -> String {
    let named = ["USER", "USERNAME", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok());
    let name = named.map(|name| clean::line(&name, 60)).filter(|name| !name.is_empty());
    name.map_or_else(|| "the user of the terminal".to_owned(), |name| format!("{name} (terminal)"))
}
