//! Rows as JSON Lines.

use super::failed;
use crate::Result;
use serde_json::{Map, Value};
use std::io::{BufWriter, Write};

/// Rows as one JSON object a line, with every column in order.
pub(super) struct JsonLines<'a> {
    out: BufWriter<Box<dyn Write + Send + 'a>>,
    columns: Vec<String>,
}

impl<'a> JsonLines<'a> {
    pub(super) fn new(out: Box<dyn Write + Send + 'a>, columns: &[String]) -> Self {
        Self { out: BufWriter::new(out), columns: columns.to_vec() }
    }

    pub(super) fn write(&mut self, row: &[Value]) -> Result<()> {
        let values = row.iter().cloned().chain(std::iter::repeat(Value::Null));
        let object: Map<String, Value> = self.columns.iter().cloned().zip(values).collect();
        serde_json::to_writer(&mut self.out, &object).map_err(|error| failed(error.into()))?;
        self.out.write_all(b"\n").map_err(failed)
    }

    pub(super) fn finish(mut self) -> Result<()> {
        self.out.flush().map_err(failed)
    }
}
