//! CSV and TSV as rows.

use super::{
    decode::Decoded,
    encoding::TextEncoding,
    records::{Record, Records},
    sniff,
};
use crate::{
    Cell, Column, Detection, Format, HeaderRow, ReadOptions, Report, Result, Row, RowError, RowProblem, TabularError,
    header,
    reader::{RowSource, Source},
    write,
};
use std::collections::VecDeque;

/// How much text the delimiter is found by.
const SNIFFED: usize = 256 * 1024;
/// How many records the header is looked for in.
const MOST_BEFORE_HEADER: usize = 30;

/// The rows of a CSV or TSV file.
pub(crate) struct Delimited {
    records: Records,
    /// Records that were read to find the header.
    ahead: Ahead,
    /// Lines of blank rows that were skipped to find the header.
    blank_ahead: Vec<u64>,
    width: usize,
}

/// Opens a CSV or TSV file and finds its delimiter and its header.
pub(crate) fn open(
    source: &Source,
    format: Format,
    encoding: TextEncoding,
    options: &ReadOptions,
) -> Result<(Detection, Delimited)> {
    let reading = |error| source.failed(error);
    let mut records = Records::new(Decoded::open(source, &encoding).map_err(reading)?);
    let (text, is_end) = records.peek(SNIFFED).map_err(reading)?;
    let declared = sniff::declared(text);
    let delimiter = match options.delimiter.or(declared) {
        Some(delimiter) => delimiter_byte(delimiter)?,
        None => sniff::delimiter(text, is_end, if format == Format::Tsv { b'\t' } else { b',' }),
    };
    if declared.is_some() {
        records.skip_line().map_err(reading)?;
    }
    records.set_delimiter(delimiter);
    let (mut ahead, mut blank_ahead) = read_ahead(&mut records, options.header);
    let (columns, header_line, mut notes) = take_header(source, &mut ahead, options.header)?;
    records.width = Some(columns.len());
    notes.extend(encoding.note);
    let detection = Detection {
        format: if delimiter == b'\t' { Format::Tsv } else { Format::Csv },
        encoding: Some(encoding.name),
        delimiter: Some(char::from(delimiter)),
        sheet: None,
        other_sheets: Vec::new(),
        header_line,
        columns,
        notes,
    };
    blank_ahead.retain(|line| header_line.is_none_or(|header| *line > header));
    let width = detection.columns.len();
    Ok((detection, Delimited { records, ahead, blank_ahead, width }))
}

fn delimiter_byte(delimiter: char) -> Result<u8> {
    let byte = u8::try_from(delimiter).ok().filter(u8::is_ascii);
    byte.filter(|byte| !matches!(byte, b'"' | b'\r' | b'\n' | 0)).ok_or_else(|| {
        let message = format!("The delimiter {delimiter:?} cannot be used. Give one ASCII character that is no quote.");
        TabularError::Option(message)
    })
}

type Ahead = VecDeque<std::result::Result<Record, RowError>>;

/// The first records: all up to the header's line, or enough to find it. Of blank ones only the lines are returned.
fn read_ahead(records: &mut Records, header: HeaderRow) -> (Ahead, Vec<u64>) {
    let mut ahead = Ahead::new();
    let mut blank = Vec::new();
    let is_enough = |ahead: &Ahead| match header {
        HeaderRow::Line(line) => ahead.back().is_some_and(|last| line_of(last) >= line),
        HeaderRow::Detect | HeaderRow::Absent => ahead.len() >= MOST_BEFORE_HEADER,
    };
    while !is_enough(&ahead) {
        match records.next() {
            None => break,
            Some(Ok(record)) if is_blank(&record.cells) => blank.push(record.line),
            Some(record) => ahead.push_back(record),
        }
        if let HeaderRow::Line(line) = header {
            ahead.retain(|record| line_of(record) >= line);
            blank.retain(|blank| *blank >= line);
        }
    }
    (ahead, blank)
}

fn line_of(record: &std::result::Result<Record, RowError>) -> u64 {
    match record {
        Ok(record) => record.line,
        Err(error) => error.line,
    }
}

