//! `export_crm`: all rows of a question as a file. The rows pass through; memory holds a few of them at a time.

use crate::service::{QueryResult, Question, WaitPolicy};
use highlevel_catalog::{answer::add_note, export::ExportCrm, insights::QueryCrm};
use highlevel_core::{
    context::CallContext,
    error::{Code, Error, Result},
    folders::{NewFile, WriteFolder},
};
use highlevel_store::StreamedRow;
use highlevel_tabular::{Format, TabularError, WriteOptions, Writer, Written};
use serde_json::{Map, Value};
use std::{
    convert::Infallible,
    path::{Path, PathBuf},
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::mpsc::{self, Receiver};

/// The rows that wait for the file.
const WAITING: usize = 1000;

/// How often the progress is reported.
const REPORT: Duration = Duration::from_millis(500);

/// The most columns that an answer names.
const NAMED: usize = 40;

/// Where an export goes.
#[derive(Debug, Clone)]
pub enum ExportTarget {
    /// A new file in the folder that the settings allow. Its name may get a number.
    InFolder {
        /// The folder.
        folder: WriteFolder,
        /// The name that was asked for.
        name: String,
    },
    /// The file that a person named.
    At {
        /// Its path.
        path: PathBuf,
        /// Whether a file of this name is replaced.
        replaces: bool,
    },
}

/// A question whose rows become a file.
#[derive(Debug, Clone)]
pub struct Export {
    /// What is asked.
    pub question: QueryCrm,
    /// How long the tables are waited for, where they have to be read first.
    pub wait: WaitPolicy,
    /// Where the rows go.
    pub target: ExportTarget,
}

/// What was exported.
#[derive(Debug, Clone)]
pub struct Exported {
    /// The file.
    pub path: PathBuf,
    /// Its columns.
    pub columns: Vec<String>,
    /// What was written.
    pub written: Written,
    /// `asOf`, `complete`, `missing` and `note`.
    pub status: Map<String, Value>,
}

impl Export {
    /// The export of a tool's call.
    pub(super) fn of_call(asked: ExportCrm, folder: &WriteFolder) -> Self {
        let question = QueryCrm { sql: asked.sql, ..QueryCrm::default() };
        let target = ExportTarget::InFolder { folder: folder.clone(), name: asked.file };
        Self { question, wait: WaitPolicy::Bounded, target }
    }

    /// Asks, and writes the rows. `ask` answers the question that it is given.
    ///
    /// # Errors
    /// `policy_denied` without a folder to write in; `invalid_arguments` for a name without a known ending; `conflict` for a
    /// file that exists; `too_large` for more rows or columns than the format holds; those of `ask`. There is no file then.
    pub(super) async fn run<F>(self, context: &CallContext, ask: impl FnOnce(Question) -> F) -> Result<Exported>
    where
        F: Future<Output = Result<QueryResult>>,
    {
        let Self { question, wait, target } = self;
        let format = target.format()?;
        let begun = tokio::task::spawn_blocking(move || target.begin().map(|file| (file, target))).await;
        let (file, target) = begun.map_err(|_| stopped())??;
        let (rows_to, rows) = mpsc::channel(WAITING);
        let count = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&count);
        let writing = tokio::task::spawn_blocking(move || write(file, &target, format, rows, &counted));
        let report = async {
            loop {
                tokio::time::sleep(REPORT).await;
                let rows = count.load(Ordering::Relaxed);
                if rows > 0 {
                    context.report(&format!("{rows} rows written"));
                }
            }
        };
        let question = Question { wait, ..Question::streamed(&question, rows_to) };
        let asked: Result<QueryResult> = tokio::select! {
            asked = ask(question) => asked,
            never = report => {
                let never: Infallible = never;
                match never {}
            }
        };
        match (asked, writing.await.map_err(|_| stopped())?) {
            (Ok(result), Ok(Some((path, columns, written)))) => {
                Ok(Exported { path, columns, written, status: result.status })
            }
            (Ok(_), Ok(None)) => Err(Error::new(Code::Internal, "The rows ended too soon. No file was written.")),
            // Where the file cannot be written, nobody takes the rows, which is only what follows.
            (_, Err(error)) | (Err(error), Ok(_)) => Err(error),
        }
    }
}

