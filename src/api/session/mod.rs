//! The session API: requests from invocations, and answers from responses. Pure functions.

mod answer;
mod request;
#[cfg(test)]
mod tests;

pub use answer::{answer, failure};
pub(super) use answer::{coerced, has_no_object, no_object};
pub use request::{check_ids, request};
