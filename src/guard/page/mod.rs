//! Confirmations on the approval page: a person agrees there, and the call that is repeated finds their answer.

mod answers;
mod ask;
mod requests;

use super::approval::random_text;
use highlevel_core::error::Result;
use highlevel_store::sha256_hex;
use std::{sync::OnceLock, time::Duration};
use tokio::sync::Notify;

/// How long a request waits on the approval page.
pub const PAGE_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);

/// How long a one-time link to the page is valid.
pub const LINK_LIFE: Duration = Duration::from_secs(10 * 60);

/// The approval page of this process: where it is served, and the signal that a new request waits there.
#[derive(Debug, Default)]
pub struct ApprovalPage {
    address: OnceLock<PageAddress>,
    asked: Notify,
}

#[derive(Debug)]
struct PageAddress {
    url: String,
    is_default: bool,
}

impl ApprovalPage {
    /// Says that the page is served at `url`, without a slash at its end. `is_default`: whether a person whose host has no
    /// forms is asked there, unless the settings name another way.
    pub fn serve_at(&self, url: String, is_default: bool) {
        // A process serves one page.
        drop(self.address.set(PageAddress { url, is_default }));
    }

    /// Where the page is served, if it is.
    pub fn url(&self) -> Option<&str> {
        self.address.get().map(|address| address.url.as_str())
    }

    /// Waits until a new request waits on the page.
    pub async fn asked(&self) {
        self.asked.notified().await;
    }

    pub(super) fn is_default(&self) -> bool {
        self.address.get().is_some_and(|address| address.is_default)
    }

    fn link(&self, request: &str) -> Option<String> {
        self.url().map(|url| format!("{url}/{request}"))
    }
}

/// A new secret for a link, a key or a cookie, and the hash that is stored of it.
///
/// # Errors
/// `internal` if the system has no random numbers.
pub fn new_secret() -> Result<(String, String)> {
    let secret = random_text()?;
    let hash = sha256_hex(secret.as_bytes());
    Ok((secret, hash))
}
