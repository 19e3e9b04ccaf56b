//! `POST /conversations/messages`: what is refused, what is stored, and how a delivery ends.
//!
//! HighLevel's file requires `subType`, an object with a text as its example, and `status`. Live accounts require neither.

use super::channel::{self, Address, Channel};
use super::{millis, of_contact, open};
use crate::account::{Account, Fields, ObjectKind, digits};
use crate::manners::Manners;
use crate::official::errors::{not_found, unprocessable};
use crate::official::organization::{own_location_id, renamed, text};
use crate::operation::{Completed, HandlerResult, WriteKind, timestamp};
use crate::response::ApiResponse;
use crate::validate::{self, Field, Shape, optional, required};
use serde_json::{Value, json};
use std::time::Duration;

const FORWARD: &[Field] = &[
    required("isForwarded", Shape::Flag),
    optional("forwardWholeThread", Shape::Flag),
    optional("messageId", Shape::Filled),
    optional("emailMessageId", Shape::Filled),
    optional("sourceContactId", Shape::Filled),
    optional("sourceConversationId", Shape::Filled),
    optional("toEmail", Shape::Email),
    optional("recipientContactId", Shape::Filled),
    optional("recipientConversationId", Shape::Filled),
];

const BODY: &[Field] = &[
    required("type", Shape::OneOf(channel::WORDS)),
    required("contactId", Shape::Filled),
    optional("subType", Shape::Any),
    optional("status", Shape::OneOf(&["delivered", "failed", "pending", "read"])),
    optional("appointmentId", Shape::Filled),
    optional("attachments", Shape::FilledTexts),
    optional("emailFrom", Shape::Filled),
    optional("emailCc", Shape::FilledTexts),
    optional("emailBcc", Shape::FilledTexts),
    optional("emailTo", Shape::Email),
    optional("emailReplyMode", Shape::OneOf(&["reply", "reply_all"])),
    optional("html", Shape::Text),
    optional("message", Shape::Text),
    optional("subject", Shape::Text),
    optional("replyMessageId", Shape::Filled),
    optional("templateId", Shape::Filled),
    optional("threadId", Shape::Filled),
    optional("scheduledTimestamp", Shape::Number(1.0, 10_000_000_000.0)),
    optional("conversationProviderId", Shape::Filled),
    optional("customSubtypeId", Shape::Filled),
    optional("fromNumber", Shape::Filled),
    optional("toNumber", Shape::Filled),
    optional("forward", Shape::Object(FORWARD)),
    optional("usesNativeSchedulingAi", Shape::Flag),
    optional("optimizationPeriod", Shape::OneOf(&["24h", "48h", "72h"])),
];

/// The fewest digits of a phone number with its country's code.
const FEWEST_DIGITS: usize = 8;

/// The end of the numbers that are out of service: a message to one is accepted and fails later.
const OUT_OF_SERVICE: &str = "0199";

/// The domain of addresses that return every email: it is accepted and fails later.
const BOUNCING: &str = "@bounced.example";

