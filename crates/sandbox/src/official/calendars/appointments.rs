//! Appointments: listed, read, booked, changed and deleted.

use super::availability::{Asked, Availability, in_zone, time, zone};
use super::{Times, stored};
use crate::account::{Account, Fields, ObjectKind};
use crate::manners::Manners;
use crate::official::checks::Query;
use crate::official::contacts::full_name;
use crate::official::errors::{not_found, unprocessable};
use crate::official::organization::{all, check_location, own_location_id, text};
use crate::operation::{Completed, HandlerResult, WriteKind};
use crate::response::ApiResponse;
use crate::validate::{self, Field, Shape, optional, required};
use chrono::{DateTime, SecondsFormat, Utc};
use highlevel_time_zone::Tz;
use serde_json::{Value, json};
use std::ops::RangeInclusive;

const STATUS: Shape = Shape::OneOf(&["new", "confirmed", "cancelled", "showed", "noshow", "invalid"]);
const MEETING: Shape = Shape::OneOf(&["custom", "zoom", "gmeet", "phone", "address", "ms_teams", "google"]);

/// The fields of both bodies.
const COMMON: [Field; 13] = [
    optional("title", Shape::Text),
    optional("meetingLocationType", MEETING),
    optional("meetingLocationId", Shape::Text),
    optional("overrideLocationConfig", Shape::Flag),
    optional("appointmentStatus", STATUS),
    optional("assignedUserId", Shape::Filled),
    optional("description", Shape::Text),
    optional("address", Shape::Text),
    optional("ignoreDateRange", Shape::Flag),
    optional("toNotify", Shape::Flag),
    optional("ignoreFreeSlotValidation", Shape::Flag),
    optional("rrule", Shape::Text),
    optional("endTime", Shape::Filled),
];

const CREATE: [Field; 4] = [
    required("calendarId", Shape::Filled),
    required("locationId", Shape::Filled),
    required("contactId", Shape::Filled),
    required("startTime", Shape::Filled),
];

const UPDATE: [Field; 2] = [optional("calendarId", Shape::Filled), optional("startTime", Shape::Filled)];

/// The fields that are stored as they are sent.
const STORED: &[&str] =
    &["title", "meetingLocationType", "meetingLocationId", "appointmentStatus", "description", "address"];

/// The times of an appointment as one of the three kinds of answers shows them.
type TimeForm = fn(DateTime<Utc>, Tz) -> String;

/// An appointment as reads show it.
fn shown(account: &Account, appointment: &Fields, form: TimeForm, manners: &Manners) -> Fields {
    let zone = zone(account);
    let mut shown = Fields::new();
    for name in ["id", "title", "calendarId", "contactId", "appointmentStatus", "assignedUserId"] {
        shown.insert(name.into(), text(appointment, name).into());
    }
    shown.insert("locationId".into(), own_location_id(account).into());
    let calendar = account.get(ObjectKind::Calendars, text(appointment, "calendarId")).unwrap_or_default();
    shown.insert("groupId".into(), text(&calendar, "groupId").into());
    shown.insert("users".into(), json!([]));
    for name in ["address", "notes", "description"] {
        shown.extend(appointment.get(name).map(|value| (name.to_owned(), value.clone())));
    }
    shown.insert("isRecurring".into(), appointment.contains_key("rrule").into());
    shown.extend(appointment.get("rrule").map(|rule| ("rrule".to_owned(), rule.clone())));
    for name in ["startTime", "endTime"] {
        shown.extend(time(appointment, name).map(|time| (name.to_owned(), form(time, zone).into())));
    }
    shown.insert("dateAdded".into(), text(appointment, "createdAt").into());
    shown.insert("dateUpdated".into(), text(appointment, "updatedAt").into());
    shown.insert("assignedResources".into(), json!([]));
    shown.extend(appointment.get("createdBy").map(|by| ("createdBy".to_owned(), by.clone())));
    manners.on_read(ObjectKind::Appointments, &mut shown);
    shown
}

