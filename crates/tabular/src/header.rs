//! The header: which row it is, and the names of its columns.

use crate::{Cell, Column, mapping};
use std::collections::HashSet;

/// Where the header is among the first rows.
pub(crate) enum Found {
    /// The row with this index is the header.
    At(usize),
    /// There is no header: the first row holds data.
    Absent,
}

/// Finds the header among the first rows that have values.
///
/// A report often begins with titles, which are rows of one cell above wider ones. A row with an e-mail address is data.
pub(crate) fn find(rows: &[Vec<Cell>]) -> Found {
    let width = |row: &Vec<Cell>| row.iter().filter(|cell| !cell.is_empty()).count();
    let widest = rows.iter().map(width).max().unwrap_or(0);
    // A name that is known is no title: the rows of its only column hold the delimiter.
    let is_header = |row: &Vec<Cell>| {
        width(row) > 1 || widest <= 1 || row.iter().any(|cell| !cell.is_empty() && mapping::is_known(&cell.text()))
    };
    let at = rows.iter().position(is_header).unwrap_or(0);
    let is_data = rows.get(at).is_some_and(|row| row.iter().any(|cell| is_email(&cell.text())));
    if is_data { Found::Absent } else { Found::At(at) }
}

fn is_email(text: &str) -> bool {
    text.trim().split_once('@').is_some_and(|(name, host)| {
        let is_clear = !name.is_empty() && !text.trim().contains(char::is_whitespace);
        is_clear && host.split('.').count() > 1 && host.split('.').all(|part| !part.is_empty())
    })
}

/// Names columns after the header: a name that is taken gets its number, a column without one its position.
pub(crate) fn name(header: impl IntoIterator<Item = String>) -> Vec<Column> {
    let originals: Vec<String> = header.into_iter().collect();
    let mut taken: HashSet<String> = originals.iter().map(|original| shown(original)).collect();
    let mut seen = HashSet::new();
    let mut columns = Vec::with_capacity(originals.len());
    for (at, original) in originals.into_iter().enumerate() {
        let base = shown(&original);
        let name = if base.is_empty() {
            unused(&mut taken, &format!("Column {}", at.saturating_add(1)), true)
        } else if seen.insert(base.clone()) {
            base
        } else {
            unused(&mut taken, &base, false)
        };
        columns.push(Column { name, original });
    }
    columns
}

/// Names the columns of a file without a header.
pub(crate) fn numbered(width: usize) -> Vec<Column> {
    (1..=width).map(|at| Column { name: format!("Column {at}"), original: String::new() }).collect()
}

/// A header's text on one line.
fn shown(original: &str) -> String {
    let clean: String = original.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    clean.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A name that no other column has.
fn unused(taken: &mut HashSet<String>, base: &str, allow_bare: bool) -> String {
    if allow_bare && taken.insert(base.to_owned()) {
        return base.to_owned();
    }
    let mut number: u32 = 2;
    loop {
        let name = format!("{base} ({number})");
        if taken.insert(name.clone()) {
            return name;
        }
        number = number.saturating_add(1);
    }
}

/// What a person should know about the names.
pub(crate) fn notes(columns: &[Column]) -> Vec<String> {
    let mut notes = Vec::new();
    let renamed: Vec<&str> = columns
        .iter()
        .filter(|column| !column.original.trim().is_empty() && shown(&column.original) != column.name)
        .map(|column| &*column.name)
        .collect();
    if !renamed.is_empty() {
        notes.push(format!("Several columns have the same name; the later ones are called {}.", quoted(&renamed)));
    }
    let unnamed: Vec<&str> =
        columns.iter().filter(|column| column.original.trim().is_empty()).map(|column| &*column.name).collect();
    if !unnamed.is_empty() && unnamed.len() < columns.len() {
        notes.push(format!("Columns without a name are called {}.", quoted(&unnamed)));
    }
    notes
}

/// That a row above the header was skipped.
pub(crate) fn title_note(line: u64, text: &str) -> String {
    const MOST: usize = 60;
    let short: String = text.chars().take(MOST).collect();
    format!("Line {line} was skipped as a title above the header: \"{}\".", shown(&short))
}

/// At most five names, each in quotes.
pub(crate) fn quoted(names: &[&str]) -> String {
    const MOST: usize = 5;
    let shown = names.iter().take(MOST).map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(MOST) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(header: &[&str]) -> Vec<String> {
        name(header.iter().map(|text| (*text).to_owned())).into_iter().map(|column| column.name).collect()
    }

    #[test]
    fn every_column_has_a_name_of_its_own() {
        assert_eq!(names(&["Email", "Email", "Email"]), ["Email", "Email (2)", "Email (3)"]);
        assert_eq!(names(&["Email", "Email (2)", "Email"]), ["Email", "Email (2)", "Email (3)"]);
        assert_eq!(names(&["", "Name", ""]), ["Column 1", "Name", "Column 3"]);
        assert_eq!(names(&["Column 2", ""]), ["Column 2", "Column 2 (2)"]);
        assert_eq!(names(&[" First\r\nname ", "x"]), ["First name", "x"]);
    }

    #[test]
    fn titles_are_not_the_header_and_addresses_are_data() {
        let rows = |rows: &[&[&str]]| -> Vec<Vec<Cell>> {
            rows.iter().map(|row| row.iter().map(|text| Cell::of_text(*text)).collect()).collect()
        };
        assert!(matches!(find(&rows(&[&["Leads of May"], &["Name", "Email"], &["A", "a@x.example"]])), Found::At(1)));
        assert!(matches!(find(&rows(&[&["Email"], &["a@x.example"]])), Found::At(0)));
        assert!(matches!(find(&rows(&[&["A", "a@x.example"], &["B", "b@x.example"]])), Found::Absent));
        assert!(matches!(find(&rows(&[&["Twitter @name", "x"], &["a", "b"]])), Found::At(0)));
    }
}
