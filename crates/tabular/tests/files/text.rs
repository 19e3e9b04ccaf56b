//! CSV and TSV.

use crate::support::{Case, path, rows};
use highlevel_tabular::{HeaderRow, ReadOptions, open};

const PEOPLE: &[&str] = &["Vorname", "Nachname", "Ort"];
const PEOPLE_ROWS: &[&str] = &["2: Jürgen | Müller | Köln", "3: Zoë | O’Neil | Besançon"];

#[test]
fn encodings() {
    let people = Case { columns: PEOPLE, rows: PEOPLE_ROWS, ..Case::BASE };
    for case in [
        Case { file: "utf8-bom.csv", is: "csv, UTF-8 with BOM, ',', header 1", ..people },
        Case { file: "utf16-tabs.txt", is: "tsv, UTF-16LE with BOM, '\\t', header 1", ..people },
        Case { file: "utf16-big-endian.csv", is: "csv, UTF-16BE with BOM, ',', header 1", ..people },
        Case { file: "utf16-without-bom.csv", is: "csv, UTF-16LE, ';', header 1", ..people },
        Case {
            file: "windows-1252-semicolons.csv",
            is: "csv, windows-1252, ';', header 1",
            notes: &["windows-1252 is a guess"],
            ..people
        },
        Case {
            file: "mixed-encodings.csv",
            is: "csv, UTF-8, ',', header 1",
            rows: &["2: Jürgen | Müller | Köln", "3: Zoë | O’Neil | Besançon", "4: !not_text", "5: Ann | Lee | Bonn"],
            notes: &["3 places are not UTF-8"],
            ..people
        },
    ] {
        case.check();
    }
}

#[test]
fn delimiters() {
    for case in [
        Case {
            file: "decimal-commas.csv",
            is: "csv, UTF-8, ';', header 1",
            columns: &["Name", "Betrag", "Notiz"],
            rows: &["2: Meier, Jan | 1.234,56 | a; b", "3: Schulz, Eva | 7,5 | c, d, e"],
            ..Case::BASE
        },
        Case {
            file: "sep-line.csv",
            is: "csv, UTF-8, ';', header 2",
            columns: &["Name", "City"],
            rows: &["3: A, B | Rome"],
            ..Case::BASE
        },
        Case {
            file: "pipes.csv",
            is: "csv, UTF-8, '|', header 1",
            columns: &["name", "tags"],
            rows: &["2: Ann | a,b,c", "3: Bob | d,e,f"],
            ..Case::BASE
        },
        Case {
            file: "tabs.tsv",
            is: "tsv, UTF-8, '\\t', header 1",
            columns: &["name", "note"],
            rows: &["2: Ann | two\tcells", "3: Bob | 6\" pipe"],
            ..Case::BASE
        },
        Case {
            file: "one-column.csv",
            is: "csv, UTF-8, ',', header 1",
            columns: &["email"],
            rows: &["2: ann@lee.example", "3: bob@fox.example"],
            ..Case::BASE
        },
    ] {
        case.check();
    }
}

#[test]
fn quotes_and_lines() {
    for case in [
        Case {
            file: "quoted-newlines.csv",
            is: "csv, UTF-8, ',', header 1",
            columns: &["name", "address"],
            rows: &["2: Ann | 1 High St\r\nFlat 2\r\nLeeds", "5: Bob \"the\" Builder | x\ny", "7: Cy | z"],
            ..Case::BASE
        },
        Case {
            file: "old-mac-lines.csv",
            is: "csv, UTF-8, ',', header 1",
            columns: &["name", "city"],
            rows: &["2: Ann | Rome", "3: Bob | Oslo"],
            ..Case::BASE
        },
        Case {
            file: "broken-quotes.csv",
            is: "csv, UTF-8, ',', header 1",
            columns: &["id", "name", "city"],
            rows: &[
                "2: 1 | Ann | Rome",
                "3: !broken_quotes",
                "4: 3 | Cy | Bern",
                "5: !broken_quotes",
                "6: 5 | Eve | Bonn",
                "7: 6 | Flo | Genf",
                "8: !broken_quotes",
                "9: !broken_quotes",
                "10: 8 | Gus | Linz",
            ],
            ..Case::BASE
        },
        Case {
            file: "unclosed-quote.csv",
            is: "csv, UTF-8, ',', header 1",
            columns: &["id", "name"],
            rows: &["2: 1 | Ann", "3: !broken_quotes", "4: 3 | Cy", "5: 4 | Dee"],
            ..Case::BASE
        },
        Case {
            file: "nul-characters.csv",
            is: "csv, UTF-8, ',', header 1",
            columns: &["name", "city"],
            rows: &["2: Ann | Rome", "3: !not_text", "4: Cy | Bern"],
            ..Case::BASE
        },
        Case {
            file: "formulas.csv",
            is: "csv, UTF-8, ',', header 1",
            columns: &["name", "phone", "score"],
            rows: &["2: =1+1 | +49 170 1234567 | -5", "3: @handle | +1 555 x | 'quoted'"],
            ..Case::BASE
        },
    ] {
        case.check();
    }
}

