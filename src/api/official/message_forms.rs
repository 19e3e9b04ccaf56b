//! Conversations and messages in the tools' form. The API has several for the same thing. Pure functions.

use super::{conversations::CHANNELS, endpoint::Names, request};
use chrono::{DateTime, SecondsFormat, Utc};
use highlevel_catalog::Invocation;
use highlevel_core::html;
use serde_json::{Map, Value};

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
pub(super) fn conversation(mut conversation: Map<String, Value>, _: &Names) -> Value {
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
pub(super) fn message(mut message: Map<String, Value>, _: &Names) -> Value {
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
}
