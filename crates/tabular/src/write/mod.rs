//! Writing rows to a file or a stream.

mod delimited;
mod formula;
mod json_lines;
mod target;
mod xlsx;

pub(crate) use delimited::csv_line;
pub(crate) use formula::restored;

use crate::{Format, Result, TabularError};
use delimited::Delimited;
use json_lines::JsonLines;
use serde_json::Value;
use std::{io::Write, path::Path};
use target::Target;
use xlsx::Xlsx;

/// How to write a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriteOptions {
    /// Begin a CSV or TSV file with a byte order mark. Without it Excel takes UTF-8 for another encoding.
    pub byte_order_mark: bool,
    /// Replace a file that exists.
    pub overwrite: bool,
}

impl Default for WriteOptions {
    fn default() -> Self {
        Self { byte_order_mark: true, overwrite: false }
    }
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

/// Writes rows under a header.
///
/// A file appears under its name when [`Writer::finish`] returns; before, and after a failure, there is none.
pub struct Writer<'a> {
    form: Form<'a>,
    target: Option<Target>,
    written: Written,
}

enum Form<'a> {
    Delimited(Box<Delimited<'a>>),
    JsonLines(JsonLines<'a>),
    Xlsx(Box<Xlsx>),
}

impl Writer<'static> {
    /// Begins a file of a format: CSV, TSV, JSON Lines or XLSX.
    ///
    /// # Errors
    ///
    /// [`TabularError::Io`] if the system refuses or the file exists and may not be replaced; [`TabularError::Option`] for
    /// another format; [`TabularError::Limit`] for more columns than the format holds.
    pub fn create(path: &Path, format: Format, columns: &[String], options: &WriteOptions) -> Result<Self> {
        let target = Target::create(path, options.overwrite)?;
        let form = match format {
            Format::Csv | Format::Tsv => {
                let mut file = target.writer()?;
                if options.byte_order_mark {
                    file.write_all("\u{feff}".as_bytes()).map_err(|error| target.failed(error))?;
                }
                let delimiter = if format == Format::Tsv { b'\t' } else { b',' };
                Form::Delimited(Box::new(Delimited::new(Box::new(file), delimiter)))
            }
            Format::JsonLines => Form::JsonLines(JsonLines::new(Box::new(target.writer()?), columns)),
            Format::Xlsx => Form::Xlsx(Box::new(Xlsx::new(target.directory(), columns.len())?)),
            Format::Json => {
                let message = "A JSON array is not written. Use jsonl, which holds one object a line.";
                return Err(TabularError::Option(message.to_owned()));
            }
        };
        Writer { form, target: Some(target), written: Written::default() }.with_header(columns)
    }
}

impl<'a> Writer<'a> {
    /// Begins CSV on a stream, without a byte order mark.
    ///
    /// # Errors
    ///
    /// [`TabularError::Io`] if the stream refuses.
    pub fn csv(out: impl Write + 'a, columns: &[String]) -> Result<Self> {
        let form = Form::Delimited(Box::new(Delimited::new(Box::new(out), b',')));
        Self { form, target: None, written: Written::default() }.with_header(columns)
    }

    /// Begins JSON Lines on a stream.
    ///
    /// # Errors
    ///
    /// [`TabularError::Io`] if the stream refuses.
    pub fn json_lines(out: impl Write + 'a, columns: &[String]) -> Result<Self> {
        let form = Form::JsonLines(JsonLines::new(Box::new(out), columns));
        Self { form, target: None, written: Written::default() }.with_header(columns)
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

    /// Ends the file or the stream, and gives the file its name.
    ///
    /// # Errors
    ///
    /// [`TabularError::Io`] if the system refuses, or another file has taken the name.
    pub fn finish(self) -> Result<Written> {
        match self.form {
            Form::Delimited(form) => form.finish()?,
            Form::JsonLines(form) => form.finish()?,
            Form::Xlsx(form) => {
                if let Some(target) = &self.target {
                    form.finish(target)?;
                }
            }
        }
        if let Some(target) = self.target {
            target.publish()?;
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

fn stream_failed(source: std::io::Error) -> TabularError {
    TabularError::Io { doing: "write the rows".to_owned(), source }
}
