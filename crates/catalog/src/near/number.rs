//! Numbers that were written as text, with or without marks between their digits.

use serde_json::{Number, Value};

/// The number that a text can only mean. `1,500` may be fifteen hundred or one and a half, and is neither.
pub(super) fn read(text: &str) -> Option<Value> {
    let plain = plain(text)?;
    let whole = whole_part(&plain).and_then(|whole| whole.parse::<i64>().ok());
    match whole {
        Some(whole) => Some(whole.into()),
        None => plain.parse::<f64>().ok().filter(|number| number.is_finite()).map(Value::from),
    }
}

/// The same, if it is a whole number.
pub(super) fn whole(text: &str) -> Option<Value> {
    let plain = plain(text)?;
    let whole = whole_part(&plain)?;
    whole.parse::<i64>().ok().map(Value::from).or_else(|| whole.parse::<u64>().ok().map(Value::from))
}

/// A fraction that is a whole number, such as `2.0`.
pub(super) fn without_fraction(number: &Number) -> Option<Value> {
    if !number.is_f64() {
        return None;
    }
    let number = number.as_f64().filter(|number| number.fract() == 0.0)?;
    format!("{number:.0}").parse::<i64>().ok().map(Value::from)
}

/// A number as the text that a caller would have written; nothing for one that lost digits on its way.
pub(super) fn as_text(number: &Number) -> Option<String> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match number.as_f64() {
        Some(value) if number.is_f64() && value.abs() >= EXACT => None,
        Some(value) if number.is_f64() && value.fract() == 0.0 => Some(format!("{value:.0}")),
        _ => Some(number.to_string()),
    }
}

/// The part before the point, if what follows it is nothing.
fn whole_part(plain: &str) -> Option<&str> {
    match plain.split_once('.') {
        None => Some(plain),
        Some((whole, rest)) => rest.bytes().all(|digit| digit == b'0').then_some(whole),
    }
}

/// The text with a point before its fraction and no other mark but a minus.
fn plain(text: &str) -> Option<String> {
    let text = super::bare(text);
    let (minus, digits) = match text.strip_prefix(['-', '\u{2212}']) {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.contains(['e', 'E']) {
        // Only programs write these, in JSON's own form.
        let number = serde_json::from_str::<Number>(digits).ok()?.as_f64()?;
        return Some(format!("{minus}{number}"));
    }
    let (whole, fraction) = parts(digits)?;
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_digits(&whole) || !is_digits(fraction) {
        return None;
    }
    Some(if fraction.is_empty() { format!("{minus}{whole}") } else { format!("{minus}{whole}.{fraction}") })
}

/// Digits before and after the decimal mark.
fn parts(digits: &str) -> Option<(String, &str)> {
    let (points, commas) = (digits.matches('.').count(), digits.matches(',').count());
    let split = |mark: char| digits.rsplit_once(mark).unwrap_or((digits, ""));
    match (points, commas) {
        (0, 0) => Some((joined(digits, &[])?, "")),
        (1, 0) | (0, 1) => {
            let mark = if points == 1 { '.' } else { ',' };
            let (whole, fraction) = split(mark);
            // Three digits behind it may be a thousand's; a program's fraction has no zero at its end.
            let like_a_thousand = fraction.len() == 3 && (1..=3).contains(&whole.len()) && !whole.starts_with('0');
            if like_a_thousand && (mark == ',' || fraction.ends_with('0')) {
                return None;
            }
            let whole = if whole.is_empty() { "0" } else { whole };
            Some((joined(whole, &[])?, fraction))
        }
        (_, 0) => Some((joined(digits, &['.'])?, "")),
        (0, _) => Some((joined(digits, &[','])?, "")),
        // The last of the two is the decimal mark, and there is one of it.
        _ => {
            let (decimal, thousand) = if digits.rfind('.') > digits.rfind(',') { ('.', ',') } else { (',', '.') };
            if digits.matches(decimal).count() != 1 {
                return None;
            }
            let (whole, fraction) = split(decimal);
            Some((joined(whole, &[thousand])?, fraction))
        }
    }
}

/// The digits without the marks between thousands, which have to stand where thousands are.
fn joined(whole: &str, marks: &[char]) -> Option<String> {
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
    fn what_can_mean_one_number_is_read_as_it() {
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
    fn what_may_mean_two_or_none_is_no_number() {
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
