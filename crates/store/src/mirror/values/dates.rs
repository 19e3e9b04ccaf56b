//! Dates and times in the forms in which the API gives them. Pure.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Timelike, Utc};

/// A date or a time as SQLite's own functions write it, in UTC; `None` for a text that is neither, or could be two.
pub(super) fn normal_date(text: &str) -> Option<String> {
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
