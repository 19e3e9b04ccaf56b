//! Questions on the terminal.

use super::say;
use crate::guard::{Answer, Ask, PATIENCE, Preview};
use futures::future::BoxFuture;
use highlevel_core::context::CallContext;
use highlevel_core::error::{Code, Error, Result};
use std::io::{BufRead, IsTerminal};

/// Whether a person can be asked.
pub(super) fn is_there() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks a yes-or-no question. Only "yes" or "y" is a yes.
///
/// # Errors
/// `confirmation_required` when there is no terminal to ask on.
pub(super) async fn yes(question: &str) -> Result<bool> {
    if !is_there() {
        return Err(Error::new(Code::ConfirmationRequired, "This has to be answered by a person in a terminal."));
    }
    say(&format!("{question} [y/N]"));
    let line = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map(|_| line)
    });
    let line = line.await.ok().and_then(std::result::Result::ok).unwrap_or_default();
    Ok(matches!(line.trim().to_lowercase().as_str(), "y" | "yes"))
}

/// The person in front of the terminal.
pub(super) struct Terminal;

impl Ask for Terminal {
    fn ask<'a>(&'a self, preview: &'a Preview, _: &'a CallContext) -> BoxFuture<'a, Result<Answer>> {
        Box::pin(async move {
            say(&preview.question());
            match tokio::time::timeout(PATIENCE, yes("Do it?")).await {
                Ok(agreed) => Ok(if agreed? { Answer::Accepted } else { Answer::Declined }),
                Err(_) => Ok(Answer::Silent),
            }
        })
    }
}
