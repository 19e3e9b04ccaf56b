//! What every layer shares: the one [`error`], the [`context`] of a call, and how text is cleaned and compared,
//! and the [`folders`] of a person's files.

#![deny(missing_docs)]

pub mod clean;
pub mod context;
pub mod error;
pub mod folders;
pub mod html;
pub mod phone;
pub mod suggest;

/// The member of an answer that holds what is there and cannot be read.
pub const UNREADABLE: &str = "unreadable";