#[test]
fn headers_and_cells_that_do_not_fit() {
    for case in [
        Case {
            file: "ragged.csv",
            is: "csv, UTF-8, ',', header 1",
            columns: &["a", "b", "c"],
            rows: &["2: 1 | 2 | 3", "3: 4 | 5 | ", "4: !too_many_cells", "5: 10 | 11 | 12", "8: 13 |  | "],
            report: "blank 6,7; short 3,8",
            ..Case::BASE
        },
        Case {
            file: "duplicate-headers.csv",
            is: "csv, UTF-8, ',', header 1",
            columns: &["Email", "Name", "Email (2)", "Column 4", "Email (3)", "Column 6"],
            rows: &["2: a@x.example | Ann | b@x.example | x | c@x.example | y"],
            notes: &["called \"Email (2)\", \"Email (3)\"", "called \"Column 4\", \"Column 6\""],
            ..Case::BASE
        },
        Case {
            file: "titles-above.csv",
            is: "csv, UTF-8, ',', header 6",
            columns: &["Name", "City"],
            rows: &["7: Ann | Rome", "8: Bob | Oslo"],
            notes: &["Line 3 was skipped as a title", "Line 4 was skipped"],
            ..Case::BASE
        },
        Case {
            file: "no-header.csv",
            is: "csv, UTF-8, ','",
            columns: &["Column 1", "Column 2", "Column 3"],
            rows: &["1: Ann | Lee | ann@lee.example", "2: Bob | Fox | bob@fox.example"],
            notes: &["no header"],
            ..Case::BASE
        },
        Case {
            file: "empty-columns-at-the-end.csv",
            is: "csv, UTF-8, ',', header 1",
            columns: &["name", "city"],
            rows: &["2: Ann | Rome", "3: Bob | Oslo"],
            ..Case::BASE
        },
    ] {
        case.check();
    }
}

#[test]
fn wide_and_long() {
    let reader = open(&path("wide.csv"), &ReadOptions::default()).unwrap();
    assert_eq!((reader.columns().len(), &*reader.columns()[249].name), (250, "Field 250"));
    let values = reader.map(|row| row.unwrap().values).next().unwrap();
    assert_eq!((values.len(), &*values[249].text()), (250, "250"));

    let rows: Vec<_> = open(&path("huge-cell.csv"), &ReadOptions::default()).unwrap().map(Result::unwrap).collect();
    assert_eq!((rows.len(), rows[0].values[1].text().len()), (2, 40_000));
}

#[test]
fn options_are_obeyed() {
    let read = |options: &ReadOptions, file: &str| {
        let mut reader = open(&path(file), options).unwrap();
        (reader.columns().iter().map(|column| column.name.clone()).collect::<Vec<_>>(), rows(&mut reader))
    };
    let (columns, read_rows) =
        read(&ReadOptions { header: HeaderRow::Absent, ..ReadOptions::default() }, "one-column.csv");
    assert_eq!((columns, read_rows[0].as_str()), (vec!["Column 1".to_owned()], "1: email"));
    let (columns, read_rows) =
        read(&ReadOptions { header: HeaderRow::Line(7), ..ReadOptions::default() }, "titles-above.csv");
    assert_eq!((columns, read_rows), (vec!["Ann".to_owned(), "Rome".to_owned()], vec!["8: Bob | Oslo".to_owned()]));
    let (columns, _) = read(&ReadOptions { delimiter: Some(';'), ..ReadOptions::default() }, "utf8-bom.csv");
    assert_eq!(columns, ["Vorname,Nachname,Ort"]);
    let mac = ReadOptions { encoding: Some("macintosh".to_owned()), ..ReadOptions::default() };
    assert_eq!(read(&mac, "windows-1252-semicolons.csv").1[0], "2: J¸rgen | M¸ller | Kˆln");
}

/// A rejected row can be mended and read again, so it is kept as it is in the file.
#[test]
fn errors_keep_the_row_and_say_how_to_mend_it() {
    let errors = |file: &str| -> Vec<_> {
        open(&path(file), &ReadOptions::default()).unwrap().filter_map(Result::err).collect()
    };
    let broken = errors("broken-quotes.csv");
    assert_eq!(broken[0].raw.as_deref(), Some("2,\"Bob \"the\" Builder\",Oslo"));
    assert!(broken[0].to_string().starts_with("line 3: The quotes of a cell do not match."), "{}", broken[0]);
    let long = errors("ragged.csv");
    assert_eq!(long[0].raw.as_deref(), Some("6,7,8,9"));
    assert!(long[0].message.starts_with("The row has 4 cells and the header has 3."), "{}", long[0]);
}
