//! `approve`: a person agrees in their own terminal to what a tool asked for (`--confirm human`).

use super::{say, terminal};
use crate::{
    guard::{Guard, Ticket},
    settings::Settings,
};
use clap::Args;
use highlevel_store::Store;
use std::{process::ExitCode, sync::Arc};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// The code that the tool's answer gave
    code: String,
}

pub(super) async fn run(settings: &Settings, options: &Options) -> anyhow::Result<ExitCode> {
    let store = Arc::new(Store::open(settings.state_dir()?));
    let ticket = Ticket::from_text(options.code.as_str());
    let preview = Guard::pending(Arc::clone(&store), &ticket).await?;
    say(&format!("This is waiting for your yes:\n{preview:#}"));
    if !terminal::yes("Do it?").await? {
        Guard::decline(store, &ticket).await?;
        say("Not approved. The code is worth nothing now.");
        return Ok(ExitCode::from(8));
    }
    Guard::approve(store, &ticket).await?;
    say("Approved. The tool acts when the call is repeated, within five minutes of its asking.");
    Ok(ExitCode::SUCCESS)
}
