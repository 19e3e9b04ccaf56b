//! Where the rows of a plan come from: the call itself, a SELECT, or a file.

use super::{file::FileRows, template::Columns};
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
    /// Its line or row in the source, from 1.
    pub(super) line: Option<u64>,
    /// Its values by column or argument; why they cannot be read.
    pub(super) values: Result<Map<String, Value>>,
    /// The row as the source has it, where a person may want it back.
    pub(super) source: Option<Value>,
}

/// The rows of a plan.
pub(super) struct Source {
    rows: SourceRows,
    columns: Columns,
    /// The argument that a row's `id` is for, where rows are not arguments themselves.
    id_field: Option<String>,
}

enum SourceRows {
    Given(std::vec::IntoIter<Map<String, Value>>, u64),
    Selected(Vec<String>, std::vec::IntoIter<Vec<Value>>, u64),
    File(Box<FileRows>),
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
        let has_template = asked.template.is_some();
        match (&asked.rows, &asked.sql, &asked.file) {
            (Some(rows), None, None) => {
                let rows = SourceRows::Given(rows.clone().into_iter(), 0);
                Ok(Self { rows, columns: Columns { names: None, are_arguments: true }, id_field })
            }
            (None, Some(sql), None) => {
                let selected = account.service.plan_rows(sql, MOST_SELECTED, context).await?;
                if selected.rows.len() >= MOST_SELECTED {
                    let message = format!("`sql`: the rows are more than {MOST_SELECTED}. Narrow the statement.");
                    return Err(Error { field: Some("sql".to_owned()), ..Error::new(Code::TooLarge, message) });
                }
                let columns = Columns { names: Some(selected.columns.clone()), are_arguments: !has_template };
                let rows = SourceRows::Selected(selected.columns, selected.rows.into_iter(), 0);
                Ok(Self { rows, columns, id_field })
            }
            (None, None, Some(file)) => {
                let file = FileRows::open(account, file, asked, spec).await?;
                let columns = Columns { names: Some(file.names()), are_arguments: true };
                Ok(Self { rows: SourceRows::File(Box::new(file)), columns, id_field })
            }
            _ => Err(Error::invalid("rows", "Give exactly one of `rows`, `sql` and `file`.")),
        }
    }

    /// The source in words.
    pub(super) fn title(&self) -> String {
        match &self.rows {
            SourceRows::Given(rows, _) => format!("{} given rows", rows.len()),
            SourceRows::Selected(_, rows, _) => format!("the {} rows of a SELECT", rows.len()),
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

    pub(super) fn columns(&self) -> &Columns {
        &self.columns
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
            SourceRows::Given(rows, number) => {
                *number += 1;
                let row = rows.next();
                Ok(row.map(|values| SourceRow { line: Some(*number), values: Ok(values), source: None }))
            }
            SourceRows::Selected(columns, rows, number) => {
                *number += 1;
                let values = |row: Vec<Value>| columns.iter().cloned().zip(row).collect();
                Ok(rows.next().map(|row| SourceRow { line: Some(*number), values: Ok(values(row)), source: None }))
            }
            SourceRows::File(file) => file.next().await,
        }
    }
}
