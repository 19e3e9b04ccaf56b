//! What an answer's headers say about quota and time ("Response Headers", "Rate Limit Handling").

use chrono::{DateTime, TimeDelta, Utc};
use http::{HeaderMap, HeaderName, header};
use std::time::Duration;

/// No header holds calls back for longer than this, whatever it says, but one that says that the day is spent.
pub(crate) const LONGEST_HOLD: Duration = Duration::from_secs(3600);

/// No day ends later.
pub(crate) const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// When a spent day is looked at again whose end is not told.
const LOOK_AGAIN: Duration = Duration::from_secs(3600);

static DATE: HeaderName = header::DATE;
static RETRY_AFTER: HeaderName = header::RETRY_AFTER;
static LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
static MAX: HeaderName = HeaderName::from_static("x-ratelimit-max");
static REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
static RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");
static INTERVAL: HeaderName = HeaderName::from_static("x-ratelimit-interval-milliseconds");
static DAILY_REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-daily-remaining");
static DAILY_RESET: HeaderName = HeaderName::from_static("x-ratelimit-daily-reset");

/// The headers of one answer, read leniently: what cannot be understood counts as absent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AnswerHeaders {
    /// `X-RateLimit-Limit`, or `X-RateLimit-Max`: requests in one window.
    pub limit: Option<u32>,
    /// `X-RateLimit-Remaining`: requests left in this window.
    pub remaining: Option<u32>,
    /// `X-RateLimit-Reset` as a distance from the answer.
    pub reset: Option<Duration>,
    /// `Retry-After` as a distance from the answer.
    pub retry_after: Option<Duration>,
    /// `Date`: the server's clock, in whole seconds.
    pub date: Option<DateTime<Utc>>,
    /// `X-RateLimit-Interval-Milliseconds`: the window itself.
    pub interval: Option<Duration>,
    /// The distance to the next day, if `X-RateLimit-Daily-Remaining` says that this day's requests are used up.
    pub day_ends: Option<Duration>,
    /// Whether `reset` rests on the server's own clock or on a plain distance, so that a window can be learned of it.
    pub reset_is_sure: bool,
}

impl AnswerHeaders {
    /// Reads the headers of an answer. `server_now` is the best guess at the server's clock for an answer without
    /// `Date`.
    pub fn read(headers: &HeaderMap, server_now: DateTime<Utc>) -> Self {
        let text = |name: &'static HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        let count = |name| text(name).and_then(whole).and_then(|number| u32::try_from(number).ok());
        let date = text(&DATE).and_then(http_date);
        let now = date.unwrap_or(server_now);
        let reset = text(&RESET).and_then(|value| moment(value, now));
        Self {
            // A limit of nothing would hold every call for ever: it cannot be meant.
            limit: count(&LIMIT).or_else(|| count(&MAX)).filter(|limit| *limit > 0),
            remaining: count(&REMAINING),
            reset: reset.map(|(distance, _)| distance.min(LONGEST_HOLD)),
            retry_after: text(&RETRY_AFTER).and_then(|value| retry_after(value, now)),
            date,
            interval: text(&INTERVAL)
                .and_then(whole)
                .map(Duration::from_millis)
                .filter(|interval| !interval.is_zero() && *interval <= LONGEST_HOLD),
            day_ends: (count(&DAILY_REMAINING) == Some(0))
                .then(|| text(&DAILY_RESET).and_then(|value| day_end(value, now)).unwrap_or(LOOK_AGAIN)),
            // One that absurd is some other number.
            reset_is_sure: reset
                .is_some_and(|(distance, relative)| distance <= LONGEST_HOLD && (relative || date.is_some())),
        }
    }
}

/// A number of at least 0, a fraction counting as one more.
fn whole(text: &str) -> Option<u64> {
    if let Some((number, fraction)) = text.split_once('.') {
        let more = u64::from(fraction.bytes().any(|digit| digit != b'0'));
        return (fraction.bytes().all(|digit| digit.is_ascii_digit()))
            .then(|| whole(number))
            .flatten()?
            .checked_add(more);
    }
    text.parse().ok()
}

fn http_date(text: &str) -> Option<DateTime<Utc>> {
    httpdate::parse_http_date(text).ok().map(DateTime::from)
}

/// `Reset` as a distance, and whether it was one as it came. Told apart by size: from 10^12 on milliseconds since 1970, from
/// 10^9 on seconds since 1970 (both 2001), below that a distance in seconds.
fn moment(text: &str, now: DateTime<Utc>) -> Option<(Duration, bool)> {
    const SECONDS: u64 = 1_000_000_000;
    const MILLISECONDS: u64 = 1_000_000_000_000;
    let Some(number) = whole(text) else { return http_date(text).map(|at| (until(at, now), false)) };
    if number < SECONDS {
        return Some((Duration::from_secs(number).min(LONGEST), true));
    }
    let number_signed = i64::try_from(number).ok()?;
    let at = if number < MILLISECONDS {
        DateTime::from_timestamp(number_signed, 0)
    } else {
        DateTime::from_timestamp_millis(number_signed)
    };
    Some((until(at?, now), false))
}

/// `Daily-Reset`: milliseconds, since 1970 or from now; seconds since 1970 are told by their size.
fn day_end(text: &str, now: DateTime<Utc>) -> Option<Duration> {
    const DAYS: u64 = 1_000_000_000;
    match whole(text) {
        Some(distance) if distance < DAYS => Some(Duration::from_millis(distance).min(LONGEST)),
        _ => moment(text, now).map(|(distance, _)| distance),
    }
}

