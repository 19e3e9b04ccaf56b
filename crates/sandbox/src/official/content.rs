//! Campaigns, funnels and their pages.

use super::super::account::{Account, Fields, Kind};
use super::super::answer::Answer;
use super::super::manners::Manners;
use super::super::routes::{Change, Done, Outcome, stamp};
use super::super::validate::{self, Field, Shape, optional, required};
use super::checks::Query;
use super::errors::unprocessable;
use super::team::{all, is_home, renamed, text};
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

/// The campaigns of the old kind. Their statuses are `draft` and `published` in the file's examples; what the account
/// has beyond these two keeps its word.
pub(super) fn campaigns(account: &Account, query: &Query, manners: &Manners) -> Result<Answer, Answer> {
    let home = query.get("locationId").unwrap_or_default();
    is_home(account, home)?;
    let status = |campaign: &Fields| match text(campaign, "status") {
        "active" => "published".to_owned(),
        status => status.to_owned(),
    };
    let found: Vec<_> = all(account, Kind::Campaigns)
        .iter()
        .filter(|one| query.get("status").is_none_or(|asked| status(one) == asked))
        .take(manners.capped(usize::MAX))
        .map(|one| json!({ "id": one.get("id"), "name": one.get("name"), "status": status(one), "locationId": home }))
        .collect();
    Ok(Answer::ok(json!({ "campaigns": found })))
}

/// An email campaign's status in the file's words: what is active is being sent.
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
    manners.show(Kind::Campaigns, &mut shown);
    shown
}

fn with_trace(mut object: Fields, trace: &str) -> Value {
    object.insert("traceId".into(), trace.into());
    Value::Object(object)
}

pub(super) fn emails(
    account: &Account,
    home: &str,
    query: &Query,
    trace: &str,
    manners: &Manners,
) -> Result<Answer, Answer> {
    is_home(account, home)?;
    let mut found = all(account, Kind::Campaigns);
    let search = query.get("search").unwrap_or_default().to_lowercase();
    let status = query.get("status").filter(|status| *status != "all");
    found.retain(|one| {
        text(one, "type") == "email"
            && text(one, "name").to_lowercase().contains(&search)
            && status.is_none_or(|status| email_status(one) == status)
    });
    let (limit, offset) = (query.number("limit").unwrap_or(10), query.number("offset").unwrap_or(0));
    let shown = |campaign: &Fields| email(campaign, manners);
    let page: Vec<_> = found.iter().skip(offset).take(manners.capped(limit)).map(shown).collect();
    let mut answer = Fields::from_iter([("campaigns".to_owned(), json!(page))]);
    answer.extend(manners.total(found.len()).map(|total| ("total".to_owned(), total)));
    Ok(Answer::ok(with_trace(answer, trace)))
}

pub(super) fn get_email(
    account: &Account,
    home: &str,
    id: &str,
    trace: &str,
    manners: &Manners,
) -> Result<Answer, Answer> {
    is_home(account, home)?;
    // This file is the one that has a 404.
    let campaign = account.get(Kind::Campaigns, id).filter(|campaign| text(campaign, "type") == "email");
    let campaign = campaign.ok_or_else(|| Answer::refuse(StatusCode::NOT_FOUND, "Not Found"))?;
    let mut shown = email(&campaign, manners);
    shown.extend(renamed(&campaign, &[("editorType", "editorType")]));
    Ok(Answer::ok(with_trace(shown, trace)))
}

pub(super) fn create_email(
    account: &mut Account,
    home: &str,
    body: &Fields,
    now: Duration,
    trace: &str,
    manners: &Manners,
) -> Outcome {
    is_home(account, home)?;
    validate::creation(EMAIL, body).map_err(unprocessable)?;
    if account.get(Kind::Users, text(body, "userId")).is_none() {
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
    manners.settle(None, &mut campaign);
    let now = stamp(now);
    campaign.insert("createdAt".into(), now.clone().into());
    campaign.insert("updatedAt".into(), now.into());
    account.put(Kind::Campaigns, &id, &campaign);
    let answer = Answer::created(with_trace(email(&campaign, manners), trace));
    Ok(Done { answer, change: Some((Change::Create, id)) })
}

/// The steps of a funnel: the account's pages, one a step.
fn steps(funnel: &Fields) -> Vec<&Fields> {
    funnel.get("pages").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object).collect()
}

/// A step's id. The account has none, and a page is in several funnels.
fn step_id(funnel: &Fields, page: &Fields) -> String {
    format!("{}-{}", text(funnel, "id"), text(page, "id"))
}

/// The funnels, as a list: the file's schema has one object in its place, and its example shows one of them.
pub(super) fn funnels(account: &Account, query: &Query, trace: &str, manners: &Manners) -> Result<Answer, Answer> {
    let home = query.get("locationId").unwrap_or_default();
    is_home(account, home)?;
    if let Some(name) = ["category", "parentId"].into_iter().find(|name| query.get(name).is_some()) {
        return Err(unprocessable(format!("this sandbox has no funnels with a {name}")));
    }
    let mut found = all(account, Kind::Funnels);
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
        shown.insert("locationId".into(), home.into());
        shown.insert("deleted".into(), false.into());
        shown.insert("steps".into(), steps(funnel).iter().map(step).collect());
        manners.show(Kind::Funnels, &mut shown);
        shown
    };
    let page: Vec<_> = found.iter().skip(offset).take(manners.capped(limit)).map(shown).collect();
    let mut answer = Fields::from_iter([("funnels".to_owned(), json!(page))]);
    answer.extend(manners.total(found.len()).map(|total| ("count".to_owned(), total)));
    Ok(Answer::ok(with_trace(answer, trace)))
}

/// The pages of one funnel, as a list: the file's schema has one of them in its place.
pub(super) fn pages(account: &Account, query: &Query, manners: &Manners) -> Result<Answer, Answer> {
    let home = query.get("locationId").unwrap_or_default();
    is_home(account, home)?;
    let id = query.get("funnelId").unwrap_or_default();
    let funnel = account.get(Kind::Funnels, id).unwrap_or_default();
    let name = query.get("name").unwrap_or_default().to_lowercase();
    let (limit, offset) = (query.number("limit").unwrap_or(0), query.number("offset").unwrap_or(0));
    let shown = |step: &&Fields| {
        let page = account.get(Kind::Pages, text(step, "id"))?;
        let mut shown = renamed(&page, &[("id", "_id"), ("name", "name"), ("updatedAt", "updatedAt")]);
        shown.insert("locationId".into(), home.into());
        shown.insert("funnelId".into(), id.into());
        shown.insert("stepId".into(), step_id(&funnel, step).into());
        // A string by the file's schema, and false by its example.
        shown.insert("deleted".into(), false.into());
        Some(shown).filter(|page| text(page, "name").to_lowercase().contains(&name))
    };
    let pages: Vec<_> = steps(&funnel).iter().filter_map(shown).skip(offset).take(manners.capped(limit)).collect();
    Ok(Answer::ok(json!(pages)))
}
