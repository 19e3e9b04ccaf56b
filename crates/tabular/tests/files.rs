//! The awkward files of `tests/files`, each with what it has to be read as. `tests/files/make.py` writes them.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "helpers of tests fail like tests")]

#[path = "files/json.rs"]
mod json;
#[path = "files/refused.rs"]
mod refused;
#[path = "files/support.rs"]
mod support;
#[path = "files/text.rs"]
mod text;
#[path = "files/workbooks.rs"]
mod workbooks;
