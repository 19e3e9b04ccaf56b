//! Calendars and appointments: requests, and the conversion of answers. Pure functions.

use super::{
    endpoint::{Account, List, Names, OfficialOperation, RequestBuilder},
    local_time,
    name_cache::NameList,
    names, request,
};
use chrono::{DateTime, SecondsFormat, Utc};
use highlevel_api_client::{Repeat, Request};
use highlevel_catalog::{
    Invocation, Route,
    calendars::{BookAppointment, GetAppointment, ListAppointments, ListCalendars, ListFreeSlots, UpdateAppointment},
};
use highlevel_time_zone::Tz;
use serde_json::{Map, Value};

/// The `Version` header of everything under `/calendars/`.
const VERSION: &str = "2021-04-15";

const EVENTS: &str = "/calendars/events";
const APPOINTMENTS: &str = "/calendars/events/appointments";

/// The lists of names by which appointments are shown.
const NAMES: &[NameList] = &[NameList::Calendars, NameList::Users];

/// The arguments that no answer shows.
const UNREPORTED: &[&str] = &["notify", "timeZone"];

/// Members of an appointment: `(argument, the API's member)`.
const MEMBERS: [(&str, &str); 9] = [
    ("calendarId", "calendarId"),
    ("contactId", "contactId"),
    ("startTime", "startTime"),
    ("endTime", "endTime"),
    ("status", "appointmentStatus"),
    ("assignedTo", "assignedUserId"),
    ("title", "title"),
    ("description", "description"),
    ("address", "address"),
];

/// The operations on calendars and appointments.
pub(super) fn operations() -> Vec<OfficialOperation> {
    let operations = vec![
        OfficialOperation::new::<ListCalendars>(
            Route::get("/calendars/"),
            "GET /calendars/",
            RequestBuilder::List(List::Whole { member: "calendars", request: |account| calendars(account.location) }),
        )
        .converted_by(calendar, &[]),
        OfficialOperation::new::<ListFreeSlots>(
            Route::get("/calendars/{calendarId}/free-slots"),
            "GET /calendars/{calendarId}/free-slots",
            RequestBuilder::FreeSlots,
        ),
        OfficialOperation::new::<ListAppointments>(
            Route::get("/calendars/events"),
            "GET /calendars/events for each calendar, or GET /contacts/{contactId}/appointments",
            RequestBuilder::List(List::Appointments),
        )
        .converted_by(appointment, NAMES),
        OfficialOperation::new::<GetAppointment>(
            Route::get("/calendars/events/appointments/{eventId}"),
            "GET /calendars/events/appointments/{eventId}",
            RequestBuilder::Object(|get, _| event(get.id.as_ref().map_or("", |id| id.as_str()))),
        )
        .converted_by(appointment, NAMES),
        OfficialOperation::new::<BookAppointment>(
            Route::post("/calendars/events/appointments"),
            "GET /calendars/{calendarId}/free-slots; POST /calendars/events/appointments",
            RequestBuilder::Booking(book),
        )
        .converted_by(appointment, NAMES)
        .unreported(UNREPORTED),
        OfficialOperation::new::<UpdateAppointment>(
            Route::put("/calendars/events/appointments/{eventId}"),
            "PUT /calendars/events/appointments/{eventId}",
            RequestBuilder::Object(|update, _| self::update(update)),
        )
        .converted_by(appointment, NAMES)
        .unreported(UNREPORTED),
    ];
    operations.into_iter().map(|operation| operation.version(VERSION)).collect()
}

fn dated(request: Request) -> Request {
    Request { version: Some(VERSION), ..request }
}

/// `GET /calendars/`: all calendars of the location.
pub(super) fn calendars(location: &str) -> Request {
    dated(request::get("/calendars/".to_owned(), &[("locationId", location.to_owned())]))
}

/// `GET /calendars/{calendarId}/free-slots`.
pub(super) fn free_slots(
    calendar: &str,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    zone: Tz,
    user: Option<&str>,
) -> Request {
    let mut query = vec![
        ("startDate", from.timestamp_millis().to_string()),
        ("endDate", to.timestamp_millis().to_string()),
        ("timezone", zone.name().to_owned()),
    ];
    query.extend(user.map(|user| ("userId", user.to_owned())));
    dated(request::get(format!("/calendars/{calendar}/free-slots"), &query))
}

