//! What the benches drive that is nobody else's: a call's parts, each by itself.

pub use crate::{
    backend::benching::{answer, request},
    client::benching::Budget,
};
