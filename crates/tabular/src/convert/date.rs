//! Dates.

use super::{Result, ValueError};
use crate::{Cell, normal::normal};
use chrono::NaiveDate;

/// Which of day and month comes first in dates such as 03/04/2024.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DateOrder {
    /// 3 April.
    DayFirst,
    /// March 4.
    MonthFirst,
}

/// The names of the months, without accents: English, German, Spanish, French, Italian.
const MONTHS: [&[&str]; 12] = [
    &["january", "januar", "janner", "enero", "janvier", "gennaio", "jan", "ene", "janv", "gen"],
    &["february", "februar", "febrero", "fevrier", "febbraio", "feb", "fev", "fevr"],
    &["march", "marz", "maerz", "marzo", "mars", "mar", "mrz"],
    &["april", "abril", "avril", "aprile", "apr", "abr", "avr"],
    &["may", "mai", "mayo", "maggio", "mag"],
    &["june", "juni", "junio", "juin", "giugno", "jun", "giu"],
    &["july", "juli", "julio", "juillet", "luglio", "jul", "juil", "lug"],
    &["august", "agosto", "aout", "aug", "ago"],
    &["september", "septiembre", "setiembre", "septembre", "settembre", "sep", "sept", "set"],
    &["october", "oktober", "octubre", "octobre", "ottobre", "oct", "okt", "ott"],
    &["november", "noviembre", "novembre", "nov"],
    &["december", "dezember", "diciembre", "decembre", "dicembre", "dec", "dez", "dic"],
];

/// A date as `YYYY-MM-DD`. A time is left out. A date such as 03/04/2024 needs the order of its column.
///
/// # Errors
///
/// If it is no date, can be read in two ways, or has no year of four digits.
pub fn date(cell: &Cell, order: Option<DateOrder>) -> Result<String> {
    match cell {
        Cell::Date(date) => Ok(date.clone()),
        Cell::DateTime(time) => Ok(time.get(..10).unwrap_or(time).to_owned()),
        Cell::Number(_) => Err(ValueError::new("is a number and no date; format the cell as a date")),
        other => read(&other.text())?.in_order(order),
    }
}

/// What a text shows of its column's order: None if it is no date or has no such order, `Some(None)` if it can be read in
/// two ways.
pub(crate) fn date_hint(text: &str) -> Option<Option<DateOrder>> {
    match read(text) {
        Ok(Found::Numbers(one, other, _)) if one > 12 => (other <= 12).then_some(Some(DateOrder::DayFirst)),
        Ok(Found::Numbers(_, other, _)) if other > 12 => Some(Some(DateOrder::MonthFirst)),
        Ok(Found::Numbers(one, other, _)) if one != other => Some(None),
        Ok(_) | Err(_) => None,
    }
}

/// A date as it is written.
enum Found {
    /// Year, month and day.
    Clear(i32, u32, u32),
    /// Day and month in some order, and the year.
    Numbers(u32, u32, i32),
}

impl Found {
    fn in_order(&self, order: Option<DateOrder>) -> Result<String> {
        let (year, month, day) = match *self {
            Self::Clear(year, month, day) => (year, month, day),
            Self::Numbers(one, other, year) => match order {
                _ if one > 12 || one == other => (year, other, one),
                _ if other > 12 => (year, one, other),
                Some(DateOrder::DayFirst) => (year, other, one),
                Some(DateOrder::MonthFirst) => (year, one, other),
                None => {
                    let message = "can be day/month or month/day; say which the column has";
                    return Err(ValueError::new(message));
                }
            },
        };
        let date = NaiveDate::from_ymd_opt(year, month, day).filter(|_| (1000..=9999).contains(&year));
        date.map(|date| date.to_string()).ok_or_else(|| ValueError::new("is no day of the calendar"))
    }
}

fn read(text: &str) -> Result<Found> {
    let text = without_time(text.trim());
    if text.starts_with("--") {
        return Err(ValueError::new("has no year; write it as YYYY-MM-DD"));
    }
    if text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let part = |range: std::ops::Range<usize>| text.get(range).unwrap_or_default().parse().unwrap_or(0);
        return Ok(Found::Clear(text.get(..4).unwrap_or_default().parse().unwrap_or(0), part(4..6), part(6..8)));
    }
    let is_mark = |letter: char| matches!(letter, '-' | '/' | '.' | ',') || letter.is_whitespace();
    let parts: Vec<&str> = text.split(is_mark).filter(|part| !part.is_empty()).collect();
    let number = |part: &str| part.trim_end_matches(|letter: char| letter.is_alphabetic()).parse::<u32>().ok();
    let year = |part: &str| part.parse().ok().filter(|_| part.len() == 4);
    let no_date = || ValueError::new("is no date; write it as YYYY-MM-DD");
    let [one, two, three] = *without_words(&parts).as_slice() else { return Err(no_date()) };
    if let (Some(year), Some(month), Some(day)) = (year(one), two.parse().ok(), three.parse().ok()) {
        return Ok(Found::Clear(year, month, day));
    }
    let day_and_month = match (month(one), month(two)) {
        (Some(month), _) => number(two).map(|day| (day, month)),
        (None, Some(month)) => number(one).map(|day| (day, month)),
        (None, None) => None,
    };
    let Some(year) = year(three) else {
        let is_short = three.len() == 2 && three.bytes().all(|byte| byte.is_ascii_digit());
        return Err(if is_short {
            ValueError::new("has a year of two digits; write it as YYYY-MM-DD")
        } else {
            no_date()
        });
    };
    if let Some((day, month)) = day_and_month {
        return Ok(Found::Clear(year, month, day));
    }
    let (Ok(one), Ok(two)) = (one.parse(), two.parse()) else { return Err(no_date()) };
    // With dots the day comes first everywhere.
    Ok(if text.contains('.') { Found::Clear(year, two, one) } else { Found::Numbers(one, two, year) })
}

