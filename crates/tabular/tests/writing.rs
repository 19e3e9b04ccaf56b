//! What is written is safe to open, whole or absent, and is read again as it was.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "helpers of tests fail like tests")]

use highlevel_tabular::{Cell, Format, ReadOptions, TabularError, WriteOptions, Writer, Written, open};
use serde_json::{Value, json};
use std::{fs::File, path::Path};

fn columns(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn write(path: &Path, format: Format, names: &[&str], rows: &[Vec<Value>]) -> Written {
    let options = WriteOptions { byte_order_mark: true, scratch: None };
    let mut writer = Writer::new(File::create(path).unwrap(), format, &columns(names), &options).unwrap();
    for row in rows {
        writer.write(row).unwrap();
    }
    writer.finish().unwrap()
}

fn read(path: &Path) -> Vec<Vec<Cell>> {
    open(path, &ReadOptions::default()).unwrap().map(|row| row.unwrap().values).collect()
}

fn texts(path: &Path) -> Vec<Vec<String>> {
    read(path).iter().map(|row| row.iter().map(|cell| cell.text().into_owned()).collect()).collect()
}

fn awkward() -> Vec<Vec<Value>> {
    vec![
        vec![json!("=1+1"), json!("Müller, \"Jan\""), json!(5), json!(true)],
        vec![json!("@x"), json!("two\nlines"), json!(-1.5), json!(false)],
        vec![json!("'=x"), json!("+49 170 1234567"), json!(447_911_123_456_u64), Value::Null],
        vec![json!("-2+3"), json!(""), json!(0), json!(["a", {"b": 1}])],
    ]
}

#[test]
fn what_is_written_is_read_again() {
    let directory = tempfile::tempdir().unwrap();
    for (format, name) in [(Format::Csv, "a.csv"), (Format::Tsv, "a.tsv"), (Format::Xlsx, "a.xlsx")] {
        let path = directory.path().join(name);
        let written = write(&path, format, &["a", "b", "n", "x"], &awkward());
        assert_eq!((written.rows, written.columns, written.long_texts), (4, 4, 0), "{name}");
        let rows = texts(&path);
        assert_eq!(rows[0], ["=1+1", "Müller, \"Jan\"", "5", "true"], "{name}");
        assert_eq!(rows[1], ["@x", "two\nlines", "-1.5", "false"], "{name}");
        assert_eq!(rows[2], ["'=x", "+49 170 1234567", "447911123456", ""], "{name}");
        assert_eq!(rows[3], ["-2+3", "", "0", r#"["a",{"b":1}]"#], "{name}");
    }
}

/// Types are kept where the format has them, and no text becomes a formula.
#[test]
fn workbooks_and_json_lines_keep_types() {
    let directory = tempfile::tempdir().unwrap();
    let number = |number: i64| Cell::Number(number.into());
    let path = directory.path().join("a.xlsx");
    write(&path, Format::Xlsx, &["a", "b", "n", "x"], &awkward());
    let rows = read(&path);
    assert_eq!(rows[0][2..], [number(5), Cell::Bool(true)]);
    assert_eq!(
        rows[2],
        [Cell::Text("'=x".to_owned()), Cell::Text("+49 170 1234567".to_owned()), number(447_911_123_456), Cell::Empty]
    );
    assert_eq!(open(&path, &ReadOptions::default()).unwrap().detection().sheet.as_deref(), Some("Rows"));

    let path = directory.path().join("a.jsonl");
    write(&path, Format::JsonLines, &["a", "b", "n", "x"], &awkward());
    assert_eq!(
        read(&path)[3],
        [Cell::Text("-2+3".to_owned()), Cell::Empty, number(0), Cell::Json(json!(["a", {"b": 1}]))]
    );
}

/// Excel would round a number of more than 15 digits, so it is text.
#[test]
fn long_numbers_keep_their_digits_in_a_workbook() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.xlsx");
    let numbers = [json!(999_999_999_999_999_u64), json!(1_234_567_890_123_456_789_i64), json!(u64::MAX), json!(-1)];
    write(&path, Format::Xlsx, &["a", "b", "c", "d"], &[numbers.to_vec()]);
    assert_eq!(texts(&path), [["999999999999999", "1234567890123456789", "18446744073709551615", "-1"]]);
}

/// What does not fit into a cell of Excel is on a sheet of its own, in whole.
#[test]
fn long_texts_are_kept_whole_in_a_workbook() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.xlsx");
    let long = "😀ä".repeat(30_000);
    let fits = "x".repeat(32_767);
    let rows = [vec![json!("short"), json!(long)], vec![json!(fits), json!("y")]];
    let written = write(&path, Format::Xlsx, &["a", "b"], &rows);
    assert_eq!(written.long_texts, 1);
    let read = texts(&path);
    assert!(
        read[0][1].ends_with("[the whole text is on the sheet \"Long texts\" from row 2]"),
        "{}",
        &read[0][1][..40]
    );
    assert_eq!(read[0][1].encode_utf16().count(), 32_767);
    assert_eq!((read[1][0].as_str(), read[1][1].as_str()), (fits.as_str(), "y"));
    let options = ReadOptions { sheet: Some("Long texts".to_owned()), ..ReadOptions::default() };
    let parts: Vec<Vec<Cell>> = open(&path, &options).unwrap().map(|row| row.unwrap().values).collect();
    assert_eq!(parts.iter().map(|part| part[3].text()).collect::<String>(), long);
    assert_eq!((parts[0][0].text(), parts[0][1].text(), parts[2][2].text()), ("2".into(), "b".into(), "3".into()));
}

/// Control characters that XML cannot hold are written as Excel writes them.
#[test]
fn control_characters_survive_a_workbook() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.xlsx");
    write(&path, Format::Xlsx, &["a", "b"], &[vec![json!("x\u{1}y\u{b}"), json!("a <b> & \"c\"")]]);
    let read = texts(&path);
    assert!(matches!(read[0][0].as_str(), "x\u{1}y\u{b}" | "x_x0001_y_x000B_"), "{:?}", read[0][0]);
    assert_eq!(read[0][1], "a <b> & \"c\"");
}

