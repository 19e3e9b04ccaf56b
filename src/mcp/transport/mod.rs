//! JSON-RPC by lines, with bounds on memory in both directions and a drain at the end.
//!
//! `http` is what of this holds over HTTP, too, where rmcp has the transport.
//!
//! A transport attaches two things to a request (rmcp's `Extensions`) that [`Server`](super::Server) honours if they are
//! there: the slots of `outbox` that bound how many answers are under way, and `MalformedArguments`. A transport without
//! them works as well.

mod arguments;
mod batch;
mod codec;
mod http;
mod id_finder;
mod incoming;
mod lines;
mod outbox;
mod reader;
mod repair;
mod stdio;
mod writer;

pub(super) use arguments::MalformedArguments;
pub(super) use http::attached;
pub(super) use outbox::acquire_slot;

pub use http::{AnswerSlot, HttpBody, HttpMessage, HttpRefusal, read_body};
pub use lines::LineTransport;
pub use stdio::stdio;
