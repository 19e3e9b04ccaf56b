//! Campaigns, funnels and their pages.

use super::checks::Query;
use super::errors::unprocessable;
use super::organization::{all, check_location, renamed, text};
use crate::account::{Account, Fields, ObjectKind};
use crate::manners::Manners;
use crate::operation::{Completed, HandlerResult, WriteKind, timestamp};
use crate::response::ApiResponse;
use crate::validate::{self, Field, Shape, optional, required};
use http::StatusCode;
use serde_json::{Value, json};
use std::time::Duration;

const EMAIL: &[Field] = &[
    required("name", Shape::Filled),
    required("editorType", Shape::OneOf(&["html", "text"])),
    required("timeZone", Shape::Filled),
    required("userId", Shape::Filled),
    optional("templateId", Shape::Filled),
    optional("editorContent", Shape::Text),
    optional("parentFolderId", Shape::Filled),
    optional("userName", Shape::Text),
];

/// The list of campaigns of the old kind. The OpenAPI file's examples have the statuses `draft` and `published`; other
/// stored statuses are shown unchanged.
pub(crate) fn campaigns(account: &Account, query: &Query, manners: &Manners) -> Result<ApiResponse, ApiResponse> {
    let location_id = query.get("locationId").unwrap_or_default();
    check_location(account, location_id)?;
    let status = |campaign: &Fields| match text(campaign, "status") {
        "active" => "published".to_owned(),
        status => status.to_owned(),
    };
    let found: Vec<_> = all(account, ObjectKind::Campaigns)
        .iter()
        .filter(|one| query.get("status").is_none_or(|asked| status(one) == asked))
        .take(manners.list_limit(usize::MAX))
        .map(|one| json!({ "id": one.get("id"), "name": one.get("name"), "status": status(one), "locationId": location_id }))
        .collect();
    Ok(ApiResponse::ok(json!({ "campaigns": found })))
}

/// The official status of an email campaign: an active one is `processing`.
fn email_status(campaign: &Fields) -> &str {
    match text(campaign, "status") {
        "active" => "processing",
        status => status,
    }
}

fn email(campaign: &Fields, manners: &Manners) -> Fields {
    let names = ["id", "name", "createdAt", "updatedAt"].map(|name| (name, name));
    let mut shown = renamed(campaign, &names);
    shown.insert("status".into(), email_status(campaign).into());
    shown.insert("source".into(), "email-campaign".into());
    shown.insert("campaignType".into(), "bulk-email".into());
    shown.insert("campaignCategory".into(), "email-campaign".into());
    shown.insert("deleted".into(), false.into());
    manners.on_read(ObjectKind::Campaigns, &mut shown);
    shown
}

fn with_trace(mut object: Fields, trace: &str) -> Value {
    object.insert("traceId".into(), trace.into());
    Value::Object(object)
}

pub(crate) fn emails(
    account: &Account,
    location_id: &str,
    query: &Query,
    trace: &str,
    manners: &Manners,
) -> Result<ApiResponse, ApiResponse> {
    check_location(account, location_id)?;
    let mut found = all(account, ObjectKind::Campaigns);
    let search = query.get("search").unwrap_or_default().to_lowercase();
    let status = query.get("status").filter(|status| *status != "all");
    found.retain(|one| {
        text(one, "type") == "email"
            && text(one, "name").to_lowercase().contains(&search)
            && status.is_none_or(|status| email_status(one) == status)
    });
    let (limit, offset) = (query.number("limit").unwrap_or(10), query.number("offset").unwrap_or(0));
    let shown = |campaign: &Fields| email(campaign, manners);
    let page: Vec<_> = found.iter().skip(offset).take(manners.list_limit(limit)).map(shown).collect();
    let mut answer = Fields::from_iter([("campaigns".to_owned(), json!(page))]);
    answer.extend(manners.list_total(found.len()).map(|total| ("total".to_owned(), total)));
    Ok(ApiResponse::ok(with_trace(answer, trace)))
}

pub(crate) fn get_email(
    account: &Account,
    location_id: &str,
    id: &str,
    trace: &str,
    manners: &Manners,
) -> Result<ApiResponse, ApiResponse> {
    check_location(account, location_id)?;
    // Of all OpenAPI files, only this one has a 404.
    let campaign = account.get(ObjectKind::Campaigns, id).filter(|campaign| text(campaign, "type") == "email");
    let campaign = campaign.ok_or_else(|| ApiResponse::error(StatusCode::NOT_FOUND, "Not Found"))?;
    let mut shown = email(&campaign, manners);
    shown.extend(renamed(&campaign, &[("editorType", "editorType")]));
    Ok(ApiResponse::ok(with_trace(shown, trace)))
}

