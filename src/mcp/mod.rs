//! The protocol: tools, prompts, resources and confirmations as MCP has them. [`Server`] is an rmcp handler and works on any
//! rmcp transport; [`transport`] has the bounded one for standard input and output.

mod calls;
mod changes;
mod completion;
mod confirm;
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
