//! Conversations and messages: their operations and requests. Pure functions.

use super::{
    endpoint::{List, OfficialOperation, RequestBuilder},
    message_forms::{conversation, message, millis},
    name_cache::NameList,
    readings::{Cursored, Place},
    request,
};
use chrono::DateTime;
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
pub(super) const CHANNELS: [(&str, &str, Option<&str>); 9] = [
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_becomes_html_with_its_lines_and_reads_back_as_it_was() {
        let text = "Dear Ada,\nsee A & B < C\n\nBest";
        assert_eq!(as_html(text), "<p>Dear Ada,<br>see A &amp; B &lt; C</p><p>Best</p>");
        assert_eq!(html::text(&as_html(text)), "Dear Ada,\nsee A & B < C\nBest");
        assert_eq!(as_html("<b>Hi</b>"), "<b>Hi</b>");
    }
}
