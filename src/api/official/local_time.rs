//! Local times and days in a time zone. Pure functions.
//!
//! A local time that the clocks skip, or that they show twice, is refused with both readings: nobody else can say which one
//! was meant.

use chrono::{DateTime, Duration, FixedOffset, LocalResult, NaiveDate, NaiveDateTime, SecondsFormat, TimeZone, Utc};
use highlevel_core::{
    error::{Error, Result},
    suggest::nearest,
};
use highlevel_time_zone::Tz;

/// The formats of a time without an offset. The second one is that of a contact's appointments.
const LOCAL: [&str; 3] = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M"];

/// Which end of a range a day stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The day's beginning.
    From,
    /// The beginning of the next day.
    To,
}

/// The time zone with this IANA name. Case does not count.
///
/// # Errors
/// `invalid_arguments` with the nearest name.
pub(super) fn zone(field: &str, name: &str) -> Result<Tz> {
    let name = name.trim();
    Tz::all().find(|zone| zone.name().eq_ignore_ascii_case(name)).ok_or_else(|| {
        let near = nearest(name, Tz::all().map(Tz::name));
        let near = near.map_or_else(String::new, |near| format!(" Did you mean `{near}`?"));
        Error::invalid(field, format!("`{field}`: `{name}` is not an IANA time zone, such as Europe/Berlin.{near}"))
    })
}

