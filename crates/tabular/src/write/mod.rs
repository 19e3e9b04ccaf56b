//! Writing rows to a file or a stream.

mod delimited;
mod formula;
mod json_lines;
mod xlsx;

pub(crate) use delimited::csv_line;
pub(crate) use formula::restored;

use crate::{Format, Result, TabularError};
use delimited::Delimited;
use json_lines::JsonLines;
use serde_json::Value;
use std::{io::Write, path::PathBuf};
use xlsx::Xlsx;

/// How to write a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WriteOptions {
    /// Begin CSV and TSV with a byte order mark. Without it Excel takes UTF-8 for another encoding.
    pub byte_order_mark: bool,
    /// Where the rows of a workbook are kept until it is written; without it, the system's temporary directory, which may be
    /// in memory.
    pub scratch: Option<PathBuf>,
}

/// What was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    /// How many rows there are, without the header.
    pub rows: u64,
    /// How many columns there are.
    pub columns: usize,
    /// How many cells of CSV or TSV got an apostrophe in front, because a spreadsheet would run them as formulas.
    pub neutralised: u64,
    /// How many texts are longer than a cell of Excel. In a workbook the sheet `Long texts` holds them whole.
    pub long_texts: u64,
}

/// Writes rows under a header to a stream: a file that has no name yet, standard output, a buffer.
pub struct Writer<'a> {
    form: Form<'a>,
    written: Written,
}

enum Form<'a> {
    Delimited(Box<Delimited<'a>>),
    JsonLines(JsonLines<'a>),
    Xlsx(Box<Xlsx<'a>>),
}

impl<'a> Writer<'a> {
    /// Begins a file of a format: CSV, TSV, JSON Lines or XLSX.
    ///
    /// # Errors
    ///
    /// [`TabularError::Io`] if the system refuses; [`TabularError::Option`] for another format; [`TabularError::Limit`] for
    /// more columns than the format holds.
    pub fn new(
        out: impl Write + Send + 'a,
        format: Format,
        columns: &[String],
        options: &WriteOptions,
    ) -> Result<Self> {
        let mut out: Box<dyn Write + Send + 'a> = Box::new(out);
        let form = match format {
            Format::Csv | Format::Tsv => {
                if options.byte_order_mark {
                    out.write_all("\u{feff}".as_bytes()).map_err(failed)?;
                }
                Form::Delimited(Box::new(Delimited::new(out, if format == Format::Tsv { b'\t' } else { b',' })))
            }
            Format::JsonLines => Form::JsonLines(JsonLines::new(out, columns)),
            Format::Xlsx => Form::Xlsx(Box::new(Xlsx::new(out, options.scratch.as_deref(), columns.len())?)),
            Format::Json => {
                let message = "A JSON array is not written. Use jsonl, which holds one object a line.";
                return Err(TabularError::Option(message.to_owned()));
            }
        };
        Self { form, written: Written::default() }.with_header(columns)
    }

    fn with_header(mut self, columns: &[String]) -> Result<Self> {
        self.written.columns = columns.len();
        let header: Vec<Value> = columns.iter().map(|name| Value::String(name.clone())).collect();
        match &mut self.form {
            Form::Delimited(form) => form.write(&header, &mut self.written)?,
            Form::JsonLines(_) => {}
            Form::Xlsx(form) => form.write_header(&header, &mut self.written)?,
        }
        Ok(self)
    }

    /// Writes one row, a value for each column. Cells at the end may be missing.
    ///
    /// # Errors
    ///
    /// [`TabularError::Limit`] if the row has more values than columns or the sheet is full; [`TabularError::Io`] if the
    /// system refuses.
    pub fn write(&mut self, row: &[Value]) -> Result<()> {
        if row.len() > self.written.columns {
            let message = format!("A row has {} values for {} columns.", row.len(), self.written.columns);
            return Err(TabularError::Limit(message));
        }
        match &mut self.form {
            Form::Delimited(form) => form.write(row, &mut self.written)?,
            Form::JsonLines(form) => form.write(row)?,
            Form::Xlsx(form) => form.write(row, &mut self.written)?,
        }
        self.written.rows = self.written.rows.saturating_add(1);
        Ok(())
    }

    /// Writes what is still to be written, a workbook in whole, and flushes the stream.
    ///
    /// # Errors
    ///
    /// [`TabularError::Io`] if the system refuses.
    pub fn finish(self) -> Result<Written> {
        match self.form {
            Form::Delimited(form) => form.finish()?,
            Form::JsonLines(form) => form.finish()?,
            Form::Xlsx(form) => form.finish()?,
        }
        Ok(self.written)
    }
}

impl std::fmt::Debug for Writer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").field("written", &self.written).finish_non_exhaustive()
    }
}

/// A value as the text of a cell: empty for null, compact JSON for a list or an object.
fn cell_text(value: &Value) -> std::borrow::Cow<'_, str> {
    match value {
        Value::Null => "".into(),
        Value::String(text) => text.into(),
        other => other.to_string().into(),
    }
}

fn failed(source: std::io::Error) -> TabularError {
    TabularError::Io { doing: "write the rows".to_owned(), source }
}
