//! Calendars, their free slots, appointments and blocked slots.

mod appointments;
pub(crate) mod availability;
mod blocked_slots;
mod groups;
mod routes;

pub(crate) use routes::{CalendarOp, ROUTES};

use super::errors::{not_found, unprocessable};
use super::organization::{all, check_location, own_location_id, text};
use super::{Request, read};
use crate::account::{Account, Fields, ObjectKind};
use crate::manners::Manners;
use crate::operation::HandlerResult;
use crate::response::ApiResponse;
use availability::{Asked, Availability, in_zone, zone};
use chrono::{DateTime, Duration, Utc};
use highlevel_time_zone::Tz;
use serde_json::{Map, Value, json};

/// The longest range of free slots, as the file says.
const MOST_DAYS: i64 = 31;

/// Performs an operation on calendars.
pub(super) fn perform(
    account: &mut Account,
    request: &Request<'_>,
    op: CalendarOp,
    manners: &Manners,
) -> HandlerResult {
    let id = request.id(0);
    let (query, body) = (&request.query, &request.body);
    let times = Times { now: moment(request.now), written: moment(manners.written_at(request.now)) };
    match op {
        CalendarOp::Calendars => read(calendars(account, request, manners)),
        CalendarOp::GetCalendar => read(calendar(account, id)),
        CalendarOp::FreeSlots => read(free_slots(account, request, times.now, manners)),
        CalendarOp::Groups => read(groups::list(account, query)),
        CalendarOp::UpdateGroup => groups::update(account, id, body),
        CalendarOp::SetGroupStatus => groups::set_status(account, id, body),
        CalendarOp::DeleteGroup => groups::delete(account, id),
        CalendarOp::Events => read(appointments::events(account, query, manners)),
        CalendarOp::ContactAppointments => read(appointments::of_contact(account, id, manners)),
        CalendarOp::GetAppointment => read(appointments::get(account, id, manners)),
        CalendarOp::CreateAppointment => appointments::create(account, body, times, manners),
        CalendarOp::UpdateAppointment => appointments::update(account, id, body, times, manners),
        CalendarOp::DeleteEvent => appointments::delete(account, id),
        CalendarOp::BlockedSlots => read(blocked_slots::list(account, query)),
        CalendarOp::CreateBlockedSlot => blocked_slots::create(account, body, times.written),
        CalendarOp::UpdateBlockedSlot => blocked_slots::update(account, id, body, times.written),
    }
}

/// The time of a request, and what the database stores for it.
#[derive(Debug, Clone, Copy)]
struct Times {
    now: DateTime<Utc>,
    written: DateTime<Utc>,
}

fn moment(since_1970: std::time::Duration) -> DateTime<Utc> {
    i64::try_from(since_1970.as_millis()).ok().and_then(DateTime::from_timestamp_millis).unwrap_or_default()
}

/// A stored calendar.
fn stored(account: &Account, id: &str) -> Result<Fields, ApiResponse> {
    account.get(ObjectKind::Calendars, id).ok_or_else(|| not_found("Calendar"))
}

fn with_location(mut object: Fields, account: &Account) -> Fields {
    object.insert("locationId".into(), own_location_id(account).into());
    object
}

fn calendars(account: &Account, request: &Request<'_>, manners: &Manners) -> Result<ApiResponse, ApiResponse> {
    let query = &request.query;
    check_location(account, query.get("locationId").unwrap_or_default())?;
    // The file does not say what the answer has without `showDrafted`. The live service shows drafts then too.
    let shows_drafts = query.get("showDrafted") != Some("false");
    let mut calendars = all(account, ObjectKind::Calendars);
    calendars.retain(|one| shows_drafts || one.get("isActive") != Some(&Value::Bool(false)));
    calendars.retain(|one| query.get("groupId").is_none_or(|group| text(one, "groupId") == group));
    calendars.truncate(manners.list_limit(usize::MAX));
    let calendars: Vec<_> = calendars.into_iter().map(|one| with_location(one, account)).collect();
    Ok(ApiResponse::ok(json!({ "calendars": calendars })))
}

fn calendar(account: &Account, id: &str) -> Result<ApiResponse, ApiResponse> {
    Ok(ApiResponse::ok(json!({ "calendar": with_location(stored(account, id)?, account) })))
}

/// The free slots by day, in the zone that was asked for.
fn free_slots(
    account: &Account,
    request: &Request<'_>,
    now: DateTime<Utc>,
    manners: &Manners,
) -> Result<ApiResponse, ApiResponse> {
    let query = &request.query;
    let calendar = stored(account, request.id(0))?;
    let (from, to) = range(query, "startDate", "endDate")?;
    if to - from > Duration::days(MOST_DAYS) {
        return Err(ApiResponse::bad_request(format!("Date range cannot be more than {MOST_DAYS} days")));
    }
    let zone = match query.get("timezone") {
        None => zone(account),
        Some(name) => name.parse::<Tz>().map_err(|_| unprocessable("timezone must be a valid IANA time zone"))?,
    };
    let availability = Availability::of(account, &calendar, now, true);
    let asked = Asked { user: query.get("userId"), ..Asked::default() };
    let slots = if availability.is_active() { availability.slots(from, to, asked) } else { Vec::new() };
    let mut days: Map<String, Value> = Map::new();
    for slot in slots {
        let slot = in_zone(slot, zone);
        let day = slot.split('T').next().unwrap_or_default().to_owned();
        let entry = days.entry(day).or_insert_with(|| json!({ "slots": [] }));
        if let Some(Value::Array(slots)) = entry.get_mut("slots") {
            slots.push(slot.into());
        }
    }
    if manners.edge_values {
        // Live answers have the trace id among the days.
        days.insert("traceId".into(), "5a5db0c5-0000-4000-8000-000000000000".into());
    }
    Ok(ApiResponse::ok(days.into()))
}

/// A range of times in milliseconds since 1970.
fn range(query: &super::checks::Query, from: &str, to: &str) -> Result<(DateTime<Utc>, DateTime<Utc>), ApiResponse> {
    let time = |name: &str| {
        let millis = query.get(name).and_then(|text| text.parse::<i64>().ok());
        millis.and_then(DateTime::from_timestamp_millis).ok_or_else(|| unprocessable(format!("{name} is not a time")))
    };
    let (from, to) = (time(from)?, time(to)?);
    if from > to { Err(unprocessable("the range ends before it starts")) } else { Ok((from, to)) }
}
