//! Numbers with marks for thousands and decimals, and amounts of money.

use super::{Result, ValueError};
use crate::Cell;
use serde_json::Number;

/// The mark before decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DecimalMark {
    /// 1,234.56
    Point,
    /// 1.234,56
    Comma,
}

const CURRENCIES: [&str; 18] =
    ["€", "$", "£", "¥", "₹", "₽", "₺", "₩", "₴", "₦", "R$", "US$", "A$", "C$", "kr", "kr.", "Fr.", "zł"];

/// A number; a currency beside it is left out. A number such as 1,234 needs the decimal mark of its column.
///
/// # Errors
///
/// If it is no number, or can be read in two ways.
pub fn number(cell: &Cell, mark: Option<DecimalMark>) -> Result<Number> {
    if let Cell::Number(number) = cell {
        return Ok(number.clone());
    }
    let text = cell.text();
    let (core, is_negative) = core(&text).ok_or_else(no_number)?;
    let plain = match split(core).ok_or_else(no_number)? {
        Split::Clear { whole, decimals, .. } => join(&whole, &decimals),
        Split::Unclear { before, after, mark: seen } => match mark {
            Some(mark) if mark == seen => join(&before, &after),
            Some(_) => format!("{before}{after}"),
            None => {
                let message =
                    "can be read in two ways: its mark can be for decimals or for thousands; say which the column has";
                return Err(ValueError::new(message));
            }
        },
    };
    let signed = if is_negative { format!("-{plain}") } else { plain };
    let whole = signed.parse::<i64>().ok().map(Number::from);
    whole.or_else(|| signed.parse().ok().and_then(Number::from_f64)).ok_or_else(no_number)
}

fn no_number() -> ValueError {
    ValueError::new("is no number")
}

/// What a text shows of its column's decimal mark: None if it is no number or has no mark, `Some(None)` if it can be read
/// in two ways.
pub(crate) fn number_hint(text: &str) -> Option<Option<DecimalMark>> {
    let (core, _) = core(text)?;
    match split(core)? {
        Split::Clear { mark, .. } => mark.map(Some),
        Split::Unclear { .. } => Some(None),
    }
}

/// The digits and marks of a number without its currency and sign, and whether it is negative.
fn core(text: &str) -> Option<(&str, bool)> {
    let text = text.trim();
    let start = text.find(|letter: char| letter.is_ascii_digit())?;
    let end = text.rfind(|letter: char| letter.is_ascii_digit())?.saturating_add(1);
    let start = if text.get(..start)?.ends_with(['.', ',']) { start.saturating_sub(1) } else { start };
    let (before, after) = (text.get(..start)?, text.get(end..)?);
    let is_in_brackets = before.contains('(') && after.contains(')');
    let is_sign = |letter: char| matches!(letter, '-' | '+' | '−' | '(' | ')') || letter.is_whitespace();
    let is_currency = |around: &str| {
        let bare = around.trim_matches(is_sign).trim();
        let is_code = bare.len() == 3 && bare.bytes().all(|byte| byte.is_ascii_uppercase());
        bare.is_empty() || is_code || CURRENCIES.contains(&bare)
    };
    let is_negative = is_in_brackets || format!("{before}{after}").contains(['-', '−']);
    (is_currency(before) && is_currency(after)).then_some((text.get(start..end)?, is_negative))
}

enum Split {
    /// The whole part and the decimals, and the decimal mark if the text shows it.
    Clear { whole: String, decimals: String, mark: Option<DecimalMark> },
    /// One mark before three digits.
    Unclear { before: String, after: String, mark: DecimalMark },
}

