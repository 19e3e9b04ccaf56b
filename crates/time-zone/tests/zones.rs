//! The zones are the IANA database's, as `chrono-tz`, which reads it by itself, has them.

#![allow(clippy::unwrap_used, reason = "tests fail this way")]

use chrono::{DateTime, MappedLocalTime, NaiveDate, Offset, TimeDelta, TimeZone};
use highlevel_time_zone::Tz;

/// The offsets of a local time, in seconds.
fn offsets<Z: TimeZone>(local: MappedLocalTime<DateTime<Z>>) -> Vec<i32> {
    let seconds = |time: DateTime<Z>| time.offset().fix().local_minus_utc();
    match local {
        MappedLocalTime::None => vec![],
        MappedLocalTime::Single(time) => vec![seconds(time)],
        MappedLocalTime::Ambiguous(one, other) => vec![seconds(one), seconds(other)],
    }
}

/// Zones with clocks that change in both hemispheres, by half an hour, at midnight, and never. The two copies of the
/// database are of different days, so that zones whose governments change their minds are not among them.
const ZONES: [&str; 12] = [
    "America/New_York",
    "America/Chicago",
    "America/St_Johns",
    "America/Santiago",
    "America/Sao_Paulo",
    "Europe/London",
    "Europe/Berlin",
    "Asia/Kolkata",
    "Asia/Beirut",
    "Australia/Sydney",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
];

#[test]
fn zones_have_the_offsets_of_chrono_tz() {
    let first = NaiveDate::from_ymd_opt(2025, 1, 1).unwrap().and_hms_opt(0, 30, 0).unwrap();
    for name in ZONES {
        let (zone, other): (Tz, chrono_tz::Tz) = (name.parse().unwrap(), name.parse().unwrap());
        for local in (0..9_000).map(|hours| first + TimeDelta::hours(hours)) {
            let ours = offsets(zone.from_local_datetime(&local));
            assert_eq!(ours, offsets(other.from_local_datetime(&local)), "{name} {local}");
            let (utc, theirs) = (zone.offset_from_utc_datetime(&local), other.offset_from_utc_datetime(&local));
            assert_eq!(utc.fix(), theirs.fix(), "{name} {local} UTC");
        }
    }
}

#[test]
fn the_database_has_the_zones_of_chrono_tz() {
    let missing: Vec<_> = chrono_tz::TZ_VARIANTS.iter().filter(|zone| zone.name().parse::<Tz>().is_err()).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn a_name_is_exact_and_others_are_refused() {
    assert_eq!("America/New_York".parse::<Tz>().unwrap().name(), "America/New_York");
    assert_eq!("UTC".parse::<Tz>(), Ok(Tz::UTC));
    for name in ["", "Mars/Base", "europe/berlin", "Europe/Berlin "] {
        name.parse::<Tz>().unwrap_err();
    }
}
