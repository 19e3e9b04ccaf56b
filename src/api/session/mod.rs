//! The session API: requests from invocations and answers from responses. Pure functions.

mod answer;
mod request;
#[cfg(test)]
mod tests;

pub use answer::{answer, failure};
pub(super) use answer::{fitted, is_void, nothing};
pub use request::{check_ids, request};
