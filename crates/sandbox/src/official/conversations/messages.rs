//! Messages: those of a conversation, single ones, emails with their bodies, and transcripts of calls.
//!
//! All emails of a thread are one message, which names them in `meta.email.messageIds`. Lists have no bodies of emails
//! (highlevel-api-docs#40).

use super::channel;
use super::millis;
use crate::account::{Account, Fields, ObjectKind};
use crate::manners::Manners;
use crate::official::checks::Query;
use crate::official::errors::{not_found, unprocessable};
use crate::official::organization::{all, check_location, own_location_id, renamed, text};
use crate::official::paging;
use crate::response::ApiResponse;
use serde_json::{Value, json};
use std::time::Duration;

/// The stored fields that messages show under the same name.
const SHOWN: &[&str] = &[
    "id",
    "messageType",
    "contactId",
    "conversationId",
    "dateAdded",
    "body",
    "direction",
    "status",
    "contentType",
    "attachments",
    "meta",
    "source",
    "userId",
    "conversationProviderId",
];

const EMAIL: &[&str] = &[
    "id",
    "threadId",
    "contactId",
    "conversationId",
    "dateAdded",
    "subject",
    "body",
    "direction",
    "status",
    "contentType",
    "attachments",
    "provider",
    "from",
    "to",
    "cc",
    "bcc",
    "replyToMessageId",
    "source",
];

/// Gives a message the status that it has by now: its delivery is settled some time after it was sent.
fn settle(message: &mut Fields, now: Duration) {
    let due = message.get("settlesAt").and_then(Value::as_i64).unwrap_or(i64::MAX);
    if text(message, "status") == "pending" && due <= millis(now) {
        let settled = message.get("settlesAs").cloned().unwrap_or_else(|| "delivered".into());
        message.insert("status".into(), settled);
    }
}

/// A message as answers show it.
pub(super) fn shown(account: &Account, message: &Fields, now: Duration, manners: &Manners) -> Fields {
    let mut message = message.clone();
    settle(&mut message, now);
    let names: Vec<_> = SHOWN.iter().map(|name| (*name, *name)).collect();
    let mut shown = renamed(&message, &names);
    shown.insert("type".into(), channel::number(text(&message, "messageType")).into());
    shown.insert("locationId".into(), own_location_id(account).into());
    if text(&message, "messageType") == "TYPE_EMAIL" {
        shown.shift_remove("body");
    }
    if manners.message_shapes {
        as_live(&mut shown, &message);
    }
    manners.on_read(ObjectKind::Messages, &mut shown);
    shown
}

/// The parts of a message that live accounts show in another form than HighLevel's file.
fn as_live(shown: &mut Fields, message: &Fields) {
    if let Some(meta) = shown.get_mut("meta").and_then(Value::as_object_mut)
        && let (Some(duration), Some(status)) = (meta.shift_remove("callDuration"), meta.shift_remove("callStatus"))
    {
        let seconds: i64 = duration.as_str().and_then(|text| text.parse().ok()).unwrap_or_default();
        meta.insert("call".into(), json!({ "duration": seconds, "status": status }));
    }
    shown.extend(renamed(message, &[("dateUpdated", "dateUpdated"), ("from", "from"), ("to", "to")]));
    if text(shown, "status") == "failed" {
        shown.extend(renamed(message, &[("error", "error")]));
    }
}

pub(crate) fn of_conversation(
    account: &Account,
    id: &str,
    query: &Query,
    now: Duration,
    manners: &Manners,
) -> Result<ApiResponse, ApiResponse> {
    account.get(ObjectKind::Conversations, id).ok_or_else(|| not_found("Conversation"))?;
    let types: Option<Vec<_>> = query.get("type").map(|types| types.split(',').collect());
    if let Some(unknown) = types.iter().flatten().find(|one| !channel::TYPES.contains(one)) {
        return Err(unprocessable(format!("type {unknown} is not a type of message")));
    }
    let mut found = all(account, ObjectKind::Messages);
    found.retain(|message| {
        text(message, "conversationId") == id
            && types.as_ref().is_none_or(|types| types.contains(&text(message, "messageType")))
    });
    found.sort_by_key(paging::added);
    found.reverse();
    let begin = match query.get("lastMessageId") {
        Some(last) => {
            let place = found.iter().position(|message| text(message, "id") == last);
            place.map(|place| place + 1).ok_or_else(|| not_found("Message"))?
        }
        None => 0,
    };
    let limit = manners.list_limit(query.number("limit").unwrap_or(20));
    let next_page = found.len() > begin + limit;
    let page: Vec<_> =
        found.iter().skip(begin).take(limit).map(|message| shown(account, message, now, manners)).collect();
    let last = page.last().and_then(|message| message.get("id")).cloned().unwrap_or_else(|| "".into());
    let body = json!({ "lastMessageId": last, "nextPage": next_page, "messages": page });
    // highlevel-api-docs#54
    Ok(ApiResponse::ok(if manners.message_shapes { json!({ "messages": body }) } else { body }))
}

pub(crate) fn get(account: &Account, id: &str, now: Duration, manners: &Manners) -> Result<ApiResponse, ApiResponse> {
    let message = account.get(ObjectKind::Messages, id).ok_or_else(|| not_found("Message"))?;
    Ok(ApiResponse::ok(wrapped("message", shown(account, &message, now, manners), manners)))
}

pub(crate) fn email(account: &Account, id: &str, now: Duration, manners: &Manners) -> Result<ApiResponse, ApiResponse> {
    let mut email = account.get(ObjectKind::Emails, id).ok_or_else(|| not_found("Email"))?;
    settle(&mut email, now);
    let names: Vec<_> = EMAIL.iter().map(|name| (*name, *name)).collect();
    let mut shown = renamed(&email, &names);
    shown.insert("locationId".into(), own_location_id(account).into());
    manners.on_read(ObjectKind::Emails, &mut shown);
    Ok(ApiResponse::ok(wrapped("emailMessage", shown, manners)))
}

/// Live accounts put single messages into a member.
fn wrapped(member: &str, object: Fields, manners: &Manners) -> Value {
    if manners.message_shapes { json!({ member: object }) } else { Value::Object(object) }
}

/// The sentences of a recorded call. HighLevel's file shows one of them; there are as many as were spoken.
pub(crate) fn transcription(account: &Account, location: &str, id: &str) -> Result<ApiResponse, ApiResponse> {
    check_location(account, location)?;
    let message = account.get(ObjectKind::Messages, id).ok_or_else(|| not_found("Message"))?;
    let sentences = message.get("transcript").ok_or_else(|| not_found("Transcription"))?;
    Ok(ApiResponse::ok(sentences.clone()))
}
