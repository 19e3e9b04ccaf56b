//! Texts of cells as values of fields.

mod address;
mod date;
mod flags;
mod number;

pub use address::{email, emails, phone, phones};
pub use date::{DateOrder, date};
pub use flags::{flag, opt_out, status};
pub use number::{DecimalMark, number};

pub(crate) use date::date_hint;
pub(crate) use number::number_hint;

use crate::Cell;
use serde_json::Value;
use std::fmt;

/// A cell that is no value of its field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueError {
    /// The column.
    pub column: String,
    /// The cell's text, shortened.
    pub value: String,
    /// What is wrong and what is allowed, such as `is no e-mail address`.
    pub message: String,
}

impl ValueError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { column: String::new(), value: String::new(), message: message.into() }
    }

    /// The error of a cell of a column.
    #[must_use]
    pub fn of(self, column: &str, cell: &Cell) -> Self {
        const MOST: usize = 60;
        let text = cell.text();
        let mut value: String = text.chars().take(MOST).collect();
        if value.len() < text.len() {
            value.push('…');
        }
        Self { column: column.to_owned(), value, ..self }
    }
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: \"{}\" {}", self.column, self.value, self.message)
    }
}

impl std::error::Error for ValueError {}

/// The result of reading a cell.
pub type Result<T> = std::result::Result<T, ValueError>;

/// A cell as text without blanks around it. A list becomes its items with commas.
///
/// # Errors
///
/// For an object, and a list of lists or objects.
pub fn text(cell: &Cell) -> Result<String> {
    match cell {
        Cell::Json(Value::Array(items)) => {
            let texts: Option<Vec<String>> = items.iter().map(scalar).collect();
            texts.map(|texts| texts.join(", ")).ok_or_else(|| ValueError::new("is a nested list; give a text"))
        }
        Cell::Json(_) => Err(ValueError::new("is an object; give a text")),
        other => Ok(other.text().trim().to_owned()),
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The tags in a cell: a JSON list, a list of quoted tags as Mailchimp has it, or texts separated by `:::`, commas,
/// semicolons, bars or lines. Each tag is there once. Groups that Google Contacts makes itself, such as `* myContacts`, are
/// left out.
pub fn tags(cell: &Cell) -> Vec<String> {
    let text = cell.text();
    let text = text.trim();
    let listed: Vec<String> = match cell {
        Cell::Json(Value::Array(items)) => items.iter().filter_map(scalar).collect(),
        _ => match serde_json::from_str(text) {
            Ok(Value::Array(items)) => items.iter().filter_map(scalar).collect(),
            _ if text.contains(":::") => text.split(":::").map(str::to_owned).collect(),
            _ if text.starts_with('"') => quoted_list(text),
            _ => text.split([',', ';', '|', '\n', '\r']).map(str::to_owned).collect(),
        },
    };
    let mut tags: Vec<String> = Vec::with_capacity(listed.len());
    for tag in listed {
        let tag = tag.trim();
        if !tag.is_empty() && !tag.starts_with("* ") && !tags.iter().any(|other| other == tag) {
            tags.push(tag.to_owned());
        }
    }
    tags
}

/// A list such as `"VIP","Likes A, B"`.
fn quoted_list(text: &str) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).trim(csv::Trim::All).from_reader(text.as_bytes());
    let record = reader.records().next().and_then(std::result::Result::ok);
    record.map_or_else(|| vec![text.to_owned()], |record| record.iter().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn tags_of(text: &str) -> Vec<String> {
        tags(&Cell::of_text(text))
    }

    #[test]
    fn tags_are_split_where_each_system_splits_them() {
        assert_eq!(tags_of("vip, new ; vip"), ["vip", "new"]);
        assert_eq!(tags_of("* myContacts ::: Friends, close ::: Work"), ["Friends, close", "Work"]);
        assert_eq!(tags_of("\"VIP\",\"Likes A, B\""), ["VIP", "Likes A, B"]);
        assert_eq!(tags_of("[\"a\", \"b, c\"]"), ["a", "b, c"]);
        assert_eq!(tags_of(" "), Vec::<String>::new());
        assert_eq!(tags(&Cell::Json(json!(["x", 5]))), ["x", "5"]);
    }

    #[test]
    fn texts_are_trimmed_and_objects_refused() {
        assert_eq!(text(&Cell::of_text(" a b ")).unwrap(), "a b");
        assert_eq!(text(&Cell::Number(5.into())).unwrap(), "5");
        assert_eq!(text(&Cell::Json(json!(["a", 1]))).unwrap(), "a, 1");
        assert!(text(&Cell::Json(json!({"a": 1}))).is_err());
        assert!(text(&Cell::Json(json!([["a"]]))).is_err());
    }

    #[test]
    fn errors_name_column_and_value() {
        let error = email("ann").unwrap_err().of("E-Mail", &Cell::of_text("ann"));
        assert_eq!(error.to_string(), "E-Mail: \"ann\" is no e-mail address");
    }
}