/// An appointment as writes answer with it.
fn written(account: &Account, appointment: &Fields, manners: &Manners) -> Value {
    let whole = shown(account, appointment, in_zone, &Manners::plain());
    let mut short = Fields::new();
    for name in ["id", "calendarId", "locationId", "contactId", "startTime", "endTime", "title", "appointmentStatus"] {
        short.extend(whole.get(name).map(|value| (name.to_owned(), value.clone())));
    }
    for name in ["assignedUserId", "address", "isRecurring", "rrule"] {
        short.extend(whole.get(name).map(|value| (name.to_owned(), value.clone())));
    }
    short.extend(appointment.get("meetingLocationType").map(|it| ("meetingLocationType".to_owned(), it.clone())));
    manners.on_read(ObjectKind::Appointments, &mut short);
    Value::Object(short)
}

pub(super) fn get(account: &Account, id: &str, manners: &Manners) -> Result<ApiResponse, ApiResponse> {
    let appointment = account.get(ObjectKind::Appointments, id).ok_or_else(|| not_found("Appointment"))?;
    Ok(ApiResponse::ok(json!({ "event": shown(account, &appointment, in_zone, manners) })))
}

/// The appointments of a user, a calendar or a group that start within a range.
pub(super) fn events(account: &Account, query: &Query, manners: &Manners) -> Result<ApiResponse, ApiResponse> {
    check_location(account, query.get("locationId").unwrap_or_default())?;
    let wanted = Wanted::read(query)?;
    let mut found = all(account, ObjectKind::Appointments);
    found.retain(|one| wanted.has(account, one));
    found.sort_by_key(|one| time(one, "startTime"));
    found.truncate(manners.list_limit(usize::MAX));
    let events: Vec<_> = found.iter().map(|one| shown(account, one, in_zone, manners)).collect();
    Ok(ApiResponse::ok(json!({ "events": events })))
}

/// The owner and the range of a list of events. The file wants at least one of the three owners.
pub(super) struct Wanted<'a> {
    user: Option<&'a str>,
    calendar: Option<&'a str>,
    group: Option<&'a str>,
    range: RangeInclusive<DateTime<Utc>>,
}

impl<'a> Wanted<'a> {
    pub(super) fn read(query: &'a Query) -> Result<Self, ApiResponse> {
        let [user, calendar, group] = ["userId", "calendarId", "groupId"].map(|name| query.get(name));
        if user.or(calendar).or(group).is_none() {
            return Err(unprocessable("Either of userId, calendarId or groupId is required"));
        }
        let (from, to) = super::range(query, "startTime", "endTime")?;
        Ok(Self { user, calendar, group, range: from..=to })
    }

    /// Whether an appointment or a blocked slot is the owner's and starts within the range.
    pub(super) fn has(&self, account: &Account, event: &Fields) -> bool {
        let group = || {
            let calendar = account.get(ObjectKind::Calendars, text(event, "calendarId")).unwrap_or_default();
            text(&calendar, "groupId").to_owned()
        };
        self.user.is_none_or(|user| text(event, "assignedUserId") == user)
            && self.calendar.is_none_or(|calendar| text(event, "calendarId") == calendar)
            && self.group.is_none_or(|wanted| group() == wanted)
            && time(event, "startTime").is_some_and(|start| self.range.contains(&start))
    }
}

