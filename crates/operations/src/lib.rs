//! Every operation of HighLevel's official API, as data.
//!
//! The facts come from HighLevel's OpenAPI files: `cargo xtask operations` writes them to `data/catalogue`, and the build
//! packs them. Effects, summaries and search words are our own: `data/operations.txt`, reviewed by hand. Facts are
//! unpacked when an operation is first described or run, one group at a time.

#![deny(missing_docs)]

mod describe;
mod example;
mod facts;
mod location;
mod marks;
mod operation;
mod reviewed;
mod search;
mod spec;

pub use describe::describe;
pub use example::example;
pub use location::{LOCATION_DEPTH, LocationProof};
pub use operation::{Operation, all, at_route, find};
pub use search::{Found, search};
