//! Calendars and appointments.

use super::{ON_DEMAND, Table, body, date, flag, number, text};

pub(super) const CALENDARS: Table = Table {
    name: "calendars",
    one: "calendar",
    tool: "list_calendars",
    columns: &[
        text("name"),
        text("description"),
        text("calendarType"),
        flag("isActive"),
        number("slotDuration"),
        text("slotDurationUnit"),
    ],
    ..ON_DEMAND
};

pub(super) const APPOINTMENTS: Table = Table {
    name: "appointments",
    one: "appointment",
    tool: "list_appointments",
    // Without a range, the list has the appointments of about a year each way.
    arguments: &[("from", "2015-01-01T00:00:00Z"), ("to", "2050-01-01T00:00:00Z")],
    columns: &[
        text("title"),
        text("contactId"),
        text("calendarId"),
        text("assignedTo"),
        text("status"),
        date("startTime"),
        date("endTime"),
        body("description"),
        text("address"),
        date("createdAt"),
        date("updatedAt"),
    ],
    // A renamed calendar is no change of its appointments.
    dropped: &["calendar"],
    title: &["title"],
    shown: &["status", "startTime", "contactId", "calendarId", "assignedTo"],
    indexes: &["contactId, startTime", "startTime"],
    detailed: true,
    remark: "status new, confirmed, showed, noshow, cancelled, invalid",
    ..ON_DEMAND
};