/// The appointments of a contact. Their times have no offset, as in the file's examples: they are in the location's zone.
pub(super) fn of_contact(account: &Account, id: &str, manners: &Manners) -> Result<ApiResponse, ApiResponse> {
    account.get(ObjectKind::Contacts, id).ok_or_else(|| not_found("Contact"))?;
    let form: TimeForm = |time, zone| time.with_timezone(&zone).format("%Y-%m-%d %H:%M:%S").to_string();
    let mut found = all(account, ObjectKind::Appointments);
    found.retain(|one| text(one, "contactId") == id);
    found.truncate(manners.list_limit(usize::MAX));
    let events = found.iter().map(|one| {
        let mut event = shown(account, one, form, manners);
        for name in ["isRecurring", "rrule", "createdBy"] {
            event.shift_remove(name);
        }
        event.insert("status".into(), "booked".into());
        event
    });
    Ok(ApiResponse::ok(json!({ "events": events.collect::<Vec<_>>() })))
}

pub(super) fn create(account: &mut Account, body: &Fields, times: Times, manners: &Manners) -> HandlerResult {
    validate::creation(&[&CREATE[..], &COMMON[..]].concat(), body).map_err(unprocessable)?;
    check_location(account, text(body, "locationId"))?;
    let contact = account.get(ObjectKind::Contacts, text(body, "contactId")).ok_or_else(|| not_found("Contact"))?;
    let calendar = stored(account, text(body, "calendarId"))?;
    let status = if calendar.get("autoConfirm") == Some(&Value::Bool(false)) { "new" } else { "confirmed" };
    let mut appointment = Fields::new();
    let id = account.new_id();
    appointment.insert("id".into(), id.clone().into());
    appointment.insert("contactId".into(), text(body, "contactId").into());
    appointment.insert("title".into(), full_name(&contact).into());
    appointment.insert("appointmentStatus".into(), status.into());
    appointment.insert("createdBy".into(), json!({ "source": "third_party" }));
    write(account, &calendar, &mut appointment, body, times, manners)?;
    appointment.insert("createdAt".into(), stamp(times.written).into());
    account.put(ObjectKind::Appointments, &id, &appointment);
    let answer = ApiResponse::ok(written(account, &appointment, manners));
    Ok(Completed { response: answer, write: Some((WriteKind::Create, id)) })
}

pub(super) fn update(account: &mut Account, id: &str, body: &Fields, times: Times, manners: &Manners) -> HandlerResult {
    validate::creation(&[&UPDATE[..], &COMMON[..]].concat(), body).map_err(unprocessable)?;
    let mut appointment = account.get(ObjectKind::Appointments, id).ok_or_else(|| not_found("Appointment"))?;
    let calendar = match body.get("calendarId").and_then(Value::as_str) {
        Some(calendar) => stored(account, calendar)?,
        None => stored(account, text(&appointment, "calendarId"))?,
    };
    write(account, &calendar, &mut appointment, body, times, manners)?;
    account.put(ObjectKind::Appointments, id, &appointment);
    let answer = ApiResponse::ok(written(account, &appointment, manners));
    Ok(Completed { response: answer, write: Some((WriteKind::Update, id.to_owned())) })
}

pub(super) fn delete(account: &mut Account, id: &str) -> HandlerResult {
    let kinds = [ObjectKind::Appointments, ObjectKind::BlockedSlots];
    let kind = kinds.into_iter().find(|kind| account.get(*kind, id).is_some()).ok_or_else(|| not_found("Event"))?;
    account.remove(kind, id);
    let answer = ApiResponse::created(json!({ "succeeded": true }));
    Ok(Completed { response: answer, write: Some((WriteKind::Delete, id.to_owned())) })
}

