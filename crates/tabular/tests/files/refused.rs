//! Files that hold no rows, and options that do not fit.

use crate::support::path;
use highlevel_tabular::{Format, ReadOptions, open};

fn refusal(file: &str, options: &ReadOptions) -> String {
    open(&path(file), options).map(drop).unwrap_err().to_string()
}

#[test]
fn what_holds_no_rows_is_refused_with_a_way_out() {
    for (file, parts) in [
        ("empty.csv", ["is empty", "no header"]),
        ("old-workbook.xls", ["old Excel workbook", "Save it as .xlsx"]),
        ("html-called.xls", ["an HTML or XML page", "save it as XLSX or CSV"]),
        ("picture-called.csv", ["a picture", "Export the rows as CSV"]),
        ("archive-called.xlsx", ["is a ZIP archive and not a workbook", "Unpack it"]),
        ("damaged.xlsx", ["is damaged", "export it again"]),
        ("absent.csv", ["cannot read", "absent.csv"]),
    ] {
        let message = refusal(file, &ReadOptions::default());
        assert!(parts.iter().all(|part| message.contains(part)), "{file}: {message}");
    }
}

#[test]
fn options_that_do_not_fit_say_what_is_allowed() {
    let options = ReadOptions { encoding: Some("utf-9".to_owned()), ..ReadOptions::default() };
    assert!(refusal("utf8-bom.csv", &options).contains("windows-1252"));
    let options = ReadOptions { delimiter: Some('"'), ..ReadOptions::default() };
    assert!(refusal("utf8-bom.csv", &options).contains("one ASCII character"));
    let options = ReadOptions { sheet: Some("Sheet9".to_owned()), ..ReadOptions::default() };
    assert!(refusal("numbers.xlsx", &options).contains("Its sheets are \"Numbers\"."));
    let options = ReadOptions { format: Some(Format::Xlsx), ..ReadOptions::default() };
    assert!(refusal("utf8-bom.csv", &options).contains("is not a workbook"));
}
