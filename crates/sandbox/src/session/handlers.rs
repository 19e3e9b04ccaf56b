//! The handlers of the session API's operations.

use super::query::Query;
use super::routes::Op;
use super::{fields, page_rules};
use crate::account::{Account, Fields, ObjectKind};
use crate::duplicates;
use crate::manners::Manners;
use crate::operation::{Completed, HandlerResult, WriteKind, timestamp};
use crate::response::ApiResponse;
use crate::validate::{self, Field};
use http::StatusCode;
use serde_json::{Value, json};
use std::time::Duration;

/// A request that passed the general checks.
pub(crate) struct Request<'a> {
    pub(crate) op: Op,
    pub(crate) id: &'a str,
    pub(crate) query: &'a Query,
    pub(crate) body: &'a Fields,
    pub(crate) manners: &'a Manners,
    /// The time that the database stores, since 1970.
    pub(crate) now: Duration,
}

/// Performs an operation.
pub(crate) fn perform(account: &mut Account, request: &Request<'_>) -> HandlerResult {
    match request.op {
        Op::CurrentUser => first(account, ObjectKind::Users, request.manners),
        Op::GetUser => one(account, ObjectKind::Users, request.id, request.manners),
        Op::DefaultLocation => first(account, ObjectKind::Locations, request.manners),
        Op::GetLocation => one(account, ObjectKind::Locations, request.id, request.manners),
        Op::ListLocations => list(account, ObjectKind::Locations, request),
        Op::ListContacts => list(account, ObjectKind::Contacts, request),
        Op::GetContact => one(account, ObjectKind::Contacts, request.id, request.manners),
        Op::CreateContact => create(account, ObjectKind::Contacts, fields::CONTACT, request, &[]),
        Op::UpdateContact => update(account, ObjectKind::Contacts, fields::CONTACT, request),
        Op::ListOpportunities => list(account, ObjectKind::Opportunities, request),
        Op::GetOpportunity => one(account, ObjectKind::Opportunities, request.id, request.manners),
        Op::CreateOpportunity => {
            let defaults = [("currency", json!("USD")), ("stage", json!("qualification")), ("probability", json!(0))];
            create(account, ObjectKind::Opportunities, fields::OPPORTUNITY, request, &defaults)
        }
        Op::UpdateOpportunity => update(account, ObjectKind::Opportunities, fields::OPPORTUNITY, request),
        Op::ListCampaigns => list(account, ObjectKind::Campaigns, request),
        Op::GetCampaign => {
            one(account, ObjectKind::Campaigns, request.query.id.as_deref().unwrap_or_default(), request.manners)
        }
        Op::CreateCampaign => {
            create(account, ObjectKind::Campaigns, fields::CAMPAIGN, request, &[("status", json!("draft"))])
        }
        Op::ListPages => list(account, ObjectKind::Pages, request),
        Op::GetPage => one(account, ObjectKind::Pages, request.id, request.manners),
        Op::CreatePage => create(account, ObjectKind::Pages, fields::PAGE, request, &[("status", json!("draft"))]),
        Op::UpdatePage => update(account, ObjectKind::Pages, fields::PAGE, request),
        Op::DeletePage => {
            page_rules::may_delete(account, request.id)?;
            delete(account, ObjectKind::Pages, request.id)
        }
        Op::PublishPage => publish(account, request),
        Op::ListFunnels => list(account, ObjectKind::Funnels, request),
        Op::ListWebhooks => list(account, ObjectKind::Webhooks, request),
        Op::CreateWebhook => {
            create(account, ObjectKind::Webhooks, fields::WEBHOOK, request, &[("status", json!("active"))])
        }
        Op::DeleteWebhook => delete(account, ObjectKind::Webhooks, request.id),
        Op::Refresh => Err(ApiResponse::error(StatusCode::NOT_FOUND, "Not Found")),
    }
}

fn not_found(kind: ObjectKind) -> ApiResponse {
    ApiResponse::error(StatusCode::NOT_FOUND, format!("{} not found", kind.title()))
}

/// An object as answers show it, without a webhook's secret.
fn shown(manners: &Manners, kind: ObjectKind, mut object: Fields) -> Value {
    object.shift_remove("secret");
    manners.on_read(kind, &mut object);
    Value::Object(object)
}

/// An object as lists show it. Lists of pages and locations leave fields out.
fn shown_in_list(manners: &Manners, kind: ObjectKind, mut object: Fields) -> Value {
    match kind {
        ObjectKind::Pages => object.retain(|name, _| name != "content" && !name.starts_with("seo")),
        ObjectKind::Locations => object.retain(|name, _| matches!(name.as_str(), "id" | "name")),
        _ => {}
    }
    shown(manners, kind, object)
}

fn read(body: Value) -> HandlerResult {
    Ok(Completed { response: ApiResponse::ok(body), write: None })
}

fn first(account: &Account, kind: ObjectKind, manners: &Manners) -> HandlerResult {
    read(shown(manners, kind, account.first(kind).ok_or_else(|| not_found(kind))?))
}

