//! When a calendar can be booked: open hours in the location's time zone, less what takes a team member's time.

use crate::account::{Account, Fields, ObjectKind};
use crate::official::organization::text;
use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveTime, Offset, TimeZone, Utc};
use highlevel_time_zone::Tz;
use serde_json::Value;

/// The statuses of appointments that take nobody's time.
const FREE_STATUSES: &[&str] = &["cancelled", "noshow", "invalid"];

/// The location's time zone. Open hours are in it.
pub(crate) fn zone(account: &Account) -> Tz {
    let location = account.first(ObjectKind::Locations).unwrap_or_default();
    let zone = text(&location, "timezone").parse().or_else(|_| "America/New_York".parse());
    zone.unwrap_or(Tz::UTC)
}

/// A stored time.
pub(crate) fn time(object: &Fields, name: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text(object, name)).ok().map(|time| time.to_utc())
}

/// An appointment or a blocked slot, as far as it takes somebody's time.
#[derive(Debug, Clone)]
struct Busy {
    id: String,
    /// The team member whose time it takes. Empty for a blocked slot of a whole calendar.
    user: String,
    calendar: String,
    start: DateTime<Utc>,
    end: DateTime<Utc>,
    is_block: bool,
}

/// Whose free time is asked for, and without which appointment: a moved one is not in its own way.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Asked<'a> {
    pub(crate) user: Option<&'a str>,
    pub(crate) except: Option<&'a str>,
    /// Whether the notice and the range of days for bookings do not count.
    pub(crate) any_day: bool,
}

/// One calendar's bookings.
pub(crate) struct Availability<'a> {
    calendar: &'a Fields,
    zone: Tz,
    now: DateTime<Utc>,
    busy: Vec<Busy>,
}

impl<'a> Availability<'a> {
    /// What is booked as stored, or as lists show it.
    pub(crate) fn of(account: &Account, calendar: &'a Fields, now: DateTime<Utc>, as_listed: bool) -> Self {
        let appointments = objects(account, ObjectKind::Appointments, as_listed);
        let appointments = appointments.iter().filter(|one| !FREE_STATUSES.contains(&text(one, "appointmentStatus")));
        let blocks = objects(account, ObjectKind::BlockedSlots, as_listed);
        let busy = appointments.map(|one| (one, false)).chain(blocks.iter().map(|one| (one, true)));
        let busy = busy.filter_map(|(one, is_block)| {
            Some(Busy {
                id: text(one, "id").to_owned(),
                user: text(one, "assignedUserId").to_owned(),
                calendar: text(one, "calendarId").to_owned(),
                start: time(one, "startTime")?,
                end: time(one, "endTime")?,
                is_block,
            })
        });
        Self { calendar, zone: zone(account), now, busy: busy.collect() }
    }

    /// The ids of the calendar's team members.
    pub(crate) fn team(&self) -> Vec<&str> {
        let members = self.calendar.get("teamMembers").and_then(Value::as_array).into_iter().flatten();
        members.filter_map(|member| member.get("userId")?.as_str()).collect()
    }

    /// Whether the calendar takes appointments at all.
    pub(crate) fn is_active(&self) -> bool {
        self.calendar.get("isActive") != Some(&Value::Bool(false))
    }

    /// How long an appointment takes.
    pub(crate) fn duration(&self) -> Duration {
        self.minutes("slotDuration").filter(|minutes| !minutes.is_zero()).unwrap_or(Duration::minutes(30))
    }

    /// A length of time among the calendar's settings, in minutes or hours.
    fn minutes(&self, name: &str) -> Option<Duration> {
        let count = self.calendar.get(name)?.as_i64()?;
        let unit = text(self.calendar, &format!("{name}Unit"));
        Some(if unit == "hours" { Duration::hours(count) } else { Duration::minutes(count) })
    }

    /// A length of time among the calendar's settings, in hours or longer. `None` if there is no such limit.
    fn days(&self, name: &str) -> Option<Duration> {
        let count = self.calendar.get(name)?.as_i64().filter(|count| *count > 0)?;
        Some(match text(self.calendar, &format!("{name}Unit")) {
            "hours" => Duration::hours(count),
            "weeks" => Duration::weeks(count),
            "months" => Duration::days(30 * count),
            _ => Duration::days(count),
        })
    }

    /// The free slots that start within a range, in order.
    pub(crate) fn slots(&self, from: DateTime<Utc>, to: DateTime<Utc>, asked: Asked<'_>) -> Vec<DateTime<Utc>> {
        let last = to.with_timezone(&self.zone).date_naive();
        let days = from.with_timezone(&self.zone).date_naive().iter_days().take_while(|day| *day <= last);
        let mut slots: Vec<_> = days.flat_map(|day| self.slots_of(day)).collect();
        slots.sort_unstable();
        slots.dedup();
        slots.retain(|start| {
            *start >= from && *start <= to && self.free_member(*start, *start + self.duration(), asked).is_some()
        });
        slots
    }

    /// The starts of all slots of a day, booked or not.
    fn slots_of(&self, day: NaiveDate) -> Vec<DateTime<Utc>> {
        let interval = self.minutes("slotInterval").filter(|it| !it.is_zero()).unwrap_or_else(|| self.duration());
        let mut slots = Vec::new();
        for (open, close) in self.open_hours(day) {
            let mut start = open;
            while start + self.duration() <= close {
                slots.push(start);
                start += interval;
            }
        }
        slots
    }

