//! Dates and times in other forms than the API's, if they have only one reading.

use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat};

/// Formats in which the order of day and month is clear.
const UNAMBIGUOUS: [&str; 12] = [
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%B %d, %Y",
    "%B %d %Y",
    "%d %B %Y",
    "%d. %B %Y",
    "%d-%B-%Y",
    "%A, %B %d, %Y",
    "%A %B %d %Y",
    "%A, %d %B %Y",
    "%a %b %d %Y",
];

/// Converts a date or time with only one reading to the API's form. Returns any other text without quotes and spaces
/// around it.
pub(crate) fn read(text: &str) -> String {
    let text = super::unquoted(text);
    date(text).or_else(|| moment(text)).unwrap_or_else(|| text.to_owned())
}

/// Converts a time with only one reading to RFC 3339, or to a local date-time in seconds if it has no zone.
pub(crate) fn read_time(text: &str) -> String {
    let text = super::unquoted(text);
    moment(text).or_else(|| local(text)).unwrap_or_else(|| text.to_owned())
}

/// Converts a date or a time, with or without a zone.
pub(crate) fn read_either(text: &str) -> String {
    let text = super::unquoted(text);
    date(text).or_else(|| moment(text)).or_else(|| local(text)).unwrap_or_else(|| text.to_owned())
}

/// Converts a time without a zone.
fn local(text: &str) -> Option<String> {
    let text = text.to_ascii_uppercase();
    let forms = [
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y-%m-%dT%H:%M",
        "%Y-%m-%d %H:%M:%S%.f",
        "%Y-%m-%d %H:%M",
        "%Y-%m-%d %I:%M %p",
        "%Y-%m-%d %I:%M%p",
    ];
    let found = forms.iter().find_map(|form| NaiveDateTime::parse_from_str(&text, form).ok())?;
    Some(found.format("%Y-%m-%dT%H:%M:%S").to_string())
}

fn date(text: &str) -> Option<String> {
    let parse = |form: &&str| NaiveDate::parse_from_str(text, form).ok();
    let is_compact = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    let found =
        if is_compact { parse(&"%Y%m%d") } else { UNAMBIGUOUS.iter().find_map(parse).or_else(|| by_numbers(text)) };
    // chrono reads a year of two digits as the first century.
    found.filter(|date| (1900..=2999).contains(&chrono::Datelike::year(date))).map(|date| date.to_string())
}

/// Parses `28.02.2025` and `02/28/2025`, which have only one valid order. `02/03/2025` is ambiguous.
fn by_numbers(text: &str) -> Option<NaiveDate> {
    let parts: Vec<u32> = text.split(['/', '.', '-']).map(|part| part.trim().parse().ok()).collect::<Option<_>>()?;
    let [one, other, year] = parts.as_slice() else { return None };
    let of = |month: u32, day: u32| NaiveDate::from_ymd_opt(i32::try_from(*year).ok()?, month, day);
    match (of(*one, *other), of(*other, *one)) {
        (Some(date), None) | (None, Some(date)) => Some(date),
        (Some(date), Some(same)) if date == same => Some(date),
        _ => None,
    }
}

/// Converts a time with a zone to RFC 3339. A time without a zone is ambiguous.
fn moment(text: &str) -> Option<String> {
    if DateTime::parse_from_rfc3339(text).is_ok() && text.contains('T') {
        // Already in the API's form.
        return None;
    }
    let upper = text.to_ascii_uppercase().replace(" UTC", "Z").replace(" GMT", "Z");
    let zoned = upper.strip_suffix('Z').map_or(upper.clone(), |time| format!("{}+0000", time.trim_end()));
    let forms = [
        "%Y-%m-%dT%H:%M:%S%.f%z",
        "%Y-%m-%d %H:%M:%S%.f%z",
        "%Y-%m-%d %H:%M:%S%.f %z",
        "%Y-%m-%dT%H:%M%z",
        "%Y-%m-%d %H:%M%z",
        "%Y-%m-%d %H:%M %z",
    ];
    let found = forms.iter().find_map(|form| DateTime::parse_from_str(&zoned, form).ok());
    let found = found.or_else(|| DateTime::parse_from_rfc2822(text).ok())?;
    Some(found.to_rfc3339_opts(SecondsFormat::AutoSi, true))
}

#[cfg(test)]
mod tests {
    use super::{read, read_either, read_time};

    #[test]
    fn times_keep_their_offset_or_have_none() {
        for (text, expected) in [
            ("2026-03-01T09:00", "2026-03-01T09:00:00"),
            (" '2026-03-01 09:00' ", "2026-03-01T09:00:00"),
            ("2026-03-01 2:30 pm", "2026-03-01T14:30:00"),
            ("2026-03-01T09:00:00", "2026-03-01T09:00:00"),
            ("2026-03-01T09:00:00-05:00", "2026-03-01T09:00:00-05:00"),
            ("2026-03-01T09:00Z", "2026-03-01T09:00:00Z"),
            ("2026-03-01", "2026-03-01"),
            ("tomorrow at nine", "tomorrow at nine"),
        ] {
            assert_eq!(read_time(text), expected);
            assert_eq!(read_either(text), expected);
        }
    }

    #[test]
    fn unambiguous_dates_are_converted() {
        for text in [
            "2025-02-28",
            " 2025-02-28 ",
            "\"2025-02-28\"",
            "2025-2-28",
            "2025/02/28",
            "2025.2.28",
            "20250228",
            "28.02.2025",
            "28.2.2025",
            "02/28/2025",
            "28/02/2025",
            "Feb 28, 2025",
            "February 28 2025",
            "28 Feb 2025",
            "28. February 2025",
            "28-Feb-2025",
            "Friday, February 28, 2025",
        ] {
            assert_eq!(read(text), "2025-02-28", "{text}");
        }
        assert_eq!(read("05/05/2025"), "2025-05-05");
    }

    #[test]
    fn times_with_a_zone_are_converted() {
        for text in [
            "2025-02-28T10:00:00Z",
            "2025-02-28 10:00:00Z",
            "2025-02-28 10:00:00 UTC",
            "2025-02-28T10:00Z",
            "2025-02-28T10:00:00+0000",
            "Fri, 28 Feb 2025 10:00:00 +0000",
        ] {
            assert_eq!(read(text), "2025-02-28T10:00:00Z", "{text}");
        }
        assert_eq!(read("2025-02-28T10:00:00.123+01:00"), "2025-02-28T10:00:00.123+01:00");
    }

    #[test]
    fn ambiguous_dates_stay_unchanged() {
        for text in ["02/03/2025", "2.3.2025", "2025-02-28T10:00:00", "2025-02-30", "tomorrow", "28.02.25", "", "2025"]
        {
            assert_eq!(read(text), text);
        }
    }
}
