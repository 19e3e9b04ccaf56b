//! The tests of the whole: real server processes over stdio, real HTTP to the sandbox, real state directories. One
//! binary, so that the crate is linked once.

#![allow(unreachable_pub, reason = "the modules of one test binary")]

mod basics;
mod catalogue;
mod hostile;
mod outage;
mod support;
