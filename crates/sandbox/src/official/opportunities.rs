//! Opportunities: a deal has the id of a pipeline's stage here, and the stored deal has the stage's name.

use super::checks::Query;
use super::contact_search::{MAX_PAGED, mentions};
use super::contacts::{CUSTOM, full_name};
use super::custom_fields::{FieldDefinitions, Model};
use super::deleted;
use super::errors::{not_found, unprocessable};
use super::organization::{check_location, own_location_id, renamed, text};
use super::paging::{Listing, Start, added};
use super::pipelines::{Pipelines, StageRef};
use crate::account::{Account, Fields, FilterFields, ObjectKind};
use crate::manners::Manners;
use crate::operation::{Completed, HandlerResult, WriteKind, timestamp};
use crate::response::ApiResponse;
use crate::validate::{self, Field, Shape, optional, required};
use chrono::NaiveDate;
use serde_json::{Value, json};
use std::time::Duration;

/// The OpenAPI file also allows `all`, which only makes sense as a filter.
const STATUS: Shape = Shape::OneOf(&["open", "won", "lost", "abandoned"]);

const UPDATE: &[Field] = &[
    optional("pipelineId", Shape::Filled),
    optional("name", Shape::Filled),
    optional("pipelineStageId", Shape::Filled),
    optional("status", STATUS),
    optional("monetaryValue", Shape::Number(f64::NEG_INFINITY, f64::INFINITY)),
    optional("assignedTo", Shape::Text),
    optional("customFields", Shape::Items(CUSTOM)),
];

const CREATE: &[Field] = &[
    required("pipelineId", Shape::Filled),
    required("locationId", Shape::Filled),
    required("name", Shape::Filled),
    required("status", STATUS),
    required("contactId", Shape::Filled),
    optional("pipelineStageId", Shape::Filled),
    optional("monetaryValue", Shape::Number(f64::NEG_INFINITY, f64::INFINITY)),
    optional("assignedTo", Shape::Text),
    optional("customFields", Shape::Items(CUSTOM)),
];

const STATUS_ONLY: &[Field] = &[required("status", STATUS), optional("lostReasonId", Shape::Filled)];

/// The search parameters that filter.
const FILTERS: &[&str] = &[
    "q",
    "pipeline_id",
    "pipeline_stage_id",
    "contact_id",
    "assigned_to",
    "campaignId",
    "id",
    "date",
    "endDate",
    "country",
];

/// Stored names and official names of fields that have the same values.
const NAMES: &[(&str, &str)] = &[
    ("id", "id"),
    ("name", "name"),
    ("value", "monetaryValue"),
    ("assignedTo", "assignedTo"),
    ("lostReasonId", "lostReasonId"),
    ("contactId", "contactId"),
    ("createdAt", "createdAt"),
    ("updatedAt", "updatedAt"),
];

/// The official status of a deal: a deal in negotiation is open.
fn status(deal: &Fields) -> &str {
    match text(deal, "status") {
        "negotiation" => "open",
        status => status,
    }
}

fn shown(account: &Account, deal: &Fields, pipelines: &Pipelines, definitions: &FieldDefinitions<'_>) -> Value {
    let location_id = own_location_id(account);
    let mut shown = renamed(deal, NAMES);
    if let Some(StageRef { pipeline, stage }) = pipelines.stage_ref(text(deal, "stage")) {
        shown.insert("pipelineId".into(), pipeline.into());
        if let Some(stage) = stage {
            shown.insert("pipelineStageId".into(), stage.into());
        }
    }
    shown.insert("status".into(), status(deal).into());
    shown.insert("locationId".into(), location_id.into());
    if let Some(contact) = account.get(ObjectKind::Contacts, text(deal, "contactId")) {
        let names = ["id", "companyName", "email", "phone", "tags"].map(|name| (name, name));
        let mut short = renamed(&contact, &names);
        short.insert("name".into(), full_name(&contact).into());
        shown.insert("contact".into(), short.into());
    }
    for list in ["notes", "tasks", "calendarEvents", "followers"] {
        shown.insert(list.into(), json!([]));
    }
    shown.insert("customFields".into(), definitions.shown(deal));
    definitions.manners().on_read(ObjectKind::Opportunities, &mut shown);
    Value::Object(shown)
}

fn one(account: &Account, deal: &Fields, manners: &Manners) -> Value {
    let definitions = FieldDefinitions::of(account, Model::Opportunity, manners);
    json!({ "opportunity": shown(account, deal, &Pipelines::of(account), &definitions) })
}

