//! The protocol: tools, prompts, resources and confirmations on the wire, over a transport with bounds.

mod batch;
mod completion;
mod confirm;
mod id_finder;
mod incoming;
mod line;
mod outbox;
mod progress;
mod prompts;
mod resources;
mod result;
mod server;
mod stdio;
mod tools;
mod transport;

pub use confirm::{Seal, answer_of};
pub use outbox::Outbox;
pub use prompts::{Argument, Kind, Need, PROMPTS, Prompt};
pub use resources::{Place, places};
pub use server::Server;
pub use stdio::stdio;
pub use tools::{Tool, ToolList, tool};
pub use transport::LineTransport;
