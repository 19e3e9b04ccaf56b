//! The files of a job: the plan that a person agrees to, the results, and the rows to mend and run again.

use super::{super::Account, plan::CHANGED_BEFORE, undo};
use highlevel_core::{
    error::{Code, Error, Result},
    folders::NewFile,
};
use highlevel_store::{Job, JobRow, JobState, RowState};
use highlevel_tabular::{Format, TabularError, WriteOptions, Writer};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::{
    fmt::Write as _,
    io,
    path::{Path, PathBuf},
};
use tokio::sync::mpsc::{self, Receiver};

/// The cells of some rows.
type Page = Vec<Vec<Value>>;

/// The file of the plan.
const PLAN: &str = "plan.csv";

/// The file with what became of each row.
const RESULTS: &str = "results.csv";

/// The file of the rows that were not done, as their source has them.
const REJECTED: &str = "rejected.csv";

/// The rows that are read at once.
const PAGE: u32 = 1000;

/// The rows that a person may mend and run again. What may have been done is not among them.
const MENDABLE: &[RowState] = &[RowState::Invalid, RowState::Failed, RowState::Changed];

impl Account {
    /// Writes the file of a plan. Returns its path and its hash.
    pub(super) async fn write_plan(&self, job: &str) -> Result<(PathBuf, String)> {
        let path = self.queue.store.files(job).join(PLAN);
        self.write_rows(job, &path, &[], names(PLAN_COLUMNS), plan_cells).await?;
        Ok((path, self.plan_hash(job).await?))
    }

    /// The SHA-256 of a plan: that of its rows as its file has them.
    pub(super) async fn plan_hash(&self, job: &str) -> Result<String> {
        let digest = self.pages(job, &[], plan_cells, |pages| {
            let mut digest = Digesting(Sha256::new());
            let options = WriteOptions::default();
            write_pages(Writer::new(&mut digest, Format::Csv, &names(PLAN_COLUMNS), &options)?, pages)?;
            Ok(digest.0.finalize())
        });
        Ok(digest.await?.iter().fold(String::new(), |mut text, byte| {
            // Writing to a string does not fail.
            let _ = write!(text, "{byte:02x}");
            text
        }))
    }

    /// Writes what became of a job's rows, and the rows to mend.
    pub(super) async fn write_results(&self, job: &Job) -> Result<()> {
        let files = self.queue.store.files(&job.id);
        self.write_rows(&job.id, &files.join(RESULTS), &[], names(RESULT_COLUMNS), result_cells).await?;
        let columns = self.source_columns(&job.id).await?;
        if columns.is_empty() {
            return Ok(());
        }
        let all = columns.iter().cloned().chain(["error".to_owned()]).collect();
        self.write_rows(&job.id, &files.join(REJECTED), MENDABLE, all, |row| rejected_cells(row, &columns)).await
    }

    /// The columns of the rows to mend, in the order of their source. Empty without such rows.
    async fn source_columns(&self, job: &str) -> Result<Vec<String>> {
        let first = self.queue.store.rows(job, MENDABLE, 0, 1).await?;
        let columns = first.first().map(|row| match &row.source {
            Some(Value::Object(members)) => members.keys().cloned().collect(),
            _ => row.arguments.keys().cloned().collect(),
        });
        Ok(columns.unwrap_or_default())
    }

    async fn write_rows(
        &self,
        job: &str,
        path: &Path,
        states: &'static [RowState],
        columns: Vec<String>,
        cells: impl Fn(&JobRow) -> Vec<Value>,
    ) -> Result<()> {
        self.queue.store.create_files(job).await?;
        let path = path.to_owned();
        let mut file = NewFile::beside(&path)?;
        let write = move |pages| {
            write_pages(Writer::new(&mut file, Format::Csv, &columns, &WriteOptions::default())?, pages)?;
            Ok(file)
        };
        self.pages(job, states, cells, write).await?.finish_at(&path, true)
    }