/// Sends a message, whose time is that of the database's clock.
pub(crate) fn send(
    account: &mut Account,
    body: &Fields,
    now: Duration,
    written: Duration,
    manners: &Manners,
) -> HandlerResult {
    validate::creation(BODY, body).map_err(unprocessable)?;
    let channel = channel::named(text(body, "type")).ok_or_else(|| unprocessable("type is unknown"))?;
    let contact_id = text(body, "contactId");
    let contact = account.get(ObjectKind::Contacts, contact_id).ok_or_else(|| not_found("Contact"))?;
    check_content(channel, body)?;
    if channel.word == "Custom" && !body.contains_key("conversationProviderId") {
        return Err(ApiResponse::bad_request("conversationProviderId is required for type Custom"));
    }
    if manners.dnd_refused && channel.is_blocked(&contact) {
        let message = format!("Cannot send message as DND is active for {}.", channel.word);
        return Err(ApiResponse::bad_request(message));
    }
    let conversation = of_contact(account, contact_id);
    let to = address(account, channel, body, &contact, conversation.as_ref())?;
    let scheduled = scheduled(body, now)?;
    let thread = thread(account, body, conversation.as_ref())?;
    let mut conversation = conversation.unwrap_or_else(|| open(account, contact_id, written));

    let mut message = Fields::new();
    message.insert("contactId".into(), contact_id.into());
    message.insert("conversationId".into(), text(&conversation, "id").into());
    message.insert("direction".into(), "outbound".into());
    message.insert("source".into(), "api".into());
    message.insert("to".into(), to.clone().into());
    message.insert("dateAdded".into(), timestamp(written).into());
    message.insert("dateUpdated".into(), timestamp(written).into());
    message.insert("attachments".into(), body.get("attachments").cloned().unwrap_or_else(|| json!([])));
    message.extend(renamed(body, &[("conversationProviderId", "conversationProviderId"), ("fromNumber", "from")]));
    settlement(&mut message, &to, scheduled, now, manners);
    // In the answer, the file has no `scheduled`.
    let status =
        if scheduled.is_some() { "pending".into() } else { message.get("status").cloned().unwrap_or_default() };

    let (message_id, email_id) = match channel.address {
        Address::Email => email(account, message, body, thread, manners),
        Address::Phone | Address::Profile => (plain(account, channel, message, body, manners), None),
    };
    let words = text(body, if channel.address == Address::Email { "subject" } else { "message" }).trim();
    conversation.insert("lastMessageBody".into(), words.into());
    conversation.insert("lastMessageType".into(), channel.message_type.into());
    conversation.insert("lastMessageDirection".into(), "outbound".into());
    conversation.insert("lastOutboundMessageAction".into(), "manual".into());
    for name in ["lastMessageDate", "lastManualMessageDate", "dateUpdated"] {
        conversation.insert(name.into(), millis(written).into());
    }
    let conversation_id = text(&conversation, "id").to_owned();
    account.put(ObjectKind::Conversations, &conversation_id, &conversation);

    // Every delivery counts as a write of its own message or email.
    let counted = email_id.clone().unwrap_or_else(|| message_id.clone());
    let mut answer = json!({ "conversationId": conversation_id, "messageId": message_id, "status": status });
    if let (Some(id), Value::Object(answer)) = (email_id, &mut answer) {
        answer.insert("emailMessageId".into(), id.into());
        answer.insert("msg".into(), "Email queued successfully.".into());
    }
    let answer = if manners.message_shapes { ApiResponse::created(answer) } else { ApiResponse::ok(answer) };
    Ok(Completed { response: answer, write: Some((WriteKind::Send, counted)) })
}

/// An email needs `html`: a `message` alone is no content of it, as users report.
fn check_content(channel: &Channel, body: &Fields) -> Result<(), ApiResponse> {
    let words = if channel.address == Address::Email { "html" } else { "message" };
    let is_empty = text(body, words).trim().is_empty();
    if is_empty && ["attachments", "templateId", "forward"].iter().all(|name| !body.contains_key(*name)) {
        return Err(unprocessable("There is no message or attachments for this message. Skip sending."));
    }
    Ok(())
}

