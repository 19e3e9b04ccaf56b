//! Dates and numbers in the many forms in which the API gives them. What cannot be read, or could mean two things, stays
//! as it came. Pure.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Timelike, Utc};
use rusqlite::types::Value as Cell;
use serde_json::Value;

/// A date or a time as SQLite's own functions write it, in UTC; the value's text if it is neither.
pub(super) fn date(value: &Value) -> Cell {
    let text = as_text(value);
    Cell::Text(match value {
        Value::Number(_) | Value::String(_) => normal_date(&text).unwrap_or(text),
        _ => text,
    })
}

/// A day, also where it came as its first moment; a time of a day stays one.
pub(super) fn day(value: &Value) -> Cell {
    match date(value) {
        Cell::Text(text) => Cell::Text(text.strip_suffix(" 00:00:00").map_or(text.clone(), str::to_owned)),
        cell => cell,
    }
}

/// A number, from a number or from a text that means exactly one; else the value's text.
pub(super) fn number(value: &Value) -> Cell {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => parse_number(text),
        _ => None,
    };
    number.filter(|number| number.is_finite()).map_or_else(|| Cell::Text(as_text(value)), Cell::Real)
}

/// A value as text: a text itself, anything else as JSON.
pub(super) fn as_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn normal_date(text: &str) -> Option<String> {
    let text = text.trim();
    if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        // Chrono takes years of any length here.
        return (text.find('-') == Some(4)).then(|| date.format("%Y-%m-%d").to_string());
    }
    let time = epoch(text).or_else(|| iso(text)).or_else(|| written_out(text))?;
    Some(match time.nanosecond() {
        0 => time.format("%Y-%m-%d %H:%M:%S").to_string(),
        _ => time.format("%Y-%m-%d %H:%M:%S%.3f").to_string(),
    })
}

/// Seconds or milliseconds since 1970, told apart by their size. Numbers too small for either stay numbers.
fn epoch(text: &str) -> Option<NaiveDateTime> {
    /// The beginning of 1973 in seconds. In milliseconds the same number is a day in January 1970.
    const SECONDS: f64 = 94_694_400.0;
    const MILLIS: f64 = SECONDS * 1000.0;
    /// The year 5000 in milliseconds.
    const FAR: f64 = 95_617_584_000_000.0;
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    let number: f64 = text.parse().ok()?;
    let millis = match number {
        _ if (MILLIS..FAR).contains(&number) => number,
        _ if (SECONDS..MILLIS).contains(&number) => number * 1000.0,
        _ => return None,
    };
    Some(DateTime::from_timestamp_millis(format!("{millis:.0}").parse().ok()?)?.naive_utc())
}

/// ISO 8601 and its relatives: with a T or a space, with or without seconds, with an offset in any form or none.
fn iso(text: &str) -> Option<NaiveDateTime> {
    let (date, rest) = text.split_once(['T', 't', ' '])?;
    let date = NaiveDate::parse_from_str(date, "%Y-%m-%d").ok()?;
    let rest = rest.trim();
    let (time, offset) =
        rest.split_at(rest.find(|letter: char| !matches!(letter, '0'..='9' | ':' | '.' | ',')).unwrap_or(rest.len()));
    let time = time.replace(',', ".");
    let time = ["%H:%M:%S%.f", "%H:%M"].iter().find_map(|form| chrono::NaiveTime::parse_from_str(&time, form).ok())?;
    let moment = date.and_time(time);
    moment.checked_sub_signed(chrono::TimeDelta::minutes(minutes(offset.trim())?))
}

