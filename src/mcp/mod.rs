//! The protocol: tools, prompts, resources and confirmations as MCP has them. [`Server`] is an rmcp handler and works on any
//! rmcp transport; [`transport`] has the bounded one for standard input and output.

mod completion;
mod confirm;
mod progress;
mod prompts;
mod resources;
mod result;
mod server;
mod tools;
pub mod transport;

pub use confirm::{Seal, answer_of};
pub use prompts::{Argument, Kind, Need, PROMPTS, Prompt};
pub use resources::{Place, places};
pub use server::Server;
pub use tools::{Tool, tool};
