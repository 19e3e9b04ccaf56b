//! The account's quota: a call takes a [`QuotaTicket`], waits for its [`Permit`], and reports the answer. Calls go in
//! the order in which they came.
//!
//! A permit comes back one window after the *answer* to the request that took it. The server counts a request
//! somewhere between its sending and its answer, so any window the server looks at, fixed or sliding, holds no more
//! than the limit.
//!
//! - `limiter`: the queue of the calls that wait.
//! - `job_pace`: when requests of jobs may enter it.
//! - `local`: the arithmetic of this process.
//! - `lease` and `shared`: the exchange with the other processes of the account, through the store.

mod first_request;
mod headers;
mod job_pace;
mod lease;
mod limiter;
mod local;
mod permit;
mod shared;
mod state;
#[cfg(test)]
mod tests;
mod waits;

pub use headers::AnswerHeaders;
pub use limiter::{Limiter, QuotaSettings};
pub use permit::Permit;
pub use shared::Sharing;
pub use state::QuotaTicket;
pub use waits::quota_waits;

use chrono::{DateTime, Utc};
use std::time::Duration;

/// The quota as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotaView {
    /// Requests in one window.
    pub limit: u32,
    /// The window's length.
    pub window: Duration,
    /// Requests that could go out now.
    pub remaining: u32,
    /// Nothing goes out before this time, if a 429 or a used-up day said so.
    pub held_until: Option<DateTime<Utc>>,
}
