//! No bytes make the reader panic or go on for ever, and what is written is read again as it was.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail like tests")]

use highlevel_tabular::{Format, HeaderRow, ReadOptions, WriteOptions, Writer, mapping::recognise, open};
use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};
use std::fs;

/// Reads a file of these bytes to its end, and the rows through a mapping. Returns how many rows and errors it has.
fn read(bytes: &[u8], ending: &str) -> usize {
    let file = tempfile::Builder::new().suffix(ending).tempfile().unwrap();
    fs::write(file.path(), bytes).unwrap();
    let Ok(mut reader) = open(file.path(), &ReadOptions::default()) else { return 0 };
    let items: Vec<_> = reader.by_ref().collect();
    let rows: Vec<_> = items.iter().flatten().cloned().collect();
    let mapping = recognise(reader.columns(), &rows);
    for row in &rows {
        assert_eq!(row.values.len(), reader.columns().len());
        drop(mapping.read(row));
    }
    drop(mapping.notes());
    items.len()
}

/// Text of the characters that formats are made of.
fn marks() -> impl Strategy<Value = String> {
    "[a1,;\"'\n\r\t|{}\\[\\]: =@+é.\\-]{0,80}"
}

fn cell() -> impl Strategy<Value = String> {
    prop_oneof!["[ -~äß€\n\r\t]{0,12}", "[=+@'\"-]{1,3}[a-z0-9]{0,4}", "\\PC{0,6}"]
}

/// Found by the property below: a tab is guarded by a quote when it is written.
#[test]
fn a_row_of_guarded_blanks_is_blank() {
    let file = tempfile::Builder::new().suffix(".csv").tempfile().unwrap();
    fs::write(file.path(), "a,b\n'\t,\n1,2\n").unwrap();
    let rows: Vec<_> = open(file.path(), &ReadOptions::default()).unwrap().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 1, "{rows:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_end(bytes in vec(any::<u8>(), 0..200)) {
        for ending in [".csv", ".json", ".jsonl", ".xlsx"] {
            let most = bytes.len() + 1;
            prop_assert!(read(&bytes, ending) <= most);
        }
    }

    #[test]
    fn any_marks_end(text in marks()) {
        for ending in [".csv", ".tsv", ".json", ".jsonl"] {
            prop_assert!(read(text.as_bytes(), ending) <= text.len() + 1);
        }
    }

    #[test]
    fn what_is_written_is_read(rows in vec(vec(cell(), 3), 1..8)) {
        for format in [Format::Csv, Format::Tsv, Format::JsonLines, Format::Xlsx] {
            let columns = ["a", "b", "c"].map(str::to_owned).to_vec();
            let mut out = Vec::new();
            let mut writer = Writer::new(&mut out, format, &columns, &WriteOptions::default()).unwrap();
            for row in &rows {
                writer.write(&row.iter().map(|cell| json!(cell)).collect::<Vec<Value>>()).unwrap();
            }
            writer.finish().unwrap();
            let file = tempfile::Builder::new().suffix(&format!(".{format}")).tempfile().unwrap();
            fs::write(file.path(), &out).unwrap();
            // The first line is the header, and the characters in the rows may look like another delimiter.
            let delimiter = match format {
                Format::Csv => Some(','),
                Format::Tsv => Some('\t'),
                Format::Xlsx | Format::Json | Format::JsonLines => None,
            };
            let options = ReadOptions { delimiter, header: HeaderRow::Line(1), ..ReadOptions::default() };
            let read = open(file.path(), &options).unwrap();
            let read: Vec<Vec<String>> =
                read.map(|row| row.unwrap().values.iter().map(|cell| cell.text().into_owned()).collect()).collect();
            // Blank cells are empty, and blank rows are none.
            let blank_as_empty = |cell: &String| if cell.trim().is_empty() { String::new() } else { cell.clone() };
            let expected: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(blank_as_empty).collect()).collect();
            let expected: Vec<&Vec<String>> =
                expected.iter().filter(|row| row.iter().any(|cell| !cell.is_empty())).collect();
            prop_assert_eq!(read.iter().collect::<Vec<_>>(), expected, "{}", format);
        }
    }
}