/// `GET /calendars/events` of a calendar or a user: `(parameter, id)`.
pub(super) fn events(
    location: &str,
    (parameter, id): (&str, &str),
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) -> Request {
    let query = [
        ("locationId", location.to_owned()),
        (parameter, id.to_owned()),
        ("startTime", from.timestamp_millis().to_string()),
        ("endTime", to.timestamp_millis().to_string()),
    ];
    dated(request::get(EVENTS.to_owned(), &query))
}

/// `GET /contacts/{contactId}/appointments`, which has the version of contacts.
pub(super) fn of_contact(contact: &str) -> Request {
    request::get(format!("/contacts/{contact}/appointments"), &[])
}

/// `GET /calendars/events/appointments/{eventId}`.
pub(super) fn event(id: &str) -> Request {
    dated(request::get(format!("{APPOINTMENTS}/{id}"), &[]))
}

/// `POST /calendars/events/appointments`.
fn book(book: &Invocation, account: &Account<'_>) -> Request {
    let mut body = members(book);
    body.insert("locationId".to_owned(), account.location.into());
    dated(request::create(APPOINTMENTS.to_owned(), body))
}

/// `PUT /calendars/events/appointments/{eventId}`. An update that notifies is not repeated: people would get two messages.
fn update(update: &Invocation) -> Request {
    let mut body = members(update);
    body.shift_remove("contactId");
    let notifies = body.get("toNotify") == Some(&Value::Bool(true));
    let path = format!("{APPOINTMENTS}/{}", update.id.as_ref().map_or("", |id| id.as_str()));
    let request = dated(request::update(path, body));
    let repeat = if notifies { Repeat::IfNotExecuted } else { request.repeat };
    Request { repeat, ..request }
}

/// The members of a body. Without `toNotify`, the API notifies.
fn members(write: &Invocation) -> Map<String, Value> {
    let given =
        |(argument, member): &(&str, &str)| Some(((*member).to_owned(), write.arguments.get(argument)?.clone()));
    let mut body: Map<String, Value> = MEMBERS.iter().filter_map(given).collect();
    let notifies = write.arguments.get("notify").and_then(Value::as_bool).unwrap_or(false);
    body.insert("toNotify".to_owned(), notifies.into());
    body
}

/// Converts a calendar to the tools' form.
fn calendar(mut calendar: Map<String, Value>, _: &Names) -> Value {
    request::rename(&mut calendar, "calendarType", "type");
    calendar.into()
}

/// A time as RFC 3339. `None` for one that has this form already, and for what is no time.
fn in_one_form(value: &Value) -> Option<String> {
    let in_utc = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Millis, true);
    match value {
        Value::Number(millis) => DateTime::from_timestamp_millis(millis.as_i64()?).map(in_utc),
        Value::String(text) if DateTime::parse_from_rfc3339(text).is_ok() => None,
        Value::String(text) => match local_time::with_offset(text) {
            Some(time) => Some(local_time::rfc3339(&time)),
            // A contact's appointments may have the times of creation and change without an offset.
            None => local_time::without_offset(text).map(|time| in_utc(time.and_utc())),
        },
        _ => None,
    }
}

/// Converts an appointment to the tools' form.
pub(super) fn appointment(mut appointment: Map<String, Value>, names: &Names) -> Value {
    // The answer to a read of one.
    if let Some(Value::Object(event)) = appointment.shift_remove("event") {
        appointment = event;
    }
    // Live answers also have the status under a misspelled name, and some only there. A contact's appointments have
    // another `status`, which is always the same.
    let misspelled = appointment.shift_remove("appoinmentStatus");
    let status = appointment.shift_remove("appointmentStatus").filter(|status| !status.is_null()).or(misspelled);
    if let Some(status) = status {
        appointment.insert("status".to_owned(), status);
    }
    for (from, to) in [("assignedUserId", "assignedTo"), ("dateAdded", "createdAt"), ("dateUpdated", "updatedAt")] {
        request::rename(&mut appointment, from, to);
    }
    for name in ["createdAt", "updatedAt", "startTime", "endTime"] {
        if let Some(time) = appointment.get(name).and_then(in_one_form) {
            appointment.insert(name.to_owned(), time.into());
        }
    }
    // Absent, rather than empty.
    appointment.retain(|_, value| {
        !value.is_null() && value.as_str() != Some("") && value.as_array().is_none_or(|all| !all.is_empty())
    });
    appointment.shift_remove("traceId");
    let calendar = request::text(&appointment, "calendarId");
    if let Some(name) = calendar.and_then(|id| names::calendar_name(&names.calendars, id)) {
        appointment.insert("calendar".to_owned(), name.into());
    }
    appointment.into()
}
