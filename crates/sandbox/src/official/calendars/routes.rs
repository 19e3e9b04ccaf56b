//! The routes of calendars.

use crate::official::routes::{Holds, Op, Parameter, Route, json, may, must, read};
use crate::operation::Effect;

/// An operation on calendars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CalendarOp {
    Calendars,
    GetCalendar,
    FreeSlots,
    Groups,
    UpdateGroup,
    SetGroupStatus,
    DeleteGroup,
    Events,
    ContactAppointments,
    GetAppointment,
    CreateAppointment,
    UpdateAppointment,
    DeleteEvent,
    BlockedSlots,
    CreateBlockedSlot,
    UpdateBlockedSlot,
}

/// The version of every operation under `/calendars/`.
const CALENDARS_VERSION: Option<&str> = Some("2021-04-15");

const MILLIS: Holds = Holds::Whole(0, usize::MAX);

const CALENDARS: &[Parameter] =
    &[must("locationId", Holds::Text), may("groupId", Holds::Text), may("showDrafted", Holds::Flag)];

const FREE_SLOTS: &[Parameter] = &[
    must("startDate", MILLIS),
    must("endDate", MILLIS),
    may("timezone", Holds::Text),
    may("userId", Holds::Text),
    may("userIds", Holds::Text),
];

const EVENTS: &[Parameter] = &[
    must("locationId", Holds::Text),
    may("userId", Holds::Text),
    may("calendarId", Holds::Text),
    may("groupId", Holds::Text),
    must("startTime", MILLIS),
    must("endTime", MILLIS),
];

/// A read. The session API has no calendars.
const fn get(op: CalendarOp, name: &'static str, query: &'static [Parameter]) -> Route {
    let mut route = read(Op::Calendar(op), name, "", query).version(CALENDARS_VERSION);
    route.session_name = None;
    route
}

/// A write.
const fn write(op: CalendarOp, name: &'static str) -> Route {
    let mut route = json(Effect::Write, Op::Calendar(op), name, "").version(CALENDARS_VERSION);
    route.session_name = None;
    route
}

/// Every route. A literal path comes before a pattern that also matches it.
pub(crate) const ROUTES: &[Route] = &[
    get(CalendarOp::Calendars, "GET /calendars/", CALENDARS),
    get(CalendarOp::Groups, "GET /calendars/groups", &[must("locationId", Holds::Text)]),
    write(CalendarOp::UpdateGroup, "PUT /calendars/groups/{groupId}"),
    write(CalendarOp::SetGroupStatus, "PUT /calendars/groups/{groupId}/status"),
    get(CalendarOp::DeleteGroup, "DELETE /calendars/groups/{groupId}", &[]).writes(),
    get(CalendarOp::Events, "GET /calendars/events", EVENTS),
    get(CalendarOp::BlockedSlots, "GET /calendars/blocked-slots", EVENTS),
    get(CalendarOp::GetCalendar, "GET /calendars/{calendarId}", &[]),
    get(CalendarOp::FreeSlots, "GET /calendars/{calendarId}/free-slots", FREE_SLOTS),
    get(CalendarOp::GetAppointment, "GET /calendars/events/appointments/{eventId}", &[]),
    write(CalendarOp::CreateAppointment, "POST /calendars/events/appointments"),
    write(CalendarOp::UpdateAppointment, "PUT /calendars/events/appointments/{eventId}"),
    write(CalendarOp::CreateBlockedSlot, "POST /calendars/events/block-slots"),
    write(CalendarOp::UpdateBlockedSlot, "PUT /calendars/events/block-slots/{eventId}"),
    write(CalendarOp::DeleteEvent, "DELETE /calendars/events/{eventId}"),
    get(CalendarOp::ContactAppointments, "GET /contacts/{contactId}/appointments", &[])
        .version(Some(crate::official::routes::DATED)),
];
