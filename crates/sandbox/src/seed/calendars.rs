//! Sample calendars with appointments in the past, today and in the days ahead.

use super::contacts::Person;
use super::{AsOf, pick, word};
use crate::account::{Account, Fields, ObjectKind};
use crate::official::calendars::availability::{Asked, Availability, zone};
use chrono::{DateTime, Duration, NaiveTime, SecondsFormat, TimeZone, Timelike, Utc};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

/// The most appointments of a location. Small locations have one for every third contact.
const MOST: usize = 90;
/// How many of them are today.
const TODAY: usize = 3;
/// The days before and after the base date in which the others are.
const DAYS: std::ops::Range<i64> = -60..15;

/// What the sample calendars differ in.
struct Sample {
    name: &'static str,
    group: usize,
    minutes: u32,
    interval: u32,
    /// The days of the week, with Sunday as 0, and the hours.
    days: &'static [u32],
    hours: (u32, u32),
    confirms: bool,
    is_active: bool,
    /// The number of team members.
    team: usize,
    /// How many days ahead it can be booked; 0 for any number.
    ahead: u32,
}

const WORKDAYS: &[u32] = &[1, 2, 3, 4, 5];
const ALL_DAYS: &[u32] = &[0, 1, 2, 3, 4, 5, 6];

const GROUPS: &[(&str, &str)] = &[("Sales", "sales"), ("Clients", "clients")];

#[rustfmt::skip]
const SAMPLES: &[Sample] = &[
    Sample { name: "Discovery call", group: 0, minutes: 30, interval: 30, days: WORKDAYS, hours: (9, 17), confirms: true, is_active: true, team: 3, ahead: 60 },
    Sample { name: "Strategy session", group: 0, minutes: 60, interval: 30, days: &[1, 2, 3, 4], hours: (10, 16), confirms: true, is_active: true, team: 2, ahead: 90 },
    Sample { name: "Onboarding", group: 1, minutes: 45, interval: 60, days: &[2, 4], hours: (9, 12), confirms: false, is_active: true, team: 1, ahead: 90 },
    Sample { name: "Emergency line", group: 1, minutes: 30, interval: 30, days: ALL_DAYS, hours: (0, 24), confirms: true, is_active: true, team: 1, ahead: 0 },
    Sample { name: "Holiday office hours", group: 1, minutes: 30, interval: 30, days: WORKDAYS, hours: (9, 12), confirms: true, is_active: false, team: 1, ahead: 60 },
];

/// Adds groups, calendars, appointments and blocked slots. Ids come from a random stream of their own, so that they do not
/// change the ids of other objects.
pub(crate) fn fill(account: &mut Account, mut rng: ChaCha8Rng, users: &[String], people: &[Person], as_of: AsOf) {
    let groups: Vec<String> = GROUPS
        .iter()
        .map(|(name, slug)| {
            let group =
                json!({ "name": name, "description": format!("{name} calendars"), "slug": slug, "isActive": true });
            add(account, &mut rng, ObjectKind::CalendarGroups, group)
        })
        .collect();
    let ids: Vec<String> = SAMPLES
        .iter()
        .map(|sample| {
            let group = groups.get(sample.group).map_or("", String::as_str);
            add(account, &mut rng, ObjectKind::Calendars, calendar(sample, group, users))
        })
        .collect();
    let count = (people.len() / 3).min(MOST);
    for number in 0..count {
        appointment(account, &mut rng, &ids, people, number, as_of);
    }
    block(account, &mut rng, &ids, users, as_of);
}

fn calendar(sample: &Sample, group: &str, users: &[String]) -> Value {
    let team: Vec<_> = users
        .iter()
        .take(sample.team)
        .map(|user| json!({ "userId": user, "priority": 0.5, "isPrimary": false, "locationConfigurations": [{ "kind": "inbound_call", "location": "" }] }))
        .collect();
    let slug = sample.name.to_lowercase().replace(' ', "-");
    // The file allows hours up to 23 and minutes up to 60: midnight is 23:60.
    let (close_hour, close_minute) = if sample.hours.1 == 24 { (23, 60) } else { (sample.hours.1, 0) };
    let hours =
        json!([{ "openHour": sample.hours.0, "openMinute": 0, "closeHour": close_hour, "closeMinute": close_minute }]);
    let open: Vec<_> = sample.days.iter().map(|day| json!({ "daysOfTheWeek": [day], "hours": hours })).collect();
    json!({
        "groupId": group,
        "name": sample.name,
        "description": "",
        "slug": slug,
        "widgetSlug": slug,
        "calendarType": if sample.team > 1 { "round_robin" } else { "personal" },
        "eventType": "RoundRobin_OptimizeForAvailability",
        "widgetType": "classic",
        "eventTitle": "{{contact.name}}",
        "eventColor": "#039be5",
        "slotDuration": sample.minutes,
        "slotDurationUnit": "mins",
        "slotInterval": sample.interval,
        "slotIntervalUnit": "mins",
        "slotBuffer": 0,
        "slotBufferUnit": "mins",
        "preBuffer": 0,
        "preBufferUnit": "mins",
        "appoinmentPerSlot": 1,
        "allowBookingAfter": 0,
        "allowBookingAfterUnit": "hours",
        "allowBookingFor": sample.ahead,
        "allowBookingForUnit": "days",
        "openHours": open,
        "availabilityType": 0,
        "autoConfirm": sample.confirms,
        "allowReschedule": true,
        "allowCancellation": true,
        "isActive": sample.is_active,
        "teamMembers": team,
    })
}

