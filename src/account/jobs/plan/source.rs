//! Where the rows of a plan come from: the call itself, a SELECT, or a file.

use super::{file::FileRows, template::RowValues};
use crate::account::Account;
use highlevel_catalog::{OperationSpec, bulk::PlanBulk};
use highlevel_core::{
    context::CallContext,
    error::{Code, Error, Result},
};
use serde_json::{Map, Value};

/// The most rows that one SELECT gives a plan. It is answered as a whole.
const MOST_SELECTED: usize = 200_000;

/// One row of a source.
#[derive(Debug)]
pub(super) struct SourceRow {
    /// Its line in a file, from 1.
    pub(super) line: Option<u64>,
    /// Its values by column or argument; why they cannot be read.
    pub(super) values: Result<RowValues>,
    /// The row as the source has it, where a person may want it back.
    pub(super) source: Option<Value>,
}

/// The rows of a plan.
pub(super) struct Source {
    rows: SourceRows,
    /// The names of the columns, where all rows have the same.
    columns: Option<Vec<String>>,
    /// The argument that a row's `id` is for, where rows are not arguments themselves.
    id_field: Option<String>,
}

enum SourceRows {
    Given(std::vec::IntoIter<Map<String, Value>>),
    Selected(Selected),
    File(Box<FileRows>),
}

/// The rows of a SELECT.
struct Selected {
    columns: Vec<String>,
    rows: std::vec::IntoIter<Vec<Value>>,
    /// Whether the columns are arguments: there is no template.
    are_arguments: bool,
}

impl Source {
    /// The rows that a caller named.
    ///
    /// # Errors
    /// `invalid_arguments` unless exactly one of `rows`, `sql` and `file` is given; those of the statement and of the file.
    pub(super) async fn open(
        account: &Account,
        asked: &PlanBulk,
        spec: &'static OperationSpec,
        context: &CallContext,
    ) -> Result<Self> {
        let id_field = spec.id_field.as_ref().map(ToString::to_string);
        match (&asked.rows, &asked.sql, &asked.file) {
            (Some(rows), None, None) => {
                let rows = SourceRows::Given(rows.clone().into_iter());
                Ok(Self { rows, columns: None, id_field })
            }
            (None, Some(sql), None) => {
                let selected = account.service.plan_rows(sql, MOST_SELECTED + 1, context).await?;
                if selected.rows.len() > MOST_SELECTED {
                    let message = format!("`sql`: the rows are more than {MOST_SELECTED}. Narrow the statement.");
                    return Err(Error { field: Some("sql".to_owned()), ..Error::new(Code::TooLarge, message) });
                }
                let columns = selected.columns;
                let rows = Selected {
                    columns: columns.clone(),
                    rows: selected.rows.into_iter(),
                    are_arguments: asked.template.is_none(),
                };
                Ok(Self { rows: SourceRows::Selected(rows), columns: Some(columns), id_field })
            }
            (None, None, Some(file)) => {
                let file = FileRows::open(account, file, asked, spec).await?;
                let columns = Some(file.names());
                Ok(Self { rows: SourceRows::File(Box::new(file)), columns, id_field })
            }
            _ => Err(Error::invalid("rows", "Give exactly one of `rows`, `sql` and `file`.")),
        }
    }

    /// The source in words.
    pub(super) fn title(&self) -> String {
        match &self.rows {
            SourceRows::Given(rows) => format!("{} given rows", rows.len()),
            SourceRows::Selected(selected) => format!("the {} rows of a SELECT", selected.rows.len()),
            SourceRows::File(file) => file.title(),
        }
    }

    /// What a person should know of the source: how its columns were understood.
    pub(super) fn told(&self) -> Map<String, Value> {
        match &self.rows {
            SourceRows::File(file) => file.told(),
            _ => Map::new(),
        }
    }

    pub(super) fn columns(&self) -> Option<&[String]> {
        self.columns.as_deref()
    }

    pub(super) fn id_field(&self) -> Option<&str> {
        self.id_field.as_deref()
    }

    /// The next row.
    ///
    /// # Errors
    /// What ends the source: a file that cannot be read any further.
    pub(super) async fn next(&mut self) -> Result<Option<SourceRow>> {
        match &mut self.rows {
            SourceRows::Given(rows) => {
                let row = rows.next();
                let values = |row: Map<String, Value>| RowValues { columns: row.clone(), arguments: row };
                Ok(row.map(|row| SourceRow { line: None, values: Ok(values(row)), source: None }))
            }
            SourceRows::Selected(selected) => Ok(selected.next()),
            SourceRows::File(file) => file.next().await,
        }
    }
}

impl Selected {
    fn next(&mut self) -> Option<SourceRow> {
        let columns: Map<String, Value> = self.columns.iter().cloned().zip(self.rows.next()?).collect();
        let arguments = if self.are_arguments { columns.clone() } else { Map::new() };
        Some(SourceRow { line: None, values: Ok(RowValues { columns, arguments }), source: None })
    }
}
