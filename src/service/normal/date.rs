//! Dates and moments in the ways in which they are written. Pure.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use serde_json::Value;

/// How far midnight somewhere is from midnight in UTC: before it, where it is early, and after it.
const MIDNIGHTS: (TimeDelta, TimeDelta) = (TimeDelta::hours(14), TimeDelta::hours(12));

/// Where only the day is told. Of the two orders of day and month both are tried.
const DAYS: [&str; 9] =
    ["%Y-%m-%d", "%Y/%m/%d", "%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%B %d, %Y", "%B %d %Y", "%d %B %Y", "%d-%B-%Y"];

/// With an offset, and the resolution in milliseconds.
const MOMENTS: [(&str, i64); 5] = [
    ("%Y-%m-%dT%H:%M:%S%.f%z", 1),
    ("%Y-%m-%dT%H:%M:%S%.f %z", 1),
    ("%Y-%m-%dT%H:%M%z", MINUTE),
    ("%a, %d %b %Y %H:%M:%S %z", 1),
    ("%a %b %d %Y %H:%M:%S GMT%z", 1),
];

/// Without an offset: UTC.
const BARE_MOMENTS: [(&str, i64); 2] = [("%Y-%m-%dT%H:%M:%S%.f", 1), ("%Y-%m-%dT%H:%M", MINUTE)];

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
/// Offsets from UTC are whole quarters of an hour.
const QUARTER: i64 = 15 * MINUTE;

/// A day, or a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    Day(NaiveDate),
    Moment(Moment),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Moment {
    /// In milliseconds since 1970.
    at: i64,
    /// The day as it is written, at its own offset.
    day: NaiveDate,
    /// In milliseconds.
    resolution: i64,
}

/// Whether two texts are dates and mean the same, at the coarser resolution of the two. One of them may be an epoch.
pub(super) fn same(a: &str, b: &str) -> bool {
    let (mut some, mut others) = (read(a), read(b));
    match (some.is_empty(), others.is_empty()) {
        (true, true) => return false,
        (true, false) => some.extend(epoch(a)),
        (false, true) => others.extend(epoch(b)),
        (false, false) => {}
    }
    some.iter().any(|one| others.iter().any(|other| one.is(other)))
}

/// The moment that a value tells, and how finely. A day is its beginning in UTC.
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
    fn is(&self, other: &Self) -> bool {
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

    /// Whether it is written as that day, or is that day's midnight somewhere.
    fn is_on(&self, day: NaiveDate) -> bool {
        let midnight = day.and_time(NaiveTime::MIN).and_utc().timestamp_millis();
        let (before, after) = (midnight - MIDNIGHTS.0.num_milliseconds(), midnight + MIDNIGHTS.1.num_milliseconds());
        self.day == day || (self.at % QUARTER == 0 && (before..=after).contains(&self.at))
    }
}

/// Every meaning that the text has as a date; none for what is no date.
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

/// With `T` between day and time, and an offset in digits.
fn uniform(text: &str) -> String {
    // As JavaScript shows a date: `… GMT+0000 (Coordinated Universal Time)`.
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

/// The moment that is meant by seconds or milliseconds since 1970, told by the number of digits.
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
