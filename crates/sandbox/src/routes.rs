//! What each operation does to the account.

use super::account::{Account, Fields, Kind};
use super::answer::Answer;
use super::manners::Manners;
use super::operations::Op;
use super::query::Query;
use super::validate::{self, Field};
use super::{duplicates, fields, pages};
use chrono::{DateTime, SecondsFormat};
use http::StatusCode;
use serde_json::{Value, json};
use std::time::Duration;

/// How an operation changed the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Create,
    Update,
    Delete,
    Publish,
}

/// An operation's answer, and what it changed.
pub(super) struct Done {
    pub(super) answer: Answer,
    pub(super) change: Option<(Change, String)>,
}

/// A request that passed every general check.
pub(super) struct Request<'a> {
    pub(super) op: Op,
    pub(super) id: &'a str,
    pub(super) query: &'a Query,
    pub(super) body: &'a Fields,
    pub(super) manners: &'a Manners,
    /// The time that the database writes down, since 1970.
    pub(super) now: Duration,
}

/// An operation's result: a refusal is an answer too.
pub(super) type Outcome = Result<Done, Answer>;

/// Performs an operation.
pub(super) fn perform(account: &mut Account, request: &Request<'_>) -> Outcome {
    match request.op {
        Op::CurrentUser => first(account, Kind::Users, request.manners),
        Op::GetUser => one(account, Kind::Users, request.id, request.manners),
        Op::DefaultLocation => first(account, Kind::Locations, request.manners),
        Op::GetLocation => one(account, Kind::Locations, request.id, request.manners),
        Op::ListLocations => list(account, Kind::Locations, request),
        Op::ListContacts => list(account, Kind::Contacts, request),
        Op::GetContact => one(account, Kind::Contacts, request.id, request.manners),
        Op::CreateContact => create(account, Kind::Contacts, fields::CONTACT, request, &[]),
        Op::UpdateContact => update(account, Kind::Contacts, fields::CONTACT, request),
        Op::ListOpportunities => list(account, Kind::Opportunities, request),
        Op::GetOpportunity => one(account, Kind::Opportunities, request.id, request.manners),
        Op::CreateOpportunity => {
            let defaults = [("currency", json!("USD")), ("stage", json!("qualification")), ("probability", json!(0))];
            create(account, Kind::Opportunities, fields::OPPORTUNITY, request, &defaults)
        }
        Op::UpdateOpportunity => update(account, Kind::Opportunities, fields::OPPORTUNITY, request),
        Op::ListCampaigns => list(account, Kind::Campaigns, request),
        Op::GetCampaign => {
            one(account, Kind::Campaigns, request.query.id.as_deref().unwrap_or_default(), request.manners)
        }
        Op::CreateCampaign => {
            create(account, Kind::Campaigns, fields::CAMPAIGN, request, &[("status", json!("draft"))])
        }
        Op::ListPages => list(account, Kind::Pages, request),
        Op::GetPage => one(account, Kind::Pages, request.id, request.manners),
        Op::CreatePage => create(account, Kind::Pages, fields::PAGE, request, &[("status", json!("draft"))]),
        Op::UpdatePage => update(account, Kind::Pages, fields::PAGE, request),
        Op::DeletePage => {
            pages::may_delete(account, request.id)?;
            delete(account, Kind::Pages, request.id)
        }
        Op::PublishPage => publish(account, request),
        Op::ListFunnels => list(account, Kind::Funnels, request),
        Op::ListWebhooks => list(account, Kind::Webhooks, request),
        Op::CreateWebhook => create(account, Kind::Webhooks, fields::WEBHOOK, request, &[("status", json!("active"))]),
        Op::DeleteWebhook => delete(account, Kind::Webhooks, request.id),
        Op::Refresh => Err(Answer::refuse(StatusCode::NOT_FOUND, "Not Found")),
    }
}

fn not_found(kind: Kind) -> Answer {
    Answer::refuse(StatusCode::NOT_FOUND, format!("{} not found", kind.title()))
}

