//! Resolution of calendars, local times and days in arguments.

use super::{
    Official,
    local_time::{self, End},
    name_cache::{FRESH, LookupResult, NameList},
    names, request,
};
use chrono::{SecondsFormat, Utc};
use highlevel_catalog::Invocation;
use highlevel_core::{
    context::CallContext,
    error::{Error, Result},
};
use highlevel_time_zone::Tz;
use serde_json::Value;

impl Official {
    /// Replaces a calendar's name by its id, and local times and days by moments.
    pub(super) async fn resolve_calendar(&self, call: &mut Invocation, context: &CallContext) -> Result<()> {
        if let Some(wanted) = call.arguments.text("calendar").map(str::to_owned) {
            self.set_calendar(call, &wanted, context).await?;
        }
        let zone = match call.arguments.text("timeZone") {
            Some(name) => Some(local_time::zone("timeZone", name)?),
            None => None,
        };
        for name in ["startTime", "endTime"] {
            let Some(text) = call.arguments.text(name).map(str::to_owned) else { continue };
            let zone = match zone {
                None if local_time::with_offset(&text).is_none() => self.location_zone(context).await?,
                zone => zone,
            };
            let time = local_time::moment(name, &text, zone)?;
            call.arguments.set(name, local_time::rfc3339(&time));
        }
        for (name, end) in [("from", End::From), ("to", End::To)] {
            let Some(text) = call.arguments.text(name).map(str::to_owned) else { continue };
            let zone = match zone {
                Some(zone) => zone,
                None => self.location_zone(context).await?.ok_or_else(|| local_time::no_zone(name))?,
            };
            let time = local_time::range_end(name, &text, end, zone)?;
            call.arguments.set(name, time.to_rfc3339_opts(SecondsFormat::Millis, true));
        }
        if let (Some(from), Some(to)) = (call.arguments.text("from"), call.arguments.text("to"))
            && from >= to
        {
            return Err(Error::invalid("to", "`to` is before `from`."));
        }
        Ok(())
    }

    /// Sets the calendar's id and name. A booking in a calendar of one member is that member's.
    async fn set_calendar(&self, call: &mut Invocation, wanted: &str, context: &CallContext) -> Result<()> {
        let find = |calendars: &[Value]| names::calendar_named(calendars, wanted).cloned();
        let calendar = match self.find(NameList::Calendars, context, find).await? {
            LookupResult::Found(calendar) => calendar,
            LookupResult::Unreadable(list) if names::is_id(wanted.trim()) => {
                context.note(format!("{} `calendar` was sent unchecked, as a calendar's id.", list.reason()));
                call.arguments.take("calendar");
                call.arguments.set("calendarId", wanted.trim());
                return Ok(());
            }
            LookupResult::Unreadable(list) => {
                return Err(list.refusal("calendar", &format!("`{wanted}` is not an id and cannot be looked up.")));
            }
        };
        call.arguments.set("calendar", request::text(&calendar, "name").unwrap_or(wanted).trim());
        call.arguments.set("calendarId", request::text(&calendar, "id").unwrap_or_default());
        let team = calendar.get("teamMembers").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let books = call.arguments.has("contactId") && call.arguments.has("startTime");
        if let ([only], true, false) = (team, books, call.arguments.has("assignedTo"))
            && let Some(user) = only.get("userId").and_then(Value::as_str)
        {
            call.arguments.set("assignedTo", user);
        }
        Ok(())
    }

    /// The zone that a call asks for, or the location's.
    pub(super) async fn zone_of(&self, call: &Invocation, context: &CallContext) -> Result<Tz> {
        match call.arguments.text("timeZone") {
            Some(name) => local_time::zone("timeZone", name),
            None => Ok(self.location_zone(context).await?.unwrap_or(Tz::UTC)),
        }
    }

    /// The location's time zone. `None` if it has none that is known.
    pub(super) async fn location_zone(&self, context: &CallContext) -> Result<Option<Tz>> {
        let held = self.zone.lock().await;
        if let Some((zone, at)) = *held
            && at >= Utc::now() - FRESH
        {
            return Ok(zone);
        }
        drop(held);
        let at = Utc::now();
        let zone = self.time_zone(context).await?.parse().ok();
        *self.zone.lock().await = Some((zone, at));
        Ok(zone)
    }
}
