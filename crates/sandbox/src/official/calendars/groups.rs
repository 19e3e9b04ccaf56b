//! Groups of calendars. No operation reads one alone: the list shows them.

use super::with_location;
use crate::account::{Account, Fields, ObjectKind};
use crate::official::errors::{not_found, unprocessable};
use crate::official::organization::{all, check_location};
use crate::official::{checks::Query, organization::text};
use crate::operation::{Completed, HandlerResult, WriteKind};
use crate::response::ApiResponse;
use crate::validate::{self, Field, Shape, required};
use serde_json::json;

const BODY: &[Field] =
    &[required("name", Shape::Filled), required("description", Shape::Text), required("slug", Shape::Filled)];

const STATUS: &[Field] = &[required("isActive", Shape::Flag)];

pub(super) fn list(account: &Account, query: &Query) -> Result<ApiResponse, ApiResponse> {
    check_location(account, query.get("locationId").unwrap_or_default())?;
    let groups = all(account, ObjectKind::CalendarGroups).into_iter().map(|one| with_location(one, account));
    Ok(ApiResponse::ok(json!({ "groups": groups.collect::<Vec<_>>() })))
}

fn stored(account: &Account, id: &str) -> Result<Fields, ApiResponse> {
    account.get(ObjectKind::CalendarGroups, id).ok_or_else(|| not_found("Group"))
}

fn completed(answer: ApiResponse, write: WriteKind, id: &str) -> HandlerResult {
    Ok(Completed { response: answer, write: Some((write, id.to_owned())) })
}

pub(super) fn update(account: &mut Account, id: &str, body: &Fields) -> HandlerResult {
    let mut group = stored(account, id)?;
    validate::creation(BODY, body).map_err(unprocessable)?;
    let slug = text(body, "slug");
    if all(account, ObjectKind::CalendarGroups).iter().any(|one| text(one, "slug") == slug && text(one, "id") != id) {
        return Err(ApiResponse::bad_request("Slug already exists"));
    }
    group.extend(body.clone());
    account.put(ObjectKind::CalendarGroups, id, &group);
    let answer = ApiResponse::ok(json!({ "group": with_location(group, account) }));
    completed(answer, WriteKind::Update, id)
}

pub(super) fn set_status(account: &mut Account, id: &str, body: &Fields) -> HandlerResult {
    let mut group = stored(account, id)?;
    validate::creation(STATUS, body).map_err(unprocessable)?;
    group.extend(body.clone());
    account.put(ObjectKind::CalendarGroups, id, &group);
    completed(ApiResponse::ok(json!({ "success": true })), WriteKind::Update, id)
}

pub(super) fn delete(account: &mut Account, id: &str) -> HandlerResult {
    stored(account, id)?;
    account.remove(ObjectKind::CalendarGroups, id);
    completed(ApiResponse::ok(json!({ "success": true })), WriteKind::Delete, id)
}