/// A time since 1970 as answers show it.
pub(super) fn stamp(now: Duration) -> String {
    let millis = i64::try_from(now.as_millis()).unwrap_or_default();
    DateTime::from_timestamp_millis(millis).unwrap_or_default().to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// An object as its own answer shows it: all of it but a webhook's secret.
fn shown(manners: &Manners, kind: Kind, mut object: Fields) -> Value {
    object.shift_remove("secret");
    manners.show(kind, &mut object);
    Value::Object(object)
}

/// An object as lists show it: the document's lists of pages and locations are short.
fn shown_in_list(manners: &Manners, kind: Kind, mut object: Fields) -> Value {
    match kind {
        Kind::Pages => object.retain(|name, _| name != "content" && !name.starts_with("seo")),
        Kind::Locations => object.retain(|name, _| matches!(name.as_str(), "id" | "name")),
        _ => {}
    }
    shown(manners, kind, object)
}

fn read(body: Value) -> Outcome {
    Ok(Done { answer: Answer::ok(body), change: None })
}

fn first(account: &Account, kind: Kind, manners: &Manners) -> Outcome {
    read(shown(manners, kind, account.first(kind).ok_or_else(|| not_found(kind))?))
}

fn one(account: &Account, kind: Kind, id: &str, manners: &Manners) -> Outcome {
    read(shown(manners, kind, account.get(kind, id).ok_or_else(|| not_found(kind))?))
}

fn list(account: &Account, kind: Kind, request: &Request<'_>) -> Outcome {
    let Query { limit, offset, filter, .. } = request.query;
    let manners = request.manners;
    // The list of webhooks takes no query, so it has to give everything.
    let limit = manners.capped(if kind == Kind::Webhooks { usize::MAX } else { *limit });
    let (objects, total) = account.list(kind, filter, *offset, limit);
    let data: Vec<_> = objects.into_iter().map(|object| shown_in_list(manners, kind, object)).collect();
    if kind == Kind::Campaigns {
        return read(Value::Array(data));
    }
    let mut meta = Fields::new();
    meta.extend(manners.total(total).map(|total| ("total".to_owned(), total)));
    if !matches!(kind, Kind::Funnels | Kind::Webhooks) {
        meta.insert("limit".into(), limit.into());
        meta.insert("offset".into(), (*offset).into());
    }
    read(json!({ "data": data, "meta": meta }))
}

/// The checks that need more than the body: what it refers to, and what must be unique.
fn check_references(account: &Account, kind: Kind, id: &str, body: &Fields) -> Result<(), Answer> {
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    match (kind, text("contactId"), text("slug")) {
        (Kind::Opportunities, Some(contact), _) if account.get(Kind::Contacts, contact).is_none() => {
            Err(Answer::bad_request("contactId names no contact of this account"))
        }
        (Kind::Pages, _, Some(slug)) => pages::slug_is_free(account, id, slug),
        _ => Ok(()),
    }
}

fn create(
    account: &mut Account,
    kind: Kind,
    known: &[Field],
    request: &Request<'_>,
    defaults: &[(&str, Value)],
) -> Outcome {
    validate::creation(known, request.body).map_err(Answer::bad_request)?;
    let id = account.new_id();
    let mut object = Fields::new();
    object.insert("id".into(), id.clone().into());
    object.extend(request.body.clone());
    for (name, value) in defaults {
        object.entry(*name).or_insert_with(|| value.clone());
    }
    request.manners.settle(None, &mut object);
    check_references(account, kind, &id, &object)?;
    if kind == Kind::Contacts {
        duplicates::judge(account, request.manners, None, &object)?;
    }
    let now = stamp(request.now);
    object.insert("createdAt".into(), now.clone().into());
    // The document's webhooks know no update, and so no time of one.
    if kind != Kind::Webhooks {
        object.insert("updatedAt".into(), now.into());
    }
    account.put(kind, &id, &object);
    Ok(Done { answer: Answer::created(shown(request.manners, kind, object)), change: Some((Change::Create, id)) })
}

fn update(account: &mut Account, kind: Kind, known: &[Field], request: &Request<'_>) -> Outcome {
    let id = request.id;
    let mut object = account.get(kind, id).ok_or_else(|| not_found(kind))?;
    validate::update(known, request.body).map_err(Answer::bad_request)?;
    if kind == Kind::Pages {
        pages::may_update(&object)?;
    }
    let before = object.clone();
    // The harsh reading: nested values and lists are replaced whole.
    for (name, value) in request.body {
        if value.is_null() {
            object.shift_remove(name);
        } else {
            object.insert(name.clone(), value.clone());
        }
    }
    request.manners.settle(Some(&before), &mut object);
    let mut given = object.clone();
    given.retain(|name, _| request.body.contains_key(name));
    check_references(account, kind, id, &given)?;
    if kind == Kind::Contacts {
        duplicates::judge(account, request.manners, Some(&before), &object)?;
    }
    save(account, kind, request, object, Change::Update)
}

fn publish(account: &mut Account, request: &Request<'_>) -> Outcome {
    let object = account.get(Kind::Pages, request.id).ok_or_else(|| not_found(Kind::Pages))?;
    let published = pages::published(account, object)?;
    save(account, Kind::Pages, request, published, Change::Publish)
}

fn save(account: &mut Account, kind: Kind, request: &Request<'_>, mut object: Fields, change: Change) -> Outcome {
    object.insert("updatedAt".into(), stamp(request.now).into());
    account.put(kind, request.id, &object);
    Ok(Done { answer: Answer::ok(shown(request.manners, kind, object)), change: Some((change, request.id.to_owned())) })
}

fn delete(account: &mut Account, kind: Kind, id: &str) -> Outcome {
    account.get(kind, id).ok_or_else(|| not_found(kind))?;
    account.remove(kind, id);
    let answer = Answer::ok(json!({ "message": format!("{} deleted", kind.title()) }));
    Ok(Done { answer, change: Some((Change::Delete, id.to_owned())) })
}
