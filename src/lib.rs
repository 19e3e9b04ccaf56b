//! An MCP server that lets an assistant work a GoHighLevel account.
//!
//! An operation is described in one place ([`crm`]); tools, requests, command-line forms and docs derive from it.
//! The way of a call is straight down: [`mcp`] → [`guard`] → [`account`] → [`backend`] → [`client`], and back.

pub mod account;
pub mod answer;
pub mod app;
pub mod backend;
#[doc(hidden)]
pub mod benching;
pub mod chart;
pub mod clean;
pub mod cli;
pub mod client;
pub mod config;
pub mod context;
pub mod crm;
pub mod error;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
pub mod guard;
pub mod mcp;
pub mod sandbox;
pub mod store;
