//! The protocol: tools, prompts, resources and confirmations as MCP has them. [`Server`] is an rmcp handler and works on any
//! rmcp transport; [`transport`] has the bounded one for standard input and output.

mod calls;
mod changes;
mod completion;
mod confirm;
#[cfg(feature = "conformance")]
mod fixtures;
mod info;
mod job_tasks;
mod lists;
mod logging;
mod observer;
mod progress;
mod prompts;
mod resources;
mod result;
mod server;
mod session;
mod several;
mod subscriptions;
mod task_result;
mod tasks;
mod tools;
pub mod transport;

pub use confirm::{StateKey, answer_of};
pub use logging::host_log;
pub use observer::CallObserver;
pub use prompts::{ArgumentKind, ArgumentPresence, PROMPTS, Prompt, PromptArgument};
pub use resources::{ObjectResource, object_resources};
pub use server::Server;
pub use tools::{Tool, tool, tools};

/// What answers a session's requests.
#[cfg(not(feature = "conformance"))]
pub type Handler = Server;

/// What answers a session's requests: the server, and the fixtures of the conformance suite.
#[cfg(feature = "conformance")]
pub type Handler = fixtures::Fixtures;

/// What answers the requests of this session.
#[cfg(not(feature = "conformance"))]
pub fn handler(server: Server) -> Handler {
    server
}

/// What answers the requests of this session.
#[cfg(feature = "conformance")]
pub fn handler(server: Server) -> Handler {
    Handler::new(server)
}
