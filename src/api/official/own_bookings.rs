//! The bookings that this state directory's processes just made. Free slots lag behind bookings by seconds, and it is not known
//! whether HighLevel's own check does. So a new booking is also held against these.

use super::{
    Official,
    appointments::{in_zone, start_of},
    calendars,
    name_cache::NameList,
    request,
};
use chrono::{DateTime, Duration, Utc};
use chrono_tz::Tz;
use highlevel_catalog::Invocation;
use highlevel_core::{
    context::CallContext,
    error::{Code, Error, Result},
};
use serde_json::{Map, Value};

/// The key of bookings among the recorded creates.
const KEY: &str = "booked";
/// How long free slots may lag behind a booking.
const LAG: Duration = Duration::minutes(1);

impl Official {
    /// Records a booking that took effect.
    pub(super) async fn note_booking(&self, appointment: &Value) {
        let Some(id) = appointment.get("id").and_then(Value::as_str) else { return };
        let noted = async {
            let account = self.client.account_or_address().await?;
            let number = self.store.begin_creation(&account, KEY).await?;
            self.store.end_creation(number, Some(id.to_owned())).await
        };
        if let Err(error) = noted.await {
            tracing::warn!("a booking could not be recorded: {}", error.message);
        }
    }

    /// Refuses a booking at a time that bookings of the last minute have taken.
    ///
    /// # Errors
    /// `conflict` with the appointment.
    pub(super) async fn refuse_just_booked(
        &self,
        booking: &Invocation,
        start: DateTime<Utc>,
        zone: Tz,
        context: &CallContext,
    ) -> Result<()> {
        let account = self.client.account_or_address().await?;
        let recent = self.store.created_since(&account, KEY, Utc::now() - LAG).await?;
        if recent.is_empty() {
            return Ok(());
        }
        let calendar = self.calendar_of(booking, context).await;
        let (end, seats) = (end_of(booking, start, &calendar), seats(booking, &calendar));
        let mut taken = 0;
        for id in recent {
            let response = self.client.send(&calendars::event(&id), context).await.map_err(|failed| failed.error)?;
            // It may have been deleted since.
            let Ok(body) = request::body(response) else { continue };
            let event = Value::Object(request::object(body, "event"));
            if overlaps(&event, start, end) && takes_the_same(&event, booking) {
                taken += 1;
            }
            if taken >= seats {
                let message =
                    format!("{} was just booked: {id}. See list_free_slots. Nothing was sent.", in_zone(start, zone));
                return Err(Error::new(Code::Conflict, message).with("existingId", id));
            }
        }
        Ok(())
    }

    /// The calendar of a booking, or nothing if the calendars cannot be read.
    async fn calendar_of(&self, booking: &Invocation, context: &CallContext) -> Map<String, Value> {
        let all = self.names(NameList::Calendars, context).await;
        let wanted = booking.arguments.text("calendarId");
        let found = all.iter().filter_map(Value::as_object).find(|one| request::text(one, "id") == wanted);
        found.cloned().unwrap_or_default()
    }
}

/// When a booking ends: as given, or after the calendar's length.
fn end_of(booking: &Invocation, start: DateTime<Utc>, calendar: &Map<String, Value>) -> DateTime<Utc> {
    let given = booking.arguments.text("endTime").and_then(super::local_time::with_offset);
    let count = calendar.get("slotDuration").and_then(Value::as_i64).filter(|count| *count > 0).unwrap_or(30);
    let in_hours = request::text(calendar, "slotDurationUnit") == Some("hours");
    let length = if in_hours { Duration::hours(count) } else { Duration::minutes(count) };
    given.map_or(start + length, |end| end.to_utc())
}

/// How many bookings fit at the same time: those of one member, or of the whole team.
fn seats(booking: &Invocation, calendar: &Map<String, Value>) -> u64 {
    let each = calendar.get("appoinmentPerSlot").and_then(Value::as_u64).unwrap_or(1).max(1);
    let team = calendar.get("teamMembers").and_then(Value::as_array).map_or(1, |team| team.len() as u64);
    if booking.arguments.has("assignedTo") { each } else { each * team.max(1) }
}

fn overlaps(event: &Value, start: DateTime<Utc>, end: DateTime<Utc>) -> bool {
    let status = ["appointmentStatus", "appoinmentStatus"].iter().find_map(|name| event.get(*name)?.as_str());
    let is_off = matches!(status, Some("cancelled" | "noshow" | "invalid"));
    let ends = event.get("endTime").and_then(Value::as_str).and_then(super::local_time::with_offset);
    let starts = start_of(event);
    !is_off && starts.zip(ends).is_some_and(|(from, to)| from < end && start < to.to_utc())
}

/// Whether an appointment takes the time of the same member, or a seat in the same calendar if nobody is named.
fn takes_the_same(event: &Value, booking: &Invocation) -> bool {
    let text = |name: &str| event.get(name).and_then(Value::as_str);
    match booking.arguments.text("assignedTo") {
        Some(user) => text("assignedUserId") == Some(user),
        None => text("calendarId") == booking.arguments.text("calendarId"),
    }
}
