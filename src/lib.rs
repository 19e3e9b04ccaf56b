//! An MCP server that lets an assistant work a GoHighLevel account.
//!
//! An operation is described in one place ([`highlevel_catalog`]); tools, requests, command-line forms and docs derive
//! from it. A call goes straight down and back: [`mcp`] → [`guard`] → [`service`] → [`api`] → [`highlevel_api_client`].

#![allow(missing_docs, reason = "an application; the crates under it document their public items")]

pub mod account;
pub mod answer;
pub mod api;
pub mod approvals;
pub mod cli;
pub mod guard;
pub mod http;
pub mod mcp;
pub mod runtime;
pub mod service;
pub mod settings;
