//! JSON-RPC by lines, with bounds on memory in both directions and a drain at the end.
//!
//! The transport attaches two things to a request (rmcp's `Extensions`) that [`Server`](super::Server) honours if they are
//! there: the slots of `outbox` that bound how many answers are under way, and `MalformedArguments`. A transport without
//! them works as well.

mod arguments;
mod batch;
mod codec;
mod id_finder;
mod incoming;
mod lines;
mod outbox;
mod reader;
mod repair;
mod stdio;
mod writer;

pub(super) use arguments::MalformedArguments;
pub(super) use outbox::acquire_slot;

pub use lines::LineTransport;
pub use stdio::stdio;
