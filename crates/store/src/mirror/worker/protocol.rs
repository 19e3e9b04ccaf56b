//! The messages between the server and a process that answers questions: one line of JSON each.

use crate::mirror::{scans::TableState, schema::Table, sql_query::SqlQuery, statement::End};
use highlevel_core::error::{Code, Error};
use serde::{Deserialize, Serialize};

/// A message of the server.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Order {
    /// Prepare this, and say what it reads. If it reads only these tables, run it without waiting for an order.
    Prepare(SqlQuery, Vec<String>),
    /// Run it.
    Run,
    /// Do not run it.
    Leave,
}

/// A message of the process. A row is a bare array.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Reply {
    /// The statement is right and reads these tables.
    Reads {
        /// Each with how it stands.
        states: Vec<(String, TableState)>,
        /// The names of its columns.
        columns: Vec<String>,
        /// Whether it runs already.
        at_once: bool,
    },
    /// The rows are all there.
    Done(End),
    /// It did not work.
    Failed(Failure),
}

/// An error as it goes from process to process.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Failure {
    code: Code,
    message: String,
    field: Option<String>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { code: error.code, message: error.message, field: error.field }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        let mut error = Self::new(failure.code, failure.message);
        error.field = failure.field;
        error
    }
}

/// The tables of these names.
pub(super) fn tables(states: Vec<(String, TableState)>) -> Vec<(&'static Table, TableState)> {
    states.into_iter().filter_map(|(name, state)| Some((Table::named(&name)?, state))).collect()
}