/// The address that the message goes to.
fn address(
    account: &Account,
    channel: &Channel,
    body: &Fields,
    contact: &Fields,
    conversation: Option<&Fields>,
) -> Result<String, ApiResponse> {
    match channel.address {
        Address::Phone => {
            let own = text(contact, "phone");
            let given = body.get("toNumber").and_then(Value::as_str);
            let has = |number: &str| ends_alike(number, own) || other(contact, "additionalPhones", number);
            if given.is_some_and(|number| !has(number)) {
                return Err(ApiResponse::bad_request("toNumber is not a number of the contact"));
            }
            let number = given.unwrap_or(own);
            match digits(number).len() {
                0 => Err(ApiResponse::bad_request("Missing phone number")),
                1..FEWEST_DIGITS => Err(ApiResponse::bad_request("Invalid phone number")),
                _ => Ok(number.to_owned()),
            }
        }
        Address::Email => {
            let own = text(contact, "email");
            let given = body.get("emailTo").and_then(Value::as_str);
            let has = |to: &str| to.eq_ignore_ascii_case(own) || other(contact, "additionalEmails", to);
            if given.is_some_and(|to| !has(to)) {
                return Err(ApiResponse::bad_request("emailTo is not an address of the contact"));
            }
            if contact.get("unsubscribeEmail") == Some(&Value::Bool(true)) {
                return Err(ApiResponse::bad_request(format!("Cannot send email as {own} has unsubscribed")));
            }
            match given.unwrap_or(own) {
                "" => Err(ApiResponse::bad_request("Unable to send e-mail, contact's e-mail is invalid")),
                to => Ok(to.to_owned()),
            }
        }
        Address::Profile => {
            let conversation = conversation.map(|one| text(one, "id")).unwrap_or_default();
            let wrote = account.objects(ObjectKind::Messages).any(|message| {
                text(&message, "conversationId") == conversation
                    && text(&message, "direction") == "inbound"
                    && text(&message, "messageType") == channel.message_type
            });
            let refusal = || ApiResponse::bad_request(format!("The contact has not written by {}", channel.word));
            if wrote { Ok(channel.word.to_owned()) } else { Err(refusal()) }
        }
    }
}

/// Whether two phone numbers have the same last digits, as far as the shorter one has any.
fn ends_alike(one: &str, other: &str) -> bool {
    let (one, other) = (digits(one), digits(other));
    !one.is_empty() && !other.is_empty() && (one.ends_with(&other) || other.ends_with(&one))
}

/// Whether a contact has this further address.
fn other(contact: &Fields, name: &str, address: &str) -> bool {
    let further = contact.get(name).and_then(Value::as_array);
    further.into_iter().flatten().filter_map(Value::as_str).any(|one| one == address)
}

/// The time that the message waits for.
fn scheduled(body: &Fields, now: Duration) -> Result<Option<i64>, ApiResponse> {
    let Some(at) = body.get("scheduledTimestamp").and_then(Value::as_i64) else { return Ok(None) };
    let past = at.saturating_mul(1_000) <= millis(now);
    if past { Err(unprocessable("scheduledTimestamp must be in the future")) } else { Ok(Some(at)) }
}

/// The thread of emails that the message continues.
fn thread(account: &Account, body: &Fields, conversation: Option<&Fields>) -> Result<Option<Fields>, ApiResponse> {
    let named = |name: &str| body.get(name).and_then(Value::as_str);
    let Some(id) = named("threadId").or_else(|| named("replyMessageId")) else { return Ok(None) };
    // An email's id stands for its thread.
    let of_email = account.get(ObjectKind::Emails, id).map(|email| text(&email, "threadId").to_owned());
    let message = account.get(ObjectKind::Messages, of_email.as_deref().unwrap_or(id));
    let own = conversation.map(|one| text(one, "id")).unwrap_or_default();
    message.filter(|message| text(message, "conversationId") == own).map(Some).ok_or_else(|| not_found("Message"))
}

/// The status of a new message, and what it becomes.
fn settlement(message: &mut Fields, to: &str, scheduled: Option<i64>, now: Duration, manners: &Manners) {
    if let Some(at) = scheduled {
        message.insert("status".into(), "scheduled".into());
        message.insert("scheduledFor".into(), at.into());
        return;
    }
    let fails = digits(to).ends_with(OUT_OF_SERVICE) || to.ends_with(BOUNCING);
    let settled = if fails { "failed" } else { "delivered" };
    if fails {
        message.insert("error".into(), "30003: the destination cannot be reached".into());
    }
    if manners.settle.is_zero() {
        message.insert("status".into(), settled.into());
    } else {
        message.insert("status".into(), "pending".into());
        message.insert("settlesAs".into(), settled.into());
        message.insert("settlesAt".into(), millis(now + manners.settle).into());
    }
}

