//! Conversations: one per contact, with the messages of all channels.
//!
//! HighLevel's file shows no dates of a conversation, although its list is paged by them. The sandbox adds what live
//! accounts show.

mod channel;
mod export;
mod files;
mod messages;
mod routes;
mod send;

pub(crate) use files::signed as signed_file;
pub(crate) use routes::{ConversationOp, ROUTES};

use super::checks::Query;
use super::contacts::full_name;
use super::errors::{not_found, unprocessable};
use super::organization::{all, check_location, own_location_id, renamed, text};
use super::{Request, read, workflows};
use crate::account::{Account, Fields, ObjectKind};
use crate::manners::Manners;
use crate::operation::{Completed, HandlerResult, WriteKind, timestamp};
use crate::response::ApiResponse;
use crate::validate::{self, Field, Shape, optional, required};
use serde_json::{Value, json};
use std::time::Duration;

const CREATE: &[Field] = &[required("locationId", Shape::Filled), required("contactId", Shape::Filled)];

const UPDATE: &[Field] = &[
    required("locationId", Shape::Filled),
    optional("unreadCount", Shape::Number(0.0, f64::INFINITY)),
    optional("starred", Shape::Flag),
    optional("feedback", Shape::AnyObject),
];

/// The filters that no sample conversation has values for.
const UNSUPPORTED: &[&str] =
    &["followers", "mentions", "sortScoreProfile", "scoreProfile", "scoreProfileMin", "scoreProfileMax"];

/// Performs an operation on conversations or workflows.
pub(super) fn perform(
    account: &mut Account,
    request: &Request<'_>,
    op: ConversationOp,
    trace: &str,
    manners: &Manners,
) -> HandlerResult {
    let Request { query, body, now, .. } = request;
    let (now, written) = (*now, manners.written_at(*now));
    let (id, other) = (request.id(0), request.id(1));
    match op {
        ConversationOp::Search => read(search(account, query, manners)),
        ConversationOp::Get => read(get(account, id)),
        ConversationOp::Create => create(account, body, written),
        ConversationOp::Update => update(account, id, body, written),
        ConversationOp::Messages => read(messages::of_conversation(account, id, query, now, manners)),
        ConversationOp::GetMessage => read(messages::get(account, id, now, manners)),
        ConversationOp::GetEmail => read(messages::email(account, id, now, manners)),
        ConversationOp::Export => read(export::messages(account, query, now, trace, manners)),
        ConversationOp::Transcription => read(messages::transcription(account, id, other)),
        ConversationOp::Recording => read(files::recording(account, other, id, request.authority, manners)),
        ConversationOp::TranscriptFile => read(files::transcript(account, id, other)),
        ConversationOp::Send => send::send(account, body, now, written, manners),
        ConversationOp::CancelMessage => send::cancel(account, ObjectKind::Messages, id, written),
        ConversationOp::CancelEmail => send::cancel(account, ObjectKind::Emails, id, written),
        ConversationOp::Workflows => read(workflows::list(account, query, manners)),
        ConversationOp::AddToWorkflow => workflows::enrol(account, (id, other), body, true, written),
        ConversationOp::RemoveFromWorkflow => workflows::enrol(account, (id, other), body, false, written),
    }
}

/// Milliseconds since 1970.
pub(crate) fn millis(now: Duration) -> i64 {
    i64::try_from(now.as_millis()).unwrap_or_default()
}

/// The whole number in a field.
fn whole(object: &Fields, name: &str) -> i64 {
    object.get(name).and_then(Value::as_i64).unwrap_or_default()
}

/// The conversation of a contact.
pub(crate) fn of_contact(account: &Account, contact: &str) -> Option<Fields> {
    account.objects(ObjectKind::Conversations).find(|one| text(one, "contactId") == contact)
}

