//! Workflows, and the contacts that go through them.

use super::checks::Query;
use super::errors::{not_found, unprocessable};
use super::organization::{all, check_location, own_location_id, text};
use crate::account::{Account, Fields, ObjectKind};
use crate::manners::Manners;
use crate::operation::{Completed, HandlerResult, WriteKind, timestamp};
use crate::response::ApiResponse;
use crate::validate::{self, Field, Shape, optional};
use serde_json::json;
use std::time::Duration;

const BODY: &[Field] = &[optional("eventStartTime", Shape::Date)];

pub(crate) fn list(account: &Account, query: &Query, manners: &Manners) -> Result<ApiResponse, ApiResponse> {
    check_location(account, query.get("locationId").unwrap_or_default())?;
    let mut workflows = all(account, ObjectKind::Workflows);
    workflows.truncate(manners.list_limit(usize::MAX));
    for workflow in &mut workflows {
        workflow.insert("locationId".into(), own_location_id(account).into());
        manners.on_read(ObjectKind::Workflows, workflow);
    }
    Ok(ApiResponse::ok(json!({ "workflows": workflows })))
}

/// The way of a contact through a workflow.
fn enrolment(account: &Account, contact: &str, workflow: &str) -> Option<Fields> {
    account
        .objects(ObjectKind::Enrolments)
        .find(|one| text(one, "contactId") == contact && text(one, "workflowId") == workflow)
}

/// Adds a contact to a workflow, or takes it out. Every addition starts the workflow, also a second one.
pub(crate) fn enrol(
    account: &mut Account,
    (contact, workflow): (&str, &str),
    body: &Fields,
    begins: bool,
    now: Duration,
) -> HandlerResult {
    validate::creation(BODY, body).map_err(unprocessable)?;
    account.get(ObjectKind::Contacts, contact).ok_or_else(|| not_found("Contact"))?;
    let found = account.get(ObjectKind::Workflows, workflow).ok_or_else(|| not_found("Workflow"))?;
    if begins && text(&found, "status") != "published" {
        return Err(ApiResponse::bad_request("The workflow is not published"));
    }
    let before = enrolment(account, contact, workflow);
    let was_active = before.as_ref().is_some_and(|one| text(one, "status") == "active");
    let mut one = before.unwrap_or_default();
    let id = match text(&one, "id") {
        "" => account.new_id(),
        id => id.to_owned(),
    };
    if begins || was_active {
        one.insert("id".into(), id.clone().into());
        one.insert("contactId".into(), contact.into());
        one.insert("workflowId".into(), workflow.into());
        one.insert("status".into(), if begins { "active" } else { "removed" }.into());
        one.insert("updatedAt".into(), timestamp(now).into());
        account.put(ObjectKind::Enrolments, &id, &one);
    }
    let write = (begins || was_active).then_some((WriteKind::Start, id));
    // The member is misspelled in the live service.
    Ok(Completed { response: ApiResponse::ok(json!({ "succeded": true })), write })
}
