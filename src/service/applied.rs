//! Whether a write that the API answered with success stands in the object: some fields are ignored in silence.

use super::{custom, merge, normal, objects, settle::Written};
use crate::api::Adapter;
use highlevel_catalog::{Effect, Id, Invocation, answer::add_note};
use highlevel_core::context::CallContext;
use highlevel_core::error::{Code, Error, Result};
use serde_json::Value;

/// Members that every answer may have, and that tell nothing of what was sent.
const SAY_NOTHING: [&str; 4] = ["id", "tags", "createdAt", "updatedAt"];

/// Texts that nothing normalises.
const FOR_PEOPLE: [&str; 11] = [
    "firstName",
    "lastName",
    "companyName",
    "name",
    "title",
    "description",
    "content",
    "seoTitle",
    "seoDescription",
    "street",
    "city",
];

/// A write that was looked at.
#[derive(Debug)]
pub(super) struct Checked {
    /// The object.
    pub(super) value: Value,
    /// The arguments that it does not show.
    pub(super) not_applied: Vec<String>,
    /// What a caller should know of them.
    pub(super) note: Option<String>,
}

/// How an argument stands in an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stands {
    /// As it was sent, or as the API normalises it.
    AsSent,
    /// In another way.
    Otherwise,
    /// The object does not show it.
    Untold,
}

/// Compares what was sent with the object. An answer that tells too little is made up for by one read.
pub(super) async fn check(
    api: &Adapter,
    write: &Invocation,
    written: Written,
    context: &CallContext,
) -> Result<Checked> {
    let Written { mut value, is_read, refused } = written;
    if write.spec.effect == Effect::Delete {
        return Ok(Checked::plain(value));
    }
    let mut found = compare(write, &value);
    let is_bare = is_bare(write, &value);
    let tells_too_little = is_bare || found.iter().any(|(_, stands)| *stands == Stands::Untold);
    let mut unread = None;
    if tells_too_little && !is_read {
        match read(api, write, &value, context).await {
            Ok(object) => {
                found = compare(write, &object);
                value = with_note(object, &value);
            }
            Err(error) if is_bare && error.code == Code::NotFound => return Err(nowhere(write)),
            Err(error) => {
                let why = error.message.trim_end_matches('.');
                found.retain(|(_, stands)| *stands != Stands::Untold);
                unread = Some(format!(
                    "The API reported success without showing the object, and reading it failed ({why}). Check it with {}.",
                    getter(write)
                ));
            }
        }
    }
    let mut not_applied: Vec<String> =
        found.into_iter().filter(|(_, stands)| *stands != Stands::AsSent).map(|(name, _)| name).collect();
    let mut notes: Vec<String> = unread.into_iter().collect();
    if !not_applied.is_empty() {
        notes.push(format!(
            "The API reported success, but the object does not show {} as sent. Check it with {}.",
            not_applied.join(", "),
            getter(write)
        ));
    }
    for (name, error) in refused {
        notes.push(format!("The API refused `{name}` and applied the rest: {}", error.message));
        if !not_applied.contains(&name) {
            not_applied.push(name);
        }
    }
    Ok(Checked { value, not_applied, note: (!notes.is_empty()).then(|| notes.join(" ")) })
}

/// An answer says success and shows nothing, and there is no object that it could be about.
fn nowhere(write: &Invocation) -> Error {
    let message = format!(
        "The API answered {} with success, and the account shows no such object. Check with {}, then decide.",
        write.spec.name,
        getter(write)
    );
    Error::new(Code::OutcomeUnknown, message).with("check", getter(write))
}

/// Whether a look at the object after a doubt shows that the update took effect: all that was sent stands there, or some
/// of it that did not before.
pub(super) fn shows(update: &Invocation, before: Option<&Value>, object: &Value) -> bool {
    let now = compare(update, object);
    if now.iter().all(|(_, stands)| *stands == Stands::AsSent) {
        return true;
    }
    let Some(before) = before else { return false };
    let earlier = compare(update, before);
    now.iter().zip(&earlier).any(|((_, now), (_, earlier))| *now == Stands::AsSent && *earlier != Stands::AsSent)
}

/// How each argument stands in the object, by its name.
fn compare(write: &Invocation, object: &Value) -> Vec<(String, Stands)> {
    if write.spec.effect == Effect::Publish {
        let status = stands("status", &"published".into(), merge::value(object, "status"));
        return vec![("status".to_owned(), status)];
    }
    let spec = write.spec;
    let known = spec.input_schema().get("properties").and_then(Value::as_object);
    let is_unreported = |name: &str| spec.is_sensitive(name) || spec.unreported.iter().any(|other| other == name);
    let compared = |name: &str| !is_unreported(name) && known.is_some_and(|all| all.contains_key(name));
    let mut found = Vec::new();
    for (name, sent) in write.fields().filter(|(name, _)| compared(name)) {
        let stored = merge::value(object, if name.ends_with("Tags") { "tags" } else { name });
        match (name, sent) {
            ("addTags" | "removeTags", sent) => found.push((name.to_owned(), tags_stand(name, sent, stored))),
            ("address" | "customFields", Value::Object(members)) => {
                found.extend(
                    members
                        .iter()
                        .map(|(member, sent)| (format!("{name}.{member}"), member_stands(member, sent, stored))),
                );
            }
            _ => found.push((name.to_owned(), stands(name, sent, stored))),
        }
    }
    found
}

