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
    for (format, name) in [(Format::Csv, "a.csv"), (Format::Tsv, "a.tsv"), (Format::JsonLines, "a.jsonl")] {
        let path = directory.path().join(name);
        let written = write(&path, format, &["a", "b", "n", "x"], &awkward());
        assert_eq!((written.rows, written.columns, written.long_texts), (4, 4, 0), "{name}");
        if format == Format::JsonLines {
            continue;
        }
        let rows = texts(&path);
        assert_eq!(rows[0], ["=1+1", "Müller, \"Jan\"", "5", "true"], "{name}");
        assert_eq!(rows[1], ["@x", "two\nlines", "-1.5", "false"], "{name}");
        assert_eq!(rows[2], ["'=x", "+49 170 1234567", "447911123456", ""], "{name}");
        assert_eq!(rows[3], ["-2+3", "", "0", r#"["a",{"b":1}]"#], "{name}");
    }
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
    assert!(begin(Format::Xlsx, &names).unwrap_err().to_string().contains("16384 columns"));
}