/// `Retry-After` as a distance: seconds or a date. A number that is a time since 1970 is read as that.
fn retry_after(text: &str, now: DateTime<Utc>) -> Option<Duration> {
    const SINCE_1970: u64 = 1_000_000_000;
    let distance = match whole(text) {
        Some(seconds) if seconds < SINCE_1970 => Duration::from_secs(seconds),
        // Past, it is neither, and the longest there is.
        Some(_) => moment(text, now).map(|(distance, _)| distance).filter(|at| !at.is_zero()).unwrap_or(LONGEST_HOLD),
        None => http_date(text).map(|at| until(at, now))?,
    };
    Some(distance.min(LONGEST_HOLD))
}

/// The distance from `now`; nothing for what has passed, and never more than [`LONGEST`].
fn until(at: DateTime<Utc>, now: DateTime<Utc>) -> Duration {
    let distance: TimeDelta = at - now;
    distance.to_std().unwrap_or_default().min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_official_family_tells_window_and_day() {
        let told = read(&[
            ("x-ratelimit-max", "100"),
            ("x-ratelimit-remaining", "42"),
            ("x-ratelimit-interval-milliseconds", "10000"),
            ("x-ratelimit-daily-remaining", "7"),
            ("x-ratelimit-daily-reset", "3600000"),
        ]);
        assert_eq!((told.limit, told.remaining, told.interval), (Some(100), Some(42), Some(Duration::from_secs(10))));
        assert_eq!(told.day_ends, None, "there is something left");
        let ends = |reset: &str| {
            read(&[("date", DATE), ("x-ratelimit-daily-remaining", "0"), ("x-ratelimit-daily-reset", reset)]).day_ends
        };
        assert_eq!(ends("3600000"), Some(Duration::from_secs(3600)));
        assert_eq!(ends("1698161400000"), Some(Duration::from_secs(3600)), "milliseconds since 1970");
        assert_eq!(ends("1698161400"), Some(Duration::from_secs(3600)), "seconds since 1970");
        assert_eq!(ends("soon"), Some(LOOK_AGAIN), "an end that cannot be read is looked for");
    }

    const DATE: &str = "Tue, 24 Oct 2023 14:30:00 GMT"; // 1698157800

    fn read(pairs: &[(&'static str, &str)]) -> AnswerHeaders {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, value.parse().unwrap());
        }
        AnswerHeaders::read(&headers, DateTime::from_timestamp(1_698_157_000, 0).unwrap())
    }

    #[test]
    fn the_documents_example_is_read() {
        let read = read(&[
            ("x-ratelimit-limit", "300"),
            ("x-ratelimit-remaining", "299"),
            ("x-ratelimit-reset", "1698157872"),
            ("date", DATE),
        ]);
        assert_eq!((read.limit, read.remaining), (Some(300), Some(299)));
        assert_eq!(read.reset, Some(Duration::from_secs(72)));
        assert!(read.reset_is_sure);
    }

    #[test]
    fn reset_is_told_by_its_size() {
        let reset = |value| read(&[("x-ratelimit-reset", value), ("date", DATE)]).reset;
        assert_eq!(reset("60"), Some(Duration::from_secs(60)));
        assert_eq!(reset("59.2"), Some(Duration::from_secs(60)));
        assert_eq!(reset("1698157860"), Some(Duration::from_secs(60)));
        assert_eq!(reset("1698157860500"), Some(Duration::from_millis(60_500)));
        assert_eq!(reset("1698157000"), Some(Duration::ZERO), "past");
        assert_eq!(reset("18446744073709551615"), None);
        assert_eq!(reset("soon"), None);
        assert_eq!(reset("-5"), None);
    }

    #[test]
    fn without_a_date_the_guess_at_the_servers_clock_is_used_and_not_trusted() {
        let read = read(&[("x-ratelimit-reset", "1698157060")]);
        assert_eq!(read.reset, Some(Duration::from_secs(60)));
        assert!(!read.reset_is_sure);
    }

    #[test]
    fn retry_after_comes_in_both_forms_and_is_bounded() {
        let after = |value| read(&[("retry-after", value), ("date", DATE)]).retry_after;
        assert_eq!(after("7"), Some(Duration::from_secs(7)));
        assert_eq!(after("Tue, 24 Oct 2023 14:30:09 GMT"), Some(Duration::from_secs(9)));
        for absurd in ["7200", "1000000000", "99999999999", "18446744073709551615", "Mon, 24 Oct 2033 14:30:09 GMT"] {
            assert_eq!(after(absurd), Some(LONGEST_HOLD), "{absurd}");
        }
        assert_eq!(after("1698157860"), Some(Duration::from_secs(60)), "seconds since 1970");
        assert_eq!(after("1698157860500"), Some(Duration::from_millis(60_500)), "milliseconds since 1970");
        assert_eq!(after("later"), None);
    }

    #[test]
    fn an_absurd_window_is_not_learned_and_holds_nobody_for_long() {
        for absurd in ["999999999", "1798157860", "1798157860500"] {
            let told = read(&[("x-ratelimit-limit", "300"), ("x-ratelimit-reset", absurd), ("date", DATE)]);
            assert_eq!((told.reset, told.reset_is_sure), (Some(LONGEST_HOLD), false), "{absurd}");
        }
        assert_eq!(read(&[("x-ratelimit-interval-milliseconds", "1698157860500")]).interval, None);
    }

    #[test]
    fn a_limit_of_nothing_is_not_believed() {
        assert_eq!(read(&[("x-ratelimit-limit", "0")]).limit, None);
        assert_eq!(read(&[("x-ratelimit-limit", "many")]).limit, None);
    }
}
