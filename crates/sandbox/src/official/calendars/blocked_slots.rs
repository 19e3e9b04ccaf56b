//! Blocked slots: times at which a calendar, or one of its team members, takes no appointments.

use super::appointments::{Wanted, given_time, stamp};
use super::availability::{in_zone, time, zone};
use super::stored;
use crate::account::{Account, Fields, ObjectKind};
use crate::official::checks::Query;
use crate::official::errors::{not_found, unprocessable};
use crate::official::organization::{all, check_location, own_location_id, text};
use crate::operation::{Completed, HandlerResult, WriteKind};
use crate::response::ApiResponse;
use crate::validate::{self, Field, Shape, optional, required};
use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

const BODY: &[Field] = &[
    optional("title", Shape::Text),
    required("calendarId", Shape::Filled),
    optional("assignedUserId", Shape::Filled),
    required("locationId", Shape::Filled),
    optional("startTime", Shape::Filled),
    optional("endTime", Shape::Filled),
];

fn shown(account: &Account, block: &Fields) -> Fields {
    let mut shown = Fields::new();
    for name in ["id", "title", "calendarId", "assignedUserId"] {
        shown.extend(block.get(name).map(|value| (name.to_owned(), value.clone())));
    }
    shown.insert("locationId".into(), own_location_id(account).into());
    for name in ["startTime", "endTime"] {
        shown.extend(time(block, name).map(|time| (name.to_owned(), in_zone(time, zone(account)).into())));
    }
    shown
}

/// The blocked slots of a user, a calendar or a group that start within a range.
pub(super) fn list(account: &Account, query: &Query) -> Result<ApiResponse, ApiResponse> {
    check_location(account, query.get("locationId").unwrap_or_default())?;
    let wanted = Wanted::read(query)?;
    let mut blocks = all(account, ObjectKind::BlockedSlots);
    blocks.retain(|one| wanted.has(account, one));
    let events: Vec<_> = blocks
        .iter()
        .map(|block| {
            let mut event = shown(account, block);
            for (name, value) in [
                ("contactId", json!("")),
                ("groupId", json!("")),
                ("appointmentStatus", json!("confirmed")),
                ("users", json!([])),
                ("dateAdded", block.get("createdAt").cloned().unwrap_or_default()),
                ("dateUpdated", block.get("updatedAt").cloned().unwrap_or_default()),
            ] {
                event.insert(name.into(), value);
            }
            event.entry("assignedUserId").or_insert_with(|| json!(""));
            event
        })
        .collect();
    Ok(ApiResponse::ok(json!({ "events": events })))
}

pub(super) fn create(account: &mut Account, body: &Fields, now: DateTime<Utc>) -> HandlerResult {
    let id = account.new_id();
    let mut block = Fields::new();
    block.insert("id".into(), id.clone().into());
    block.insert("title".into(), "".into());
    block.insert("createdAt".into(), stamp(now).into());
    save(account, block, body, now, WriteKind::Create)
}

pub(super) fn update(account: &mut Account, id: &str, body: &Fields, now: DateTime<Utc>) -> HandlerResult {
    let block = account.get(ObjectKind::BlockedSlots, id).ok_or_else(|| not_found("Block slot"))?;
    save(account, block, body, now, WriteKind::Update)
}

fn save(account: &mut Account, mut block: Fields, body: &Fields, now: DateTime<Utc>, kind: WriteKind) -> HandlerResult {
    validate::creation(BODY, body).map_err(unprocessable)?;
    check_location(account, text(body, "locationId"))?;
    stored(account, text(body, "calendarId"))?;
    for name in ["title", "calendarId", "assignedUserId"] {
        block.extend(body.get(name).map(|value| (name.to_owned(), value.clone())));
    }
    for name in ["startTime", "endTime"] {
        if let Some(given) = body.get(name).and_then(Value::as_str) {
            block.insert(name.into(), stamp(given_time(name, given)?).into());
        }
    }
    let start = time(&block, "startTime").ok_or_else(|| unprocessable("startTime should not be empty"))?;
    let end = time(&block, "endTime").unwrap_or(start + Duration::minutes(30));
    if end <= start {
        return Err(unprocessable("endTime must be after startTime"));
    }
    block.insert("endTime".into(), stamp(end).into());
    block.insert("updatedAt".into(), stamp(now).into());
    let id = text(&block, "id").to_owned();
    account.put(ObjectKind::BlockedSlots, &id, &block);
    let answer = ApiResponse::created(Value::Object(shown(account, &block)));
    Ok(Completed { response: answer, write: Some((kind, id)) })
}
