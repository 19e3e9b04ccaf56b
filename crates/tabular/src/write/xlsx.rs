//! Rows as a workbook of Excel.
//!
//! Texts are written as texts, so that none runs as a formula. The rows go to a temporary file as they come.

use super::{Written, cell_text};
use crate::{Result, TabularError};
use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};
use serde_json::Value;
use std::{
    io::{self, BufWriter, Write},
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

/// The most that Excel takes.
const MOST_ROWS: u32 = 1_048_576;
const MOST_COLUMNS: u16 = 16_384;
const MOST_UNITS: usize = 32_767;
/// A whole number with more digits is written as text, because Excel would round it.
const MOST_WHOLE: u64 = 999_999_999_999_999;

const ROWS: &str = "Rows";
const LONG_TEXTS: &str = "Long texts";

/// Whether a text is longer than a cell of Excel.
pub(super) fn is_long(text: &str) -> bool {
    text.len() > MOST_UNITS && text.encode_utf16().count() > MOST_UNITS
}

/// A workbook with the rows on one sheet, and long texts in whole on another.
pub(super) struct Xlsx<'a> {
    out: Box<dyn Write + Send + 'a>,
    workbook: Workbook,
    next_row: u32,
    header: Vec<String>,
    next_long_row: u32,
}

impl<'a> Xlsx<'a> {
    pub(super) fn new(out: Box<dyn Write + Send + 'a>, scratch: Option<&Path>, columns: usize) -> Result<Self> {
        if columns > usize::from(MOST_COLUMNS) {
            let message = format!("A sheet of Excel holds {MOST_COLUMNS} columns, and these are {columns}. Write CSV.");
            return Err(TabularError::Limit(message));
        }
        let mut workbook = Workbook::new();
        if let Some(scratch) = scratch {
            workbook.set_tempdir(scratch).map_err(failed)?;
        }
        workbook.add_worksheet_with_constant_memory().and_then(|sheet| sheet.set_name(ROWS)).map_err(failed)?;
        Ok(Self { out, workbook, next_row: 0, header: Vec::new(), next_long_row: 0 })
    }

    pub(super) fn write_header(&mut self, header: &[Value], written: &mut Written) -> Result<()> {
        self.header = header.iter().map(|name| cell_text(name).into_owned()).collect();
        let bold = Format::new().set_bold();
        let sheet = self.workbook.worksheet_from_index(0).map_err(failed)?;
        sheet.set_row_format(0, &bold).map_err(failed)?;
        if !header.is_empty() {
            sheet.set_freeze_panes(1, 0).map_err(failed)?;
        }
        self.write(header, written)
    }

    pub(super) fn write(&mut self, row: &[Value], written: &mut Written) -> Result<()> {
        if self.next_row >= MOST_ROWS {
            let message = format!(
                "A sheet of Excel holds {MOST_ROWS} rows with the header, and there are more. Write CSV or JSON Lines, or \
                 several files."
            );
            return Err(TabularError::Limit(message));
        }
        let at = self.next_row;
        let mut long = Vec::new();
        let sheet = self.workbook.worksheet_from_index(0).map_err(failed)?;
        for (column, value) in (0_u16..).zip(row) {
            let text = cell_text(value);
            if is_long(&text) {
                written.long_texts = written.long_texts.saturating_add(1);
                long.push((column, text.into_owned()));
            } else {
                unpanicked(|| write_cell(sheet, (at, column), value, &text))?;
            }
        }
        for (column, text) in long {
            self.write_long(at, column, &text)?;
        }
        self.next_row = self.next_row.saturating_add(1);
        Ok(())
    }

