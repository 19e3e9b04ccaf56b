//! The messages of a conversation: with the emails of each thread, their bodies, and the transcripts of calls.

use super::{
    Official, conversations,
    lists::{RawPage, refused},
    message_forms, request,
};
use futures::{StreamExt, stream};
use highlevel_api_client::{Moment, SendError};
use highlevel_catalog::{Invocation, list::part};
use highlevel_core::context::CallContext;
use highlevel_core::error::{Code, Error};
use serde_json::{Map, Value};

/// The page size.
const PAGE: u64 = 100;

/// The most pages of a conversation that one call reads.
const MOST_PAGES: usize = 50;

/// The number of bodies that are read at once.
const AT_ONCE: usize = 5;

/// What a message or its parts are read for.
enum Part {
    /// The message as listed.
    Whole(Value),
    /// One email of a thread, by its own id, and its thread's message.
    Email(String, Value),
}

impl Official {
    /// Reads messages: of a conversation or contact, or by the export of the whole location. The flag says whether they
    /// were read by the cursor of the item before them.
    pub(super) async fn messages(
        &self,
        list: &Invocation,
        offset: u64,
        limit: u64,
        context: &CallContext,
    ) -> Result<(RawPage, bool), SendError> {
        let argument = |name: &str| list.arguments.text(name);
        let (conversations, sent_at) = match (argument("conversationId"), argument("contactId")) {
            (Some(conversation), _) => (vec![conversation.to_owned()], None),
            (None, Some(contact)) => self.conversations_of(contact, context).await?,
            (None, None) => {
                let raw = self.read_on(&conversations::EXPORT, list, offset, limit, context).await?;
                return Ok((raw, offset > 0));
            }
        };
        let wanted = offset.saturating_add(limit);
        let mut parts = Vec::new();
        let mut read_at = sent_at;
        let mut is_all = true;
        for conversation in conversations {
            let (ended, at) = self.parts(&conversation, list, wanted, &mut parts, context).await?;
            read_at = Some(at);
            is_all = ended;
            if !ended {
                break;
            }
        }
        let count = parts.len() as u64;
        let items = self.filled(part(parts, offset, limit), list, context).await;
        let sent_at = read_at.ok_or_else(|| SendError::not_sent(Error::new(Code::Internal, "Nothing was read.")))?;
        let raw =
            RawPage { items, total: is_all.then_some(count), end: is_all && count <= wanted, ..RawPage::new(sent_at) };
        Ok((raw, false))
    }

    /// The conversations of a contact. Usually there is one.
    async fn conversations_of(
        &self,
        contact: &str,
        context: &CallContext,
    ) -> Result<(Vec<String>, Option<Moment>), SendError> {
        let found = self.read(&conversations::of_contact(&self.location, contact), "conversations", context).await?;
        let ids = found.items.iter().filter(|one| {
            // An API that ignores the filter would show the messages of others.
            one.get("contactId").and_then(Value::as_str).is_none_or(|id| id == contact)
        });
        let ids = ids.filter_map(|one| one.get("id").and_then(Value::as_str).map(str::to_owned)).collect();
        Ok((ids, Some(found.sent_at)))
    }

    /// Adds the messages of a conversation, until `wanted` are read or it ends. Whether it ended.
    async fn parts(
        &self,
        conversation: &str,
        list: &Invocation,
        wanted: u64,
        parts: &mut Vec<Part>,
        context: &CallContext,
    ) -> Result<(bool, Moment), SendError> {
        let since = list.arguments.get("since").and_then(message_forms::millis_of_day);
        let mut after: Option<String> = None;
        let mut pages = 0;
        loop {
            let ask = conversations::messages(conversation, list, after.as_deref(), PAGE);
            let response = self.client.send(&ask, context).await?;
            let sent_at = response.sent_at;
            let body = request::body(response).map_err(|error| refused(error, sent_at))?;
            let page = Page::of(body).map_err(|error| refused(error, sent_at))?;
            pages += 1;
            let mut is_past = false;
            for message in page.items {
                let at = message.get("dateAdded").and_then(message_forms::millis);
                if since.zip(at).is_some_and(|(since, at)| at < since) {
                    // A thread of emails may have begun long before its last email.
                    is_past = emails(&message).is_empty();
                    if is_past {
                        break;
                    }
                }
                add(message, parts);
            }
            let is_last = is_past || !page.continues || page.last.is_none() || page.last == after;
            if is_last || parts.len() as u64 > wanted || pages == MOST_PAGES {
                return Ok((is_last, sent_at));
            }
            after = page.last;
        }
    }