pub(crate) fn get(account: &Account, id: &str, manners: &Manners) -> HandlerResult {
    let deal = account.get(ObjectKind::Opportunities, id).ok_or_else(|| not_found("Opportunity"))?;
    Ok(Completed { response: ApiResponse::ok(one(account, &deal, manners)), write: None })
}

pub(crate) fn search(account: &Account, query: &Query, manners: &Manners) -> Result<ApiResponse, ApiResponse> {
    let location_id = query.get("location_id").unwrap_or_default();
    check_location(account, location_id)?;
    let pipelines = Pipelines::of(account);
    let limit = manners.list_limit(query.number("limit").unwrap_or(20));
    let page = query.number("page").unwrap_or(1);
    if manners.page_bound && page.saturating_mul(limit) > MAX_PAGED {
        return Err(unprocessable(format!(
            "page * limit must not exceed {MAX_PAGED}: use startAfter and startAfterId"
        )));
    }
    let start = match (query.number("startAfter"), query.get("startAfterId")) {
        (None, None) => Start::Skip((page - 1).saturating_mul(limit)),
        (Some(at), Some(id)) => Start::After(i64::try_from(at).unwrap_or(i64::MAX), id.to_owned()),
        _ => return Err(unprocessable("startAfter and startAfterId belong together")),
    };
    let fits = |deal: &Fields| fits(account, deal, query, &pipelines);
    // Without a filter, no deal has to be read to know whether it matches.
    let plain = query.names().all(|name| match name {
        "status" => query.get("status") == Some("all"),
        _ => !FILTERS.contains(&name),
    });
    let listing = Listing {
        kind: ObjectKind::Opportunities,
        filter_fields: FilterFields::default(),
        fits: (!plain).then_some(&fits),
        order: None,
        newest_first: query.get("order") != Some("added_asc"),
        start: start.clone(),
        limit,
    };
    // One more than the page, to know whether there is a next page.
    let (mut deals, total) = Listing { limit: limit + 1, ..listing }.page(account);
    let more = deals.len() > limit;
    deals.truncate(limit);
    let mut meta = Fields::from_iter(manners.list_total(total).map(|total| ("total".to_owned(), total)));
    meta.extend(page_links(location_id, page, limit, deals.last(), more));
    let definitions = FieldDefinitions::of(account, Model::Opportunity, manners);
    let deals: Vec<_> = deals.iter().map(|deal| shown(account, deal, &pipelines, &definitions)).collect();
    Ok(ApiResponse::ok(json!({ "opportunities": deals, "meta": meta, "aggregations": {} })))
}

/// The links from a page to its neighbors. On every page, the cursor is that of the last deal.
fn page_links(location_id: &str, page: usize, limit: usize, last: Option<&Fields>, more: bool) -> Fields {
    let mut links = Fields::from_iter([("currentPage".to_owned(), page.into())]);
    let Some(last) = last else { return links };
    let (after, after_id) = (added(last), text(last, "id"));
    links.insert("startAfter".into(), after.into());
    links.insert("startAfterId".into(), after_id.into());
    if more {
        let next = format!(
            "https://services.leadconnectorhq.com/opportunities/search?location_id={location_id}&limit={limit}\
             &startAfter={after}&startAfterId={after_id}"
        );
        links.insert("nextPage".into(), (page + 1).into());
        links.insert("nextPageUrl".into(), next.into());
    }
    if page > 1 {
        links.insert("prevPage".into(), (page - 1).into());
    }
    links
}

fn fits(account: &Account, deal: &Fields, query: &Query, pipelines: &Pipelines) -> bool {
    let stage = pipelines.stage_ref(text(deal, "stage"));
    let day = |name: &str| {
        let day = NaiveDate::parse_from_str(query.get(name)?, "%m-%d-%Y").ok()?;
        Some(day.and_hms_opt(0, 0, 0)?.and_utc().timestamp_millis())
    };
    const DAY: i64 = 24 * 60 * 60 * 1000;
    let same = |name: &str, has: &str| query.get(name).is_none_or(|asked| asked == has);
    let contact = || account.get(ObjectKind::Contacts, text(deal, "contactId"));
    same("id", text(deal, "id"))
        && same("contact_id", text(deal, "contactId"))
        && same("assigned_to", text(deal, "assignedTo"))
        && query.get("status").is_none_or(|asked| asked == "all" || asked == status(deal))
        && query.get("pipeline_id").is_none_or(|asked| stage.is_some_and(|stage| stage.pipeline == asked))
        && query.get("pipeline_stage_id").is_none_or(|asked| stage.is_some_and(|stage| stage.stage == Some(asked)))
        && day("date").is_none_or(|day| added(deal) >= day)
        && day("endDate").is_none_or(|day| added(deal) < day + DAY)
        // No sample deal comes from a campaign.
        && query.get("campaignId").is_none()
        && query.get("country").is_none_or(|asked| {
            contact().is_some_and(|contact| contact.get("address").and_then(|it| it.get("country")) == Some(&json!(asked)))
        })
        && query.get("q").is_none_or(|asked| {
            let asked = asked.to_lowercase();
            text(deal, "name").to_lowercase().contains(&asked)
                || contact().is_some_and(|contact| mentions(&contact, &asked))
        })
}

