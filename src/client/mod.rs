//! How one request gets there and back. Knows requests, no operation.

mod request;

pub use request::{Body, Expect, Fate, Repeat, Request, Response, SendError, Service};