/// Stores a message of any channel but email. Returns its id.
fn plain(account: &mut Account, channel: &Channel, mut message: Fields, body: &Fields, manners: &Manners) -> String {
    message.insert("messageType".into(), channel.message_type.into());
    message.insert("contentType".into(), "text/plain".into());
    message.insert("body".into(), text(body, "message").into());
    store(account, message, manners)
}

/// Stores an email: as a thread of its own, or in the thread that it continues. Returns the thread's id and its own.
fn email(
    account: &mut Account,
    email: Fields,
    body: &Fields,
    thread: Option<Fields>,
    manners: &Manners,
) -> (String, Option<String>) {
    let id = account.new_id();
    let is_reply = thread.is_some();
    let mut thread = thread.unwrap_or_else(|| {
        let mut message = email.clone();
        message.insert("messageType".into(), "TYPE_EMAIL".into());
        message.insert("contentType".into(), "text/html".into());
        message
    });
    let mut ids: Vec<Value> =
        thread.get("meta").and_then(|meta| meta.pointer("/email/messageIds")?.as_array().cloned()).unwrap_or_default();
    ids.push(id.clone().into());
    thread.insert("meta".into(), json!({ "email": { "messageIds": ids } }));
    thread.extend(renamed(&email, &["status", "settlesAt", "settlesAs", "dateUpdated"].map(|name| (name, name))));
    let thread_id = if is_reply {
        let id = text(&thread, "id").to_owned();
        account.put(ObjectKind::Messages, &id, &thread);
        id
    } else {
        store(account, thread, manners)
    };
    let mut email = email;
    email.shift_insert(0, "id".into(), id.clone().into());
    email.insert("threadId".into(), thread_id.clone().into());
    email.insert("contentType".into(), "text/html".into());
    email.insert("body".into(), text(body, "html").into());
    email.insert("provider".into(), "Leadconnector Gmail".into());
    let to = email.get("to").cloned().unwrap_or_default();
    email.insert("to".into(), json!([to]));
    let from = body.get("emailFrom").cloned().unwrap_or_else(|| sender(account).into());
    email.insert("from".into(), from);
    let names =
        [("subject", "subject"), ("emailCc", "cc"), ("emailBcc", "bcc"), ("replyMessageId", "replyToMessageId")];
    email.extend(renamed(body, &names));
    manners.on_write(None, &mut email);
    account.put(ObjectKind::Emails, &id, &email);
    (thread_id, Some(id))
}

/// The address that the location sends from.
fn sender(account: &Account) -> String {
    let location = account.get(ObjectKind::Locations, &own_location_id(account)).unwrap_or_default();
    text(&location, "email").to_owned()
}

/// Stores a message under a new id.
fn store(account: &mut Account, mut message: Fields, manners: &Manners) -> String {
    let id = account.new_id();
    message.shift_insert(0, "id".into(), id.clone().into());
    manners.on_write(None, &mut message);
    account.put(ObjectKind::Messages, &id, &message);
    id
}

/// Cancels a scheduled message, or a scheduled email by its own id.
pub(crate) fn cancel(account: &mut Account, kind: ObjectKind, id: &str, now: Duration) -> HandlerResult {
    let missing = if kind == ObjectKind::Emails { "Email" } else { "Message" };
    let mut message = account.get(kind, id).ok_or_else(|| not_found(missing))?;
    if text(&message, "status") != "scheduled" {
        return Err(ApiResponse::bad_request("Failed cancel the scheduled message"));
    }
    message.insert("status".into(), "failed".into());
    message.insert("error".into(), "cancelled".into());
    message.insert("dateUpdated".into(), timestamp(now).into());
    account.put(kind, id, &message);
    let body = json!({ "status": 200, "message": "The scheduled message was cancelled successfully" });
    Ok(Completed { response: ApiResponse::ok(body), write: Some((WriteKind::Update, id.to_owned())) })
}