pub(crate) fn create(account: &mut Account, body: &Fields, now: Duration, manners: &Manners) -> HandlerResult {
    validate::creation(CREATE, body).map_err(unprocessable)?;
    check_location(account, text(body, "locationId"))?;
    if account.get(ObjectKind::Contacts, text(body, "contactId")).is_none() {
        return Err(unprocessable("contactId names no contact of this location"));
    }
    let id = account.new_id();
    let mut deal = Fields::new();
    deal.insert("id".into(), id.clone().into());
    deal.insert("name".into(), text(body, "name").into());
    deal.insert("contactId".into(), text(body, "contactId").into());
    deal.insert("value".into(), 0.into());
    write(account, &mut deal, body, manners)?;
    let now = timestamp(now);
    deal.insert("createdAt".into(), now.clone().into());
    deal.insert("updatedAt".into(), now.into());
    account.put(ObjectKind::Opportunities, &id, &deal);
    Ok(Completed { response: ApiResponse::created(one(account, &deal, manners)), write: Some((WriteKind::Create, id)) })
}

pub(crate) fn update(
    account: &mut Account,
    id: &str,
    body: &Fields,
    now: Duration,
    manners: &Manners,
) -> HandlerResult {
    validate::creation(UPDATE, body).map_err(unprocessable)?;
    let deal = save(account, id, body, now, manners)?;
    Ok(Completed {
        response: ApiResponse::ok(one(account, &deal, manners)),
        write: Some((WriteKind::Update, id.to_owned())),
    })
}

pub(crate) fn update_status(
    account: &mut Account,
    id: &str,
    body: &Fields,
    now: Duration,
    manners: &Manners,
) -> HandlerResult {
    validate::creation(STATUS_ONLY, body).map_err(unprocessable)?;
    save(account, id, body, now, manners)?;
    let answer = ApiResponse::ok(json!({ "succeded": true }));
    Ok(Completed { response: answer, write: Some((WriteKind::Update, id.to_owned())) })
}

pub(crate) fn delete(account: &mut Account, id: &str) -> HandlerResult {
    account.get(ObjectKind::Opportunities, id).ok_or_else(|| not_found("Opportunity"))?;
    account.remove(ObjectKind::Opportunities, id);
    deleted(id)
}

fn save(
    account: &mut Account,
    id: &str,
    body: &Fields,
    now: Duration,
    manners: &Manners,
) -> Result<Fields, ApiResponse> {
    let mut deal = account.get(ObjectKind::Opportunities, id).ok_or_else(|| not_found("Opportunity"))?;
    write(account, &mut deal, body, manners)?;
    deal.insert("updatedAt".into(), timestamp(now).into());
    account.put(ObjectKind::Opportunities, id, &deal);
    Ok(deal)
}

/// Writes the fields of a body into a stored deal. Fields that the official API does not have stay unchanged.
fn write(account: &Account, deal: &mut Fields, body: &Fields, manners: &Manners) -> Result<(), ApiResponse> {
    let before = deal.clone();
    let given = |name: &str| body.get(name).and_then(Value::as_str);
    if let Some(stage) = Pipelines::of(account)
        .stage(text(deal, "stage"), given("pipelineId"), given("pipelineStageId"))
        .map_err(unprocessable)?
    {
        deal.insert("stage".into(), stage.into());
    }
    if let Some(fields) = body.get("customFields") {
        let mut custom = deal.get("customFields").and_then(Value::as_object).cloned().unwrap_or_default();
        FieldDefinitions::of(account, Model::Opportunity, manners).write(fields, &mut custom).map_err(unprocessable)?;
        deal.insert("customFields".into(), custom.into());
    }
    for (stored, official) in [
        ("name", "name"),
        ("status", "status"),
        ("value", "monetaryValue"),
        ("assignedTo", "assignedTo"),
        ("lostReasonId", "lostReasonId"),
    ] {
        if let Some(value) = body.get(official) {
            deal.insert(stored.into(), value.clone());
        }
    }
    manners.on_write(Some(&before), deal);
    Ok(())
}
