//! JSON and JSON Lines.

use crate::support::Case;

#[test]
fn lists() {
    for case in [
        Case {
            file: "array.json",
            is: "json, UTF-8 with BOM",
            columns: &["name", "age", "tags", "address", "active", "phone"],
            rows: &[
                "2: Ann | #41 | {}[\"a\",\"b\"] | {}{\"city\":\"Rome\"} |  | ",
                "3: Bob |  |  |  | ?true | +49170",
                "4:  | #1.5 |  |  |  | ",
            ],
            ..Case::BASE
        },
        Case {
            file: "broken-array.json",
            is: "json, UTF-8",
            columns: &["name"],
            rows: &["1: Ann", "2: !not_json", "3: a ] } , [ \" text", "4: !not_an_object", "5: Cy"],
            ..Case::BASE
        },
        Case {
            file: "wrapped.json",
            is: "json, UTF-8",
            columns: &["id", "email"],
            rows: &["3: 1 | a@x.example", "4: 2 | b@x.example"],
            notes: &["the list \"contacts\""],
            ..Case::BASE
        },
        Case {
            file: "cut-off.json",
            is: "json, UTF-8",
            columns: &["name"],
            rows: &["1: Ann", "2: Bob", "3: !unreadable"],
            ..Case::BASE
        },
    ] {
        case.check();
    }
}

#[test]
fn lines() {
    for case in [
        Case {
            file: "lines.jsonl",
            is: "jsonl, UTF-8",
            columns: &["name", "n", "extra"],
            rows: &["1: Ann | #1 | ", "3: !not_json", "4: !not_an_object", "5: Cy |  | {}{\"a\":[1]}"],
            ..Case::BASE
        },
        Case {
            file: "lines-called.json",
            is: "jsonl, UTF-8",
            columns: &["name", "city"],
            rows: &["1: Ann | ", "2: Bob | Oslo"],
            ..Case::BASE
        },
    ] {
        case.check();
    }
}

/// A key that first appears far into the file is no column. Its values are kept.
#[test]
fn late_keys_are_kept_and_reported() {
    let mut text: String = (1..=1200).map(|n| format!("{{\"n\": {n}}}\n")).collect();
    text += "{\"n\": 1201, \"late\": true}\n";
    let file = tempfile::Builder::new().suffix(".jsonl").tempfile().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let mut reader = highlevel_tabular::open(file.path(), &Default::default()).unwrap();
    assert_eq!(crate::support::rows(&mut reader).last().unwrap(), "1201: #1201 | late=?true");
    assert_eq!(reader.report().late_keys["late"].first, [1201]);
    assert_eq!(reader.report().rows, 1201);
}
