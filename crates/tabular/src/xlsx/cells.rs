//! The values of cells.

use crate::Cell;
use calamine::{DataRef, ExcelDateTime, ExcelDateTimeType, Style};

/// How the cells of a workbook are to be read.
pub(super) struct CellFormats {
    is_1904: bool,
    /// For each style, to how many digits its numbers are filled up with zeros.
    digits: Vec<usize>,
}

impl CellFormats {
    pub(super) fn new(styles: &[Style], is_1904: bool) -> Self {
        let digits =
            styles.iter().map(|style| style.number_format.as_ref().map_or(0, |format| zeros(&format.format_code)));
        Self { is_1904, digits: digits.collect() }
    }

    /// The value of a cell.
    pub(super) fn read(&self, value: DataRef<'_>, style: usize) -> Cell {
        match value {
            DataRef::Empty => Cell::Empty,
            DataRef::Int(number) => self.filled_up(Cell::Number(number.into()), style),
            DataRef::Float(number) => self.filled_up(Cell::of_number(number), style),
            DataRef::String(text) => Cell::of_text(text),
            DataRef::SharedString(text) => Cell::of_text(text),
            DataRef::Bool(bool) => Cell::Bool(bool),
            DataRef::DateTime(time) => self.date_time(time),
            DataRef::DateTimeIso(text) => iso(text),
            DataRef::DurationIso(text) => Cell::of_text(text),
            DataRef::Error(error) => Cell::Error(error.to_string()),
        }
    }

    /// Postal codes and numbers of customers are often numbers that are shown with zeros in front.
    fn filled_up(&self, cell: Cell, style: usize) -> Cell {
        let digits = self.digits.get(style).copied().unwrap_or(0);
        let text = cell.text();
        if text.len() < digits && text.bytes().all(|byte| byte.is_ascii_digit()) {
            Cell::Text(format!("{text:0>digits$}"))
        } else {
            cell
        }
    }

    fn date_time(&self, time: ExcelDateTime) -> Cell {
        const SECONDS: f64 = 86_400.0;
        let days = time.as_f64();
        if time.is_duration() {
            return duration(days * SECONDS);
        }
        // Fractions of a day are not exact: 14:30 may be a little before it.
        let rounded = ExcelDateTime::new(days + 0.5 / SECONDS, ExcelDateTimeType::DateTime, self.is_1904);
        let (year, month, day, hour, minute, second, _) = rounded.to_ymd_hms_milli();
        if days < 1.0 {
            Cell::Text(format!("{hour:02}:{minute:02}:{second:02}"))
        } else if (hour, minute, second) == (0, 0, 0) {
            Cell::Date(format!("{year:04}-{month:02}-{day:02}"))
        } else {
            Cell::DateTime(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"))
        }
    }
}

/// How many digits a format such as `00000` fills up to; zero for any other format.
fn zeros(format: &str) -> usize {
    if format.len() > 1 && format.bytes().all(|byte| byte == b'0') { format.len() } else { 0 }
}

fn duration(seconds: f64) -> Cell {
    let Cell::Number(number) = Cell::of_number(seconds.round()) else { return Cell::Empty };
    let Some(seconds) = number.as_u64() else { return Cell::Number(number) };
    Cell::Text(format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60))
}

fn iso(text: String) -> Cell {
    match text.split_once('T') {
        None => Cell::Date(text),
        Some((date, time)) if time.bytes().all(|byte| matches!(byte, b'0' | b':' | b'.' | b'Z')) => {
            Cell::Date(date.to_owned())
        }
        Some(_) => Cell::DateTime(text),
    }
}
