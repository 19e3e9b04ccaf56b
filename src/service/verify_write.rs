//! Verification of writes: the API may report success and silently ignore some fields.

use super::{custom_fields, journal::lacks_members, merge, normal, objects, reconcile::WriteOutcome};
use crate::api::Adapter;
use highlevel_catalog::{Effect, Id, Invocation, answer::add_note};
use highlevel_core::context::CallContext;
use highlevel_core::error::{Code, Error, Result};
use serde_json::Value;

/// Members that any answer may have. They say nothing about what was sent.
const COMMON_FIELDS: [&str; 4] = ["id", "tags", "createdAt", "updatedAt"];

/// Texts that people read. The API stores them as they are, so their case counts.
const DISPLAY_TEXTS: [&str; 11] = [
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

/// A write after its comparison with the object.
#[derive(Debug)]
pub(super) struct VerifiedWrite {
    pub(super) value: Value,
    /// The arguments that the object does not show as sent.
    pub(super) not_applied: Vec<String>,
    /// What the caller should know about them.
    pub(super) note: Option<String>,
    /// Whether `value` is known to be only a part of the object.
    pub(super) is_partial: bool,
    /// Whether an upsert created the object.
    pub(super) created: Option<bool>,
}

/// How a field of the object compares with the argument that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FieldOutcome {
    /// The value that was sent, or its normalised form.
    AsSent,
    /// Another value.
    Different,
    /// The object does not show the field.
    NotShown,
}

/// Compares what was sent with the object. Reads the object once if the answer shows too little of it.
pub(super) async fn verify(
    api: &Adapter,
    write: &Invocation,
    written: WriteOutcome,
    context: &CallContext,
) -> Result<VerifiedWrite> {
    let WriteOutcome { mut value, is_read, refused } = written;
    if write.spec.effect == Effect::Delete {
        return Ok(VerifiedWrite::plain(value));
    }
    if write.spec.passthrough.is_some() {
        // The answer has the API's own form, which may show a part of the object or none.
        return Ok(VerifiedWrite { is_partial: true, ..VerifiedWrite::plain(value) });
    }
    let mut found = compare(write, &value);
    let shows_nothing = shows_nothing(write, &value);
    let shows_too_little = shows_nothing || found.iter().any(|(_, outcome)| *outcome == FieldOutcome::NotShown);
    let mut unread = None;
    if shows_too_little && !is_read {
        match read(api, write, &value, context).await {
            Ok(object) => {
                found = compare(write, &object);
                value = object;
            }
            Err(error) if shows_nothing && error.code == Code::NotFound => return Err(missing_object(write)),
            Err(error) => {
                let why = error.message.trim_end_matches('.');
                found.retain(|(_, outcome)| *outcome != FieldOutcome::NotShown);
                unread = Some(format!(
                    "The API reported success without showing the object, and reading it failed ({why}). Check it with {}.",
                    getter(write)
                ));
            }
        }
    }
    let mut not_applied: Vec<String> =
        found.into_iter().filter(|(_, outcome)| *outcome != FieldOutcome::AsSent).map(|(name, _)| name).collect();
    let unread_partial = unread.is_some();
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
    let note = (!notes.is_empty()).then(|| notes.join(" "));
    Ok(VerifiedWrite { value, not_applied, note, is_partial: unread_partial, created: None })
}

/// The error for a success without content whose object does not exist.
fn missing_object(write: &Invocation) -> Error {
    let message = format!(
        "The API reported success for {}, but the account has no such object. Check with {} before you repeat this call.",
        write.spec.name,
        getter(write)
    );
    Error::new(Code::OutcomeUnknown, message).with("check", getter(write))
}

/// Whether the object shows that an update without a clear answer took effect: it has every value that was sent, or one
/// that it did not have before.
pub(super) fn shows_effect(update: &Invocation, before: Option<&Value>, object: &Value) -> bool {
    let now = compare(update, object);
    if now.iter().all(|(_, outcome)| *outcome == FieldOutcome::AsSent) {
        return true;
    }
    let Some(before) = before else { return false };
    let earlier = compare(update, before);
    now.iter()
        .zip(&earlier)
        .any(|((_, now), (_, earlier))| *now == FieldOutcome::AsSent && *earlier != FieldOutcome::AsSent)
}

/// The outcome of each argument, by its name.
fn compare(write: &Invocation, object: &Value) -> Vec<(String, FieldOutcome)> {
    if write.spec.effect == Effect::Publish {
        let status = outcome("status", &"published".into(), merge::value(object, "status"));
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
            ("addTags" | "removeTags", sent) => found.push((name.to_owned(), tags_outcome(name, sent, stored))),
            ("address" | "customFields", Value::Object(members)) => {
                found.extend(
                    members
                        .iter()
                        .map(|(member, sent)| (format!("{name}.{member}"), member_outcome(member, sent, stored))),
                );
            }
            _ => found.push((name.to_owned(), outcome(name, sent, stored))),
        }
    }
    found
}

