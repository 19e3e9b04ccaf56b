//! Opportunities: a deal's stage is a place in a pipeline here, and a name in what is stored.

use super::super::account::{Account, Fields, Kind, Traits};
use super::super::answer::Answer;
use super::super::manners::Manners;
use super::super::routes::{Change, Done, Outcome, stamp};
use super::super::validate::{self, Field, Shape, optional, required};
use super::checks::Query;
use super::contacts::{CUSTOM, full_name};
use super::custom::{Dictionary, Model};
use super::errors::{missing, unprocessable};
use super::paging::{Listing, Start, added};
use super::pipelines::{Pipelines, Place};
use super::search::{MAX_PAGED, mentions};
use super::team::{home, is_home, renamed, text};
use chrono::NaiveDate;
use serde_json::{Value, json};
use std::time::Duration;

/// The file lets `all` through as well; it is a filter's word, and no deal can be that.
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

/// The parameters of the search that leave deals out.
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

/// Stored name, official name: what is the same but for its name.
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

/// A deal's status in the official words: a negotiation is an open deal, and its stage says the rest.
fn status(deal: &Fields) -> &str {
    match text(deal, "status") {
        "negotiation" => "open",
        status => status,
    }
}

fn shown(account: &Account, deal: &Fields, pipelines: &Pipelines, dictionary: &Dictionary<'_>) -> Value {
    let home = home(account);
    let mut shown = renamed(deal, NAMES);
    if let Some(Place { pipeline, stage }) = pipelines.place(text(deal, "stage")) {
        shown.insert("pipelineId".into(), pipeline.into());
        if let Some(stage) = stage {
            shown.insert("pipelineStageId".into(), stage.into());
        }
    }
    shown.insert("status".into(), status(deal).into());
    shown.insert("locationId".into(), home.into());
    if let Some(contact) = account.get(Kind::Contacts, text(deal, "contactId")) {
        let names = ["id", "companyName", "email", "phone", "tags"].map(|name| (name, name));
        let mut short = renamed(&contact, &names);
        short.insert("name".into(), full_name(&contact).into());
        shown.insert("contact".into(), short.into());
    }
    for list in ["notes", "tasks", "calendarEvents", "followers"] {
        shown.insert(list.into(), json!([]));
    }
    shown.insert("customFields".into(), dictionary.shown(deal));
    dictionary.manners().show(Kind::Opportunities, &mut shown);
    Value::Object(shown)
}

fn one(account: &Account, deal: &Fields, manners: &Manners) -> Value {
    let dictionary = Dictionary::of(account, Model::Opportunity, manners);
    json!({ "opportunity": shown(account, deal, &Pipelines::of(account), &dictionary) })
}

pub(super) fn get(account: &Account, id: &str, manners: &Manners) -> Outcome {
    let deal = account.get(Kind::Opportunities, id).ok_or_else(|| missing("Opportunity"))?;
    Ok(Done { answer: Answer::ok(one(account, &deal, manners)), change: None })
}

pub(super) fn search(account: &Account, query: &Query, manners: &Manners) -> Result<Answer, Answer> {
    let home = query.get("location_id").unwrap_or_default();
    is_home(account, home)?;
    let pipelines = Pipelines::of(account);
    let limit = manners.capped(query.number("limit").unwrap_or(20));
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
    // Every deal of the account is wanted, and none has to be looked at to know.
    let plain = query.names().all(|name| match name {
        "status" => query.get("status") == Some("all"),
        _ => !FILTERS.contains(&name),
    });
    let listing = Listing {
        kind: Kind::Opportunities,
        traits: Traits::default(),
        fits: (!plain).then_some(&fits),
        order: None,
        newest_first: query.get("order") != Some("added_asc"),
        start: start.clone(),
        limit,
    };
    // What lies behind the page is asked for too, to know whether there is a next one.
    let (mut deals, total) = Listing { limit: limit + 1, ..listing }.page(account);
    let more = deals.len() > limit;
    deals.truncate(limit);
    let mut meta = Fields::from_iter(manners.total(total).map(|total| ("total".to_owned(), total)));
    meta.insert("currentPage".into(), page.into());
    if let Some(last) = deals.last() {
        meta.insert("startAfter".into(), added(last).into());
        meta.insert("startAfterId".into(), text(last, "id").into());
        if more {
            meta.insert("nextPage".into(), (page + 1).into());
            let next = format!(
                "https://services.leadconnectorhq.com/opportunities/search?location_id={home}&limit={limit}&startAfter={}&startAfterId={}",
                added(last),
                text(last, "id"),
            );
            meta.insert("nextPageUrl".into(), next.into());
        }
        if page > 1 {
            meta.insert("prevPage".into(), (page - 1).into());
        }
    }
    let dictionary = Dictionary::of(account, Model::Opportunity, manners);
    let deals: Vec<_> = deals.iter().map(|deal| shown(account, deal, &pipelines, &dictionary)).collect();
    Ok(Answer::ok(json!({ "opportunities": deals, "meta": meta, "aggregations": {} })))
}