    /// When a day's open hours begin and end. On the days when the clocks change, they are an hour shorter or longer.
    fn open_hours(&self, day: NaiveDate) -> Vec<(DateTime<Utc>, DateTime<Utc>)> {
        let weekday = u64::from(day.weekday().num_days_from_sunday());
        let entries = self.calendar.get("openHours").and_then(Value::as_array).into_iter().flatten();
        let open = entries.filter(|entry| {
            let days = entry.get("daysOfTheWeek").and_then(Value::as_array).into_iter().flatten();
            days.filter_map(Value::as_u64).any(|day| day == weekday)
        });
        let hours = open.filter_map(|entry| entry.get("hours")?.as_array()).flatten();
        let at = |hours: &Value, hour: &str, minute: &str| {
            let count = |name: &str| hours.get(name).and_then(Value::as_i64).unwrap_or_default();
            let local = day.and_time(NaiveTime::MIN) + Duration::minutes(count(hour) * 60 + count(minute));
            // An hour that the clocks skip begins when they have changed.
            let is_then = |local: chrono::NaiveDateTime| self.zone.from_local_datetime(&local).earliest();
            is_then(local).or_else(|| is_then(local + Duration::hours(1))).map(|time| time.to_utc())
        };
        hours.filter_map(|it| Some((at(it, "openHour", "openMinute")?, at(it, "closeHour", "closeMinute")?))).collect()
    }

    /// The team member who takes an appointment at this time: the one asked for, or the first who is free. `None` if
    /// nobody is, or if the calendar cannot be booked then.
    pub(crate) fn free_member<'b>(
        &'b self,
        start: DateTime<Utc>,
        end: DateTime<Utc>,
        asked: Asked<'b>,
    ) -> Option<&'b str> {
        if !self.takes_bookings_for(start, asked) || self.is_full(start, asked) {
            return None;
        }
        let team = asked.user.map_or_else(|| self.team(), |user| vec![user]);
        team.into_iter().find(|user| self.is_free(user, start, end, asked))
    }

    /// Whether a start is one of the calendar's slots, booked or not.
    pub(crate) fn has_slot(&self, start: DateTime<Utc>) -> bool {
        self.slots_of(start.with_timezone(&self.zone).date_naive()).contains(&start)
    }

    /// Whether the start is neither too soon nor too far ahead.
    fn takes_bookings_for(&self, start: DateTime<Utc>, asked: Asked<'_>) -> bool {
        if asked.any_day {
            return true;
        }
        let soonest = self.now + self.days("allowBookingAfter").unwrap_or_default();
        start >= soonest && self.days("allowBookingFor").is_none_or(|range| start <= self.now + range)
    }

    /// Whether the day has all the appointments that the calendar allows.
    fn is_full(&self, start: DateTime<Utc>, asked: Asked<'_>) -> bool {
        let Some(most) = self.calendar.get("appoinmentPerDay").and_then(Value::as_u64).filter(|most| *most > 0) else {
            return false;
        };
        let day = |time: DateTime<Utc>| time.with_timezone(&self.zone).date_naive();
        let booked = self.busy.iter().filter(|busy| {
            let is_own = busy.calendar == text(self.calendar, "id") && Some(busy.id.as_str()) != asked.except;
            is_own && !busy.is_block && day(busy.start) == day(start)
        });
        u64::try_from(booked.count()).unwrap_or(u64::MAX) >= most
    }

    fn is_free(&self, user: &str, start: DateTime<Utc>, end: DateTime<Utc>, asked: Asked<'_>) -> bool {
        let (before, after) = (self.minutes("preBuffer"), self.minutes("slotBuffer"));
        let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
        let mut booked = 0_u64;
        for busy in self.busy.iter().filter(|busy| Some(busy.id.as_str()) != asked.except) {
            if busy.start >= end + after || busy.end + after <= start - before {
                continue;
            }
            let is_calendars = busy.calendar == text(self.calendar, "id");
            match (busy.is_block, busy.user.as_str()) {
                // A blocked slot without a user is for the calendar's whole team.
                (true, "") if is_calendars => return false,
                (true, other) if other == user => return false,
                (false, other) if other == user && is_calendars && busy.start == start => booked += 1,
                (false, other) if other == user => return false,
                _ => {}
            }
        }
        booked < self.calendar.get("appoinmentPerSlot").and_then(Value::as_u64).unwrap_or(1)
    }
}

fn objects(account: &Account, kind: ObjectKind, as_listed: bool) -> Vec<Fields> {
    if as_listed { crate::official::organization::all(account, kind) } else { account.objects(kind).collect() }
}

/// A time in this zone, with the zone's offset.
pub(crate) fn in_zone(time: DateTime<Utc>, zone: Tz) -> String {
    let local = time.with_timezone(&zone);
    // An offset of zero is `+00:00`, as in the file's examples of other offsets.
    local.with_timezone(&local.offset().fix()).to_rfc3339_opts(chrono::SecondsFormat::Secs, false)
}