/// Whether no cell has a value, a quote in front of blanks left aside.
fn is_blank(cells: &[String]) -> bool {
    let is_empty = |cell: &str| cell.trim().is_empty();
    cells.iter().all(|cell| is_empty(cell) || is_empty(&write::restored(cell.clone())))
}

/// Takes the header and what is above it off the records that were read ahead.
fn take_header(
    source: &Source,
    ahead: &mut Ahead,
    asked: HeaderRow,
) -> Result<(Vec<Column>, Option<u64>, Vec<String>)> {
    let refuse = |error: &RowError| {
        let what = "The header cannot be read";
        Err(TabularError::Unreadable(format!("{}: {what}. {error}", source.name())))
    };
    match ahead.front() {
        None => {
            let message = format!("{} is empty: it has no header and no rows.", source.name());
            return Err(TabularError::Unreadable(message));
        }
        Some(Err(error)) if asked != HeaderRow::Absent => return refuse(error),
        Some(_) => {}
    }
    let rows: Vec<Vec<Cell>> = ahead
        .iter()
        .map_while(|record| record.as_ref().ok())
        .map(|record| record.cells.iter().map(Cell::of_text).collect())
        .collect();
    let widest = rows.iter().map(Vec::len).max().unwrap_or(1);
    let at = match asked {
        HeaderRow::Absent => return Ok((header::numbered(widest), None, Vec::new())),
        HeaderRow::Line(_) => 0,
        HeaderRow::Detect => match header::find(&rows) {
            header::Found::At(at) => at,
            header::Found::Absent => {
                let note = "The file seems to have no header: its first row holds an e-mail address.";
                return Ok((header::numbered(widest), None, vec![note.to_owned()]));
            }
        },
    };
    let mut notes: Vec<String> =
        ahead.drain(..at).filter_map(|record| record.ok().map(|above| title_note(&above))).collect();
    let Some(Ok(header)) = ahead.pop_front() else { return Ok((header::numbered(widest), None, notes)) };
    let mut cells = header.cells;
    // Columns without a name at the end that no row uses come from a spreadsheet's empty cells.
    let used = rows.iter().skip(at).flat_map(|row| row.iter().rposition(|cell| !cell.is_empty())).max();
    cells.truncate(used.map_or(1, |last| last.saturating_add(1)));
    let columns = header::name(cells);
    notes.extend(header::notes(&columns));
    Ok((columns, Some(header.line), notes))
}

fn title_note(above: &Record) -> String {
    let text = above.cells.iter().find(|cell| !cell.trim().is_empty()).map_or("", |cell| cell.trim());
    header::title_note(above.line, text)
}

impl RowSource for Delimited {
    fn next_row(&mut self, report: &mut Report) -> Option<std::result::Result<Row, RowError>> {
        for line in self.blank_ahead.drain(..) {
            report.blank.add(line);
        }
        loop {
            match self.ahead.pop_front().or_else(|| self.records.next())? {
                Err(error) => return Some(Err(error)),
                Ok(record) if is_blank(&record.cells) => report.blank.add(record.line),
                Ok(record) => return Some(self.row(record, report)),
            }
        }
    }
}

impl Delimited {
    fn row(&self, record: Record, report: &mut Report) -> std::result::Result<Row, RowError> {
        let Record { line, mut cells } = record;
        if cells.len() > self.width {
            let beyond = cells.get(self.width..).unwrap_or_default();
            if !is_blank(beyond) {
                let message = format!(
                    "The row has {} cells and the header has {}. A cell that holds the delimiter needs quotes around it.",
                    cells.len(),
                    self.width
                );
                let raw = write::csv_line(&cells);
                return Err(RowError::new(line, RowProblem::TooManyCells, message).with_raw(&raw));
            }
            cells.truncate(self.width);
        }
        if cells.len() < self.width {
            report.short.add(line);
            cells.resize(self.width, String::new());
        }
        let values = cells.into_iter().map(|cell| Cell::of_text(write::restored(cell))).collect();
        Ok(Row { line, values, extra: Vec::new() })
    }
}
