//! `approve`: a person confirms a pending call in their own terminal (`--confirm human` and `--confirm page`).

use super::{
    say,
    start::{Started, start},
    terminal,
};
use crate::{
    guard::{ApprovalTicket, Guard, Preview},
    runtime::AskedAccounts,
    settings::Settings,
};
use clap::Args;
use highlevel_core::clean;
use highlevel_store::{Approval, NewApproval, Store};
use std::{process::ExitCode, sync::Arc};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// The code from the tool's answer
    code: String,
}

pub(super) async fn run(settings: Settings, options: &Options) -> anyhow::Result<ExitCode> {
    let store = Arc::new(Store::open(settings.state_dir()?));
    let ticket = ApprovalTicket::from_text(options.code.as_str());
    let pending = Guard::pending(Arc::clone(&store), &ticket).await?;
    say("This call waits for your confirmation:");
    let agreed = decide(settings, &store, &ticket, pending).await?;
    if !agreed {
        Guard::decline(store, &ticket).await?;
        say("Not approved. The code is no longer valid.");
        return Ok(ExitCode::from(8));
    }
    say(
        "Approved. Repeat the call to carry it out: within five minutes of the first call, or 24 hours with --confirm page.",
    );
    Ok(ExitCode::SUCCESS)
}

/// Asks until the person agrees to the object as it is, which is recorded, or does not agree.
async fn decide(
    settings: Settings,
    store: &Arc<Store>,
    ticket: &ApprovalTicket,
    mut pending: Approval,
) -> anyhow::Result<bool> {
    let mut settings = Some(settings);
    let mut started = None;
    loop {
        say(&format!("{:#}", pending.asked.preview));
        if !terminal::ask_yes_no("Do it?").await? {
            return Ok(false);
        }
        // Not before a yes: it takes a credential and a request.
        if let Some(settings) = settings.take() {
            started = start_for_account(settings).await;
        }
        let now = object_now(started.as_ref(), &pending.asked).await?;
        match Guard::agree_in_terminal(Arc::clone(store), ticket, &pending.asked, now.as_ref()).await? {
            None => return Ok(true),
            Some(changed) => pending = changed,
        }
        say("Not approved: it changed since this preview. This is how it is now:");
    }
}

/// The process's accounts. `None` where this terminal has none.
async fn start_for_account(settings: Settings) -> Option<Started> {
    // Each process has an embedded account of its own.
    if settings.sandbox {
        return None;
    }
    let started = start(settings).await;
    started.inspect_err(|error| say(&format!("This terminal's settings serve no account: {error:#}"))).ok()
}

/// What the call's preview would show now. `None` where the terminal cannot read it, and where there is no object.
///
/// # Errors
/// Those of reading the object in an account of this terminal.
async fn object_now(started: Option<&Started>, asked: &NewApproval) -> anyhow::Result<Option<Preview>> {
    let accounts = match started {
        Some(started) => Some(AskedAccounts::of(&started.runtime.live()).await),
        None => None,
    };
    let Some(account) = accounts.as_ref().and_then(|accounts| accounts.account(asked)) else {
        say(
            "The object was not compared: this terminal has no access to the account. It is compared when the call is repeated.",
        );
        return Ok(None);
    };
    account.preview_again(asked).await.map_err(|mut error| {
        error.message =
            format!("Not approved, because it could not be read again. The code stays valid. {}", error.message);
        error.into()
    })
}

/// The user of this terminal, for the journal.
pub(super) fn user_of_terminal() -> String {
    let named = ["USER", "USERNAME", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok());
    let name = named.map(|name| clean::line(&name, 60)).filter(|name| !name.is_empty());
    name.map_or_else(|| "the user of the terminal".to_owned(), |name| format!("{name} (terminal)"))
}