    /// Writes the beginning of a long text into its cell, and the whole text in parts on the sheet of long texts.
    fn write_long(&mut self, row: u32, column: u16, text: &str) -> Result<()> {
        if self.next_long_row == 0 {
            let sheet = self.workbook.add_worksheet_with_constant_memory().and_then(|sheet| sheet.set_name(LONG_TEXTS));
            write_texts(sheet.map_err(failed)?, 0, &["Row", "Column", "Part", "Text"])?;
            self.next_long_row = 1;
        }
        let first = self.next_long_row;
        let number = row.saturating_add(1).to_string();
        let name = self.header.get(usize::from(column)).map_or("", String::as_str);
        let name = parts(name, 100).first().copied().unwrap_or_default();
        for (part, piece) in parts(text, MOST_UNITS).into_iter().enumerate() {
            if self.next_long_row >= MOST_ROWS {
                let message = "The long texts do not fit on one sheet of Excel. Write CSV or JSON Lines.";
                return Err(TabularError::Limit(message.to_owned()));
            }
            let sheet = self.workbook.worksheet_from_index(1).map_err(failed)?;
            let part = part.saturating_add(1).to_string();
            write_texts(sheet, self.next_long_row, &[&number, name, &part, piece])?;
            self.next_long_row = self.next_long_row.saturating_add(1);
        }
        let notice =
            format!(" … [the whole text is on the sheet \"{LONG_TEXTS}\" from row {}]", first.saturating_add(1));
        let room = MOST_UNITS.saturating_sub(notice.encode_utf16().count());
        let start = parts(text, room).first().copied().unwrap_or_default();
        let cell = format!("{start}{notice}");
        let sheet = self.workbook.worksheet_from_index(0).map_err(failed)?;
        unpanicked(|| sheet.write_string(row, column, cell).map(drop))
    }

    pub(super) fn finish(mut self) -> Result<()> {
        unpanicked(|| self.workbook.save_to_writer(BufWriter::new(&mut self.out)))?;
        self.out.flush().map_err(super::failed)
    }
}

fn write_cell(sheet: &mut Worksheet, at: (u32, u16), value: &Value, text: &str) -> std::result::Result<(), XlsxError> {
    let (row, column) = at;
    match value {
        Value::Null => Ok(()),
        Value::Bool(bool) => sheet.write_boolean(row, column, *bool).map(drop),
        Value::Number(number) => {
            let whole = number.as_u64().or_else(|| number.as_i64().map(i64::unsigned_abs));
            match number.as_f64().filter(|_| whole.is_none_or(|whole| whole <= MOST_WHOLE)) {
                Some(number) => sheet.write_number(row, column, number).map(drop),
                None => sheet.write_string(row, column, text).map(drop),
            }
        }
        Value::String(_) | Value::Array(_) | Value::Object(_) if text.is_empty() => Ok(()),
        Value::String(_) | Value::Array(_) | Value::Object(_) => sheet.write_string(row, column, text).map(drop),
    }
}

fn write_texts(sheet: &mut Worksheet, row: u32, texts: &[&str]) -> Result<()> {
    for (column, text) in (0_u16..).zip(texts) {
        unpanicked(|| sheet.write_string(row, column, *text).map(drop))?;
    }
    Ok(())
}

/// The text in parts of at most so many UTF-16 units, which is what Excel counts.
fn parts(text: &str, most: usize) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut units) = (0, 0_usize);
    for (at, letter) in text.char_indices() {
        if units.saturating_add(letter.len_utf16()) > most {
            parts.push(text.get(start..at).unwrap_or_default());
            (start, units) = (at, 0);
        }
        units = units.saturating_add(letter.len_utf16());
    }
    parts.push(text.get(start..).unwrap_or_default());
    parts
}

/// Runs what writes to the temporary file: the library panics if that fails, for example on a full disk.
fn unpanicked(write: impl FnOnce() -> std::result::Result<(), XlsxError>) -> Result<()> {
    match catch_unwind(AssertUnwindSafe(write)) {
        Ok(result) => result.map_err(failed),
        Err(_) => {
            let source = io::Error::other("the temporary file beside it could not be written; the disk may be full");
            Err(TabularError::Io { doing: "write the workbook".to_owned(), source })
        }
    }
}

fn failed(error: XlsxError) -> TabularError {
    let source = match error {
        XlsxError::IoError(error) => error,
        other => io::Error::other(other.to_string()),
    };
    TabularError::Io { doing: "write the workbook".to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_cut_between_characters() {
        assert_eq!(parts("abcde", 2), ["ab", "cd", "e"]);
        assert_eq!(parts("a😀b", 2), ["a", "😀", "b"]);
        assert_eq!(parts("", 2), [""]);
        assert!(is_long(&"😀".repeat(16_384)) && !is_long(&"ä".repeat(32_767)));
    }
}