fn one(account: &Account, kind: ObjectKind, id: &str, manners: &Manners) -> HandlerResult {
    read(shown(manners, kind, account.get(kind, id).ok_or_else(|| not_found(kind))?))
}

fn list(account: &Account, kind: ObjectKind, request: &Request<'_>) -> HandlerResult {
    let Query { limit, offset, filter, .. } = request.query;
    let manners = request.manners;
    // The list of webhooks has no paging, so it returns all.
    let limit = manners.list_limit(if kind == ObjectKind::Webhooks { usize::MAX } else { *limit });
    let (objects, total) = account.list(kind, filter, *offset, limit);
    let data: Vec<_> = objects.into_iter().map(|object| shown_in_list(manners, kind, object)).collect();
    if kind == ObjectKind::Campaigns {
        return read(Value::Array(data));
    }
    let mut meta = Fields::new();
    meta.extend(manners.list_total(total).map(|total| ("total".to_owned(), total)));
    if !matches!(kind, ObjectKind::Funnels | ObjectKind::Webhooks) {
        meta.insert("limit".into(), limit.into());
        meta.insert("offset".into(), (*offset).into());
    }
    read(json!({ "data": data, "meta": meta }))
}

/// Checks the objects that a body refers to, and what must be unique.
fn check_references(account: &Account, kind: ObjectKind, id: &str, body: &Fields) -> Result<(), ApiResponse> {
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    match (kind, text("contactId"), text("slug")) {
        (ObjectKind::Opportunities, Some(contact), _) if account.get(ObjectKind::Contacts, contact).is_none() => {
            Err(ApiResponse::bad_request("contactId names no contact of this account"))
        }
        (ObjectKind::Pages, _, Some(slug)) => page_rules::slug_is_free(account, id, slug),
        _ => Ok(()),
    }
}

fn create(
    account: &mut Account,
    kind: ObjectKind,
    known: &[Field],
    request: &Request<'_>,
    defaults: &[(&str, Value)],
) -> HandlerResult {
    validate::creation(known, request.body).map_err(ApiResponse::bad_request)?;
    let id = account.new_id();
    let mut object = Fields::new();
    object.insert("id".into(), id.clone().into());
    object.extend(request.body.clone());
    for (name, value) in defaults {
        object.entry(*name).or_insert_with(|| value.clone());
    }
    request.manners.on_write(None, &mut object);
    check_references(account, kind, &id, &object)?;
    if kind == ObjectKind::Contacts {
        duplicates::check(account, request.manners, None, &object)?;
    }
    let now = timestamp(request.now);
    object.insert("createdAt".into(), now.clone().into());
    // Webhooks cannot be updated, so they have no time of update.
    if kind != ObjectKind::Webhooks {
        object.insert("updatedAt".into(), now.into());
    }
    account.put(kind, &id, &object);
    Ok(Completed {
        response: ApiResponse::created(shown(request.manners, kind, object)),
        write: Some((WriteKind::Create, id)),
    })
}

fn update(account: &mut Account, kind: ObjectKind, known: &[Field], request: &Request<'_>) -> HandlerResult {
    let id = request.id;
    let mut object = account.get(kind, id).ok_or_else(|| not_found(kind))?;
    validate::update(known, request.body).map_err(ApiResponse::bad_request)?;
    if kind == ObjectKind::Pages {
        page_rules::may_update(&object)?;
    }
    let before = object.clone();
    // The strictest reading: nested objects and lists are replaced as a whole.
    for (name, value) in request.body {
        if value.is_null() {
            object.shift_remove(name);
        } else {
            object.insert(name.clone(), value.clone());
        }
    }
    request.manners.on_write(Some(&before), &mut object);
    let mut given = object.clone();
    given.retain(|name, _| request.body.contains_key(name));
    check_references(account, kind, id, &given)?;
    if kind == ObjectKind::Contacts {
        duplicates::check(account, request.manners, Some(&before), &object)?;
    }
    save(account, kind, request, object, WriteKind::Update)
}

fn publish(account: &mut Account, request: &Request<'_>) -> HandlerResult {
    let object = account.get(ObjectKind::Pages, request.id).ok_or_else(|| not_found(ObjectKind::Pages))?;
    let published = page_rules::published(account, object)?;
    save(account, ObjectKind::Pages, request, published, WriteKind::Publish)
}

fn save(
    account: &mut Account,
    kind: ObjectKind,
    request: &Request<'_>,
    mut object: Fields,
    change: WriteKind,
) -> HandlerResult {
    object.insert("updatedAt".into(), timestamp(request.now).into());
    account.put(kind, request.id, &object);
    Ok(Completed {
        response: ApiResponse::ok(shown(request.manners, kind, object)),
        write: Some((change, request.id.to_owned())),
    })
}

fn delete(account: &mut Account, kind: ObjectKind, id: &str) -> HandlerResult {
    account.get(kind, id).ok_or_else(|| not_found(kind))?;
    account.remove(kind, id);
    let answer = ApiResponse::ok(json!({ "message": format!("{} deleted", kind.title()) }));
    Ok(Completed { response: answer, write: Some((WriteKind::Delete, id.to_owned())) })
}