fn split(core: &str) -> Option<Split> {
    let is_blank_mark = |letter: char| letter.is_whitespace() || matches!(letter, '\'' | '’');
    let compact: String = if core.contains(is_blank_mark) {
        let whole = core.split(['.', ',']).next().unwrap_or_default();
        are_groups(&whole.split(is_blank_mark).collect::<Vec<_>>()).then(|| core.replace(is_blank_mark, ""))?
    } else {
        core.to_owned()
    };
    if !compact.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b',')) {
        return None;
    }
    let mark_of = |letter: char| if letter == '.' { DecimalMark::Point } else { DecimalMark::Comma };
    let marks: Vec<char> = compact.chars().filter(|letter| !letter.is_ascii_digit()).collect();
    let whole = |text: &str, thousands: char| {
        are_groups(&text.split(thousands).collect::<Vec<_>>()).then(|| text.replace(thousands, ""))
    };
    let Some(last) = marks.last().copied() else {
        return Some(Split::Clear { whole: compact, decimals: String::new(), mark: None });
    };
    let other = if last == '.' { ',' } else { '.' };
    let (before, after) = compact.rsplit_once(last)?;
    if marks.contains(&other) {
        let is_once = marks.iter().filter(|mark| **mark == last).count() == 1;
        let whole = whole(before, other).filter(|_| is_once)?;
        return Some(Split::Clear { whole, decimals: after.to_owned(), mark: Some(mark_of(last)) });
    }
    if marks.len() > 1 {
        return Some(Split::Clear {
            whole: whole(&compact, last)?,
            decimals: String::new(),
            mark: Some(mark_of(other)),
        });
    }
    let is_group = after.len() == 3 && (1..=3).contains(&before.len()) && before != "0";
    let (before, after, mark) = (before.to_owned(), after.to_owned(), mark_of(last));
    Some(if is_group {
        Split::Unclear { before, after, mark }
    } else {
        Split::Clear { whole: before, decimals: after, mark: Some(mark) }
    })
}

/// Whether the parts are groups of thousands: three digits each, but the first.
fn are_groups(parts: &[&str]) -> bool {
    parts.iter().enumerate().all(|(at, part)| {
        let length = part.len();
        part.bytes().all(|byte| byte.is_ascii_digit()) && if at == 0 { (1..=3).contains(&length) } else { length == 3 }
    }) || matches!(parts, [_])
}

fn join(whole: &str, decimals: &str) -> String {
    let whole = if whole.is_empty() { "0" } else { whole };
    if decimals.bytes().all(|byte| byte == b'0') { whole.to_owned() } else { format!("{whole}.{decimals}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, mark: Option<DecimalMark>) -> std::result::Result<String, String> {
        number(&Cell::of_text(text), mark).map(|number| number.to_string()).map_err(|error| error.message)
    }

    #[test]
    fn clear_numbers() {
        for (text, expected) in [
            ("1234", "1234"),
            ("1234.5", "1234.5"),
            ("1234,50", "1234.5"),
            ("1,234.56", "1234.56"),
            ("1.234,56", "1234.56"),
            ("1,234,567", "1234567"),
            ("1.234.567", "1234567"),
            ("1 234,56", "1234.56"),
            ("1\u{202f}234\u{202f}567", "1234567"),
            ("1'234.50", "1234.5"),
            ("$1,234.50", "1234.5"),
            ("1.234,56 €", "1234.56"),
            ("EUR 1234.00", "1234"),
            ("-5", "-5"),
            ("(1,234.00)", "-1234"),
            ("-$5.25", "-5.25"),
            ("0.125", "0.125"),
            (".5", "0.5"),
            ("1234.567", "1234.567"),
        ] {
            assert_eq!(of(text, None).as_deref(), Ok(expected), "{text}");
        }
        assert_eq!(number(&Cell::Number(7.into()), None).unwrap(), Number::from(7));
    }

    #[test]
    fn unclear_numbers_are_refused_until_the_mark_is_known() {
        for text in ["1,234", "12.345", "€ 1.234"] {
            assert!(of(text, None).unwrap_err().contains("two ways"), "{text}");
            assert_eq!(number_hint(text), Some(None), "{text}");
        }
        assert_eq!(of("1,234", Some(DecimalMark::Point)).unwrap(), "1234");
        assert_eq!(of("1,234", Some(DecimalMark::Comma)).unwrap(), "1.234");
        assert_eq!(of("1.234", Some(DecimalMark::Comma)).unwrap(), "1234");
        for (text, hint) in [
            ("1,234.5", Some(Some(DecimalMark::Point))),
            ("1,5", Some(Some(DecimalMark::Comma))),
            ("1.234.567", Some(Some(DecimalMark::Comma))),
            ("1234", None),
            ("x", None),
        ] {
            assert_eq!(number_hint(text), hint, "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in ["x", "10k", "1,2,3", "1.2.3", "12,34,567", "50 %", "1 2", "5 apples"] {
            assert_eq!(of(text, None), Err("is no number".to_owned()), "{text}");
        }
    }
}
