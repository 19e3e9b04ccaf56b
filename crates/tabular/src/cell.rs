//! The value of a cell.

use serde_json::{Number, Value};
use std::borrow::Cow;

/// The value of a cell. CSV and TSV know only text; XLSX and JSON have types.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Cell {
    /// No value: an empty cell, a cell of blanks, or JSON's null.
    #[default]
    Empty,
    /// Text, as in the file.
    Text(String),
    /// A number. A whole number has no decimal point and no exponent.
    Number(Number),
    /// True or false.
    Bool(bool),
    /// A date as `YYYY-MM-DD`.
    Date(String),
    /// A date and time as `YYYY-MM-DDTHH:MM:SS`.
    DateTime(String),
    /// A list or an object of a JSON file.
    Json(Value),
    /// A cell without a usable value, and why: `#N/A`, or a formula that was never calculated.
    Error(String),
}

impl Cell {
    /// A cell of text; [`Cell::Empty`] if the text is blank.
    pub fn of_text(text: impl Into<String>) -> Self {
        let text = text.into();
        if text.trim().is_empty() { Self::Empty } else { Self::Text(text) }
    }

    /// A cell of a JSON value.
    pub fn of_json(value: Value) -> Self {
        match value {
            Value::Null => Self::Empty,
            Value::Bool(bool) => Self::Bool(bool),
            Value::Number(number) => Self::Number(number),
            Value::String(text) => Self::of_text(text),
            nested @ (Value::Array(_) | Value::Object(_)) => Self::Json(nested),
        }
    }

    /// A cell of a number, whole if the number is.
    pub fn of_number(number: f64) -> Self {
        /// Below this every whole number has its own `f64`.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        let whole = (number.fract() == 0.0 && number.abs() < EXACT).then(|| format!("{number:.0}").parse::<i64>().ok());
        match whole.flatten() {
            Some(whole) => Self::Number(whole.into()),
            None => Number::from_f64(number).map_or(Self::Empty, Self::Number),
        }
    }

    /// Whether the cell has no value.
    pub const fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }

    /// The value as text: empty for [`Cell::Empty`], compact JSON for a list or an object.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Empty => Cow::Borrowed(""),
            Self::Text(text) | Self::Date(text) | Self::DateTime(text) | Self::Error(text) => Cow::Borrowed(text),
            Self::Number(number) => Cow::Owned(number.to_string()),
            Self::Bool(bool) => Cow::Borrowed(if *bool { "true" } else { "false" }),
            Self::Json(value) => Cow::Owned(value.to_string()),
        }
    }

    /// The value as JSON: null for [`Cell::Empty`] and [`Cell::Error`], text for dates.
    pub fn into_json(self) -> Value {
        match self {
            Self::Empty | Self::Error(_) => Value::Null,
            Self::Text(text) | Self::Date(text) | Self::DateTime(text) => Value::String(text),
            Self::Number(number) => Value::Number(number),
            Self::Bool(bool) => Value::Bool(bool),
            Self::Json(value) => value,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_have_neither_point_nor_exponent() {
        for (number, text) in [
            (447_911_123_456.0, "447911123456"),
            (4.479_111_234_56e11, "447911123456"),
            (-3.0, "-3"),
            (0.0, "0"),
            (1234.5, "1234.5"),
            (0.1, "0.1"),
            (9_007_199_254_740_991.0, "9007199254740991"),
        ] {
            assert_eq!(Cell::of_number(number).text(), text);
        }
        assert_eq!(Cell::of_number(f64::NAN), Cell::Empty);
    }
}
