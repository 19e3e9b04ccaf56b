//! The bookings that this state directory's processes just made. Free slots lag behind bookings by seconds, and it is not known
//! whether HighLevel's own check does. So a new booking is also held against these.

use super::{
    Official,
    appointments::{in_zone, start_of},
    calendars, local_time,
    name_cache::NameList,
    request,
};
use chrono::{DateTime, Duration, Utc};
use highlevel_catalog::{Invocation, calendars::UpdateAppointment};
use highlevel_core::{
    context::CallContext,
    error::{Code, Error, Result},
};
use highlevel_store::WriteLock;
use highlevel_time_zone::Tz;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// The key of bookings among the recorded creates.
const KEY: &str = "booked";
/// How long free slots may lag behind a booking.
const LAG: Duration = Duration::minutes(1);
/// The statuses of appointments that take no time.
const OFF: [&str; 3] = ["cancelled", "noshow", "invalid"];

impl Official {
    /// Records a booking that took effect.
    pub(super) async fn note_booking(&self, appointment: &Value) {
        let Some(id) = appointment.get("id").and_then(Value::as_str) else { return };
        let begun = async {
            let account = self.client.account_or_address().await?;
            self.store.begin_creation(&account, KEY).await
        };
        match begun.await {
            Ok(number) => self.store.end_creations([number], Some(id)).await,
            Err(error) => tracing::warn!("a booking could not be recorded: {}", error.message),
        }
    }

    /// Holds a booking against those of the last minute. Where they have taken a part of a team, returns the id of a member who
    /// is free: it is not known whether HighLevel would choose somebody else.
    ///
    /// # Errors
    /// `conflict` with an appointment that takes the time.
    pub(super) async fn member_for(
        &self,
        booking: &Invocation,
        start: DateTime<Utc>,
        zone: Tz,
        context: &CallContext,
    ) -> Result<Option<String>> {
        let recent = self.just_booked(None, context).await?;
        if recent.is_empty() {
            return Ok(None);
        }
        let id = booking.arguments.text("calendarId").unwrap_or_default();
        let calendar = self.calendar(id, context).await;
        let wanted = Wanted {
            calendar: id,
            user: booking.arguments.text("assignedTo"),
            start,
            end: end_of(booking, start, &calendar),
        };
        let members = match wanted.free_members(&recent, &calendar) {
            Ok(members) => members,
            Err(taken) => return Err(just_booked(taken, start, zone)),
        };
        let around = (start - Duration::hours(12), start + Duration::hours(12));
        for member in &members {
            let slots =
                self.free_slots(id, around, zone, Some(member), context).await.map_err(|failed| failed.error)?;
            if slots.starts.contains(&start) {
                return Ok(Some(member.clone()));
            }
        }
        match recent.iter().find(|event| wanted.overlaps(event)) {
            Some(taken) if !members.is_empty() => Err(just_booked(taken, start, zone)),
            _ => Ok(None),
        }
    }

    /// Waits until no other process of this state directory books, and holds a moved appointment against the bookings of the
    /// last minute. The API checks the others.
    ///
    /// # Errors
    /// `conflict` with an appointment that takes the time.
    pub(super) async fn move_turn(&self, change: &Invocation, context: &CallContext) -> Result<WriteLock> {
        let turn = self.client.write_lock("appointments", context).await?;
        self.check_move(change, context).await?;
        Ok(turn)
    }

    async fn check_move(&self, change: &Invocation, context: &CallContext) -> Result<()> {
        let own = change.id.as_ref().map_or("", |id| id.as_str());
        let recent = self.just_booked(Some(own), context).await?;
        if recent.is_empty() {
            return Ok(());
        }
        let Some(now) = self.event(own, context).await? else { return Ok(()) };
        let text = |argument: &str, member: &str| change.arguments.text(argument).or_else(|| now.get(member)?.as_str());
        let time = |argument: &str, member: &str| text(argument, member).and_then(local_time::with_offset);
        let (Some(start), Some(end)) = (time("startTime", "startTime"), time("endTime", "endTime")) else {
            return Ok(());
        };
        let (start, end) = (start.to_utc(), end.to_utc());
        let id = text("calendarId", "calendarId").unwrap_or_default();
        let wanted = Wanted { calendar: id, user: text("assignedTo", "assignedUserId"), start, end };
        let calendar = self.calendar(id, context).await;
        let zone = self.zone_of(change, context).await?;
        wanted.free_members(&recent, &calendar).map(drop).map_err(|taken| just_booked(taken, start, zone))
    }

    /// The appointments that processes of this state directory booked or moved in the last minute, without this one.
    async fn just_booked(&self, own: Option<&str>, context: &CallContext) -> Result<Vec<Value>> {
        let account = self.client.account_or_address().await?;
        let ids: BTreeSet<String> =
            self.store.created_since(&account, KEY, Utc::now() - LAG).await?.into_iter().collect();
        let mut events = Vec::new();
        for id in ids.iter().filter(|id| own != Some(id.as_str())) {
            events.extend(self.event(id, context).await?);
        }
        Ok(events)
    }

