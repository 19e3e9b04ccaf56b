//! JSON as rows: one array of objects, or one object a line.

mod elements;
mod find;
mod objects;

use crate::{
    Detection, Format, Report, Result, Row, RowError, TabularError,
    reader::{RowSource, Source},
    text,
};
use elements::{Element, Elements};
use objects::Objects;

/// The rows of a JSON file.
pub(crate) struct Json {
    elements: Elements,
    objects: Objects,
}

/// Opens a JSON file: finds where its rows are, and its columns by its first rows.
pub(crate) fn open(source: &Source, format: Format, encoding: text::TextEncoding) -> Result<(Detection, Json)> {
    let reading = |error| source.failed(error);
    let text = text::Decoded::open(source, &encoding).map_err(reading)?;
    let mut elements = if format == Format::JsonLines {
        Elements::of_lines(text)
    } else {
        let found = find::rows(text).map_err(reading)?;
        let again = text::Decoded::open(source, &encoding).map_err(reading)?;
        Elements::of_document(again, found).map_err(reading)?
    };
    let as_read = elements.format();
    let (objects, columns) = Objects::begin(|| elements.next());
    if columns.is_empty() {
        let why = objects.first_error().unwrap_or_else(|| "It has no object.".to_owned());
        return Err(TabularError::Unreadable(format!("{} has no rows. {why}", source.name())));
    }
    let detection = Detection {
        format: as_read,
        encoding: Some(encoding.name),
        delimiter: None,
        sheet: None,
        other_sheets: Vec::new(),
        header_line: None,
        columns,
        notes: elements.note().into_iter().chain(encoding.note).collect(),
    };
    Ok((detection, Json { elements, objects }))
}

impl RowSource for Json {
    fn next_row(&mut self, report: &mut Report) -> Option<std::result::Result<Row, RowError>> {
        let Self { elements, objects } = self;
        objects.next(|| elements.next(), report)
    }
}

/// What a JSON file has in the place of a row.
type Next = std::result::Result<Element, RowError>;