fn fits(account: &Account, deal: &Fields, query: &Query, pipelines: &Pipelines) -> bool {
    let place = pipelines.place(text(deal, "stage"));
    let day = |name: &str| {
        let day = NaiveDate::parse_from_str(query.get(name)?, "%m-%d-%Y").ok()?;
        Some(day.and_hms_opt(0, 0, 0)?.and_utc().timestamp_millis())
    };
    const DAY: i64 = 24 * 60 * 60 * 1000;
    let same = |name: &str, has: &str| query.get(name).is_none_or(|asked| asked == has);
    let contact = || account.get(Kind::Contacts, text(deal, "contactId"));
    same("id", text(deal, "id"))
        && same("contact_id", text(deal, "contactId"))
        && same("assigned_to", text(deal, "assignedTo"))
        && query.get("status").is_none_or(|asked| asked == "all" || asked == status(deal))
        && query.get("pipeline_id").is_none_or(|asked| place.is_some_and(|place| place.pipeline == asked))
        && query.get("pipeline_stage_id").is_none_or(|asked| place.is_some_and(|place| place.stage == Some(asked)))
        && day("date").is_none_or(|day| added(deal) >= day)
        && day("endDate").is_none_or(|day| added(deal) < day + DAY)
        // No deal of this account came from a campaign.
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

pub(super) fn create(account: &mut Account, body: &Fields, now: Duration, manners: &Manners) -> Outcome {
    validate::creation(CREATE, body).map_err(unprocessable)?;
    is_home(account, text(body, "locationId"))?;
    if account.get(Kind::Contacts, text(body, "contactId")).is_none() {
        return Err(unprocessable("contactId names no contact of this location"));
    }
    let id = account.new_id();
    let mut deal = Fields::new();
    deal.insert("id".into(), id.clone().into());
    deal.insert("name".into(), text(body, "name").into());
    deal.insert("contactId".into(), text(body, "contactId").into());
    deal.insert("value".into(), 0.into());
    write(account, &mut deal, body, manners)?;
    let now = stamp(now);
    deal.insert("createdAt".into(), now.clone().into());
    deal.insert("updatedAt".into(), now.into());
    account.put(Kind::Opportunities, &id, &deal);
    Ok(Done { answer: Answer::created(one(account, &deal, manners)), change: Some((Change::Create, id)) })
}

pub(super) fn update(account: &mut Account, id: &str, body: &Fields, now: Duration, manners: &Manners) -> Outcome {
    validate::creation(UPDATE, body).map_err(unprocessable)?;
    let deal = save(account, id, body, now, manners)?;
    Ok(Done { answer: Answer::ok(one(account, &deal, manners)), change: Some((Change::Update, id.to_owned())) })
}

pub(super) fn update_status(
    account: &mut Account,
    id: &str,
    body: &Fields,
    now: Duration,
    manners: &Manners,
) -> Outcome {
    validate::creation(STATUS_ONLY, body).map_err(unprocessable)?;
    save(account, id, body, now, manners)?;
    let answer = Answer::ok(json!({ "succeded": true }));
    Ok(Done { answer, change: Some((Change::Update, id.to_owned())) })
}

fn save(account: &mut Account, id: &str, body: &Fields, now: Duration, manners: &Manners) -> Result<Fields, Answer> {
    let mut deal = account.get(Kind::Opportunities, id).ok_or_else(|| missing("Opportunity"))?;
    write(account, &mut deal, body, manners)?;
    deal.insert("updatedAt".into(), stamp(now).into());
    account.put(Kind::Opportunities, id, &deal);
    Ok(deal)
}

/// Writes the fields of a body into a stored deal. What the official API does not know stays as it is.
fn write(account: &Account, deal: &mut Fields, body: &Fields, manners: &Manners) -> Result<(), Answer> {
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
        Dictionary::of(account, Model::Opportunity, manners).write(fields, &mut custom).map_err(unprocessable)?;
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
    manners.settle(Some(&before), deal);
    Ok(())
}