/// A time with an offset, in one of the API's forms.
pub(super) fn with_offset(text: &str) -> Option<DateTime<FixedOffset>> {
    let plain = DateTime::parse_from_rfc3339(text).ok();
    plain.or_else(|| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z").ok())
}

/// A time without an offset.
pub(super) fn without_offset(text: &str) -> Option<NaiveDateTime> {
    LOCAL.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
}

/// The moment of an argument: a time with an offset, or a local time in `zone`.
///
/// # Errors
/// `invalid_arguments` without a zone for a local time, and with both readings for a time that the clocks skip or show
/// twice.
pub(super) fn moment(field: &str, text: &str, zone: Option<Tz>) -> Result<DateTime<FixedOffset>> {
    if let Some(time) = with_offset(text) {
        return Ok(time);
    }
    let Some(local) = without_offset(text) else {
        return Err(Error::invalid(field, format!("`{field}`: `{text}` is not a time, such as 2026-03-01T09:00.")));
    };
    let Some(zone) = zone else { return Err(no_zone(field)) };
    let shown = local.format("%Y-%m-%dT%H:%M");
    let (what, one, other) = match zone.from_local_datetime(&local) {
        LocalResult::Single(time) => return Ok(time.fixed_offset()),
        LocalResult::Ambiguous(one, other) => ("comes twice", Some(one), Some(other)),
        LocalResult::None => {
            // The readings by the offsets before and after the change.
            let by = |hours| {
                let near = zone.from_local_datetime(&(local + Duration::hours(hours))).earliest()?;
                Some(zone.from_utc_datetime(&(near.naive_utc() - Duration::hours(hours))))
            };
            ("does not exist", by(3), by(-3))
        }
    };
    let mut choices: Vec<String> = [one, other].into_iter().flatten().map(|time| rfc3339(&time)).collect();
    choices.sort_unstable();
    let message =
        format!("`{field}`: {shown} {what} in {zone}, where the clocks change then. Give {}.", choices.join(" or "));
    Err(Error::invalid(field, message).with("choices", choices))
}

/// The error for a local time in a location whose time zone is unknown.
pub(super) fn no_zone(field: &str) -> Error {
    let message = format!("`{field}`: the location has no time zone. Give `timeZone`, or a time with an offset.");
    Error::invalid(field, message)
}

/// An end of a range: a day in `zone`, or a time with an offset.
///
/// # Errors
/// `invalid_arguments` for another text.
pub(super) fn range_end(field: &str, text: &str, end: End, zone: Tz) -> Result<DateTime<Utc>> {
    if let Some(time) = with_offset(text) {
        // Ranges are half open, and a time is in the range that it ends.
        let inclusive = if end == End::To { Duration::milliseconds(1) } else { Duration::zero() };
        return Ok(time.to_utc() + inclusive);
    }
    let day = text.parse::<NaiveDate>().ok();
    let day = if end == End::To { day.and_then(|day| day.succ_opt()) } else { day };
    day.map(|day| midnight(day, zone))
        .ok_or_else(|| Error::invalid(field, format!("`{field}`: `{text}` is not a day, such as 2026-03-01.")))
}

/// The beginning of a day. Some zones change their clocks at midnight.
pub(super) fn midnight(day: NaiveDate, zone: Tz) -> DateTime<Utc> {
    let local = day.and_time(chrono::NaiveTime::MIN);
    let at = |local: NaiveDateTime| zone.from_local_datetime(&local).earliest();
    at(local).or_else(|| at(local + Duration::hours(1))).map_or_else(|| local.and_utc(), |time| time.to_utc())
}

/// A time in seconds, with its offset.
pub(super) fn rfc3339<Z: TimeZone>(time: &DateTime<Z>) -> String {
    time.fixed_offset().to_rfc3339_opts(SecondsFormat::Secs, false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn zone(name: &str) -> Tz {
        super::zone("timeZone", name).unwrap()
    }

    #[test]
    fn a_local_time_has_the_offset_of_its_day() {
        for (text, zone, expected) in [
            ("2027-03-13T09:00", "America/New_York", "2027-03-13T09:00:00-05:00"),
            ("2027-03-14T09:00", "America/New_York", "2027-03-14T09:00:00-04:00"),
            ("2027-03-27T09:00", "Europe/Berlin", "2027-03-27T09:00:00+01:00"),
            ("2027-03-28T09:00", "Europe/Berlin", "2027-03-28T09:00:00+02:00"),
            ("2027-10-31T09:00", "Europe/Berlin", "2027-10-31T09:00:00+01:00"),
            ("2027-03-14T02:30:00-05:00", "Europe/Berlin", "2027-03-14T02:30:00-05:00"),
        ] {
            assert_eq!(rfc3339(&moment("startTime", text, Some(self::zone(zone))).unwrap()), expected);
        }
    }

    #[test]
    fn a_time_that_is_skipped_or_comes_twice_is_refused_with_both_readings() {
        for (text, zone, choices) in [
            ("2027-03-14T02:30", "America/New_York", ["2027-03-14T01:30:00-05:00", "2027-03-14T03:30:00-04:00"]),
            ("2027-11-07T01:30", "America/New_York", ["2027-11-07T01:30:00-04:00", "2027-11-07T01:30:00-05:00"]),
            ("2027-03-28T02:30", "Europe/Berlin", ["2027-03-28T01:30:00+01:00", "2027-03-28T03:30:00+02:00"]),
            ("2027-10-31T02:30", "Europe/Berlin", ["2027-10-31T02:30:00+01:00", "2027-10-31T02:30:00+02:00"]),
        ] {
            let error = moment("startTime", text, Some(self::zone(zone))).unwrap_err();
            assert_eq!(error.details["choices"], json!(choices), "{}", error.message);
            assert!(choices.iter().all(|choice| error.message.contains(choice)));
            for choice in choices {
                assert!(moment("startTime", choice, Some(self::zone(zone))).is_ok());
            }
        }
    }

    #[test]
    fn a_day_ends_where_the_next_begins() {
        let end = |text, end| rfc3339(&range_end("from", text, end, zone("America/New_York")).unwrap());
        assert_eq!(end("2027-03-14", End::From), "2027-03-14T05:00:00+00:00");
        assert_eq!(end("2027-03-14", End::To), "2027-03-15T04:00:00+00:00");
        assert!(range_end("to", "soon", End::To, zone("America/New_York")).is_err());
    }

    #[test]
    fn zones_are_found_in_any_case_and_near_names_are_named() {
        assert_eq!(zone(" europe/berlin "), "Europe/Berlin".parse().unwrap());
        assert!(super::zone("timeZone", "Europe/Berlim").unwrap_err().message.contains("`Europe/Berlin`"));
    }
}
