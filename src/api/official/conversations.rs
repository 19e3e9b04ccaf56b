//! Conversations and messages: requests, and the conversion of answers. Pure functions.

use super::{
    endpoint::{List, Names, OfficialOperation, RequestBuilder},
    name_cache::NameList,
    readings::{Cursored, Place},
    request,
};
use chrono::{DateTime, SecondsFormat, Utc};
use highlevel_api_client::Request;
use highlevel_catalog::{
    Invocation, Route,
    conversations::{ListConversations, ListMessages, SendMessage},
};
use highlevel_core::html;
use serde_json::{Map, Value};

/// The `Version` header of everything under `/conversations/`.
const VERSION: &str = "2021-04-15";

/// Channels: `(the word in arguments, the type of a message, the channel in an export)`.
const CHANNELS: [(&str, &str, Option<&str>); 9] = [
    ("Call", "TYPE_CALL", Some("Call")),
    ("SMS", "TYPE_SMS", Some("SMS")),
    (EMAIL, "TYPE_EMAIL", Some(EMAIL)),
    ("WhatsApp", "TYPE_WHATSAPP", Some("WhatsApp")),
    ("RCS", "TYPE_RCS", None),
    ("FB", "TYPE_FACEBOOK", Some("Facebook")),
    ("IG", "TYPE_INSTAGRAM", Some("Instagram")),
    ("Live_Chat", "TYPE_LIVE_CHAT", None),
    ("TIKTOK", "TYPE_TIKTOK", None),
];

/// The channel whose text is HTML, and whose messages are threads.
pub(super) const EMAIL: &str = "Email";

/// The arguments that no answer shows.
const UNREPORTED: &[&str] = &["to", "from", "cc", "bcc", "attachments", "replyTo", "at"];

/// The search for conversations.
const SEARCH: Cursored = Cursored {
    member: "conversations",
    sources: |_| vec![""],
    page: search,
    next: |body, page| {
        let last = page.last()?;
        let sort = last.get("sort").and_then(|sort| sort.get(0)).or_else(|| last.get("lastMessageDate"))?;
        (!body.is_null()).then(|| millis(sort)).flatten().map(Value::from)
    },
    at: |conversation| conversation.get("lastMessageDate").and_then(millis).unwrap_or_default(),
};

/// The operations on conversations.
pub(super) fn operations() -> Vec<OfficialOperation> {
    let operations = vec![
        OfficialOperation::new::<ListConversations>(
            Route::get("/conversations/search"),
            "GET /conversations/search",
            RequestBuilder::List(List::Cursored(&SEARCH)),
        )
        .converted_by(conversation, &[NameList::Users]),
        OfficialOperation::new::<ListMessages>(
            Route::get("/conversations/messages/export"),
            "GET /conversations/{conversationId}/messages with emails and transcripts, or GET /conversations/messages/export",
            RequestBuilder::List(List::Messages),
        )
        .converted_by(message, &[]),
        OfficialOperation::new::<SendMessage>(
            Route::post("/conversations/messages"),
            "POST /conversations/messages",
            RequestBuilder::Object(|send, _| self::send(send)),
        )
        .converted_by(message, &[])
        .unreported(UNREPORTED),
    ];
    operations.into_iter().map(|operation| operation.version(VERSION)).collect()
}

fn get(path: String, query: &[(&str, String)]) -> Request {
    Request { version: Some(VERSION), ..request::get(path, query) }
}

/// `GET /conversations/search`, latest message first.
fn search(list: &Invocation, location: &str, _: &str, after: Option<&Place>, size: u64) -> Request {
    let text = |name: &str| list.arguments.text(name).map(str::to_owned);
    let mut query = vec![
        ("locationId", location.to_owned()),
        ("limit", size.to_string()),
        ("sortBy", "last_message_date".to_owned()),
        ("sort", "desc".to_owned()),
    ];
    for name in ["contactId", "assignedTo", "query"] {
        query.extend(text(name).map(|value| (name, value)));
    }
    match list.arguments.text("status") {
        Some("unanswered") => query.push(("lastMessageDirection", "inbound".to_owned())),
        Some(status) => query.push(("status", status.to_owned())),
        None => {}
    }
    if let Some(place) = after {
        // The search continues below this time, so one more also reads what has the same time.
        let time = place.cursor.as_i64().unwrap_or_default() + i64::from(!place.is_stuck);
        query.push(("startAfterDate", time.to_string()));
    }
    get("/conversations/search".to_owned(), &query)
}