/// The parts of a date without words such as the weekday, or `de` in `3 de abril de 2024`.
fn without_words<'a>(parts: &[&'a str]) -> Vec<&'a str> {
    let is_kept = |part: &&&str| part.starts_with(|letter: char| letter.is_ascii_digit()) || month(part).is_some();
    parts.iter().filter(is_kept).copied().collect()
}

fn without_time(text: &str) -> &str {
    let is_time = |rest: &str| rest.starts_with(|letter: char| letter.is_ascii_digit()) && rest.contains(':');
    match text.split_once(['T', ' ']) {
        Some((date, rest)) if is_time(rest) && date.contains(|letter: char| letter.is_ascii_digit()) => date,
        _ => text
            .match_indices(' ')
            .find(|(at, _)| {
                text.get(at.saturating_add(1)..)
                    .is_some_and(|rest| is_time(rest) && rest.find(':').is_some_and(|at| at <= 2))
            })
            .and_then(|(at, _)| text.get(..at))
            .unwrap_or(text)
            .trim_end_matches(','),
    }
}

fn month(text: &str) -> Option<u32> {
    let name = normal(text);
    (1..).zip(MONTHS).find(|(_, names)| names.contains(&&*name)).map(|(month, _)| month)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, order: Option<DateOrder>) -> std::result::Result<String, String> {
        date(&Cell::of_text(text), order).map_err(|error| error.message)
    }

    #[test]
    fn clear_dates_need_no_order() {
        for (text, expected) in [
            ("2024-02-29", "2024-02-29"),
            ("2024/2/9", "2024-02-09"),
            ("20240229", "2024-02-29"),
            ("2024-02-29T14:30:00Z", "2024-02-29"),
            ("2024-02-29 14:30", "2024-02-29"),
            ("31.12.1980", "1980-12-31"),
            ("3.4.1980", "1980-04-03"),
            ("31/12/1980", "1980-12-31"),
            ("12/31/1980", "1980-12-31"),
            ("4/4/1980", "1980-04-04"),
            ("12/31/1980 1:05 PM", "1980-12-31"),
            ("3 Apr 1980", "1980-04-03"),
            ("April 3rd, 1980", "1980-04-03"),
            ("Thu, 3 April 1980", "1980-04-03"),
            ("3. März 1980", "1980-03-03"),
            ("3 de abril de 1980", "1980-04-03"),
            ("1er août 1980", "1980-08-01"),
            ("03-Apr-1980", "1980-04-03"),
            ("Apr 3, 1980, 10:15 AM", "1980-04-03"),
        ] {
            assert_eq!(of(text, None).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn unclear_dates_are_refused_until_the_order_is_known() {
        assert!(of("03/04/1980", None).unwrap_err().contains("day/month or month/day"));
        assert_eq!(of("03/04/1980", Some(DateOrder::DayFirst)).unwrap(), "1980-04-03");
        assert_eq!(of("03-04-1980", Some(DateOrder::MonthFirst)).unwrap(), "1980-03-04");
        for (text, hint) in [
            ("03/04/1980", Some(None)),
            ("31/04/1980", Some(Some(DateOrder::DayFirst))),
            ("04/31/1980", Some(Some(DateOrder::MonthFirst))),
            ("04/04/1980", None),
            ("31.12.1980", None),
            ("1980-03-04", None),
            ("soon", None),
        ] {
            assert_eq!(date_hint(text), hint, "{text}");
        }
    }

    #[test]
    fn what_is_no_date_says_why() {
        for (text, part) in [
            ("--04-03", "has no year"),
            ("03/04/80", "two digits"),
            ("31.02.1980", "no day of the calendar"),
            ("2024-13-01", "no day of the calendar"),
            ("soon", "is no date"),
            ("1980", "is no date"),
            ("0", "is no date"),
        ] {
            let message = of(text, None).unwrap_err();
            assert!(message.contains(part), "{text}: {message}");
        }
        assert!(date(&Cell::Number(29_314.into()), None).unwrap_err().message.contains("format the cell as a date"));
        assert_eq!(date(&Cell::DateTime("2024-02-29T14:30:00".into()), None).unwrap(), "2024-02-29");
    }
}
