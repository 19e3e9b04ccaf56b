//! Parsing of numbers, dates and booleans, as callers and the API write them.

use chrono::DateTime;
use highlevel_catalog::{date_in, number_in};
use serde_json::Value;

/// The text of a string, number or boolean.
pub(super) fn plain_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// Parses a number, with an optional currency sign or code. Commas between groups of three digits separate thousands.
pub(super) fn number(text: &str) -> Option<Value> {
    let is_sign = |c: char| matches!(c, '$' | '€' | '£' | '¥' | '₹') || c.is_whitespace();
    let bare = text.trim_matches(is_sign);
    let minus = bare.strip_prefix('-').map(|rest| rest.trim_start_matches(is_sign));
    let bare = minus.unwrap_or(bare);
    let is_code = |word: &str| word.len() == 3 && word.bytes().all(|byte| byte.is_ascii_uppercase());
    let bare = match bare.split_once(char::is_whitespace) {
        Some((code, rest)) if is_code(code) => rest.trim(),
        _ => match bare.rsplit_once(char::is_whitespace) {
            Some((rest, code)) if is_code(code) => rest.trim(),
            _ => bare,
        },
    };
    if bare.starts_with(['-', '+']) && minus.is_some() {
        return None;
    }
    let (whole, fraction) = bare.split_once('.').map_or((bare, ""), |(whole, fraction)| (whole, fraction));
    let groups: Vec<&str> = whole.split(',').collect();
    let is_grouped = groups.len() > 1
        && groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_digit()))
        && groups.first().is_some_and(|first| (1..=3).contains(&first.len()) && !first.starts_with('0'))
        && groups.iter().skip(1).all(|group| group.len() == 3);
    let point = if fraction.is_empty() { "" } else { "." };
    let plain = if is_grouped { format!("{}{point}{fraction}", groups.concat()) } else { bare.to_owned() };
    let plain = format!("{}{plain}", if minus.is_some() { "-" } else { "" });
    if !plain.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // A single point is a decimal point, as in programs.
    match plain.strip_suffix(".0").or_else(|| plain.strip_suffix(".00")).unwrap_or(&plain).parse::<i64>() {
        Ok(whole) => Some(whole.into()),
        Err(_) => {
            let number = plain.parse::<f64>().ok().filter(|number| number.is_finite());
            number.map(Value::from).or_else(|| number_in(&plain))
        }
    }
}

/// Parses a date as `2025-02-28`. A date-time yields its own date, and a timestamp its UTC date.
pub(super) fn date(value: &Value) -> Option<String> {
    if let Some(time) = epoch(value) {
        return Some(time.date_naive().to_string());
    }
    let read = date_in(value.as_str()?);
    let (date, rest) = read.split_at_checked(10)?;
    let is_date = chrono::NaiveDate::parse_from_str(date, "%Y-%m-%d").is_ok();
    let is_time = rest.is_empty() || DateTime::parse_from_rfc3339(&read).is_ok();
    (is_date && is_time).then(|| date.to_owned())
}

/// Parses a Unix timestamp in milliseconds, as a number or as text. Numbers of fewer than eleven digits are ambiguous.
pub(super) fn epoch(value: &Value) -> Option<DateTime<chrono::Utc>> {
    let millis = match value {
        Value::Number(number) => number.as_i64().or_else(|| format!("{:.0}", number.as_f64()?).parse().ok())?,
        Value::String(text) if text.trim().len() >= 11 => text.trim().parse().ok()?,
        _ => return None,
    };
    (millis.unsigned_abs() >= 10_000_000_000).then(|| DateTime::from_timestamp_millis(millis)).flatten()
}

/// Parses a boolean, or a word such as `yes` and `off`.
pub(super) fn truth(value: &Value) -> Option<bool> {
    let word = match value {
        Value::Bool(flag) => return Some(*flag),
        Value::String(word) => word.trim().to_lowercase(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    match word.as_str() {
        "true" | "yes" | "y" | "on" | "1" => Some(true),
        "false" | "no" | "n" | "off" | "0" => Some(false),
        _ => None,
    }
}