pub(crate) fn search(account: &Account, query: &Query, manners: &Manners) -> Result<ApiResponse, ApiResponse> {
    check_location(account, query.get("locationId").unwrap_or_default())?;
    let unsupported = query.names().find(|name| UNSUPPORTED.contains(name));
    if let Some(name) = unsupported {
        return Err(unprocessable(format!("this sandbox has no conversations with {name}")));
    }
    let by = match query.get("sortBy") {
        None | Some("last_message_date") => "lastMessageDate",
        Some("last_manual_message_date") => "lastManualMessageDate",
        Some(other) => return Err(unprocessable(format!("this sandbox has no conversations with {other}"))),
    };
    let ascending = query.get("sort") == Some("asc");
    let mut found: Vec<_> = all(account, ObjectKind::Conversations)
        .into_iter()
        .map(|conversation| shown(account, conversation))
        .filter(|conversation| fits(conversation, query))
        .collect();
    found.sort_by_key(|one| (whole(one, by), text(one, "id").to_owned()));
    if !ascending {
        found.reverse();
    }
    let total = found.len();
    if let Some(after) = query.get("startAfterDate") {
        let after: i64 = after.parse().map_err(|_| unprocessable("startAfterDate must be a number"))?;
        // The live search continues after the sort value, so it skips what else has the same.
        found.retain(|one| if ascending { whole(one, by) > after } else { whole(one, by) < after });
    }
    found.truncate(manners.list_limit(query.number("limit").unwrap_or(20)));
    for conversation in &mut found {
        conversation.insert("sort".into(), json!([whole(conversation, by)]));
    }
    let mut answer = Fields::from_iter([("conversations".to_owned(), json!(found))]);
    answer.extend(manners.list_total(total).map(|total| ("total".to_owned(), total)));
    Ok(ApiResponse::ok(Value::Object(answer)))
}

/// Whether a conversation, as lists show it, has what the query wants.
fn fits(conversation: &Fields, query: &Query) -> bool {
    let same = |name: &str, field: &str| query.get(name).is_none_or(|wanted| text(conversation, field) == wanted);
    let owner = text(conversation, "assignedTo");
    let owned = |wanted: &str| {
        wanted.split(',').any(|wanted| if wanted == "unassigned" { owner.is_empty() } else { owner == wanted })
    };
    let mentions = |wanted: &str| {
        let wanted = wanted.to_lowercase();
        ["fullName", "email", "phone", "lastMessageBody"]
            .iter()
            .any(|field| text(conversation, field).to_lowercase().contains(&wanted))
    };
    let status = match query.get("status") {
        Some("unread") => whole(conversation, "unreadCount") > 0,
        Some("read") => whole(conversation, "unreadCount") == 0,
        Some("starred") => conversation.get("starred") == Some(&Value::Bool(true)),
        _ => true,
    };
    let bound = |name: &str| query.get(name).and_then(|value| value.parse::<i64>().ok());
    let added = whole(conversation, "dateAdded");
    status
        && same("contactId", "contactId")
        && same("id", "id")
        && same("lastMessageType", "lastMessageType")
        && same("lastMessageDirection", "lastMessageDirection")
        && same("lastMessageAction", "lastOutboundMessageAction")
        && query.get("assignedTo").is_none_or(owned)
        && query.get("query").is_none_or(mentions)
        && bound("startDate").is_none_or(|from| added >= from)
        && bound("endDate").is_none_or(|to| added <= to)
}

/// A conversation as lists show it.
fn shown(account: &Account, conversation: Fields) -> Fields {
    let contact = account.get(ObjectKind::Contacts, text(&conversation, "contactId")).unwrap_or_default();
    let mut shown = conversation;
    shown.insert("locationId".into(), own_location_id(account).into());
    shown.insert("fullName".into(), full_name(&contact).into());
    shown.insert("contactName".into(), full_name(&contact).into());
    shown.insert("type".into(), "TYPE_PHONE".into());
    for (from, to) in [("companyName", "companyName"), ("assignedTo", "assignedTo"), ("tags", "tags")] {
        shown.extend(renamed(&contact, &[(from, to)]));
    }
    for name in ["email", "phone"] {
        shown.insert(name.into(), text(&contact, name).into());
    }
    for name in ["lastMessageBody", "lastMessageType"] {
        shown.entry(name).or_insert_with(|| "".into());
    }
    shown
}