/// `GET /conversations/search` for the conversations of one contact.
pub(super) fn of_contact(location: &str, contact: &str) -> Request {
    let query = [("locationId", location.to_owned()), ("contactId", contact.to_owned())];
    get("/conversations/search".to_owned(), &query)
}

/// `GET /conversations/{conversationId}/messages`, newest first.
pub(super) fn messages(conversation: &str, list: &Invocation, after: Option<&str>, size: u64) -> Request {
    let mut query = vec![("limit", size.to_string())];
    query.extend(after.map(|id| ("lastMessageId", id.to_owned())));
    query.extend(channel(list).map(|(_, kind, _)| ("type", (*kind).to_owned())));
    get(format!("/conversations/{}/messages", crate::api::path_segment(conversation)), &query)
}

/// `GET /conversations/messages/email/{id}`. HighLevel's file declares no version for it.
pub(super) fn email(id: &str) -> Request {
    request::get(format!("/conversations/messages/email/{}", crate::api::path_segment(id)), &[])
}

/// `GET /conversations/locations/{locationId}/messages/{messageId}/transcription`.
pub(super) fn transcription(location: &str, message: &str) -> Request {
    let (location, message) = (crate::api::path_segment(location), crate::api::path_segment(message));
    get(format!("/conversations/locations/{location}/messages/{message}/transcription"), &[])
}

/// The channel that a list of messages asks for.
pub(super) fn channel(list: &Invocation) -> Option<&'static (&'static str, &'static str, Option<&'static str>)> {
    let wanted = list.arguments.text("channel")?;
    CHANNELS.iter().find(|(word, ..)| *word == wanted)
}

/// The export of the location's messages. Without a channel it leaves out emails, so those are a source of their own.
pub(super) const EXPORT: Cursored = Cursored {
    member: "messages",
    sources: |list| match channel(list) {
        Some((_, _, exported)) => exported.iter().copied().collect(),
        None => vec!["", EMAIL],
    },
    page: export,
    next: |body, _| body.get("nextCursor").filter(|cursor| cursor.is_string()).cloned(),
    at: |message| message.get("dateAdded").and_then(millis).unwrap_or_default(),
};

fn export(list: &Invocation, location: &str, channel: &str, after: Option<&Place>, size: u64) -> Request {
    /// The smallest page.
    const LEAST: u64 = 10;
    let mut query = vec![("locationId", location.to_owned()), ("limit", size.max(LEAST).to_string())];
    if !channel.is_empty() {
        query.push(("channel", channel.to_owned()));
    }
    query.extend(list.arguments.text("since").map(|since| ("startDate", since.to_owned())));
    query.extend(after.and_then(|place| place.cursor.as_str()).map(|cursor| ("cursor", cursor.to_owned())));
    get("/conversations/messages/export".to_owned(), &query)
}

/// `POST /conversations/messages`. Neither `subType` nor `status` is sent: HighLevel's file requires them, and live
/// accounts do not. An email's text has to be HTML.
fn send(send: &Invocation) -> Request {
    let text = |name: &str| send.arguments.text(name);
    let is_email = text("channel") == Some(EMAIL);
    let mut body = Map::new();
    body.extend(send.arguments.get("channel").map(|channel| ("type".to_owned(), channel.clone())));
    let words = text("body").unwrap_or_default();
    let (member, words) = if is_email { ("html", as_html(words)) } else { ("message", words.to_owned()) };
    body.insert(member.to_owned(), words.into());
    let (to, from) = if is_email { ("emailTo", "emailFrom") } else { ("toNumber", "fromNumber") };
    let names = [
        ("contactId", "contactId"),
        ("subject", "subject"),
        ("to", to),
        ("from", from),
        ("cc", "emailCc"),
        ("bcc", "emailBcc"),
        ("attachments", "attachments"),
        ("replyTo", "replyMessageId"),
    ];
    for (argument, member) in names {
        body.extend(send.arguments.get(argument).map(|value| (member.to_owned(), value.clone())));
    }
    let at = text("at").and_then(|at| DateTime::parse_from_rfc3339(at).ok());
    body.extend(at.map(|at| ("scheduledTimestamp".to_owned(), at.timestamp().into())));
    Request { version: Some(VERSION), ..request::create("/conversations/messages".to_owned(), body) }
}