/// Adds an appointment where somebody is free. The first ones are today, on the calendar that is open on all days.
fn appointment(
    account: &mut Account,
    rng: &mut ChaCha8Rng,
    ids: &[String],
    people: &[Person],
    number: usize,
    as_of: AsOf,
) {
    const TRIES: usize = 20;
    let (weights, every_day) = ([0, 0, 0, 1, 1, 2], 3);
    for _ in 0..TRIES {
        let place = if number < TODAY { every_day } else { pick(rng, &weights).copied().unwrap_or_default() };
        let Some(calendar) = ids.get(place).and_then(|id| account.get(ObjectKind::Calendars, id)) else { return };
        let offset = if number < TODAY { 0 } else { rng.random_range(DAYS) };
        let zone = zone(account);
        let day = (as_of.0.with_timezone(&zone) + Duration::days(offset)).date_naive();
        // Also the calendar that is open at night has its appointments in the day.
        let at = |hour| day.and_time(NaiveTime::MIN) + Duration::hours(hour);
        let (Some(from), Some(to)) =
            (zone.from_local_datetime(&at(8)).earliest(), zone.from_local_datetime(&at(17)).earliest())
        else {
            continue;
        };
        let availability = Availability::of(account, &calendar, as_of.0, false);
        let asked = Asked { any_day: true, ..Asked::default() };
        let slots = availability.slots(from.to_utc(), to.to_utc(), asked);
        let (Some(start), Some(person)) = (pick(rng, &slots).copied(), pick(rng, people)) else { continue };
        let end = start + availability.duration();
        let Some(user) = availability.free_member(start, end, asked).map(str::to_owned) else { continue };
        let object = booked(rng, &calendar, person, &user, (start, end), as_of);
        add(account, rng, ObjectKind::Appointments, object);
        return;
    }
}

fn booked(
    rng: &mut ChaCha8Rng,
    calendar: &Fields,
    person: &Person,
    user: &str,
    (start, end): (DateTime<Utc>, DateTime<Utc>),
    as_of: AsOf,
) -> Value {
    let is_past = start < as_of.0;
    let status = if is_past {
        word(rng, &["showed", "showed", "showed", "showed", "noshow", "noshow", "cancelled", "confirmed"])
    } else {
        word(rng, &["confirmed", "confirmed", "confirmed", "new", "cancelled"])
    };
    let created = (start.min(as_of.0) - Duration::minutes(rng.random_range(60..14 * 24 * 60))).with_second(0);
    let created = created.unwrap_or(as_of.0);
    // A past appointment was marked soon after it ended.
    let updated = if is_past { (end + Duration::minutes(5)).min(as_of.0) } else { created };
    let time = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Millis, true);
    json!({
        "calendarId": calendar.get("id"),
        "contactId": person.id,
        "title": person.customer,
        "appointmentStatus": status,
        "assignedUserId": user,
        "address": "",
        "notes": "",
        "startTime": time(start),
        "endTime": time(end),
        "createdBy": { "userId": user, "source": word(rng, &["booking_widget", "calendar_page", "third_party"]) },
        "createdAt": time(created),
        "updatedAt": time(updated),
    })
}

/// Blocks a morning of one team member, a week ahead.
fn block(account: &mut Account, rng: &mut ChaCha8Rng, ids: &[String], users: &[String], as_of: AsOf) {
    let zone = zone(account);
    let day = (as_of.0.with_timezone(&zone) + Duration::days(7)).date_naive();
    let at = |hour| zone.from_local_datetime(&(day.and_time(NaiveTime::MIN) + Duration::hours(hour))).earliest();
    let (Some(start), Some(end)) = (at(9), at(12)) else { return };
    let time = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Millis, true);
    let object = json!({
        "title": "Dentist",
        "calendarId": ids.first(),
        "assignedUserId": users.first(),
        "startTime": time(start.to_utc()),
        "endTime": time(end.to_utc()),
        "createdAt": as_of.minutes_ago(3 * 24 * 60),
        "updatedAt": as_of.minutes_ago(3 * 24 * 60),
    });
    add(account, rng, ObjectKind::BlockedSlots, object);
}

fn add(account: &mut Account, rng: &mut ChaCha8Rng, kind: ObjectKind, object: Value) -> String {
    let id: String = (0..20).map(|_| char::from(rng.sample(rand::distr::Alphanumeric))).collect();
    let mut fields = Fields::new();
    fields.insert("id".into(), id.clone().into());
    if let Value::Object(object) = object {
        fields.extend(object);
    }
    account.put(kind, &id, &fields);
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A Tuesday noon, a Saturday evening, and a night in which the clocks change.
    const MOMENTS: [&str; 3] = ["2025-11-04T18:00:00Z", "2026-01-03T23:00:00Z", "2026-03-08T07:30:00Z"];

    #[test]
    fn appointments_are_past_today_and_ahead_in_all_states() {
        for moment in MOMENTS {
            let as_of: DateTime<Utc> = moment.parse().unwrap();
            let account = super::super::account(1, 0, 250, as_of);
            let all: Vec<Fields> = account.objects(ObjectKind::Appointments).collect();
            assert!(all.len() > 70, "{}", all.len());
            let zone = zone(&account);
            let start = |one: &Fields| one["startTime"].as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
            let day = |time: DateTime<Utc>| time.with_timezone(&zone).date_naive();
            assert!(all.iter().any(|one| day(start(one)) < day(as_of)), "{moment}");
            assert!(all.iter().filter(|one| day(start(one)) == day(as_of)).count() >= TODAY, "{moment}");
            assert!(all.iter().any(|one| day(start(one)) > day(as_of)), "{moment}");
            for status in ["confirmed", "showed", "noshow", "cancelled", "new"] {
                assert!(all.iter().any(|one| one["appointmentStatus"] == status), "{moment}: {status}");
            }
        }
    }
}