/// Writes a body into an appointment. A changed time, calendar or owner has to be free, unless the body says otherwise.
fn write(
    account: &Account,
    calendar: &Fields,
    appointment: &mut Fields,
    body: &Fields,
    times: Times,
    manners: &Manners,
) -> Result<(), ApiResponse> {
    let before = appointment.clone();
    let availability = Availability::of(account, calendar, times.now, manners.late_bookings);
    let start = match body.get("startTime").and_then(Value::as_str) {
        Some(start) => given_time("startTime", start)?,
        None => time(appointment, "startTime").unwrap_or_default(),
    };
    let end = match (body.get("endTime").and_then(Value::as_str), body.contains_key("startTime")) {
        (Some(end), _) => given_time("endTime", end)?,
        // The calendar's length, and not the appointment's.
        (None, true) => start + availability.duration(),
        (None, false) => time(appointment, "endTime").unwrap_or_default(),
    };
    if end <= start {
        return Err(unprocessable("endTime must be after startTime"));
    }
    for name in STORED {
        appointment.extend(body.get(*name).map(|value| ((*name).to_owned(), value.clone())));
    }
    let flag = |name: &str| body.get(name).and_then(Value::as_bool);
    if flag("ignoreFreeSlotValidation") == Some(true) {
        // The file says that the rule only applies then.
        appointment.extend(body.get("rrule").map(|rule| ("rrule".to_owned(), rule.clone())));
    }
    appointment.insert("calendarId".into(), text(calendar, "id").into());
    appointment.insert("startTime".into(), stamp(start).into());
    appointment.insert("endTime".into(), stamp(end).into());
    let user = assign(&availability, appointment, &before, body, start, end)?;
    appointment.insert("assignedUserId".into(), user.into());
    // Automations run unless the body says no.
    if flag("toNotify") != Some(false) {
        let count = appointment.get("notified").and_then(Value::as_u64).unwrap_or_default();
        appointment.insert("notified".into(), (count + 1).into());
    }
    appointment.insert("updatedAt".into(), stamp(times.written).into());
    manners.on_write(Some(&before), appointment);
    Ok(())
}

/// The team member who takes the appointment, if its time is free for them.
fn assign(
    availability: &Availability<'_>,
    appointment: &Fields,
    before: &Fields,
    body: &Fields,
    start: DateTime<Utc>,
    end: DateTime<Utc>,
) -> Result<String, ApiResponse> {
    let flag = |name: &str| body.get(name) == Some(&Value::Bool(true));
    let given = body.get("assignedUserId").and_then(Value::as_str);
    if given.is_some_and(|user| !availability.team().contains(&user)) {
        return Err(unprocessable("The user id not part of calendar team."));
    }
    let moved = |name: &str| before.get(name) != appointment.get(name);
    let was_off = matches!(text(before, "appointmentStatus"), "cancelled" | "noshow" | "invalid");
    let is_off = matches!(text(appointment, "appointmentStatus"), "cancelled" | "noshow" | "invalid");
    let is_new_time = moved("startTime") || moved("endTime") || moved("calendarId");
    let had = text(before, "assignedUserId");
    let is_new = given.is_some_and(|user| user != had) || is_new_time || (was_off && !is_off);
    let kept = || given.unwrap_or(had).to_owned();
    if flag("ignoreFreeSlotValidation") {
        let user = kept();
        return if user.is_empty() {
            Err(unprocessable("A team member needs to be selected. assignedUserId is missing"))
        } else {
            Ok(user)
        };
    }
    if is_off || !is_new {
        return Ok(kept());
    }
    let user = given.or((!had.is_empty() && availability.team().contains(&had)).then_some(had));
    let asked = Asked { user, except: before.get("id").and_then(Value::as_str), any_day: flag("ignoreDateRange") };
    let is_slot = availability.has_slot(start) && availability.is_active();
    let free = is_slot.then(|| availability.free_member(start, end, asked)).flatten();
    free.map(str::to_owned)
        .ok_or_else(|| ApiResponse::bad_request("The slot you have selected is no longer available."))
}

/// A time with an offset. Without one, nobody knows which zone is meant.
pub(super) fn given_time(name: &str, given: &str) -> Result<DateTime<Utc>, ApiResponse> {
    let time = DateTime::parse_from_rfc3339(given).map(|time| time.to_utc());
    time.map_err(|_| unprocessable(format!("{name} must be a valid ISO 8601 date string with an offset")))
}

pub(super) fn stamp(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}
