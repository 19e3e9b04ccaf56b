//! The sandbox as a client sees it, over real HTTP.

// Clippy's leave for tests ends at helpers outside of them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod faults;
mod management;
mod manners;
mod official;
mod quota;
mod requests;
mod resources;
mod support;