#[test]
fn csv_marks_formulas_and_its_encoding() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.csv");
    let written = write(&path, Format::Csv, &["=a", "b"], &[vec![json!("=1+1"), json!("-5")], vec![json!("\tx")]]);
    assert_eq!(written.neutralised, 3);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "\u{feff}'=a,b\n'=1+1,-5\n'\tx,\n");
}

#[test]
fn a_mark_is_written_only_if_asked_for() {
    let options = WriteOptions::default();
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out, Format::Csv, &columns(&["ä"]), &options).unwrap();
    writer.write(&[json!("ö")]).unwrap();
    assert_eq!(writer.finish().unwrap().rows, 1);
    assert_eq!(String::from_utf8(out).unwrap(), "ä\nö\n");
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out, Format::JsonLines, &columns(&["b", "a"]), &options).unwrap();
    writer.write(&[json!([1])]).unwrap();
    writer.finish().unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), "{\"b\":[1],\"a\":null}\n");
}

#[test]
fn what_does_not_fit_is_refused() {
    let begin = |format, names: &[String]| Writer::new(std::io::sink(), format, names, &WriteOptions::default());
    let mut writer = begin(Format::Csv, &columns(&["a"])).unwrap();
    assert!(matches!(writer.write(&[json!(1), json!(2)]), Err(TabularError::Limit(_))));
    assert!(begin(Format::Json, &[]).unwrap_err().to_string().contains("jsonl"));
    let names: Vec<String> = (0..16_385).map(|n| n.to_string()).collect();
    assert!(begin(Format::Csv, &names).is_ok());
    assert!(begin(Format::Xlsx, &names).unwrap_err().to_string().contains("16384 columns"));
}

/// A sheet has a last row. The next one is refused, and not dropped.
#[test]
fn a_full_sheet_refuses_the_next_row() {
    let names = columns(&["n"]);
    let mut writer = Writer::new(std::io::sink(), Format::Xlsx, &names, &WriteOptions::default()).unwrap();
    for _ in 0..1_048_575 {
        writer.write(&[]).unwrap();
    }
    let error = writer.write(&[]).unwrap_err();
    assert!(error.to_string().contains("holds 1048576 rows with the header"), "{error}");
}
