//! JSON objects as rows: the first ones give the columns.

use super::{Next, elements::Element};
use crate::{Cell, Column, Report, Row, RowError};
use serde_json::Value;
use std::collections::{HashMap, VecDeque};

/// How many rows, and how much of them, the columns are found by.
const MOST_ROWS: usize = 1000;
const MOST_BYTES: usize = 8 * 1024 * 1024;

/// Makes rows of objects.
pub(super) struct Objects {
    /// The column of each key.
    columns: HashMap<String, usize>,
    /// What was read to find the columns.
    ahead: VecDeque<Next>,
}

impl Objects {
    /// Finds the columns: the keys of the first objects, in the order in which they appear.
    pub(super) fn begin(mut next: impl FnMut() -> Option<Next>) -> (Self, Vec<Column>) {
        let mut columns = Vec::new();
        let mut objects = Self { columns: HashMap::new(), ahead: VecDeque::new() };
        let mut bytes = 0_usize;
        while objects.ahead.len() < MOST_ROWS && bytes < MOST_BYTES {
            let Some(element) = next() else { break };
            if let Ok(Element { value: Value::Object(object), raw, .. }) = &element {
                bytes = bytes.saturating_add(raw.len());
                for key in object.keys() {
                    if !objects.columns.contains_key(key) {
                        objects.columns.insert(key.clone(), columns.len());
                        columns.push(Column { name: key.clone(), original: key.clone() });
                    }
                }
            }
            objects.ahead.push_back(element);
        }
        (objects, columns)
    }

    /// What is wrong with the first element, if anything is.
    pub(super) fn first_error(&self) -> Option<String> {
        self.ahead.front().and_then(|next| next.as_ref().err()).map(ToString::to_string)
    }

    pub(super) fn next(
        &mut self,
        mut next: impl FnMut() -> Option<Next>,
        report: &mut Report,
    ) -> Option<Result<Row, RowError>> {
        loop {
            let element = match self.ahead.pop_front().or_else(&mut next)? {
                Ok(element) => element,
                Err(error) => return Some(Err(error)),
            };
            let row = self.row(element, report);
            if row.extra.is_empty() && row.values.iter().all(Cell::is_empty) {
                report.blank.add(row.line);
            } else {
                return Some(Ok(row));
            }
        }
    }

    fn row(&self, element: Element, report: &mut Report) -> Row {
        let line = element.line;
        let mut row = Row { line, values: vec![Cell::Empty; self.columns.len()], extra: Vec::new() };
        let Value::Object(object) = element.value else { return row };
        for (key, value) in object {
            let cell = Cell::of_json(value);
            match self.columns.get(&key).and_then(|at| row.values.get_mut(*at)) {
                Some(place) => *place = cell,
                None => {
                    report.late_key(&key, line);
                    row.extra.push((key, cell));
                }
            }
        }
        row
    }
}