pub(crate) fn get(account: &Account, id: &str) -> Result<ApiResponse, ApiResponse> {
    let conversation = account.get(ObjectKind::Conversations, id).ok_or_else(|| not_found("Conversation"))?;
    let contact = account.get(ObjectKind::Contacts, text(&conversation, "contactId")).unwrap_or_default();
    let names = ["id", "contactId", "unreadCount", "starred"].map(|name| (name, name));
    let mut shown = renamed(&conversation, &names);
    shown.insert("locationId".into(), own_location_id(account).into());
    shown.insert("deleted".into(), false.into());
    shown.insert("inbox".into(), true.into());
    shown.insert("type".into(), 1.into());
    shown.extend(renamed(&contact, &[("assignedTo", "assignedTo")]));
    Ok(ApiResponse::ok(Value::Object(shown)))
}

/// Adds an empty conversation for a contact.
pub(crate) fn open(account: &mut Account, contact: &str, now: Duration) -> Fields {
    let mut conversation = Fields::new();
    let id = account.new_id();
    conversation.insert("id".into(), id.clone().into());
    conversation.insert("contactId".into(), contact.into());
    conversation.insert("unreadCount".into(), 0.into());
    conversation.insert("starred".into(), false.into());
    for name in ["dateAdded", "dateUpdated", "lastMessageDate"] {
        conversation.insert(name.into(), millis(now).into());
    }
    account.put(ObjectKind::Conversations, &id, &conversation);
    conversation
}

pub(crate) fn create(account: &mut Account, body: &Fields, now: Duration) -> HandlerResult {
    validate::creation(CREATE, body).map_err(unprocessable)?;
    check_location(account, text(body, "locationId"))?;
    let contact = text(body, "contactId");
    account.get(ObjectKind::Contacts, contact).ok_or_else(|| not_found("Contact"))?;
    if of_contact(account, contact).is_some() {
        return Err(ApiResponse::bad_request("Conversation already exists"));
    }
    let conversation = open(account, contact, now);
    let date = timestamp(now);
    let shown = json!({
        "id": conversation.get("id"),
        "contactId": contact,
        "locationId": own_location_id(account),
        "dateAdded": date,
        "dateUpdated": date,
        "lastMessageDate": date,
        "deleted": false,
    });
    let id = text(&conversation, "id").to_owned();
    let answer = ApiResponse::created(json!({ "success": true, "conversation": shown }));
    Ok(Completed { response: answer, write: Some((WriteKind::Create, id)) })
}

/// Marks a conversation as read, unread or starred.
pub(crate) fn update(account: &mut Account, id: &str, body: &Fields, now: Duration) -> HandlerResult {
    validate::creation(UPDATE, body).map_err(unprocessable)?;
    check_location(account, text(body, "locationId"))?;
    let mut conversation = account.get(ObjectKind::Conversations, id).ok_or_else(|| not_found("Conversation"))?;
    conversation.extend(renamed(body, &["unreadCount", "starred"].map(|name| (name, name))));
    conversation.insert("dateUpdated".into(), millis(now).into());
    account.put(ObjectKind::Conversations, id, &conversation);
    let names = ["id", "contactId", "unreadCount", "starred", "lastMessageBody", "lastMessageType"];
    let mut shown = renamed(&conversation, &names.map(|name| (name, name)));
    shown.insert("locationId".into(), own_location_id(account).into());
    shown.insert("deleted".into(), false.into());
    let answer = ApiResponse::ok(json!({ "success": true, "conversation": shown }));
    Ok(Completed { response: answer, write: Some((WriteKind::Update, id.to_owned())) })
}
