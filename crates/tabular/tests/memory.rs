//! Files are read and written in bounded memory.
//!
//! A child process does the work and reports the most memory that it took, so that other tests do not count. 200,000 rows
//! may take only a little more than 10,000. `a_million_rows` measures a million, and prints what it finds:
//!
//! ```sh
//! cargo test -p highlevel-tabular --test memory -- --ignored a_million_rows --nocapture
//! ```

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "helpers of tests fail like tests")]

use highlevel_tabular::{Format, ReadOptions, WriteOptions, Writer, open};
use serde_json::{Value, json};
use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

const TASK: &str = "TABULAR_MEMORY_TASK";

/// A contact's row, of about 150 bytes.
fn row(n: u64) -> Vec<Value> {
    vec![
        json!(n),
        json!(format!("First{n}")),
        json!(format!("Last-{n}, \"Jr\"")),
        json!(format!("person{n}@company{}.example", n % 1000)),
        json!(format!("+1555{n:07}")),
        json!(format!("{n} High Street\nFlat {}", n % 9)),
        json!("vip, newsletter"),
        json!(n.is_multiple_of(2)),
    ]
}

fn columns() -> Vec<String> {
    ["n", "first", "last", "email", "phone", "address", "tags", "active"].map(str::to_owned).to_vec()
}

fn write(path: &Path, rows: u64) {
    let options = WriteOptions { scratch: path.parent().map(Path::to_owned), ..WriteOptions::default() };
    if path.extension().is_some_and(|extension| extension == "json") {
        let mut file = BufWriter::new(File::create(path).unwrap());
        file.write_all(b"[").unwrap();
        for n in 0..rows {
            let object: serde_json::Map<String, Value> = columns().into_iter().zip(row(n)).collect();
            let comma = if n == 0 { "" } else { ",\n" };
            write!(file, "{comma}{}", Value::Object(object)).unwrap();
        }
        file.write_all(b"]").unwrap();
        return file.flush().unwrap();
    }
    let format = Format::of_name(path).unwrap();
    let mut writer = Writer::new(File::create(path).unwrap(), format, &columns(), &options).unwrap();
    for n in 0..rows {
        writer.write(&row(n)).unwrap();
    }
    assert_eq!(writer.finish().unwrap().rows, rows);
}

/// The most memory that this process took, in KiB.
fn most_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches("kB").trim().parse().unwrap()
}

/// What a child process does: `read PATH ROWS` or `write PATH ROWS`.
#[test]
#[ignore = "the other tests run it in a process of its own"]
fn child() {
    let Ok(task) = std::env::var(TASK) else { return };
    let mut parts = task.splitn(3, ' ');
    let (what, rows, path) = (parts.next().unwrap(), parts.next().unwrap(), PathBuf::from(parts.next().unwrap()));
    let rows: u64 = rows.parse().unwrap();
    if what == "write" {
        write(&path, rows);
    } else {
        let read = open(&path, &ReadOptions::default()).unwrap().map(|row| assert_eq!(row.unwrap().values.len(), 8));
        assert_eq!(read.count() as u64, rows);
    }
    println!("most memory: {}", most_memory());
}

/// The most memory that a child takes for a task, in KiB.
fn measured(what: &str, path: &Path, rows: u64) -> u64 {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--ignored", "--nocapture"])
        .env(TASK, format!("{what} {rows} {}", path.display()))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let line = text.lines().find_map(|line| line.split_once("most memory: ")).unwrap();
    line.1.trim().parse().unwrap()
}

/// Many rows take at most 4 MiB more than few, where the text has 28 MiB more, and 7 MiB in a workbook.
fn is_bounded(name: &str, many: u64) {
    const MORE: u64 = 4 * 1024;
    let directory = tempfile::tempdir().unwrap();
    let [few, many] = [10_000, many].map(|rows| {
        let path = directory.path().join(format!("{rows}.{name}"));
        let written = measured("write", &path, rows);
        let read = measured("read", &path, rows);
        (written, read)
    });
    assert!(many.0 < few.0 + MORE, "writing {name}: {few:?} KiB for few, {many:?} KiB for many");
    assert!(many.1 < few.1 + MORE, "reading {name}: {few:?} KiB for few, {many:?} KiB for many");
}

#[test]
fn two_hundred_thousand_rows_of_csv() {
    is_bounded("csv", 200_000);
}

#[test]
fn two_hundred_thousand_rows_of_json_lines() {
    is_bounded("jsonl", 200_000);
}

#[test]
fn two_hundred_thousand_rows_of_a_json_array() {
    is_bounded("json", 200_000);
}

#[test]
fn sixty_thousand_rows_of_a_workbook() {
    is_bounded("xlsx", 60_000);
}

/// Excel keeps each text of a workbook once, in a table that is in memory while its rows are read.
fn write_with_shared_texts(path: &Path, rows: u32) {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet_with_low_memory().unwrap();
    for (column, name) in (0..).zip(columns()) {
        sheet.write_string(0, column, name).unwrap();
    }
    for n in 0..rows {
        for (column, value) in (0..).zip(row(u64::from(n))) {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            sheet.write_string(n + 1, column, text).unwrap();
        }
    }
    workbook.save(path).unwrap();
}

#[test]
#[ignore = "takes minutes"]
fn a_million_rows() {
    let directory = tempfile::tempdir().unwrap();
    for name in ["csv", "jsonl", "json", "xlsx"] {
        let path = directory.path().join(format!("million.{name}"));
        for what in ["write", "read"] {
            let begin = Instant::now();
            let memory = measured(what, &path, 1_000_000);
            let size = fs::metadata(&path).unwrap().len() / 1024 / 1024;
            let seconds = begin.elapsed().as_secs_f64();
            println!("{what} {name}: {seconds:.1} s, at most {} MiB of memory, {size} MiB on disk", memory / 1024);
            assert!(memory < 128 * 1024, "{what} {name} took {memory} KiB");
        }
    }
    let path = directory.path().join("shared.xlsx");
    write_with_shared_texts(&path, 1_000_000);
    let begin = Instant::now();
    let memory = measured("read", &path, 1_000_000) / 1024;
    let size = fs::metadata(&path).unwrap().len() / 1024 / 1024;
    let seconds = begin.elapsed().as_secs_f64();
    println!(
        "read xlsx with 5 million texts shared: {seconds:.1} s, at most {memory} MiB of memory, {size} MiB on disk"
    );
    assert!(memory < 1024, "{memory} MiB");
}