pub(crate) fn create_email(
    account: &mut Account,
    location_id: &str,
    body: &Fields,
    now: Duration,
    trace: &str,
    manners: &Manners,
) -> HandlerResult {
    check_location(account, location_id)?;
    validate::creation(EMAIL, body).map_err(unprocessable)?;
    if account.get(ObjectKind::Users, text(body, "userId")).is_none() {
        return Err(unprocessable("userId names no user of this location"));
    }
    let id = account.new_id();
    let mut campaign = Fields::new();
    campaign.insert("id".into(), id.clone().into());
    campaign.insert("name".into(), text(body, "name").into());
    campaign.insert("type".into(), "email".into());
    campaign.insert("status".into(), "draft".into());
    if let Some(template) = body.get("templateId") {
        campaign.insert("template".into(), template.clone());
    }
    let rest = ["editorType", "editorContent", "timeZone", "userId", "userName"].map(|name| (name, name));
    campaign.extend(renamed(body, &rest));
    manners.on_write(None, &mut campaign);
    let now = timestamp(now);
    campaign.insert("createdAt".into(), now.clone().into());
    campaign.insert("updatedAt".into(), now.into());
    account.put(ObjectKind::Campaigns, &id, &campaign);
    let answer = ApiResponse::created(with_trace(email(&campaign, manners), trace));
    Ok(Completed { response: answer, write: Some((WriteKind::Create, id)) })
}

/// The steps of a funnel, one per page.
fn steps(funnel: &Fields) -> Vec<&Fields> {
    funnel.get("pages").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object).collect()
}

/// The id of a step. Steps are not stored, and a page can be in several funnels.
fn step_id(funnel: &Fields, page: &Fields) -> String {
    format!("{}-{}", text(funnel, "id"), text(page, "id"))
}

/// The list of funnels. The OpenAPI file's schema has an object in its place; its example shows an element.
pub(crate) fn funnels(
    account: &Account,
    query: &Query,
    trace: &str,
    manners: &Manners,
) -> Result<ApiResponse, ApiResponse> {
    let location_id = query.get("locationId").unwrap_or_default();
    check_location(account, location_id)?;
    if let Some(name) = ["category", "parentId"].into_iter().find(|name| query.get(name).is_some()) {
        return Err(unprocessable(format!("this sandbox has no funnels with a {name}")));
    }
    let mut found = all(account, ObjectKind::Funnels);
    let name = query.get("name").unwrap_or_default().to_lowercase();
    found.retain(|one| {
        text(one, "name").to_lowercase().contains(&name)
            && query.get("type").is_none_or(|asked| asked == text(one, "type"))
    });
    let (limit, offset) = (query.number("limit").unwrap_or(10), query.number("offset").unwrap_or(0));
    let shown = |funnel: &Fields| {
        let step = |page: &&Fields| {
            json!({
                "id": step_id(funnel, page),
                "name": page.get("name"),
                "pages": [page.get("id")],
                "products": [],
                "sequence": page.get("order"),
                "type": "optin_funnel_page",
            })
        };
        let names = [
            ("id", "_id"),
            ("name", "name"),
            ("type", "type"),
            ("createdAt", "dateAdded"),
            ("createdAt", "dateUpdated"),
        ];
        let mut shown = renamed(funnel, &names);
        shown.insert("locationId".into(), location_id.into());
        shown.insert("deleted".into(), false.into());
        shown.insert("steps".into(), steps(funnel).iter().map(step).collect());
        manners.on_read(ObjectKind::Funnels, &mut shown);
        shown
    };
    let page: Vec<_> = found.iter().skip(offset).take(manners.list_limit(limit)).map(shown).collect();
    let mut answer = Fields::from_iter([("funnels".to_owned(), json!(page))]);
    answer.extend(manners.list_total(found.len()).map(|total| ("count".to_owned(), total)));
    Ok(ApiResponse::ok(with_trace(answer, trace)))
}

/// The list of a funnel's pages. The OpenAPI file's schema has a single page in its place.
pub(crate) fn pages(account: &Account, query: &Query, manners: &Manners) -> Result<ApiResponse, ApiResponse> {
    let location_id = query.get("locationId").unwrap_or_default();
    check_location(account, location_id)?;
    let id = query.get("funnelId").unwrap_or_default();
    let funnel = account.get(ObjectKind::Funnels, id).unwrap_or_default();
    let name = query.get("name").unwrap_or_default().to_lowercase();
    let (limit, offset) = (query.number("limit").unwrap_or(0), query.number("offset").unwrap_or(0));
    let shown = |step: &&Fields| {
        let page = account.get(ObjectKind::Pages, text(step, "id"))?;
        let mut shown = renamed(&page, &[("id", "_id"), ("name", "name"), ("updatedAt", "updatedAt")]);
        shown.insert("locationId".into(), location_id.into());
        shown.insert("funnelId".into(), id.into());
        shown.insert("stepId".into(), step_id(&funnel, step).into());
        // The OpenAPI file's schema says string, its example says false.
        shown.insert("deleted".into(), false.into());
        Some(shown).filter(|page| text(page, "name").to_lowercase().contains(&name))
    };
    let pages: Vec<_> = steps(&funnel).iter().filter_map(shown).skip(offset).take(manners.list_limit(limit)).collect();
    Ok(ApiResponse::ok(json!(pages)))
}
