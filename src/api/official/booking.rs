//! Free slots, and bookings of one.

use super::{
    Official,
    appointments::{Range, in_zone, refused, start_of},
    calendars, finished, local_time, request,
};
use crate::api::Done;
use chrono::{DateTime, Duration, Utc};
use highlevel_api_client::{Moment, SendError};
use highlevel_catalog::{Answer, Invocation};
use highlevel_core::{
    context::CallContext,
    error::{Code, Error, Result},
};
use highlevel_store::WriteLock;
use highlevel_time_zone::Tz;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The longest range of one request for free slots.
const SLOTS_AT_ONCE: Duration = Duration::days(31);
/// The longest range of a call for free slots.
const MOST_SLOT_DAYS: i64 = 93;
/// The range of a call for free slots without an end.
const SLOT_DAYS: Duration = Duration::days(7);
/// The most free slots in an error.
const SUGGESTED: usize = 5;

/// The free slots within a range, and when they were requested.
pub(super) struct Slots {
    pub(super) starts: BTreeSet<DateTime<Utc>>,
    sent_at: Moment,
}

impl Official {
    /// Runs `list_free_slots`.
    pub(super) async fn list_free_slots(&self, list: &Invocation, context: &CallContext) -> Result<Done, SendError> {
        let zone = self.zone_of(list, context).await.map_err(SendError::not_sent)?;
        let range = slot_range(list, zone).map_err(SendError::not_sent)?;
        let calendar = list.arguments.text("calendarId").unwrap_or_default();
        let user = list.arguments.text("assignedTo");
        let found = self.free_slots(calendar, range, zone, user, context).await?;
        let slots: Vec<_> = found.starts.iter().map(|start| in_zone(*start, zone)).collect();
        if slots.is_empty() {
            let (from, to) = (in_zone(range.0, zone), in_zone(range.1, zone));
            context.note(format!("The calendar has no free slot from {from} to {to}."));
        }
        let answer = json!({
            "id": calendar, "calendar": list.arguments.get("calendar"), "timeZone": zone.name(), "slots": slots,
        });
        let answer = finished(list.spec, answer).unwrap_or_default();
        Ok(Done { answer: Answer::Object(answer), sent_at: found.sent_at })
    }

    /// The free slots that start within a range.
    pub(super) async fn free_slots(
        &self,
        calendar: &str,
        (from, to): Range,
        zone: Tz,
        user: Option<&str>,
        context: &CallContext,
    ) -> Result<Slots, SendError> {
        let mut starts = BTreeSet::new();
        let mut sent_at = None;
        let mut begin = from;
        while begin < to {
            let end = to.min(begin + SLOTS_AT_ONCE);
            let ask = calendars::free_slots(calendar, (begin, end - Duration::milliseconds(1)), zone, user);
            let response = self.client.send(&ask, context).await?;
            let at = *sent_at.get_or_insert(response.sent_at);
            let days = request::body(response).map_err(|error| refused(error, at))?;
            // Members that are no days have no slots.
            let days = days.as_object().into_iter().flatten();
            let texts = days.filter_map(|(_, day)| day.get("slots")?.as_array()).flatten().filter_map(Value::as_str);
            starts.extend(texts.filter_map(local_time::with_offset).map(|start| start.to_utc()));
            begin = end;
        }
        starts.retain(|start| *start >= from && *start < to);
        let nothing = || SendError::not_sent(Error::new(Code::Internal, "No slots were requested."));
        Ok(Slots { starts, sent_at: sent_at.ok_or_else(nothing)? })
    }

    /// Waits until no other process of this state directory books, and checks that the slot is free. The API checks it too;
    /// this check names the slots that are free instead. Returns the booking with the team's member, if one has to be named.
    ///
    /// # Errors
    /// `conflict` with free slots of the day.
    pub(super) async fn booking_turn(
        &self,
        booking: &Invocation,
        context: &CallContext,
    ) -> Result<(WriteLock, Invocation)> {
        let start = booking.arguments.text("startTime").unwrap_or_default();
        let start = local_time::moment("startTime", start, None)?;
        let zone = self.zone_of(booking, context).await?;
        let turn = self.client.write_lock("appointments", context).await?;
        self.refuse_second(booking, start.to_utc(), context).await?;
        // Around the slot, because it is not known whether a range includes its ends.
        let (at, around) = (start.to_utc(), Duration::hours(12));
        let calendar = booking.arguments.text("calendarId").unwrap_or_default();
        let user = booking.arguments.text("assignedTo");
        let range = (at - around, at + around);
        let slots = self.free_slots(calendar, range, zone, user, context).await.map_err(|failed| failed.error)?;
        if slots.starts.contains(&at) {
            let mut booking = booking.clone();
            if let Some(member) = self.member_for(&booking, at, zone, context).await? {
                booking.arguments.set("assignedTo", member);
            }
            return Ok((turn, booking));
        }
        let mut near: Vec<_> = slots.starts.into_iter().collect();
        near.sort_by_key(|free| (*free - at).abs());
        near.truncate(SUGGESTED);
        near.sort_unstable();
        let free: Vec<_> = near.into_iter().map(|free| in_zone(free, zone)).collect();
        let name = booking.arguments.text("calendar").unwrap_or(calendar);
        let advice = match free.as_slice() {
            [] => "None is free near it: see list_free_slots.".to_owned(),
            free => format!("Free near it: {}.", free.join(", ")),
        };
        let message = format!("{} is not a free slot of {name}. {advice} Nothing was sent.", in_zone(at, zone));
        Err(Error::new(Code::Conflict, message).with("free", free))
    }

    /// Refuses a booking that the contact already has. A look-up after a doubt relies on it: whatever it finds was not there
    /// before.
    async fn refuse_second(&self, booking: &Invocation, start: DateTime<Utc>, context: &CallContext) -> Result<()> {
        let contact = booking.arguments.text("contactId").unwrap_or_default();
        let zone = self.location_zone(context).await?;
        let events = self.contact_events(contact, zone, context).await.map_err(|failed| failed.error)?;
        let is_same = |event: &&Value| {
            let text = |name: &str| event.get(name).and_then(Value::as_str);
            let status = text("appointmentStatus").or(text("appoinmentStatus"));
            start_of(event) == Some(start)
                && text("calendarId") == booking.arguments.text("calendarId")
                && !matches!(status, Some("cancelled" | "noshow" | "invalid"))
        };
        let Some(event) = events.items.iter().find(is_same) else { return Ok(()) };
        let id = event.get("id").and_then(Value::as_str).unwrap_or_default();
        let message = format!("The contact already has this appointment: {id}. Nothing was sent.");
        Err(Error::new(Code::Conflict, message).with("existingId", id))
    }
}

/// The range of a call for free slots.
fn slot_range(list: &Invocation, zone: Tz) -> Result<Range> {
    let end = |name: &str| list.arguments.text(name).and_then(local_time::with_offset).map(|time| time.to_utc());
    let from = end("from").unwrap_or_else(Utc::now);
    let to = end("to").unwrap_or(from + SLOT_DAYS);
    if from >= to {
        let message = format!("`to` is before {}, from where slots are listed.", in_zone(from, zone));
        return Err(Error::invalid("to", message));
    }
    if to - from > Duration::days(MOST_SLOT_DAYS) + Duration::hours(2) {
        return Err(Error::invalid("to", format!("Free slots are listed for at most {MOST_SLOT_DAYS} days at once.")));
    }
    Ok((from, to))
}
