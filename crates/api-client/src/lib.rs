//! How one request gets to HighLevel and back: quota, token, retries, bounds. Knows requests, and no operation.
//!
//! - A [`Runtime`] is what a process has once: HTTP connections, the store, the servers' clocks.
//! - A [`Login`] is a credential and its refresh, with the API that it is for.
//! - A [`Client`] is one account of a login: its location, its token, its quota and its circuit breaker.
//!
//! ```no_run
//! # use highlevel_api_client::*; use highlevel_store::Store; use std::{sync::Arc, time::Duration};
//! # fn example(store: Store, official: ApiConfig, source: TokenSource) -> highlevel_core::error::Result<()> {
//! let runtime = Runtime::new(Arc::new(store), Duration::from_secs(30));
//! let agency = Login::new(&runtime, official, source)?;
//! let north = agency.account(Some("north-location-id".to_owned()));
//! let south = agency.account(Some("south-location-id".to_owned()));
//! # Ok(()) }
//! ```
//!
//! [`Client::new`] makes all three for a process that serves one account.

#![deny(missing_docs)]

mod agency;
mod attempt;
mod auth;
mod breaker;
mod client;
mod clock;
mod config;
mod content;
mod download;
mod escapes;
mod fault_response;
mod follow;
mod http;
mod message;
mod multipart;
mod notice;
pub mod quota;
mod request;
mod retry;
mod runtime;
mod secrets;
mod send;
mod urls;

pub use agency::AgencyLocation;
pub use auth::{
    AppKeys, Consent, Holder, Login, LoginView, TokenLife, TokenSource, TokenStatus, login_gone, login_view,
};
pub use client::Client;
pub use clock::{Clock, Moment, ServerTime};
pub use config::{ApiConfig, ClientConfig, Scheme};
pub use message::api_message;
pub use quota::{QuotaView, quota_waits};
pub use request::{AnswerFile, Body, Expect, Fate, FilePart, Repeat, Request, Response, SaveFile, SendError, Service};
pub use runtime::Runtime;
pub use urls::{ServiceUrls, default_base_url};
