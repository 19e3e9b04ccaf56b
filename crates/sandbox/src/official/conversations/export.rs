//! `GET /conversations/messages/export`: the messages of the whole location, by a cursor.

use super::channel;
use super::messages::shown;
use crate::account::{Account, Fields, ObjectKind};
use crate::manners::Manners;
use crate::official::checks::Query;
use crate::official::organization::{all, check_location, text};
use crate::official::paging::millis;
use crate::response::ApiResponse;
use chrono::{DateTime, NaiveDate};
use serde_json::{Value, json};
use std::time::Duration;

/// How long a cursor is good for, as users report it.
const CURSOR_LIFE: i64 = 120_000;

pub(crate) fn messages(
    account: &Account,
    query: &Query,
    now: Duration,
    trace: &str,
    manners: &Manners,
) -> Result<ApiResponse, ApiResponse> {
    check_location(account, query.get("locationId").unwrap_or_default())?;
    let by = if query.get("sortBy") == Some("updatedAt") { "dateUpdated" } else { "dateAdded" };
    let ascending = query.get("sortOrder") == Some("asc");
    let (from, to) = (bound(query, "startDate")?, bound(query, "endDate")?);
    // Without a channel, all but emails, as HighLevel's file says.
    let is_of_channel = |message: &Fields| match query.get("channel") {
        Some(channel) => text(message, "messageType") == channel::exported(channel),
        None => text(message, "messageType") != "TYPE_EMAIL",
    };
    let mut found = all(account, ObjectKind::Messages);
    found.retain(|message| {
        let at = millis(message, "dateAdded");
        is_of_channel(message)
            && query.get("conversationId").is_none_or(|id| text(message, "conversationId") == id)
            && query.get("contactId").is_none_or(|id| text(message, "contactId") == id)
            && from.is_none_or(|from| at >= from)
            && to.is_none_or(|to| at <= to)
    });
    let place = |message: &Fields| (millis(message, by), text(message, "id").to_owned());
    found.sort_by_key(place);
    if !ascending {
        found.reverse();
    }
    let total = found.len();
    if let Some(cursor) = query.get("cursor") {
        let after = read(cursor, query, now, manners)?;
        found.retain(|message| if ascending { place(message) > after } else { place(message) < after });
    }
    let limit = manners.list_limit(query.number("limit").unwrap_or(100));
    let next = (found.len() > limit).then(|| found.get(limit.saturating_sub(1)).map(place)).flatten();
    let page: Vec<_> = found.iter().take(limit).map(|message| shown(account, message, now, manners)).collect();
    let mut answer = Fields::from_iter([("messages".to_owned(), json!(page))]);
    match next {
        Some((at, id)) => {
            answer.insert("nextCursor".into(), write(at, &id, query, now).into());
        }
        None if manners.edge_values => {
            answer.insert("nextCursor".into(), Value::Null);
        }
        None => {}
    }
    answer.extend(manners.list_total(total).map(|total| ("total".to_owned(), total)));
    if manners.edge_values {
        answer.insert("traceId".into(), trace.into());
    }
    Ok(ApiResponse::ok(Value::Object(answer)))
}

/// A date or a date-time of the query, in milliseconds since 1970.
fn bound(query: &Query, name: &str) -> Result<Option<i64>, ApiResponse> {
    let Some(value) = query.get(name) else { return Ok(None) };
    let day = value.parse::<NaiveDate>().ok().and_then(|day| day.and_hms_opt(0, 0, 0)).map(|time| time.and_utc());
    let time = day.or_else(|| DateTime::parse_from_rfc3339(value).ok().map(|time| time.to_utc()));
    let refusal = || ApiResponse::bad_request(format!("{name} must be a valid date"));
    time.map(|time| Some(time.timestamp_millis())).ok_or_else(refusal)
}

/// What a cursor is for: another order or filter makes it worthless.
fn purpose(query: &Query) -> String {
    let names = ["sortBy", "sortOrder", "conversationId", "contactId", "channel", "startDate", "endDate"];
    names.map(|name| query.get(name).unwrap_or_default()).join("|")
}

fn write(at: i64, id: &str, query: &Query, now: Duration) -> String {
    let text = json!([at, id, super::millis(now), purpose(query)]).to_string();
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn read(cursor: &str, query: &Query, now: Duration, manners: &Manners) -> Result<(i64, String), ApiResponse> {
    let invalid = || ApiResponse::bad_request("Invalid cursor");
    let bytes: Option<Vec<u8>> = (0..cursor.len() / 2)
        .map(|place| cursor.get(place * 2..place * 2 + 2).and_then(|digits| u8::from_str_radix(digits, 16).ok()))
        .collect();
    let parts: Option<(i64, String, i64, String)> = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let (at, id, written, purpose_of) = parts.ok_or_else(invalid)?;
    if purpose_of != purpose(query) {
        return Err(invalid());
    }
    if manners.message_shapes && super::millis(now) - written > CURSOR_LIFE {
        return Err(ApiResponse::bad_request("Cursor expired"));
    }
    Ok((at, id))
}
