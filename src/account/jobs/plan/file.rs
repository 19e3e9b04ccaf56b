//! The rows of a file, with its columns as the arguments of the call.

use super::{columns::ColumnMapping, source::SourceRow, template::RowValues};
use crate::account::Account;
use highlevel_catalog::{OperationSpec, bulk::PlanBulk};
use highlevel_core::error::{Code, Error, Result};
use highlevel_tabular::{Cell, Detection, ReadOptions, Reader, Row, RowError, TabularError};
use serde_json::{Map, Value};
use std::collections::VecDeque;
use tokio::sync::mpsc::{self, Receiver};

/// The rows that are read ahead.
const READ_AHEAD: usize = 1000;

/// The first rows of a file, which show what its columns are.
const SAMPLES: usize = 500;

/// The rows of a file. A thread of its own reads them.
pub(super) struct FileRows {
    name: String,
    detection: Detection,
    mapping: ColumnMapping,
    /// The first rows, which were read before the others.
    first: VecDeque<std::result::Result<Row, RowError>>,
    rows: Receiver<std::result::Result<Row, RowError>>,
}

impl FileRows {
    /// Opens a file in an allowed folder.
    ///
    /// # Errors
    /// `policy_denied` without folders; `invalid_arguments` for a file that is not there or cannot be read, and for a mapping
    /// of columns that the file does not have.
    pub(super) async fn open(
        account: &Account,
        path: &str,
        asked: &PlanBulk,
        spec: &'static OperationSpec,
    ) -> Result<Self> {
        let path = account.folders.read.find("file", path)?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let opened = tokio::task::spawn_blocking(move || highlevel_tabular::open(&path, &ReadOptions::default())).await;
        let opened = opened.map_err(|_| Error::new(Code::Internal, "The file could not be read."))?;
        let reader = opened.map_err(|fault| unreadable(&fault))?;
        let detection = reader.detection().clone();
        let mut rows = read_ahead(reader);
        let mut first = VecDeque::new();
        while first.len() < SAMPLES {
            let Some(row) = rows.recv().await else { break };
            first.push_back(row);
        }
        let samples: Vec<Row> = first.iter().filter_map(|row| row.as_ref().ok().cloned()).collect();
        let mapping = ColumnMapping::of(&detection, &samples, spec, asked.columns.as_ref())?;
        Ok(Self { name, detection, mapping, first, rows })
    }

    pub(super) fn title(&self) -> String {
        format!("the file {}", self.name)
    }

    /// The names that a template may use.
    pub(super) fn names(&self) -> Vec<String> {
        self.detection.columns.iter().map(|column| column.name.clone()).collect()
    }

    pub(super) fn told(&self) -> Map<String, Value> {
        self.mapping.told(&self.detection)
    }

    /// The next row.
    pub(super) async fn next(&mut self) -> Result<Option<SourceRow>> {
        let row = match self.first.pop_front() {
            Some(row) => Some(row),
            None => self.rows.recv().await,
        };
        let Some(row) = row else { return Ok(None) };
        Ok(Some(match row {
            Ok(row) => self.row(row),
            Err(fault) => {
                let source = fault.raw.clone().map(Value::from);
                SourceRow { line: Some(fault.line), values: Err(Error::invalid("file", fault.message)), source }
            }
        }))
    }

    fn row(&self, row: Row) -> SourceRow {
        let line = Some(row.line);
        let arguments = self.mapping.arguments(&row);
        let names = self.detection.columns.iter().map(|column| column.name.clone());
        let extra = row.extra.into_iter().map(|(name, cell)| (name, cell.into_json()));
        let columns: Map<String, Value> = names.zip(row.values.into_iter().map(Cell::into_json)).chain(extra).collect();
        let source = Some(Value::Object(columns.clone()));
        SourceRow { line, values: arguments.map(|arguments| RowValues { columns, arguments }), source }
    }
}

/// Reads the rows on a thread that may block, some ahead of those that are taken.
fn read_ahead(reader: Reader) -> Receiver<std::result::Result<Row, RowError>> {
    let (rows, taken) = mpsc::channel(READ_AHEAD);
    tokio::task::spawn_blocking(move || {
        for row in reader {
            // Nobody takes the rest.
            if rows.blocking_send(row).is_err() {
                return;
            }
        }
    });
    taken
}

fn unreadable(fault: &TabularError) -> Error {
    Error::invalid("file", format!("`file` cannot be read: {fault}"))
}
