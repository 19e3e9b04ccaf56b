//! Resolution of due dates in arguments: days and local times become moments in the location's time zone.

use super::{
    Official,
    local_time::{self, End},
};
use chrono::{NaiveDate, SecondsFormat, TimeDelta};
use highlevel_catalog::Invocation;
use highlevel_core::{context::CallContext, error::Result};
use highlevel_time_zone::Tz;

/// The time of day at which a task is due that has only a day, in minutes before midnight: the task is overdue on the next
/// day.
const END_OF_DAY: TimeDelta = TimeDelta::minutes(1);

impl Official {
    /// Replaces days and local times of due dates by moments.
    pub(super) async fn resolve_due(&self, call: &mut Invocation, context: &CallContext) -> Result<()> {
        if let Some(text) = call.arguments.text("dueDate").map(str::to_owned) {
            let time = match (local_time::with_offset(&text), text.parse::<NaiveDate>()) {
                (Some(time), _) => time,
                (None, Ok(_)) => {
                    let zone = self.due_zone(context).await?;
                    let end = local_time::range_end("dueDate", &text, End::To, zone)? - END_OF_DAY;
                    end.with_timezone(&zone).fixed_offset()
                }
                (None, Err(_)) => local_time::moment("dueDate", &text, Some(self.due_zone(context).await?))?,
            };
            call.arguments.set("dueDate", time.to_utc().to_rfc3339_opts(SecondsFormat::Millis, true));
        }
        for (name, end) in [("dueFrom", End::From), ("dueUntil", End::To)] {
            let Some(text) = call.arguments.text(name).map(str::to_owned) else { continue };
            let time = match local_time::without_offset(&text) {
                Some(_) => local_time::moment(name, &text, Some(self.due_zone(context).await?))?.to_utc(),
                None if local_time::with_offset(&text).is_some() => local_time::moment(name, &text, None)?.to_utc(),
                // A range's end is exclusive there, and inclusive here.
                None => {
                    let inclusive = if end == End::To { TimeDelta::milliseconds(1) } else { TimeDelta::zero() };
                    local_time::range_end(name, &text, end, self.due_zone(context).await?)? - inclusive
                }
            };
            call.arguments.set(name, time.to_rfc3339_opts(SecondsFormat::Millis, true));
        }
        Ok(())
    }

    /// The zone of days and local times.
    async fn due_zone(&self, context: &CallContext) -> Result<Tz> {
        Ok(self.location_zone(context).await?.unwrap_or(Tz::UTC))
    }
}