/// A text as HTML, with its lines and paragraphs. HTML stays as it is.
fn as_html(text: &str) -> String {
    if html::is_html(text) {
        return text.to_owned();
    }
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace("\r\n", "\n");
    let paragraphs = escaped.split("\n\n").filter(|part| !part.trim().is_empty());
    paragraphs.map(|part| format!("<p>{}</p>", part.trim().replace('\n', "<br>"))).collect()
}

/// Adds to the answer of a send what it leaves out.
pub(super) fn complete(send: &Invocation, answer: &mut Map<String, Value>) {
    for (argument, member) in
        [("contactId", "contactId"), ("channel", "channel"), ("body", "body"), ("subject", "subject")]
    {
        answer.extend(send.arguments.get(argument).map(|value| (member.to_owned(), value.clone())));
    }
    answer.insert("direction".to_owned(), "outbound".into());
}

/// A time in milliseconds since 1970, from any form in which the API has it.
pub(super) fn millis(value: &Value) -> Option<i64> {
    match value {
        Value::Number(millis) => millis.as_i64().or_else(|| millis.to_string().parse().ok()),
        Value::String(text) => {
            let with_offset = DateTime::parse_from_rfc3339(text).or_else(|_| DateTime::parse_from_str(text, "%+"));
            let odd = |_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z");
            with_offset.or_else(odd).map(|at| at.timestamp_millis()).ok().or_else(|| text.parse().ok())
        }
        _ => None,
    }
}

/// The first moment of a day, or a time, in milliseconds since 1970.
pub(super) fn millis_of_day(value: &Value) -> Option<i64> {
    let day = value.as_str().and_then(|text| text.parse::<chrono::NaiveDate>().ok());
    day.and_then(|day| day.and_hms_opt(0, 0, 0)).map(|time| time.and_utc().timestamp_millis()).or_else(|| millis(value))
}

/// Gives times one form.
fn times(object: &mut Map<String, Value>, names: &[&str]) {
    for name in names {
        let at = object.get(*name).and_then(millis).and_then(DateTime::<Utc>::from_timestamp_millis);
        if let Some(at) = at {
            object.insert((*name).to_owned(), at.to_rfc3339_opts(SecondsFormat::Millis, true).into());
        }
    }
}

/// Removes what says nothing.
fn without_empty(object: &mut Map<String, Value>) {
    object.shift_remove("traceId");
    object.retain(|_, value| {
        !value.is_null() && value.as_str() != Some("") && value.as_array().is_none_or(|all| !all.is_empty())
    });
}

/// Converts a conversation to the tools' form.
fn conversation(mut conversation: Map<String, Value>, _: &Names) -> Value {
    let name = conversation.shift_remove("fullName").filter(|name| name.as_str().is_some_and(|name| !name.is_empty()));
    conversation.extend(name.map(|name| ("contactName".to_owned(), name)));
    for (from, to) in [("lastMessageDate", "lastMessageAt"), ("dateAdded", "createdAt"), ("dateUpdated", "updatedAt")] {
        request::rename(&mut conversation, from, to);
    }
    times(&mut conversation, &["lastMessageAt", "createdAt", "updatedAt", "lastManualMessageDate"]);
    // The cursor is of no use to callers.
    conversation.shift_remove("sort");
    if let Some(text) = request::text(&conversation, "lastMessageBody").map(html::text) {
        conversation.insert("lastMessageBody".to_owned(), text.into());
    }
    without_empty(&mut conversation);
    conversation.into()
}

