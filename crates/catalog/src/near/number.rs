//! Numbers written as text, with or without separators between digits.

use serde_json::{Number, Value};

/// Parses a number that has only one reading. `1,500` may mean 1500 or 1.5, so it is `None`.
pub(super) fn read(text: &str) -> Option<Value> {
    let plain = normalized(text)?;
    let whole = whole_part(&plain).and_then(|whole| whole.parse::<i64>().ok());
    match whole {
        Some(whole) => Some(whole.into()),
        None => plain.parse::<f64>().ok().filter(|number| number.is_finite()).map(Value::from),
    }
}

/// Parses an integer that has only one reading.
pub(super) fn whole(text: &str) -> Option<Value> {
    let plain = normalized(text)?;
    let whole = whole_part(&plain)?;
    whole.parse::<i64>().ok().map(Value::from).or_else(|| whole.parse::<u64>().ok().map(Value::from))
}

/// Converts a float without a fraction, such as `2.0`, to an integer.
pub(super) fn without_fraction(number: &Number) -> Option<Value> {
    if !number.is_f64() {
        return None;
    }
    let number = number.as_f64().filter(|number| number.fract() == 0.0)?;
    format!("{number:.0}").parse::<i64>().ok().map(Value::from)
}

/// Formats a number as the digits that the caller wrote. `None` for a float too large to be exact.
pub(super) fn as_text(number: &Number) -> Option<String> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match number.as_f64() {
        Some(value) if number.is_f64() && value.abs() >= EXACT => None,
        Some(value) if number.is_f64() && value.fract() == 0.0 => Some(format!("{value:.0}")),
        _ => Some(number.to_string()),
    }
}

/// The digits before the decimal point, if all digits after it are zero.
fn whole_part(plain: &str) -> Option<&str> {
    match plain.split_once('.') {
        None => Some(plain),
        Some((whole, rest)) => rest.bytes().all(|digit| digit == b'0').then_some(whole),
    }
}

/// Normalizes a number: an optional minus, digits, and an optional decimal point with digits.
fn normalized(text: &str) -> Option<String> {
    let text = super::unquoted(text);
    let (minus, digits) = match text.strip_prefix(['-', '\u{2212}']) {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.contains(['e', 'E']) {
        // Only programs write exponents, so JSON's syntax applies.
        let number = serde_json::from_str::<Number>(digits).ok()?.as_f64()?;
        return Some(format!("{minus}{number}"));
    }
    let (whole, fraction) = split_decimal(digits)?;
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_digits(&whole) || !is_digits(fraction) {
        return None;
    }
    Some(if fraction.is_empty() { format!("{minus}{whole}") } else { format!("{minus}{whole}.{fraction}") })
}

/// Splits a number at its decimal mark.
fn split_decimal(digits: &str) -> Option<(String, &str)> {
    let points = digits.matches('.').count();
    let commas = digits.matches(',').count();
    let split = |mark: char| digits.rsplit_once(mark).unwrap_or((digits, ""));
    match (points, commas) {
        (0, 0) => Some((join_groups(digits, &[])?, "")),
        (1, 0) | (0, 1) => {
            let mark = if points == 1 { '.' } else { ',' };
            let (whole, fraction) = split(mark);
            // Three digits after the mark may be a group of thousands. Programs write no trailing zero in a fraction,
            // so `12.345` is a fraction and `12.340` is ambiguous.
            let may_be_thousands = fraction.len() == 3 && (1..=3).contains(&whole.len()) && !whole.starts_with('0');
            if may_be_thousands && (mark == ',' || fraction.ends_with('0')) {
                return None;
            }
            let whole = if whole.is_empty() { "0" } else { whole };
            Some((join_groups(whole, &[])?, fraction))
        }
        (_, 0) => Some((join_groups(digits, &['.'])?, "")),
        (0, _) => Some((join_groups(digits, &[','])?, "")),
        // The later mark is the decimal mark. It must occur once.
        _ => {
            let (decimal, thousand) = if digits.rfind('.') > digits.rfind(',') { ('.', ',') } else { (',', '.') };
            if digits.matches(decimal).count() != 1 {
                return None;
            }
            let (whole, fraction) = split(decimal);
            Some((join_groups(whole, &[thousand])?, fraction))
        }
    }
}

/// Joins groups of thousands. `None` if a group after the first does not have three digits.
fn join_groups(whole: &str, marks: &[char]) -> Option<String> {
    let is_mark = |c: char| marks.contains(&c) || matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\'' | '\u{2019}');
    let groups: Vec<&str> = whole.split(is_mark).collect();
    let (first, rest) = groups.split_first()?;
    let well_formed = rest.is_empty() || (1..=3).contains(&first.len()) && rest.iter().all(|group| group.len() == 3);
    well_formed.then(|| groups.concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn unambiguous_numbers_are_parsed() {
        for (text, number) in [
            ("50", json!(50)),
            (" 50 ", json!(50)),
            ("\"50\"", json!(50)),
            ("+7", json!(7)),
            ("-3", json!(-3)),
            ("007", json!(7)),
            ("50.0", json!(50)),
            ("0.5", json!(0.5)),
            (".5", json!(0.5)),
            ("1500,5", json!(1500.5)),
            ("0,500", json!(0.5)),
            ("12.345", json!(12.345)),
            ("1,500.00", json!(1500)),
            ("1.500,25", json!(1500.25)),
            ("1,234,567", json!(1_234_567)),
            ("1.234.567", json!(1_234_567)),
            ("1 500", json!(1500)),
            ("1'500.50", json!(1500.5)),
            ("1e3", json!(1000)),
        ] {
            assert_eq!(read(text), Some(number), "{text}");
        }
    }

    #[test]
    fn ambiguous_numbers_are_not_parsed() {
        for text in [
            "",
            " ",
            "many",
            "1,500",
            "1.500",
            "12,34,567",
            "1,50.00.0",
            "$5",
            "5 USD",
            "inf",
            "nan",
            "0x10",
            "1 50",
            "--1",
            "1e999",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(whole("2.5"), None);
        assert_eq!(whole("18446744073709551615"), Some(json!(u64::MAX)));
    }
}
