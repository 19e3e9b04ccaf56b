//! An MCP server that lets an assistant work a GoHighLevel account.
//!
//! An operation is described in one place (`crm`); tools, requests, command-line forms and docs derive from it.
//! The way of a call is straight down: `mcp` → `guard` → `account` → `backend` → `client`, and back.

pub mod client;
pub mod context;
pub mod error;
pub mod sandbox;
