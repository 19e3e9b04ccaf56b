//! Rows as CSV or TSV, safe to open in a spreadsheet.

use super::{Written, cell_text, failed, formula::is_formula, xlsx::is_long};
use crate::Result;
use serde_json::Value;
use std::io::Write;

/// Rows as CSV or TSV.
pub(super) struct Delimited<'a> {
    writer: csv::Writer<Box<dyn Write + Send + 'a>>,
}

impl<'a> Delimited<'a> {
    pub(super) fn new(out: Box<dyn Write + Send + 'a>, delimiter: u8) -> Self {
        Self { writer: csv::WriterBuilder::new().delimiter(delimiter).flexible(true).from_writer(out) }
    }

    pub(super) fn write(&mut self, row: &[Value], written: &mut Written) -> Result<()> {
        for value in row {
            let text = cell_text(value);
            written.long_texts = written.long_texts.saturating_add(u64::from(is_long(&text)));
            if is_formula(&text) {
                written.neutralised = written.neutralised.saturating_add(1);
                self.writer.write_field(format!("'{text}")).map_err(csv_failed)?;
            } else {
                self.writer.write_field(&*text).map_err(csv_failed)?;
            }
        }
        for _ in row.len()..written.columns {
            self.writer.write_field("").map_err(csv_failed)?;
        }
        self.writer.write_record(None::<&[u8]>).map_err(csv_failed)
    }

    pub(super) fn finish(mut self) -> Result<()> {
        self.writer.flush().map_err(failed)
    }
}

fn csv_failed(error: csv::Error) -> crate::TabularError {
    failed(match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => std::io::Error::other(format!("{other:?}")),
    })
}

/// The cells as one line of CSV.
pub(crate) fn csv_line(cells: &[String]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let bytes = writer.write_record(cells).ok().and_then(|()| writer.into_inner().ok()).unwrap_or_default();
    String::from_utf8_lossy(&bytes).trim_end_matches('\n').to_owned()
}