/// Converts a message, an email or the answer to a send to the tools' form.
fn message(mut message: Map<String, Value>, _: &Names) -> Value {
    // The answer to a send. An email's own id tells it from the others of its thread.
    if let Some(sent) = message.shift_remove("messageId") {
        let own = message.shift_remove("emailMessageId").filter(Value::is_string);
        if own.is_some() {
            message.insert("threadId".to_owned(), sent.clone());
        }
        message.insert("id".to_owned(), own.unwrap_or(sent));
        message.shift_remove("msg");
    }
    for (from, to) in [("dateAdded", "createdAt"), ("dateUpdated", "updatedAt")] {
        request::rename(&mut message, from, to);
    }
    times(&mut message, &["createdAt", "updatedAt"]);
    if let Some(kind) = message.shift_remove("messageType") {
        message.insert("type".to_owned(), kind);
    }
    let kind = request::text(&message, "type").unwrap_or_default();
    if let Some((word, ..)) = CHANNELS.iter().find(|(_, known, _)| *known == kind) {
        message.insert("channel".to_owned(), (*word).into());
    }
    meta(&mut message);
    if let Some(text) = request::text(&message, "body").map(html::text) {
        message.insert("body".to_owned(), text.into());
    }
    message.shift_remove("contentType");
    without_empty(&mut message);
    message.into()
}

/// Moves what `meta` says of a call or of a thread of emails to members of their own.
fn meta(message: &mut Map<String, Value>) {
    let Some(mut meta) = message.shift_remove("meta").filter(|meta| !meta.is_null()) else { return };
    let found = |meta: &Value, paths: [&str; 2]| paths.iter().find_map(|path| meta.pointer(path)).cloned();
    let duration = found(&meta, ["/callDuration", "/call/duration"]);
    let seconds = duration.and_then(|value| value.as_f64().or_else(|| value.as_str()?.trim().parse().ok()));
    message.extend(seconds.map(|seconds| ("callDuration".to_owned(), seconds.into())));
    let status = found(&meta, ["/callStatus", "/call/status"]);
    message.extend(status.map(|status| ("callStatus".to_owned(), status)));
    let emails = found(&meta, ["/email/messageIds", "/email/email/messageIds"]);
    message.extend(emails.map(|ids| ("emailIds".to_owned(), ids)));
    if let Some(members) = meta.as_object_mut() {
        members.retain(|name, _| !["callDuration", "callStatus", "call", "email"].contains(&name.as_str()));
        if !members.is_empty() {
            message.insert("meta".to_owned(), meta);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn converted(value: Value) -> Value {
        message(value.as_object().cloned().unwrap(), &Names::default())
    }

    #[test]
    fn messages_have_one_form_whatever_the_api_sends() {
        let by_the_file = converted(json!({"id": "m", "type": 1, "messageType": "TYPE_CALL",
            "dateAdded": "2026-01-01T10:00:00.000Z", "meta": {"callDuration": "12", "callStatus": "completed"}}));
        let live = converted(json!({"id": "m", "type": 1, "messageType": "TYPE_CALL", "attachments": [],
            "dateAdded": 1_767_261_600_000_i64, "meta": {"call": {"duration": 12, "status": "completed"}}}));
        assert_eq!(by_the_file, live);
        assert_eq!(live["createdAt"], "2026-01-01T10:00:00.000Z");
        assert_eq!((&live["callDuration"], &live["channel"]), (&json!(12.0), &json!("Call")));
        let odd = converted(json!({"id": "m", "dateAdded": "2026-01-01T10:00:00.000+0000"}));
        assert_eq!(odd["createdAt"], live["createdAt"]);
        let sent = converted(json!({"messageId": "t", "emailMessageId": "e", "conversationId": "c", "msg": "queued"}));
        assert_eq!(sent, json!({"id": "e", "threadId": "t", "conversationId": "c"}));
        assert_eq!(converted(json!({"messageId": "m", "status": "pending"})), json!({"id": "m", "status": "pending"}));
    }

    #[test]
    fn a_text_becomes_html_with_its_lines_and_reads_back_as_it_was() {
        let text = "Dear Ada,\nsee A & B < C\n\nBest";
        assert_eq!(as_html(text), "<p>Dear Ada,<br>see A &amp; B &lt; C</p><p>Best</p>");
        assert_eq!(html::text(&as_html(text)), "Dear Ada,\nsee A & B < C\nBest");
        assert_eq!(as_html("<b>Hi</b>"), "<b>Hi</b>");
    }
}