    /// Gives the rows of a job to `write`, page by page, on a thread that may block.
    async fn pages<T: Send + 'static>(
        &self,
        job: &str,
        states: &'static [RowState],
        cells: impl Fn(&JobRow) -> Vec<Value>,
        write: impl FnOnce(Receiver<Page>) -> std::result::Result<T, TabularError> + Send + 'static,
    ) -> Result<T> {
        let (pages, taken) = mpsc::channel(1);
        let written = tokio::task::spawn_blocking(move || write(taken));
        let mut after = 0;
        loop {
            let rows = self.queue.store.rows(job, states, after, PAGE).await?;
            let Some(last) = rows.last() else { break };
            after = last.number;
            // Nobody takes the rest: the file cannot be written.
            if pages.send(rows.iter().map(&cells).collect()).await.is_err() {
                break;
            }
        }
        drop(pages);
        let written =
            written.await.map_err(|_| Error::new(Code::Internal, "A file of the job could not be written."))?;
        written.map_err(unwritten)
    }

    /// The files of a job that are there, by what they are.
    pub(super) fn job_files(&self, job: &Job) -> Map<String, Value> {
        let files = self.queue.store.files(&job.id);
        let all = match job.state {
            JobState::Done => [("results", RESULTS), ("rejected", REJECTED)].as_slice(),
            JobState::Draft => [].as_slice(),
            _ => [("file", PLAN)].as_slice(),
        };
        let is_there = |(name, file): &(&str, &str)| {
            let path = files.join(file);
            path.exists().then(|| ((*name).to_owned(), path.display().to_string().into()))
        };
        all.iter().filter_map(is_there).collect()
    }
}

/// What a plan's file has of each row.
const PLAN_COLUMNS: &[&str] = &["row", "line", "state", "operation", "id", "from", "to", "why"];

fn plan_cells(row: &JobRow) -> Vec<Value> {
    vec![
        row.number.into(),
        row.line.into(),
        if is_left_out(row) { row.state.as_str() } else { "waiting" }.into(),
        row.tool.as_str().into(),
        row.arguments.get("id").cloned().unwrap_or_default(),
        row.before.clone().map_or(Value::Null, Value::from),
        row.arguments.clone().into(),
        if is_left_out(row) { row.message.clone() } else { undo::left_in_words(row) }.into(),
    ]
}

/// Whether the plan leaves a row out. What becomes of a row later does not change the plan.
fn is_left_out(row: &JobRow) -> bool {
    match row.state {
        RowState::Invalid | RowState::Skipped => true,
        RowState::Changed => row.code.as_deref() == Some(CHANGED_BEFORE),
        _ => false,
    }
}

/// What the file of results has of each row.
const RESULT_COLUMNS: &[&str] = &["row", "line", "state", "operation", "id", "code", "message", "differences"];

fn result_cells(row: &JobRow) -> Vec<Value> {
    vec![
        row.number.into(),
        row.line.into(),
        row.state.as_str().into(),
        row.tool.as_str().into(),
        row.object.clone().into(),
        row.code.clone().into(),
        row.message.clone().into(),
        row.differences.clone().unwrap_or_default(),
    ]
}

fn rejected_cells(row: &JobRow, columns: &[String]) -> Vec<Value> {
    let values = match &row.source {
        Some(Value::Object(members)) => members,
        _ => &row.arguments,
    };
    let cells = columns.iter().map(|name| values.get(name).cloned().unwrap_or_default());
    cells.chain([row.message.clone().into()]).collect()
}

fn write_pages(mut writer: Writer<'_>, mut pages: Receiver<Page>) -> std::result::Result<(), TabularError> {
    while let Some(rows) = pages.blocking_recv() {
        rows.iter().try_for_each(|row| writer.write(row))?;
    }
    writer.finish().map(drop)
}

fn names(columns: &[&str]) -> Vec<String> {
    columns.iter().map(ToString::to_string).collect()
}

fn unwritten(fault: TabularError) -> Error {
    Error::new(Code::Internal, format!("A file of the job cannot be written: {fault}")).caused_by(fault)
}

/// A digest of what is written to it.
struct Digesting(Sha256);

impl io::Write for Digesting {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