    /// An appointment. `None` if it cannot be read: it may have been deleted since.
    async fn event(&self, id: &str, context: &CallContext) -> Result<Option<Value>> {
        let response = self.client.send(&calendars::event(id), context).await.map_err(|failed| failed.error)?;
        Ok(request::body(response).ok().map(|body| Value::Object(request::object(body, "event"))))
    }

    /// A calendar, or nothing if the calendars cannot be read.
    async fn calendar(&self, id: &str, context: &CallContext) -> Map<String, Value> {
        let all = self.names(NameList::Calendars, context).await;
        let found = all.iter().filter_map(Value::as_object).find(|one| request::text(one, "id") == Some(id));
        found.cloned().unwrap_or_default()
    }
}

/// Whether the call is an update of an appointment that may take a time.
pub(super) fn takes_a_time(change: &Invocation) -> bool {
    const TIMES: [&str; 4] = ["startTime", "endTime", "calendarId", "assignedTo"];
    change.spec.is::<UpdateAppointment>()
        && match change.arguments.text("status") {
            Some(status) => !OFF.contains(&status),
            None => TIMES.iter().any(|name| change.arguments.has(name)),
        }
}

fn just_booked(taken: &Value, start: DateTime<Utc>, zone: Tz) -> Error {
    let id = text(taken, "id").unwrap_or_default();
    let message = format!("{} was just booked: {id}. See list_free_slots. Nothing was sent.", in_zone(start, zone));
    Error::new(Code::Conflict, message).with("existingId", id)
}

/// The time that a booking or a move takes.
struct Wanted<'a> {
    calendar: &'a str,
    /// The member of the team, if one is named.
    user: Option<&'a str>,
    start: DateTime<Utc>,
    end: DateTime<Utc>,
}

impl Wanted<'_> {
    /// The members of whom one has to be named, because others are taken. Empty if nobody has to be.
    ///
    /// # Errors
    /// The appointment that takes the time.
    fn free_members<'e>(
        &self,
        recent: &'e [Value],
        calendar: &Map<String, Value>,
    ) -> std::result::Result<Vec<String>, &'e Value> {
        let all: Vec<&Value> = recent.iter().filter(|event| self.overlaps(event)).collect();
        let each = calendar.get("appoinmentPerSlot").and_then(Value::as_u64).unwrap_or(1).max(1);
        let is_here = |event: &Value| text(event, "calendarId") == Some(self.calendar);
        // Several may share a member's time in one calendar, and in no other.
        let taker = |user: &str| {
            let mut own = all.iter().copied().filter(|event| text(event, "assignedUserId") == Some(user)).peekable();
            let first = own.peek().copied()?;
            let here = own.clone().filter(|event| is_here(event)).count() as u64;
            (here >= each || own.any(|event| !is_here(event))).then_some(first)
        };
        if let Some(user) = self.user {
            return taker(user).map_or(Ok(Vec::new()), Err);
        }
        let team = team(calendar);
        let takers: Vec<&Value> = team.iter().filter_map(|user| taker(user)).collect();
        let seats = if is_collective(calendar) { each } else { each * (team.len() as u64).max(1) };
        let here: Vec<&Value> = all.iter().copied().filter(|event| is_here(event)).collect();
        let is_taken = here.len() as u64 >= seats
            || (!takers.is_empty() && (is_collective(calendar) || takers.len() >= team.len()));
        match takers.first().or(here.first()) {
            Some(taken) if is_taken => Err(taken),
            _ if takers.is_empty() => Ok(Vec::new()),
            _ => Ok(team.into_iter().filter(|user| taker(user).is_none()).map(str::to_owned).collect()),
        }
    }

    fn overlaps(&self, event: &Value) -> bool {
        let status = ["appointmentStatus", "appoinmentStatus"].iter().find_map(|name| text(event, name));
        let ends = text(event, "endTime").and_then(local_time::with_offset);
        let is_off = status.is_some_and(|status| OFF.contains(&status));
        !is_off && start_of(event).zip(ends).is_some_and(|(from, to)| from < self.end && self.start < to.to_utc())
    }
}

/// When a booking ends: as given, or after the calendar's length.
fn end_of(booking: &Invocation, start: DateTime<Utc>, calendar: &Map<String, Value>) -> DateTime<Utc> {
    let given = booking.arguments.text("endTime").and_then(local_time::with_offset);
    let count = calendar.get("slotDuration").and_then(Value::as_i64).filter(|count| *count > 0).unwrap_or(30);
    let in_hours = request::text(calendar, "slotDurationUnit") == Some("hours");
    let length = if in_hours { Duration::hours(count) } else { Duration::minutes(count) };
    given.map_or(start + length, |end| end.to_utc())
}

/// The ids of a calendar's team.
fn team(calendar: &Map<String, Value>) -> Vec<&str> {
    let members = calendar.get("teamMembers").and_then(Value::as_array).into_iter().flatten();
    members.filter_map(|member| text(member, "userId")).collect()
}

/// Whether an appointment of the calendar takes the time of the whole team.
fn is_collective(calendar: &Map<String, Value>) -> bool {
    let is = |name: &&str| request::text(calendar, name).is_some_and(|kind| kind.eq_ignore_ascii_case("collective"));
    ["calendarType", "type", "eventType"].iter().any(is)
}

fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name).and_then(Value::as_str)
}
