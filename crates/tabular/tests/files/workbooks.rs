//! XLSX.

use crate::support::{Case, path, rows};
use highlevel_tabular::{HeaderRow, ReadOptions, open};

#[test]
fn dates_and_merged_cells() {
    Case {
        file: "dates-and-merged.xlsx",
        is: "xlsx, sheet Leads, header 2",
        columns: &["Company", "Name", "Birthday", "Called", "Best time"],
        rows: &[
            "3: Müller & Söhne | Ann Lee | @1980-04-03 | @2024-01-31T14:30:00 | 09:30:00",
            "4: Müller & Söhne | Bob | @2024-02-29 | 36:00:00 | ",
            "6: Other Ltd | Cy | @2024-02-29 | @2024-01-31 | ",
        ],
        notes: &["Line 1 was skipped as a title above the header: \"Leads of May\"", "2 ranges of cells are merged"],
        ..Case::BASE
    }
    .check();
    Case {
        file: "no-positions-1904.xlsx",
        is: "xlsx, sheet S, header 1",
        columns: &["name", "when"],
        rows: &["2: Ann | @2024-01-31"],
        ..Case::BASE
    }
    .check();
}

#[test]
fn formulas_have_their_stored_value_or_are_errors() {
    Case {
        file: "formulas.xlsx",
        is: "xlsx, sheet Sheet1, header 1",
        columns: &["Name", "Total", "Check", "Flag"],
        rows: &[
            "2: Ann | #2 | !#DIV/0! | ?true",
            "3: Bob | !a formula that was never calculated | =1+1 | ?false",
            "4: Cy | #4 |  | ",
            "5: Dee | #6 | !#N/A | ",
        ],
        ..Case::BASE
    }
    .check();
}

#[test]
fn phone_numbers_ids_and_postal_codes_keep_their_digits() {
    Case {
        file: "numbers.xlsx",
        is: "xlsx, sheet Numbers, header 1",
        columns: &["Phone", "Id", "Zip", "Amount", "Share", "Text"],
        rows: &[
            "2: #447911123456 | #123456789012345 | 02134 | #1234.5 | #0.25 | 007",
            "3: #447911123456 | #123000 | #10115 | #-0.1 | #1 |  padded ",
        ],
        ..Case::BASE
    }
    .check();
}

#[test]
fn the_first_visible_sheet_with_rows_is_read_and_others_by_name() {
    let people = Case {
        file: "several-sheets.xlsx",
        is: "xlsx, sheet People, header 3",
        columns: &["name", "city"],
        rows: &["4: Ann | Rome", "7: Bob | "],
        notes: &["Other sheets have rows, too: \"Lists (hidden)\", \"Other & more\""],
        report: "beyond 4",
    };
    people.check();
    people.check_with(&ReadOptions { sheet: Some("people ".to_owned()), ..ReadOptions::default() });
    let other = Case {
        is: "xlsx, sheet Other & more, header 1",
        columns: &["x"],
        rows: &["2: 1"],
        notes: &["\"Lists (hidden)\", \"People\""],
        report: "",
        ..people
    };
    other.check_with(&ReadOptions { sheet: Some("Other & more".to_owned()), ..ReadOptions::default() });
}

#[test]
fn the_header_can_be_chosen() {
    let options = ReadOptions { header: HeaderRow::Line(4), ..ReadOptions::default() };
    let mut reader = open(&path("dates-and-merged.xlsx"), &options).unwrap();
    let columns: Vec<String> = reader.columns().iter().map(|column| column.name.clone()).collect();
    assert_eq!(columns, ["Müller & Söhne", "Bob", "2024-02-29", "36:00:00"]);
    assert_eq!(rows(&mut reader), ["6: Other Ltd | Cy | @2024-02-29 | @2024-01-31"]);
    let options = ReadOptions { header: HeaderRow::Absent, ..ReadOptions::default() };
    let mut reader = open(&path("numbers.xlsx"), &options).unwrap();
    assert_eq!((reader.columns().len(), reader.columns()[5].name.as_str()), (6, "Column 6"));
    assert_eq!(rows(&mut reader).len(), 3);
}

/// Whoever stops reading does not leave the thread of the workbook behind.
#[test]
fn a_reader_can_be_dropped_at_any_row() {
    for taken in 0..3 {
        let reader = open(&path("numbers.xlsx"), &ReadOptions::default()).unwrap();
        assert_eq!(reader.take(taken).count(), taken.min(2));
    }
}