/// An offset from UTC in minutes: nothing, Z, UTC, GMT, +02, +0200, +02:00.
fn minutes(offset: &str) -> Option<i64> {
    let bare = ["UTC", "GMT", "Z", "z"].iter().find_map(|name| offset.strip_prefix(name)).unwrap_or(offset);
    if bare.is_empty() {
        return Some(0);
    }
    let (sign, digits) = match bare.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-" | "−", digits) => (-1, digits),
        _ => return None,
    };
    let digits = digits.replace(':', "");
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = match digits.len() {
        1 | 2 => (digits.parse::<i64>().ok()?, 0),
        4 => (digits.get(..2)?.parse().ok()?, digits.get(2..)?.parse().ok()?),
        _ => return None,
    };
    (hours <= 14 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

/// As mails, HTTP and JavaScript write a time: with the names of days and months.
fn written_out(text: &str) -> Option<NaiveDateTime> {
    let utc = |time: DateTime<chrono::FixedOffset>| time.with_timezone(&Utc).naive_utc();
    let mail = || DateTime::parse_from_rfc2822(text).ok().map(utc);
    let http = || httpdate::parse_http_date(text).ok().map(|time| DateTime::<Utc>::from(time).naive_utc());
    // Wed Jan 01 2025 10:00:00 GMT+0000 (Coordinated Universal Time)
    let script = || {
        let bare = text.split(" (").next().unwrap_or(text);
        DateTime::parse_from_str(bare, "%a %b %d %Y %H:%M:%S GMT%z").ok().map(utc)
    };
    mail().or_else(http).or_else(script)
}

/// The number that a text means: with a sign, a currency in front or behind, a percent sign, digits in groups.
fn parse_number(text: &str) -> Option<f64> {
    let text = text.trim();
    let (text, negative) = match text.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')) {
        // As accountants write what is owed.
        Some(inner) => (inner, true),
        None => (text, false),
    };
    let (text, first) = sign(text.trim());
    let (text, second) = sign(without_currency(text)?);
    if text.starts_with(['+', '-']) || [negative, first, second].iter().filter(|sign| **sign).count() > 1 {
        return None;
    }
    let number: f64 = ungrouped(text)?.parse().ok()?;
    Some(if negative || first || second { -number } else { number })
}

/// The text after its sign, and whether that is a minus.
fn sign(text: &str) -> (&str, bool) {
    match text.strip_prefix(['-', '−', '－']) {
        Some(rest) => (rest.trim_start(), true),
        None => (text.strip_prefix('+').unwrap_or(text).trim_start(), false),
    }
}

/// The text without one currency's sign or code, or a percent sign. `None` for any other word.
fn without_currency(text: &str) -> Option<&str> {
    let is_part = |letter: char| letter.is_ascii_digit() || matches!(letter, '+' | '-' | '−' | '－' | '.');
    let begins = text.find(is_part)?;
    let (_, behind) = text.rsplit_once(is_part)?;
    let ends = text.len() - behind.len();
    let (front, behind) = (text.get(..begins)?.trim(), behind.trim());
    let is_currency = |word: &str| {
        let letters = word.trim_matches(|sign: char| "$€£¥₹₽₩₪₫₱₺₴".contains(sign));
        letters.is_empty() || (letters.len() <= 3 && letters.bytes().all(|byte| byte.is_ascii_uppercase()))
    };
    let one = front.is_empty() || behind.is_empty();
    (one && is_currency(front) && (behind == "%" || is_currency(behind))).then(|| text.get(begins..ends)).flatten()
}

/// Plain digits with a point, from digits in groups. `None` for groups that are none.
fn ungrouped(text: &str) -> Option<String> {
    let text: String =
        text.chars().map(|letter| if letter.is_whitespace() || letter == '’' { '\'' } else { letter }).collect();
    let last = text.rfind(['.', ',']);
    let (whole, fraction) = match last {
        None => (text.as_str(), None),
        Some(at) => {
            let (whole, rest) = text.split_at(at);
            let fraction = rest.get(1..)?;
            let separator = rest.get(..1)?;
            let several = whole.contains(separator);
            let commas_group =
                separator == "," && (several || (fraction.len() == 3 && whole.len() <= 3 && whole != "0"));
            let points_group = separator == "." && several;
            if separator == "," && !commas_group && fraction.len() > 2 && whole != "0" {
                return None;
            }
            if commas_group || points_group { (text.as_str(), None) } else { (whole, Some(fraction)) }
        }
    };
    let separators: Vec<&str> = whole.matches([',', '.', '\'']).collect();
    let whole = match separators.split_first() {
        None => whole.to_owned(),
        Some((first, others)) => {
            let mut groups = whole.split([',', '.', '\'']);
            let short = groups.next().is_some_and(|group| (1..=3).contains(&group.len()));
            if !short || others.iter().any(|other| other != first) || groups.any(|group| group.len() != 3) {
                return None;
            }
            // In one number points and commas do not both group and divide.
            if fraction.is_some() && last.and_then(|at| text.get(at..=at)) == Some(*first) {
                return None;
            }
            whole.replace(*first, "")
        }
    };
    Some(match fraction {
        Some(fraction) => format!("{whole}.{fraction}"),
        None => whole,
    })
}

#[cfg(test)]
mod tests {
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
}