    /// The items of a page, with bodies and transcripts. A list of certain fields without them reads none.
    async fn filled(&self, parts: Vec<Part>, list: &Invocation, context: &CallContext) -> Vec<Value> {
        let fields: Option<Vec<&str>> = list.arguments.has("fields").then(|| list.arguments.texts("fields").collect());
        let needs =
            |names: &[&str]| fields.as_ref().is_none_or(|fields| fields.iter().any(|name| names.contains(name)));
        let (reads_emails, reads_calls) = (
            needs(&["body", "subject", "from", "to", "cc", "status", "direction", "createdAt"]),
            needs(&["transcript"]),
        );
        let filled = parts.into_iter().map(|part| async move {
            match part {
                Part::Email(id, thread) if reads_emails => self.with_email(id, thread, context).await,
                Part::Email(id, thread) => (bare_email(&id, thread), None),
                Part::Whole(message) if reads_calls && is_recorded(&message) => {
                    (self.with_transcript(message, context).await, None)
                }
                Part::Whole(message) => (message, None),
            }
        });
        let (mut items, mut failures) = (Vec::new(), Vec::new());
        let mut filled = stream::iter(filled).buffered(AT_ONCE);
        while let Some((item, failure)) = filled.next().await {
            items.push(item);
            failures.extend(failure);
        }
        if let Some(first) = failures.first() {
            context.note(format!("The text of {} emails could not be read: {first}", failures.len()));
        }
        items
    }

    /// One email with its body, and why it could not be read, if so.
    async fn with_email(&self, id: String, thread: Value, context: &CallContext) -> (Value, Option<String>) {
        let read = match self.client.send(&conversations::email(&id), context).await {
            Ok(response) => request::body(response),
            Err(failed) => Err(failed.error),
        };
        let email = match read {
            // Live accounts wrap it.
            Ok(body) => request::object(body, "emailMessage"),
            Err(error) => return (bare_email(&id, thread), Some(error.message)),
        };
        let mut item = match bare_email(&id, thread) {
            Value::Object(item) => item,
            _ => Map::new(),
        };
        for name in ["status", "direction", "dateAdded", "dateUpdated"] {
            item.shift_remove(name);
        }
        item.extend(email.into_iter().filter(|(name, value)| name != "id" && !value.is_null()));
        (item.into(), None)
    }

    /// A call with what was said, if a transcript can be read.
    async fn with_transcript(&self, mut call: Value, context: &CallContext) -> Value {
        let id = call.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
        let response = self.client.send(&conversations::transcription(&self.location, &id), context).await;
        let body = response.ok().and_then(|response| request::body(response).ok());
        let sentences = match body {
            Some(Value::Array(sentences)) => sentences,
            Some(sentence) => vec![sentence],
            None => Vec::new(),
        };
        let said: Vec<_> = sentences.iter().filter_map(|sentence| sentence.get("transcript")?.as_str()).collect();
        if let (false, Some(call)) = (said.is_empty(), call.as_object_mut()) {
            call.insert("transcript".to_owned(), said.join(" ").into());
        }
        call
    }
}

/// A page of a conversation.
struct Page {
    items: Vec<Value>,
    last: Option<String>,
    continues: bool,
}

impl Page {
    /// Reads an answer, whose members may all be in `messages` (highlevel-api-docs#54).
    fn of(body: Value) -> Result<Self, Error> {
        let mut body = match body {
            Value::Object(mut outer) => match outer.remove("messages") {
                Some(Value::Object(inner)) => Value::Object(inner),
                Some(messages) => {
                    outer.insert("messages".to_owned(), messages);
                    Value::Object(outer)
                }
                None => Value::Object(outer),
            },
            other => other,
        };
        let continues = body.get("nextPage") == Some(&Value::Bool(true));
        let named = body.get("lastMessageId").and_then(Value::as_str).map(str::to_owned);
        let items = request::array(&mut body, "messages")
            .ok_or_else(|| Error::new(Code::UpstreamError, "The API's answer has no messages."))?;
        let of_items = items.last().and_then(|item| item.get("id")?.as_str().map(str::to_owned));
        Ok(Self { last: named.filter(|id| !id.is_empty()).or(of_items), continues, items })
    }
}

/// The ids of the emails in a thread.
fn emails(message: &Value) -> Vec<String> {
    let ids = ["/meta/email/messageIds", "/meta/email/email/messageIds"].iter().find_map(|path| message.pointer(path));
    let ids = ids.and_then(Value::as_array).into_iter().flatten();
    ids.filter_map(|id| id.as_str().map(str::to_owned)).collect()
}

/// Adds a message, or the emails of a thread with the latest first.
fn add(message: Value, parts: &mut Vec<Part>) {
    let ids = emails(&message);
    if ids.is_empty() {
        parts.push(Part::Whole(message));
        return;
    }
    parts.extend(ids.into_iter().rev().map(|id| Part::Email(id, message.clone())));
}

/// An email as far as its thread shows it.
fn bare_email(id: &str, mut thread: Value) -> Value {
    if let Some(item) = thread.as_object_mut() {
        item.shift_remove("meta");
        let of = item.insert("id".to_owned(), id.into());
        item.extend(of.map(|of| ("threadId".to_owned(), of)));
    }
    thread
}

/// Whether a message is a call that somebody talked in.
fn is_recorded(message: &Value) -> bool {
    let duration = ["/meta/callDuration", "/meta/call/duration"].iter().find_map(|path| message.pointer(path));
    let seconds = duration.and_then(|value| value.as_f64().or_else(|| value.as_str()?.trim().parse().ok()));
    seconds.is_some_and(|seconds| seconds > 0.0)
}
