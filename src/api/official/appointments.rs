//! Lists of appointments. The API lists them by contact, calendar or user, and a list may take several requests.

use super::{Official, calendars, lists::RawPage, local_time, request};
use chrono::{DateTime, Duration, LocalResult, TimeZone, Utc};
use highlevel_api_client::{Fate, Moment, SendError};
use highlevel_catalog::Invocation;
use highlevel_core::{context::CallContext, error::Error};
use highlevel_time_zone::Tz;
use serde_json::{Map, Value};
use std::collections::HashSet;

/// How far appointments are listed into the past and the future, where a call does not say.
const AROUND: Duration = Duration::days(366);

/// A range of moments without its end.
pub(super) type Range = (DateTime<Utc>, DateTime<Utc>);

impl Official {
    /// The appointments of a contact, at times with an offset.
    pub(super) async fn contact_events(
        &self,
        contact: &str,
        zone: Option<Tz>,
        context: &CallContext,
    ) -> Result<RawPage, SendError> {
        let mut raw = self.read(&calendars::of_contact(contact), "events", context).await?;
        for event in raw.items.iter_mut().filter_map(Value::as_object_mut) {
            self.add_offsets(event, zone, context).await?;
        }
        Ok(raw)
    }

    /// Reads the appointments that a list asks for. The API lists them by contact, calendar or user only, so without any of
    /// them every calendar is read. Also says which range that was.
    pub(super) async fn appointments(
        &self,
        list: &Invocation,
        context: &CallContext,
    ) -> Result<(RawPage, Option<String>), SendError> {
        let zone = self.location_zone(context).await.map_err(SendError::not_sent)?;
        let range = self.listed_range(list);
        let argument = |name: &str| list.arguments.text(name);
        let mut raw = match argument("contactId") {
            Some(contact) => self.contact_events(contact, zone, context).await?,
            None => self.events(list, range, context).await?,
        };
        let is_any_time = argument("contactId").is_some() && argument("from").or(argument("to")).is_none();
        let note = (!is_any_time).then(|| {
            let [from, to] = [range.0, range.1].map(|end| in_zone(end, zone.unwrap_or(Tz::UTC)));
            format!("Appointments that start from {from} to before {to}.")
        });
        let is = |event: &Value, member: &str, wanted: Option<&str>| {
            wanted.is_none_or(|wanted| event.get(member).and_then(Value::as_str) == Some(wanted))
        };
        let mut seen = HashSet::new();
        raw.items.retain(|event| {
            let is_new = event.get("id").and_then(Value::as_str).is_none_or(|id| seen.insert(id.to_owned()));
            let is_deleted = event.get("deleted") == Some(&Value::Bool(true));
            is_new
                && !is_deleted
                && is(event, "calendarId", argument("calendarId"))
                && is(event, "assignedUserId", argument("assignedTo"))
                && (is_any_time || start_of(event).is_none_or(|start| start >= range.0 && start < range.1))
        });
        // A day is read from its beginning; without one, the newest come first.
        raw.items.sort_by_key(start_of);
        if argument("from").is_none() {
            raw.items.reverse();
        }
        Ok((RawPage { whole: true, total: None, ..raw }, note))
    }

    /// The events of one calendar, of one user, or of every calendar.
    async fn events(&self, list: &Invocation, (from, to): Range, context: &CallContext) -> Result<RawPage, SendError> {
        // It is not known whether the API goes by an event's start or by its end.
        let range = (from - Duration::days(1), to);
        let of = match (list.arguments.text("calendarId"), list.arguments.text("assignedTo")) {
            (Some(calendar), _) => Some(("calendarId", calendar)),
            (None, Some(user)) => Some(("userId", user)),
            (None, None) => None,
        };
        if let Some(of) = of {
            return self.read(&calendars::events(&self.location, of, range), "events", context).await;
        }
        let mut all = self.read(&calendars::calendars(&self.location), "calendars", context).await?;
        let calendars = std::mem::take(&mut all.items);
        for calendar in calendars.iter().filter_map(|calendar| calendar.get("id")?.as_str()) {
            let ask = calendars::events(&self.location, ("calendarId", calendar), range);
            all.items.extend(self.read(&ask, "events", context).await?.items);
        }
        Ok(all)
    }

    /// Gives the times of a contact's appointment their offset. Around a change of the clocks, the appointment itself is
    /// read: only it tells which of two hours is meant.
    async fn add_offsets(
        &self,
        event: &mut Map<String, Value>,
        zone: Option<Tz>,
        context: &CallContext,
    ) -> Result<(), SendError> {
        const TIMES: [&str; 2] = ["startTime", "endTime"];
        let mut found = Map::new();
        for name in TIMES {
            let Some(local) = request::text(event, name).and_then(local_time::without_offset) else { continue };
            match zone.map(|zone| zone.from_local_datetime(&local)) {
                Some(LocalResult::Single(time)) => {
                    found.insert(name.to_owned(), local_time::rfc3339(&time).into());
                }
                _ => {
                    let id = request::text(event, "id").unwrap_or_default();
                    let response = self.client.send(&calendars::event(id), context).await?;
                    let sent_at = response.sent_at;
                    let body = request::body(response).map_err(|error| refused(error, sent_at))?;
                    let whole = request::object(body, "event");
                    found =
                        TIMES.iter().filter_map(|name| Some(((*name).to_owned(), whole.get(*name)?.clone()))).collect();
                    break;
                }
            }
        }
        event.extend(found);
        Ok(())
    }

    /// The range that a list asks for. Its ends were resolved before.
    fn listed_range(&self, list: &Invocation) -> Range {
        let end = |name: &str| list.arguments.text(name).and_then(local_time::with_offset).map(|time| time.to_utc());
        let now = Utc::now();
        match (end("from"), end("to")) {
            (Some(from), Some(to)) => (from, to),
            (Some(from), None) => (from, from.max(now) + AROUND),
            (None, Some(to)) => (to.min(now) - AROUND, to),
            (None, None) => (now - AROUND, now + AROUND),
        }
    }
}

/// A time in this zone.
pub(super) fn in_zone(time: DateTime<Utc>, zone: Tz) -> String {
    local_time::rfc3339(&time.with_timezone(&zone))
}

/// When an event of a list starts.
pub(super) fn start_of(event: &Value) -> Option<DateTime<Utc>> {
    match event.get("startTime")? {
        Value::String(text) => local_time::with_offset(text).map(|time| time.to_utc()),
        Value::Number(millis) => DateTime::from_timestamp_millis(millis.as_i64()?),
        _ => None,
    }
}

/// The error for a refused read.
pub(super) fn refused(error: Error, sent_at: Moment) -> SendError {
    SendError { error, fate: Fate::NotExecuted, sent_at: Some(sent_at) }
}
