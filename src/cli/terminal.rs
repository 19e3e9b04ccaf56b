//! Questions on the terminal.

use super::say;
use crate::guard::{ANSWER_TIMEOUT, Ask, PersonAnswer, Preview};
use futures::future::BoxFuture;
use highlevel_core::context::CallContext;
use highlevel_core::error::{Code, Error, Result};
use std::io::{BufRead, IsTerminal};

/// Whether stdin and stderr are a terminal, so that a person can be asked.
pub(super) fn is_interactive() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks a yes-or-no question. Only "yes" or "y" is a yes.
///
/// # Errors
/// `confirmation_required` without a terminal.
pub(super) async fn ask_yes_no(question: &str) -> Result<bool> {
    if !is_interactive() {
        return Err(Error::new(
            Code::ConfirmationRequired,
            "A person has to answer this in a terminal, and stdin or stderr is not one. Run the command in a terminal.",
        ));
    }
    say(&format!("{question} [y/N]"));
    let line = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map(|_| line)
    });
    let line = line.await.ok().and_then(std::result::Result::ok).unwrap_or_default();
    Ok(matches!(line.trim().to_lowercase().as_str(), "y" | "yes"))
}

/// Asks for confirmations on the terminal.
pub(super) struct TerminalPrompt;

impl Ask for TerminalPrompt {
    fn ask<'a>(&'a self, preview: &'a Preview, _: &'a CallContext) -> BoxFuture<'a, Result<PersonAnswer>> {
        Box::pin(async move {
            say(&preview.question());
            match tokio::time::timeout(ANSWER_TIMEOUT, ask_yes_no("Do it?")).await {
                Ok(agreed) => Ok(if agreed? { PersonAnswer::Accepted } else { PersonAnswer::Declined }),
                Err(_) => Ok(PersonAnswer::TimedOut),
            }
        })
    }
}

/// The answer of a person who was shown what would be done, and agreed.
pub(super) struct Agreed;

impl Ask for Agreed {
    fn ask<'a>(&'a self, _: &'a Preview, _: &'a CallContext) -> BoxFuture<'a, Result<PersonAnswer>> {
        Box::pin(async { Ok(PersonAnswer::Accepted) })
    }
}
