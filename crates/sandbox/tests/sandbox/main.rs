//! The sandbox over real HTTP, as a client sees it.

// Clippy allows these in tests, but not in their helper functions.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod faults;
mod management;
mod manners;
mod official;
mod quota;
mod requests;
mod resources;
mod support;