fn outcome(name: &str, sent: &Value, stored: &Value) -> FieldOutcome {
    match (normal::is_empty(sent), normal::is_empty(stored)) {
        (true, true) => FieldOutcome::AsSent,
        (false, true) => FieldOutcome::NotShown,
        (false, false) if is_same(name, sent, stored) => FieldOutcome::AsSent,
        _ => FieldOutcome::Different,
    }
}

/// Whether the stored value is the sent one, as the API may normalise it. The case of texts that people read counts.
pub(super) fn is_same(name: &str, sent: &Value, stored: &Value) -> bool {
    match (sent.as_str(), stored.as_str()) {
        (Some(sent), Some(stored)) if DISPLAY_TEXTS.contains(&name) => trimmed(sent) == trimmed(stored),
        _ => normal::same(name, sent, stored),
    }
}

/// The text without surrounding white space and with Unix line ends.
fn trimmed(text: &str) -> String {
    text.trim().replace("\r\n", "\n")
}

/// The outcome of one member of a field. The field is a map or, for custom fields, possibly a list of entries.
fn member_outcome(name: &str, sent: &Value, field: &Value) -> FieldOutcome {
    outcome(name, sent, &custom_fields::member(field, name))
}

fn tags_outcome(name: &str, sent: &Value, stored: &Value) -> FieldOutcome {
    let is_there = |tag: &str| merge::texts(Some(stored)).any(|other| merge::is_same_tag(tag, other));
    let adds = name == "addTags";
    match merge::texts(Some(sent)).all(|tag| is_there(tag) == adds) {
        true => FieldOutcome::AsSent,
        false if stored.is_null() => FieldOutcome::NotShown,
        false => FieldOutcome::Different,
    }
}

/// Whether an answer shows nothing of the object except its existence.
fn shows_nothing(write: &Invocation, object: &Value) -> bool {
    let known = write.spec.output_schema().get("properties").and_then(Value::as_object);
    let is_informative = |name: &str| !COMMON_FIELDS.contains(&name) && known.is_some_and(|all| all.contains_key(name));
    let is_another = write.id.as_ref().is_some_and(|id| object.get("id").and_then(Value::as_str) != Some(id.as_str()));
    is_another || !object.as_object().is_some_and(|members| members.keys().any(|name| is_informative(name)))
}

async fn read(api: &Adapter, write: &Invocation, answer: &Value, context: &CallContext) -> Result<Value> {
    let id = write.id.clone().or_else(|| answer.get("id").and_then(Value::as_str).and_then(|id| id.parse::<Id>().ok()));
    let Some(id) = id else { return Err(Error::new(Code::UpstreamError, "the answer has no id")) };
    let found = objects::by_id(api, write, id, context).await?;
    found.ok_or_else(|| Error::new(Code::UpstreamError, "it cannot be read by its id"))
}

/// The same write with the whole object, if the answer showed only a part of it. Reads the object once then.
pub(super) async fn whole(
    api: &Adapter,
    write: &Invocation,
    before: &Value,
    mut written: VerifiedWrite,
    context: &CallContext,
) -> VerifiedWrite {
    if written.is_partial || !lacks_members(write, before, &written.value) {
        return written;
    }
    match read(api, write, &written.value, context).await {
        Ok(object) => written.value = object,
        Err(error) => {
            tracing::warn!("the object could not be read after {}: {}", write.spec.name, error.message);
            written.is_partial = true;
        }
    }
    written
}

fn getter(write: &Invocation) -> &str {
    write.spec.read_back.as_ref().map_or("HighLevel", |read_back| read_back.operation())
}

impl VerifiedWrite {
    /// A write that needs no verification.
    pub(super) fn plain(value: Value) -> Self {
        Self { value, not_applied: Vec::new(), note: None, is_partial: false, created: None }
    }

    /// An update that changes nothing.
    pub(super) fn unchanged(value: Value) -> Self {
        let note = "The object already has these values, so nothing was sent.".to_owned();
        Self { value, not_applied: Vec::new(), note: Some(note), is_partial: false, created: None }
    }

    /// The answer for the caller, with the arguments that were not applied.
    pub(super) fn into_object(self) -> Value {
        let mut answer = self.value;
        let Some(members) = answer.as_object_mut() else { return answer };
        if let Some(created) = self.created {
            members.shift_insert(0, "created".to_owned(), created.into());
        }
        if !self.not_applied.is_empty() {
            members.insert("notApplied".to_owned(), self.not_applied.into());
        }
        if let Some(note) = self.note {
            add_note(members, &note);
        }
        answer
    }
}
