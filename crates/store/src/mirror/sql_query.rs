//! A user's statement over the mirror, and its answer.

use super::{
    Mirror,
    reader::Readers,
    scans::TableState,
    schema::Table,
    statement::{self, End, LONGEST, Listener},
    union::ShownAccount,
    worker::Workers,
};
use highlevel_core::error::{Code, Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::mpsc::Sender;
use tokio_util::sync::CancellationToken;

/// Takes what a statement gives as it comes, instead of an answer that holds all of it.
pub type RowSender = Sender<StreamedRow>;

/// A part of a statement's answer, as it comes. An answer without [`StreamedRow::End`] is not whole.
#[derive(Debug, Clone, PartialEq)]
pub enum StreamedRow {
    /// The names of the columns, once, before the first row.
    Columns(Vec<String>),
    /// The next row.
    Row(Vec<Value>),
    /// There are no more rows.
    End,
}

/// A statement to run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SqlQuery {
    /// The statement.
    pub sql: String,
    /// Its parameters, in order.
    pub params: Vec<String>,
    /// The tables that it may not read.
    pub hidden: Vec<String>,
    /// The most rows.
    pub most_rows: usize,
    /// About the most bytes of JSON.
    pub most_bytes: usize,
    /// The accounts whose rows it sees, for a question over several; `None` for one mirror.
    pub accounts: Option<Vec<ShownAccount>>,
    /// Whether the rows leave as they come. The bound on time is then one on each row.
    pub streams: bool,
    /// Where they go then.
    #[serde(skip)]
    pub rows_to: Option<RowSender>,
    /// Cancels the statement.
    #[serde(skip)]
    pub cancel: CancellationToken,
}

/// The answer to a statement.
#[derive(Debug, Clone)]
pub struct MirrorAnswer {
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The rows; none where they were streamed.
    pub rows: Vec<Vec<Value>>,
    /// Whether there were more.
    pub more: bool,
    /// What is known of each table that was read, as of the same moment.
    pub states: Vec<(&'static Table, TableState)>,
    /// The currencies that the statement added up together, if there are several.
    pub currencies: Vec<String>,
    /// Number columns that were read, with how many texts they hold.
    pub texts: Vec<(String, u64)>,
}

impl MirrorAnswer {
    pub(super) fn new(states: Vec<(&'static Table, TableState)>, rows: Vec<Vec<Value>>, end: End) -> Self {
        let End { columns, more, currencies, texts } = end;
        Self { columns, rows, more, states, currencies, texts }
    }
}

/// The result of a query.
#[derive(Debug, Clone)]
pub enum QueryOutcome {
    /// Its answer.
    Answered(MirrorAnswer),
    /// It was not run: one of the tables that it reads does not satisfy `as_wanted`.
    NotYet(Vec<&'static Table>),
}

impl Mirror {
    /// Runs a statement if the tables that it reads are `as_wanted`, which is checked in the same transaction.
    ///
    /// # Errors
    /// `invalid_arguments` saying what is wrong and, where a name is, the nearest; `policy_denied` for a hidden table;
    /// `timeout` after [`TIME_LIMIT`](super::TIME_LIMIT); `too_large` for what takes too much memory.
    pub async fn query(
        &self,
        query: SqlQuery,
        as_wanted: impl Fn(&TableState) -> bool + Send + 'static,
    ) -> Result<QueryOutcome> {
        check_length(&query.sql)?;
        self.exist().await?;
        answer(query, as_wanted, self.workers.as_ref(), &self.readers).await
    }
}

/// Runs a statement in a worker process, or without one on a thread of this process.
pub(super) async fn answer(
    query: SqlQuery,
    as_wanted: impl Fn(&TableState) -> bool + Send + 'static,
    workers: Option<&Workers>,
    readers: &Readers,
) -> Result<QueryOutcome> {
    if let Some(workers) = workers {
        return workers.ask(&query, &as_wanted).await;
    }
    readers
        .run(move |reader| {
            let rows_to = query.rows_to.clone();
            let mut kept = Keeping { as_wanted, states: Vec::new(), rows: Vec::new(), rows_to };
            let end = statement::in_time(reader, &query, &mut kept)?;
            Ok(match end {
                Some(end) => {
                    kept.give(StreamedRow::End)?;
                    QueryOutcome::Answered(MirrorAnswer::new(kept.states, kept.rows, end))
                }
                None => QueryOutcome::NotYet(kept.states.into_iter().map(|(table, _)| table).collect()),
            })
        })
        .await
}

/// Refuses a statement that is too long, before anything is opened for it.
pub(super) fn check_length(sql: &str) -> Result<()> {
    let given = sql.len();
    if given <= LONGEST {
        return Ok(());
    }
    Err(Error::invalid("sql", format!("A statement may have {LONGEST} bytes, this one has {given}.")))
}

/// The error where nobody takes the rows any more.
pub(super) fn unwanted() -> Error {
    Error::new(Code::Cancelled, "Nobody takes the rows any more.")
}

/// Collects the rows of a statement in this process.
struct Keeping<F> {
    as_wanted: F,
    states: Vec<(&'static Table, TableState)>,
    rows: Vec<Vec<Value>>,
    rows_to: Option<RowSender>,
}

impl<F> Keeping<F> {
    /// Gives a part of the answer to who takes it as it comes.
    fn give(&self, part: StreamedRow) -> Result<()> {
        match &self.rows_to {
            Some(to) => to.blocking_send(part).map_err(|_| unwanted()),
            None => Ok(()),
        }
    }
}

impl<F: Fn(&TableState) -> bool> Listener for Keeping<F> {
    fn reads(&mut self, states: Vec<(&'static Table, TableState)>, columns: &[String]) -> Result<bool> {
        self.states = states;
        let runs = self.states.iter().all(|(_, state)| (self.as_wanted)(state));
        if runs {
            self.give(StreamedRow::Columns(columns.to_vec()))?;
        }
        Ok(runs)
    }

    fn row(&mut self, row: Vec<Value>) -> Result<()> {
        if self.rows_to.is_some() {
            return self.give(StreamedRow::Row(row));
        }
        self.rows.push(row);
        Ok(())
    }
}
