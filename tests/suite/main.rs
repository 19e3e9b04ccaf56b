//! End-to-end tests: server processes over stdio, HTTP to the sandbox, state directories on disk. One binary, so that the
//! crate is linked once.

#![allow(unreachable_pub, reason = "the modules of one test binary")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail like tests"
)]

mod accounts;
mod any_input;
mod approvals;
mod arguments;
mod basics;
mod billing;
mod bulk;
mod calendars;
mod catalogue;
mod command_line;
mod completion;
mod confirmations;
mod contract;
mod conversations;
mod docs;
mod export;
mod faults;
mod fire;
mod follow_ups;
mod hostile;
mod http;
mod journal;
mod mirror;
mod oauth;
mod official;
mod operations;
mod outage;
mod phones;
mod pin;
mod policy;
mod processes;
mod prompts;
mod protocol;
#[path = "../questions/mod.rs"]
mod questions;
mod resources;
mod rows;
mod sandbox_command;
mod support;
#[cfg(unix)]
mod terminal;
mod unconfirmed;
mod undo;
mod writes;
