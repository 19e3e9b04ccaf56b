//! Files of rows: CSV, TSV, XLSX, JSON and JSON Lines.
//!
//! [`open`] detects what a file is and returns a [`Reader`]: its columns, what was detected, and an iterator of rows in
//! bounded memory. A row that cannot be read is a [`RowError`] with its line, and reading goes on behind it.
//! [`Writer`] writes rows to a file or a stream.
//!
//! The crate knows nothing of HighLevel but the names of columns.

#![deny(missing_docs)]

mod cell;
pub mod convert;
mod error;
mod format;
mod header;
mod json;
pub mod mapping;
mod normal;
mod reader;
mod report;
mod row;
mod text;
mod write;
mod xlsx;

pub use cell::Cell;
pub use error::{Result, TabularError};
pub use format::Format;
pub use reader::{Column, Detection, HeaderRow, ReadOptions, Reader, open, read};
pub use report::{Lines, Report};
pub use row::{Row, RowError, RowProblem};
pub use write::{WriteOptions, Writer, Written};