fn stopped() -> Error {
    Error::new(Code::Internal, "The file could not be written: its thread ended.")
}

impl ExportTarget {
    fn name(&self) -> &Path {
        match self {
            Self::InFolder { name, .. } => Path::new(name),
            Self::At { path, .. } => path,
        }
    }

    /// The format that the name's ending says.
    fn format(&self) -> Result<Format> {
        let ending = self.name().extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
        let format = ending.and_then(|ending| Format::from_str(&ending).ok()).filter(|format| *format != Format::Json);
        format.ok_or_else(|| {
            let message = format!(
                "`file` must end in .csv, .xlsx, .jsonl or .tsv, which says its format; not {}.",
                self.name().display()
            );
            Error::invalid("file", message)
        })
    }

    /// Begins the file, before anything is asked.
    fn begin(&self) -> Result<NewFile> {
        match self {
            Self::InFolder { folder, .. } => folder.create("An export is a file"),
            Self::At { path, replaces } => {
                if !replaces && path.symlink_metadata().is_ok() {
                    return Err(taken(path));
                }
                NewFile::beside(path)
            }
        }
    }

    /// Names the whole file.
    fn finish(&self, file: NewFile) -> Result<PathBuf> {
        match self {
            Self::InFolder { name, .. } => file.finish(name),
            Self::At { path, replaces } => {
                file.finish_at(path, *replaces).map_err(|error| match error.code {
                    Code::Conflict => taken(path),
                    _ => error,
                })?;
                Ok(path.clone())
            }
        }
    }
}

fn taken(path: &Path) -> Error {
    let message = format!("{} exists already. Choose another name, or replace it with --overwrite.", path.display());
    Error::new(Code::Conflict, message)
}

/// Writes the rows as they come. `None` if they ended before the last one.
fn write(
    mut file: NewFile,
    target: &ExportTarget,
    format: Format,
    mut rows: Receiver<StreamedRow>,
    count: &AtomicU64,
) -> Result<Option<(PathBuf, Vec<String>, Written)>> {
    let Some(StreamedRow::Columns(columns)) = rows.blocking_recv() else { return Ok(None) };
    let options = WriteOptions { byte_order_mark: true, scratch: Some(file.folder().to_owned()) };
    let written = Writer::new(&mut file, format, &columns, &options).and_then(|mut writer| {
        loop {
            match rows.blocking_recv() {
                Some(StreamedRow::Row(row)) => writer.write(&row)?,
                Some(StreamedRow::End) => return writer.finish().map(Some),
                Some(StreamedRow::Columns(_)) => {}
                None => return Ok(None),
            }
            count.fetch_add(1, Ordering::Relaxed);
        }
    });
    let Some(written) = written.map_err(unwritten)? else { return Ok(None) };
    let path = target.finish(file)?;
    Ok(Some((path, columns, written)))
}

fn unwritten(fault: TabularError) -> Error {
    match fault {
        TabularError::Limit(message) => Error::new(Code::TooLarge, message),
        TabularError::Option(message) => Error::invalid("file", message),
        fault => Error::new(Code::Internal, format!("The file could not be written: {fault}")).caused_by(fault),
    }
}

impl Exported {
    /// The answer of a tool.
    pub fn into_json(self) -> Map<String, Value> {
        let Self { path, mut columns, written, status } = self;
        let more = columns.len().saturating_sub(NAMED);
        columns.truncate(NAMED);
        let mut answer = Map::new();
        answer.insert("path".to_owned(), path.display().to_string().into());
        answer.insert("rows".to_owned(), written.rows.into());
        answer.insert("columns".to_owned(), columns.into());
        if more > 0 {
            answer.insert("moreColumns".to_owned(), more.into());
        }
        answer.extend(status);
        if written.neutralised > 0 {
            let count = written.neutralised;
            add_note(&mut answer, &format!("{count} cells begin like a formula: a ' in front makes them text."));
        }
        if written.long_texts > 0 {
            let count = written.long_texts;
            add_note(&mut answer, &format!("{count} texts are longer than a cell of Excel holds (32767 characters)."));
        }
        answer
    }
}
