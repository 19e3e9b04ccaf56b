//! Reads a file and compares it with a case.

use highlevel_tabular::{Cell, Detection, ReadOptions, Reader, Row, open};
use std::path::PathBuf;

/// A file and what it has to be read as.
pub(crate) struct Case {
    pub(crate) file: &'static str,
    /// Format, encoding, delimiter, sheet, and the header's line.
    pub(crate) is: &'static str,
    pub(crate) columns: &'static [&'static str],
    /// Each row as `line: cell | cell`, and each error as `line: !code`.
    pub(crate) rows: &'static [&'static str],
    /// What each note has to contain, in order.
    pub(crate) notes: &'static [&'static str],
    /// What the report has, as `blank 3,4; short 5`.
    pub(crate) report: &'static str,
}

impl Case {
    pub(crate) const BASE: Self = Self { file: "", is: "", columns: &[], rows: &[], notes: &[], report: "" };

    pub(crate) fn check(&self) {
        self.check_with(&ReadOptions::default());
    }

    pub(crate) fn check_with(&self, options: &ReadOptions) {
        let mut reader = open(&path(self.file), options).unwrap_or_else(|error| panic!("{}: {error}", self.file));
        assert_eq!(is(reader.detection()), self.is, "{}", self.file);
        let columns: Vec<&str> = reader.columns().iter().map(|column| &*column.name).collect();
        assert_eq!(columns, self.columns, "{}", self.file);
        assert_eq!(rows(&mut reader), self.rows, "{}", self.file);
        assert_eq!(report(&reader), self.report, "{}", self.file);
        let notes = &reader.detection().notes;
        let are_right = notes.iter().zip(self.notes).all(|(note, part)| note.contains(part));
        assert!(are_right && notes.len() == self.notes.len(), "{}: {notes:?}", self.file);
    }
}

pub(crate) fn path(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/files").join(file)
}

fn is(detection: &Detection) -> String {
    let mut is = detection.format.name().to_owned();
    if let Some(encoding) = &detection.encoding {
        is += &format!(", {encoding}");
    }
    if let Some(delimiter) = detection.delimiter {
        is += &format!(", {delimiter:?}");
    }
    if let Some(sheet) = &detection.sheet {
        is += &format!(", sheet {sheet}");
    }
    if let Some(line) = detection.header_line {
        is += &format!(", header {line}");
    }
    is
}

/// Every row as `line: cell | cell`, and every error as `line: !code`.
pub(crate) fn rows(reader: &mut Reader) -> Vec<String> {
    reader
        .map(|row| match row {
            Ok(row) => shown(&row),
            Err(error) => format!("{}: !{}", error.line, error.problem.code()),
        })
        .collect()
}

fn shown(row: &Row) -> String {
    let cells = row.values.iter().map(cell);
    let extra = row.extra.iter().map(|(key, value)| format!("{key}={}", cell(value)));
    format!("{}: {}", row.line, cells.chain(extra).collect::<Vec<_>>().join(" | "))
}

/// A cell's text, with a mark for its type: # number, ? bool, @ date or time, {} JSON, ! error.
fn cell(cell: &Cell) -> String {
    let mark = match cell {
        Cell::Empty | Cell::Text(_) => "",
        Cell::Number(_) => "#",
        Cell::Bool(_) => "?",
        Cell::Date(_) | Cell::DateTime(_) => "@",
        Cell::Json(_) => "{}",
        Cell::Error(_) => "!",
    };
    format!("{mark}{}", cell.text())
}

fn report(reader: &Reader) -> String {
    let report = reader.report();
    let lines = [("blank", &report.blank), ("short", &report.short), ("beyond", &report.beyond)];
    let late = report.late_keys.iter().map(|(key, lines)| (&**key, lines));
    let parts: Vec<String> = lines
        .into_iter()
        .chain(late)
        .filter(|(_, lines)| lines.count > 0)
        .map(|(name, lines)| format!("{name} {}", lines.first.iter().map(u64::to_string).collect::<Vec<_>>().join(",")))
        .collect();
    parts.join("; ")
}