fn stands(name: &str, sent: &Value, stored: &Value) -> Stands {
    match (normal::is_empty(sent), normal::is_empty(stored)) {
        (true, true) => Stands::AsSent,
        (false, true) => Stands::Untold,
        (false, false) if is_same(name, sent, stored) => Stands::AsSent,
        _ => Stands::Otherwise,
    }
}

/// The same value as the API may store it. In a text for people, case is part of what was sent.
fn is_same(name: &str, sent: &Value, stored: &Value) -> bool {
    match (sent.as_str(), stored.as_str()) {
        (Some(sent), Some(stored)) if FOR_PEOPLE.contains(&name) => in_one_form(sent) == in_one_form(stored),
        _ => normal::same(name, sent, stored),
    }
}

/// Without white space around, and with one kind of line ends.
fn in_one_form(text: &str) -> String {
    text.trim().replace("\r\n", "\n")
}

/// A member of a field, which may be a map or, of custom fields, a list of entries.
fn member_stands(name: &str, sent: &Value, field: &Value) -> Stands {
    match field {
        Value::Array(items) => {
            let entries = custom::entries(items).unwrap_or_default();
            let entry = entries.iter().find(|entry| entry.is_called(name));
            stands(name, sent, entry.map_or(&Value::Null, |entry| &entry.value))
        }
        _ => stands(name, sent, field.get(name).unwrap_or(&Value::Null)),
    }
}

fn tags_stand(name: &str, sent: &Value, stored: &Value) -> Stands {
    let is_there = |tag: &str| merge::texts(Some(stored)).any(|other| merge::is_same_tag(tag, other));
    let adds = name == "addTags";
    match merge::texts(Some(sent)).all(|tag| is_there(tag) == adds) {
        true => Stands::AsSent,
        false if stored.is_null() => Stands::Untold,
        false => Stands::Otherwise,
    }
}

/// Whether an answer shows nothing of the object but that it is there.
fn is_bare(write: &Invocation, object: &Value) -> bool {
    let known = write.spec.output_schema().get("properties").and_then(Value::as_object);
    let tells = |name: &str| !SAY_NOTHING.contains(&name) && known.is_some_and(|all| all.contains_key(name));
    let is_another = write.id.as_ref().is_some_and(|id| object.get("id").and_then(Value::as_str) != Some(id.as_str()));
    is_another || !object.as_object().is_some_and(|members| members.keys().any(|name| tells(name)))
}

async fn read(api: &Adapter, write: &Invocation, answer: &Value, context: &CallContext) -> Result<Value> {
    let id = write.id.clone().or_else(|| answer.get("id").and_then(Value::as_str).and_then(|id| id.parse::<Id>().ok()));
    let Some(id) = id else { return Err(Error::new(Code::UpstreamError, "the answer has no id")) };
    let found = objects::by_id(api, write.spec, id, context).await?;
    found.ok_or_else(|| Error::new(Code::UpstreamError, "it cannot be read by its id"))
}

/// The object with the remark that the answer had.
fn with_note(mut object: Value, answer: &Value) -> Value {
    if let (Some(members), Some(note)) = (object.as_object_mut(), answer.get("note")) {
        members.entry("note").or_insert_with(|| note.clone());
    }
    object
}

fn getter(write: &Invocation) -> &str {
    write.spec.read_back.as_ref().map_or("HighLevel", |read_back| read_back.operation())
}

impl Checked {
    /// An answer of which nothing has to be said.
    pub(super) fn plain(value: Value) -> Self {
        Self { value, not_applied: Vec::new(), note: None }
    }

    /// An object that was already as it was asked for.
    pub(super) fn unchanged(value: Value) -> Self {
        let note = "It was so already, so nothing was sent.".to_owned();
        Self { value, not_applied: Vec::new(), note: Some(note) }
    }

    /// The answer, with what was not applied.
    pub(super) fn into_object(self) -> Value {
        let mut answer = self.value;
        let Some(members) = answer.as_object_mut() else { return answer };
        if !self.not_applied.is_empty() {
            members.insert("notApplied".to_owned(), self.not_applied.into());
        }
        if let Some(note) = self.note {
            add_note(members, &note);
        }
        answer
    }
}
