//! The table on a sheet: its header, its columns, and its rows.

use super::sheet::{SheetRow, SheetRows};
use crate::{Cell, Column, Detection, Format, HeaderRow, Row, RowError, RowProblem, header};
use std::collections::VecDeque;

/// How many rows the header is looked for in.
const MOST_BEFORE_HEADER: usize = 30;

/// The table on a sheet.
pub(super) struct Table<'a> {
    rows: SheetRows<'a>,
    /// Rows that were read to find the header.
    ahead: VecDeque<SheetRow>,
    /// What ended the reading ahead.
    failed: Option<String>,
    /// The sheet's column of the first cell.
    left: u32,
    header_line: Option<u64>,
    columns: Vec<Column>,
    notes: Vec<String>,
    last_line: u64,
}

impl<'a> Table<'a> {
    /// Finds the header in the first rows.
    pub(super) fn begin(mut rows: SheetRows<'a>, asked: HeaderRow) -> Result<Self, String> {
        let mut ahead: VecDeque<SheetRow> = VecDeque::new();
        let mut failed = None;
        while ahead.len() < MOST_BEFORE_HEADER {
            match rows.next() {
                Ok(Some(row)) if matches!(asked, HeaderRow::Line(line) if line_of(row.0) < line) => {}
                Ok(Some(row)) => ahead.push_back(row),
                Ok(None) => break,
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
        }
        if ahead.is_empty() {
            return Err(failed.unwrap_or_else(|| format!("The sheet \"{}\" has no rows.", rows.name)));
        }
        let left = ahead.iter().flat_map(|(_, cells)| cells.first()).map(|(column, _)| *column).min().unwrap_or(0);
        let mut table =
            Self { rows, ahead, failed, left, header_line: None, columns: Vec::new(), notes: Vec::new(), last_line: 0 };
        table.take_header(asked);
        Ok(table)
    }

    fn take_header(&mut self, asked: HeaderRow) {
        let dense: Vec<Vec<Cell>> = self.ahead.iter().map(|(_, cells)| dense(cells, self.left)).collect();
        let widest = dense.iter().map(Vec::len).max().unwrap_or(1);
        let at = match asked {
            HeaderRow::Absent => None,
            HeaderRow::Line(_) => Some(0),
            HeaderRow::Detect => match header::find(&dense) {
                header::Found::At(at) => Some(at),
                header::Found::Absent => {
                    let note = "The sheet seems to have no header: its first row holds an e-mail address.";
                    self.notes.push(note.to_owned());
                    None
                }
            },
        };
        let Some((at, names)) = at.and_then(|at| dense.get(at).map(|names| (at, names))) else {
            self.columns = header::numbered(widest);
            return;
        };
        for (row, cells) in self.ahead.drain(..at) {
            let text = cells.first().map_or_else(String::new, |(_, cell)| cell.text().into_owned());
            self.notes.push(header::title_note(line_of(row), &text));
        }
        self.header_line = self.ahead.pop_front().map(|(row, _)| line_of(row));
        // What is right of the last name are remarks, or a second table.
        let names = names.iter().map(|cell| cell.text().into_owned());
        self.columns = header::name(names);
        self.notes.extend(header::notes(&self.columns));
    }

    pub(super) fn detection(&self) -> Detection {
        let mut notes = self.notes.clone();
        if self.rows.merged() > 0 {
            let count = self.rows.merged();
            notes.push(format!("{count} ranges of cells are merged. Each row of a range has the range's value."));
        }
        if !self.rows.others.is_empty() {
            let others: Vec<&str> = self.rows.others.iter().map(|name| &**name).collect();
            notes.push(format!("Other sheets have rows, too: {}.", header::quoted(&others)));
        }
        Detection {
            format: Format::Xlsx,
            encoding: None,
            delimiter: None,
            sheet: Some(self.rows.name.to_owned()),
            other_sheets: self.rows.others.to_vec(),
            header_line: self.header_line,
            columns: self.columns.clone(),
            notes,
        }
    }

    /// The next row. An error is the last one. Lines with values beyond the last column are added to `beyond`.
    pub(super) fn next(&mut self, beyond: &mut Vec<u64>) -> Option<Result<Row, RowError>> {
        loop {
            let next = match (self.ahead.pop_front(), self.failed.take()) {
                (Some(row), failed) => {
                    self.failed = failed;
                    Ok(Some(row))
                }
                (None, Some(failed)) => Err(failed),
                (None, None) => self.rows.next(),
            };
            match next {
                Ok(None) => return None,
                Ok(Some((row, cells))) => {
                    self.last_line = line_of(row);
                    if let Some(row) = self.row(cells, beyond) {
                        return Some(Ok(row));
                    }
                }
                Err(error) => {
                    let message = format!("The workbook is damaged: its rows cannot be read from here on ({error}).");
                    let line = self.last_line.saturating_add(1);
                    return Some(Err(RowError::new(line, RowProblem::Unreadable, message)));
                }
            }
        }
    }

    /// The row of the table, None if all of its cells are beside the table.
    fn row(&self, cells: Vec<(u32, Cell)>, beyond: &mut Vec<u64>) -> Option<Row> {
        let line = self.last_line;
        let mut values = vec![Cell::Empty; self.columns.len()];
        let mut is_beyond = false;
        for (column, cell) in cells {
            let at = column.checked_sub(self.left).and_then(|at| usize::try_from(at).ok());
            match at.and_then(|at| values.get_mut(at)) {
                Some(place) => *place = cell,
                None => is_beyond = true,
            }
        }
        if is_beyond {
            beyond.push(line);
        }
        values.iter().any(|value| !value.is_empty()).then_some(Row { line, values, extra: Vec::new() })
    }
}

fn line_of(row: u32) -> u64 {
    u64::from(row).saturating_add(1)
}

/// The cells with the empty ones between them, from the column `left`.
fn dense(cells: &[(u32, Cell)], left: u32) -> Vec<Cell> {
    /// Excel's most columns.
    const MOST: u32 = 16_384;
    let mut dense = Vec::new();
    for (column, cell) in cells {
        let at = usize::try_from(column.saturating_sub(left).min(MOST)).unwrap_or(0);
        if dense.len() < at {
            dense.resize(at, Cell::Empty);
        }
        dense.push(cell.clone());
    }
    dense
}
