//! Calendars and appointments.

use super::{ON_DEMAND, Table, body, date, flag, text};

pub(super) const CALENDARS: Table = Table {
    name: "calendars",
    one: "calendar",
    tool: "list_calendars",
    columns: &[text("name"), text("type"), flag("isActive"), text("slug"), text("description")],
    ..ON_DEMAND
};

pub(super) const APPOINTMENTS: Table = Table {
    name: "appointments",
    one: "appointment",
    tool: "list_appointments",
    columns: &[
        text("title"),
        text("contactId"),
        text("calendarId"),
        text("assignedTo"),
        text("status"),
        date("startTime"),
        date("endTime"),
        body("notes"),
        date("createdAt"),
        date("updatedAt"),
    ],
    title: &["title"],
    shown: &["status", "startTime", "contactId", "calendarId", "assignedTo"],
    indexes: &["contactId, startTime", "startTime"],
    detailed: true,
    remark: "status new, confirmed, showed, noshow, cancelled, invalid",
    ..ON_DEMAND
};
