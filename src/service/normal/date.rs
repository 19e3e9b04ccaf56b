//! Dates and times in common notations. Pure.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use serde_json::Value;

/// How long before and after midnight UTC a time zone can have its midnight.
const MIDNIGHTS: (TimeDelta, TimeDelta) = (TimeDelta::hours(14), TimeDelta::hours(12));

/// Formats without a time. Both orders of day and month are tried.
const DAYS: [&str; 9] =
    ["%Y-%m-%d", "%Y/%m/%d", "%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%B %d, %Y", "%B %d %Y", "%d %B %Y", "%d-%B-%Y"];

/// Formats with an offset, each with its resolution in milliseconds.
const MOMENTS: [(&str, i64); 5] = [
    ("%Y-%m-%dT%H:%M:%S%.f%z", 1),
    ("%Y-%m-%dT%H:%M:%S%.f %z", 1),
    ("%Y-%m-%dT%H:%M%z", MINUTE),
    ("%a, %d %b %Y %H:%M:%S %z", 1),
    ("%a %b %d %Y %H:%M:%S GMT%z", 1),
];

/// Formats without an offset, which are read as UTC, each with its resolution in milliseconds.
const BARE_MOMENTS: [(&str, i64); 2] = [("%Y-%m-%dT%H:%M:%S%.f", 1), ("%Y-%m-%dT%H:%M", MINUTE)];

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
/// Offsets from UTC are whole quarters of an hour.
const QUARTER: i64 = 15 * MINUTE;

/// A day or a point in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    Day(NaiveDate),
    Moment(Moment),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Moment {
    /// Milliseconds since 1970.
    at: i64,
    /// The day in the offset that the text gives.
    day: NaiveDate,
    /// The resolution in milliseconds.
    resolution: i64,
}

/// Whether two texts are the same date or time, at the coarser of their resolutions. One of them may be a Unix time.
pub(super) fn same(a: &str, b: &str) -> bool {
    let mut dates_a = read(a);
    let mut dates_b = read(b);
    match (dates_a.is_empty(), dates_b.is_empty()) {
        (true, true) => return false,
        (true, false) => dates_a.extend(epoch(a)),
        (false, true) => dates_b.extend(epoch(b)),
        (false, false) => {}
    }
    dates_a.iter().any(|one| dates_b.iter().any(|other| one.is_same(other)))
}

/// The time that a value gives, with its resolution. A day counts as its beginning in UTC.
pub(in crate::service) fn moment(value: &Value) -> Option<(DateTime<Utc>, TimeDelta)> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    match read(&text).into_iter().next().or_else(|| epoch(&text))? {
        When::Day(day) => Some((day.and_time(NaiveTime::MIN).and_utc(), TimeDelta::days(1))),
        When::Moment(moment) => {
            Some((DateTime::from_timestamp_millis(moment.at)?, TimeDelta::milliseconds(moment.resolution)))
        }
    }
}

impl When {
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Day(one), Self::Day(other)) => one == other,
            (Self::Day(day), Self::Moment(moment)) | (Self::Moment(moment), Self::Day(day)) => moment.is_on(*day),
            (Self::Moment(one), Self::Moment(other)) => {
                let resolution = one.resolution.max(other.resolution);
                one.at.div_euclid(resolution) == other.at.div_euclid(resolution)
            }
        }
    }
}

impl Moment {
    fn new(at: DateTime<Utc>, day: NaiveDate, resolution: i64) -> Self {
        let at = at.timestamp_millis();
        let resolution = if resolution < SECOND && at % SECOND == 0 { SECOND } else { resolution };
        Self { at, day, resolution }
    }

    /// Whether the text gives this day, or the time is this day's midnight in some time zone.
    fn is_on(&self, day: NaiveDate) -> bool {
        let midnight = day.and_time(NaiveTime::MIN).and_utc().timestamp_millis();
        let before = midnight - MIDNIGHTS.0.num_milliseconds();
        let after = midnight + MIDNIGHTS.1.num_milliseconds();
        self.day == day || (self.at % QUARTER == 0 && (before..=after).contains(&self.at))
    }
}

/// Every date that the text may stand for. Empty if it is not a date.
fn read(text: &str) -> Vec<When> {
    const LENGTHS: std::ops::RangeInclusive<usize> = 8..=64;
    let text = text.trim();
    if !LENGTHS.contains(&text.len()) || text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Vec::new();
    }
    let days: Vec<_> =
        DAYS.iter().filter_map(|form| NaiveDate::parse_from_str(text, form).ok()).map(When::Day).collect();
    if !days.is_empty() {
        return days;
    }
    let text = uniform(text);
    let moment = MOMENTS.iter().find_map(|(form, resolution)| {
        let at = DateTime::parse_from_str(&text, form).ok()?;
        Some(Moment::new(at.to_utc(), at.date_naive(), *resolution))
    });
    let bare = || {
        BARE_MOMENTS.iter().find_map(|(form, resolution)| {
            let at = NaiveDateTime::parse_from_str(&text, form).ok()?;
            Some(Moment::new(at.and_utc(), at.date(), *resolution))
        })
    };
    moment.or_else(bare).map(When::Moment).into_iter().collect()
}

/// The text with `T` between day and time, and a numeric offset.
fn uniform(text: &str) -> String {
    // JavaScript's `Date.toString()` ends with the zone's name: `… GMT+0000 (Coordinated Universal Time)`.
    let text = text.split_once(" (").map_or(text, |(date, _)| date);
    let mut text = match text.as_bytes() {
        [first, ..] if first.is_ascii_digit() => text.replacen(' ', "T", 1),
        _ => text.to_owned(),
    };
    for utc in ["Z", "z", " UTC", " GMT"] {
        if let Some(bare) = text.strip_suffix(utc) {
            let gap = if utc.starts_with(' ') && !text.contains('T') { " " } else { "" };
            text = format!("{bare}{gap}+0000");
            break;
        }
    }
    text
}

/// The time of a Unix timestamp. The number of digits decides between seconds and milliseconds.
fn epoch(text: &str) -> Option<When> {
    let number: i64 = text.trim().parse().ok()?;
    let (at, resolution) = match number {
        100_000_000_000.. => (number, 1),
        100_000_000.. => (number.checked_mul(SECOND)?, SECOND),
        _ => return None,
    };
    let at = DateTime::from_timestamp_millis(at)?;
    Some(When::Moment(Moment::new(at, at.date_naive(), resolution)))
}
