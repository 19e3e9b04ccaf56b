//! Values in many forms, and what the mirror keeps of them.

use super::*;
use serde_json::json;

#[test]
fn dates_are_written_as_sqlite_does() {
    for (given, kept) in [
        (json!("2025-11-03T15:30:00Z"), "2025-11-03 15:30:00"),
        (json!("2025-11-03T15:30:00.000Z"), "2025-11-03 15:30:00"),
        (json!("2025-11-03T15:30:00.250Z"), "2025-11-03 15:30:00.250"),
        (json!("2025-11-03T17:30:00+02:00"), "2025-11-03 15:30:00"),
        (json!("2025-11-03T15:30:00"), "2025-11-03 15:30:00"),
        (json!("2025-11-03"), "2025-11-03"),
        (json!(" 2025-11-03t15:30:00z "), "2025-11-03 15:30:00"),
        (json!("2025-11-03T15:30:00+0000"), "2025-11-03 15:30:00"),
        (json!("2025-11-03T10:30:00.5-0500"), "2025-11-03 15:30:00.500"),
        (json!("2025-11-03T17:30+02"), "2025-11-03 15:30:00"),
        (json!("2025-11-03T15:30Z"), "2025-11-03 15:30:00"),
        (json!("2025-11-03 15:30"), "2025-11-03 15:30:00"),
        (json!("2025-11-03 15:30:00 +0000 UTC"), "2025-11-03 15:30:00 +0000 UTC"),
        (json!("2025-11-03 15:30:00 UTC"), "2025-11-03 15:30:00"),
        (json!("2025-11-03 17:30:00 +0200"), "2025-11-03 15:30:00"),
        (json!("Mon, 03 Nov 2025 15:30:00 +0000"), "2025-11-03 15:30:00"),
        (json!("Mon, 3 Nov 2025 17:30:00 +0200"), "2025-11-03 15:30:00"),
        (json!("Mon, 03 Nov 2025 15:30:00 GMT"), "2025-11-03 15:30:00"),
        (json!("Monday, 03-Nov-25 15:30:00 GMT"), "2025-11-03 15:30:00"),
        (json!("Mon Nov  3 15:30:00 2025"), "2025-11-03 15:30:00"),
        (json!("Mon Nov 03 2025 15:30:00 GMT+0000 (Coordinated Universal Time)"), "2025-11-03 15:30:00"),
        (json!(1_762_183_800), "2025-11-03 15:30:00"),
        (json!("1762183800"), "2025-11-03 15:30:00"),
        (json!(1_762_183_800_250_i64), "2025-11-03 15:30:00.250"),
        (json!("1762183800000"), "2025-11-03 15:30:00"),
        (json!(1_762_183_800.5), "2025-11-03 15:30:00.500"),
    ] {
        assert_eq!(date(&given), Cell::Text(kept.to_owned()), "{given}");
    }
}

#[test]
fn a_day_is_a_day_also_as_its_first_moment() {
    for (given, kept) in [
        (json!("2026-03-01"), "2026-03-01"),
        (json!("2026-03-01T00:00:00.000Z"), "2026-03-01"),
        (json!(1_772_323_200_000_i64), "2026-03-01"),
        (json!("2026-03-01T12:30:00Z"), "2026-03-01 12:30:00"),
        (json!("soon"), "soon"),
    ] {
        assert_eq!(day(&given), Cell::Text(kept.to_owned()), "{given}");
    }
}

#[test]
fn what_is_no_date_or_could_be_two_stays_as_it_came() {
    for given in [
        "soon",
        "",
        "0",
        "2025",
        "20251103",
        "03/11/2025",
        "11/03/2025 15:30",
        "2025-13-01",
        "2025-11-03T25:00:00Z",
        "2025-11-03T15:30:00 CET",
        "-1762183800",
        "1e9",
        "99999999999999999",
    ] {
        assert_eq!(date(&json!(given)), Cell::Text(given.to_owned()), "{given}");
    }
    assert_eq!(date(&json!(0)), Cell::Text("0".to_owned()));
    assert_eq!(date(&json!(true)), Cell::Text("true".to_owned()));
}

#[test]
fn a_number_is_a_number_however_it_is_written() {
    for (given, kept) in [
        (json!(1500), 1500.0),
        (json!("1500"), 1500.0),
        (json!(" 1500.50 "), 1500.5),
        (json!("1.5e3"), 1500.0),
        (json!("1,500.00"), 1500.0),
        (json!("1,500"), 1500.0),
        (json!("12,345,678.9"), 12_345_678.9),
        (json!("$1,500.00"), 1500.0),
        (json!("US$ 1,500.00"), 1500.0),
        (json!("1,500.00 USD"), 1500.0),
        (json!("EUR 1.500,00"), 1500.0),
        (json!("1.500.000"), 1_500_000.0),
        (json!("1 500,00\u{a0}€"), 1500.0),
        (json!("1'500.00"), 1500.0),
        (json!("12,5"), 12.5),
        (json!("0,125"), 0.125),
        (json!("-$1,500.00"), -1500.0),
        (json!("$-1,500.00"), -1500.0),
        (json!("($1,500.00)"), -1500.0),
        (json!("75%"), 75.0),
        (json!("-0.5"), -0.5),
        (json!(".5"), 0.5),
    ] {
        assert_eq!(number(&given), Cell::Real(kept), "{given}");
    }
}

#[test]
fn what_is_no_number_stays_as_it_came() {
    for given in [
        "",
        "n/a",
        "about 1500",
        "1,50,00",
        "1.500,00.5",
        "1,500,00",
        "1,500.00,5",
        "--5",
        "-(5)",
        "5-",
        "1500 or so",
        "NaN",
        "inf",
        "0x10",
        "1 2",
        "12:30",
        "$",
        "1,5000",
        "2025-01-01",
        "5 apples",
        "€ 5 USD",
    ] {
        assert_eq!(number(&json!(given)), Cell::Text(given.to_owned()), "{given}");
    }
    assert_eq!(number(&json!(true)), Cell::Text("true".to_owned()));
}

#[test]
fn a_flag_is_1_or_0_however_it_is_written() {
    for (given, kept) in
        [(json!(true), 1), (json!("true"), 1), (json!(1), 1), (json!(false), 0), (json!("False"), 0), (json!(0), 0)]
    {
        assert_eq!(flag(&given), Cell::Integer(kept), "{given}");
    }
    assert_eq!(flag(&json!("perhaps")), Cell::Text("perhaps".to_owned()));
}

#[test]
fn the_beginning_of_a_long_text_is_kept() {
    let long = "ä".repeat(BODY_CHARS + 1);
    assert_eq!(body(&json!(long)), Cell::Text(format!("{}…", "ä".repeat(BODY_CHARS))));
    assert_eq!(body(&json!("short")), Cell::Text("short".to_owned()));
}
