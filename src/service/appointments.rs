//! A moved appointment keeps its length. The API would give it the calendar's. Pure.

use super::normal;
use chrono::DateTime;
use highlevel_catalog::{Invocation, calendars::UpdateAppointment};
use highlevel_core::error::{Code, Error, Result};
use serde_json::Value;

/// Whether the update moves an appointment without saying when it ends.
pub(super) fn moves(update: &Invocation) -> bool {
    update.spec.is::<UpdateAppointment>() && update.arguments.has("startTime") && !update.arguments.has("endTime")
}

/// Sets the end of a moved appointment.
///
/// # Errors
/// `conflict` if the present length cannot be read.
pub(super) fn keep_length(update: &mut Invocation, appointment: &Value) -> Result<()> {
    let time = |name: &str| normal::moment(appointment.get(name)?).map(|(time, _)| time);
    let length = time("endTime").zip(time("startTime")).map(|(end, start)| end - start);
    // Names and local times were resolved before.
    let start = update.arguments.text("startTime").and_then(|start| DateTime::parse_from_rfc3339(start).ok());
    let Some((length, start)) = length.zip(start) else {
        let message = "The appointment's length cannot be read. Give `endTime`. Nothing was sent.";
        return Err(Error::new(Code::Conflict, message));
    };
    update.arguments.set("endTime", (start + length).to_rfc3339_opts(chrono::SecondsFormat::Secs, false));
    Ok(())
}
