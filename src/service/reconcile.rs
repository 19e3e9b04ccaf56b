//! Reconciliation of updates, deletions and publications: if the answer is unclear, the object itself is read.

use super::{
    objects::{self, Presence},
    verify_write,
};
use crate::api::Adapter;
use highlevel_api_client::{Fate, SendError};
use highlevel_catalog::{Effect, Invocation, ReadBack};
use highlevel_core::context::CallContext;
use highlevel_core::error::{Code, Error, Result};
use serde_json::{Value, json};
use std::time::Duration;

/// The wait before each read of the object. The write may still take effect.
const READ_WAITS: [Duration; 3] = [Duration::ZERO, Duration::from_millis(500), Duration::from_millis(1500)];

/// The wait before each read of a list that shows the object. Lists lag behind writes.
const LIST_WAITS: [Duration; 4] =
    [Duration::ZERO, Duration::from_millis(2000), Duration::from_millis(2000), Duration::from_millis(2000)];

/// The outcome of a write that took effect.
#[derive(Debug)]
pub(super) struct WriteOutcome {
    /// The object as the answer or a later read shows it.
    pub(super) value: Value,
    /// Whether the object was read after the write.
    pub(super) is_read: bool,
    /// The arguments that the API refused after it accepted others, each with the error.
    pub(super) refused: Vec<(String, Error)>,
}

impl WriteOutcome {
    pub(super) fn answered(value: Value) -> Self {
        Self { value, is_read: false, refused: Vec::new() }
    }

    pub(super) fn read(value: Value) -> Self {
        Self { value, is_read: true, refused: Vec::new() }
    }
}

/// Sends an update, in parts if the API requires that.
///
/// # Errors
/// The API's refusal of the first part; `outcome_unknown` with the arguments that were applied before.
pub(super) async fn update(
    api: &Adapter,
    update: &Invocation,
    before: Option<&Value>,
    context: &CallContext,
) -> Result<WriteOutcome> {
    let mut written: Option<WriteOutcome> = None;
    let mut applied: Vec<String> = Vec::new();
    for part in api.parts(update) {
        let names: Vec<String> = part.fields().map(|(name, _)| name.to_owned()).collect();
        match (send_part(api, &part, before, context).await, &mut written) {
            (Ok(part), Some(whole)) => {
                applied.extend(names);
                whole.merge(part);
            }
            (Ok(part), first) => {
                applied.extend(names);
                *first = Some(part);
            }
            (Err(error), None) => return Err(error),
            (Err(error), Some(_)) if error.code == Code::OutcomeUnknown => {
                let message = format!("{} Applied before that: {}.", error.message, applied.join(", "));
                return Err(Error { message, ..error }.with("applied", applied));
            }
            (Err(error), Some(whole)) => {
                whole.refused.extend(names.into_iter().map(|name| (name, error.clone())));
            }
        }
    }
    written.ok_or_else(|| Error::new(Code::Internal, "The update has no request."))
}

impl WriteOutcome {
    /// Merges the outcome of a later part of the same update: its tags, or the whole object if it was read.
    fn merge(&mut self, later: Self) {
        if later.is_read {
            (self.value, self.is_read) = (later.value, true);
        } else if let (Some(object), Some(tags)) = (self.value.as_object_mut(), later.value.get("tags")) {
            object.insert("tags".to_owned(), tags.clone());
            self.is_read = false;
        }
    }
}

async fn send_part(
    api: &Adapter,
    update: &Invocation,
    before: Option<&Value>,
    context: &CallContext,
) -> Result<WriteOutcome> {
    let failed = match api.run(update, context).await {
        Ok(done) => return Ok(WriteOutcome::answered(done.answer.into_json())),
        Err(failed) if failed.fate == Fate::NotExecuted => return Err(failed.error),
        Err(failed) => failed,
    };
    let look = |object: &Value| verify_write::shows_effect(update, before, object);
    match read_until(api, update, context, look).await {
        Ok(Some(object)) => Ok(WriteOutcome::read(object)),
        Ok(None) => Err(unknown(update, &failed, "it does not have the values that were sent")),
        Err(why) => Err(unknown(update, &failed, &why)),
    }
}

/// Reads the object until it shows the effect. `None` if it never does.
pub(super) async fn read_until(
    api: &Adapter,
    write: &Invocation,
    context: &CallContext,
    shows: impl Fn(&Value) -> bool,
) -> Result<Option<Value>, String> {
    context.report("no clear answer: reading the object");
    for wait in READ_WAITS {
        context.bound(tokio::time::sleep(wait)).await.map_err(|error| error.message)?;
        match objects::look(api, write, context).await {
            Ok(Presence::Present(object)) if shows(&object) => return Ok(Some(object)),
            Ok(Presence::Present(_)) => {}
            Ok(Presence::Gone | Presence::Unlisted) => return Err("the account has no such object now".to_owned()),
            Err(error) => return Err(format!("reading it failed ({})", error.message)),
        }
    }
    Ok(None)
}

/// Sends a deletion. If the answer is unclear and the object is gone, the deletion took effect.
///
/// # Errors
/// The API's refusal; `outcome_unknown`.
pub(super) async fn delete(api: &Adapter, delete: &Invocation, context: &CallContext) -> Result<WriteOutcome> {
    let failed = match api.run(delete, context).await {
        Ok(done) => return Ok(WriteOutcome::answered(done.answer.into_json())),
        Err(failed) if failed.fate == Fate::NotExecuted => return Err(failed.error),
        Err(failed) => failed,
    };
    context.report("no clear answer: checking whether the object is gone");
    // The retry was answered with 404, so the API itself reports that the object is gone.
    let api_reports_gone = failed.error.code == Code::NotFound;
    match is_gone(api, delete, api_reports_gone, context).await {
        Ok(()) => {
            let id = delete.id.as_ref().map(ToString::to_string);
            Ok(WriteOutcome::read(json!({"id": id, "deleted": true})))
        }
        Err(why) => Err(unknown(delete, &failed, &why)),
    }
}

/// Checks that the object is gone. A list that lacks the object proves this only if the list is complete, and only
/// together with the API's own 404 or a second read.
async fn is_gone(
    api: &Adapter,
    delete: &Invocation,
    api_reports_gone: bool,
    context: &CallContext,
) -> Result<(), String> {
    let by_list = matches!(delete.spec.read_back, Some(ReadBack::List(_)));
    let waits: &[Duration] = if by_list { &LIST_WAITS } else { &READ_WAITS };
    let mut is_confirmed = api_reports_gone || !by_list;
    for wait in waits {
        context.bound(tokio::time::sleep(*wait)).await.map_err(|error| error.message)?;
        match objects::look(api, delete, context).await {
            Ok(Presence::Gone) if is_confirmed => return Ok(()),
            Ok(Presence::Gone) => is_confirmed = true,
            Ok(Presence::Present(_)) => is_confirmed = api_reports_gone || !by_list,
            Ok(Presence::Unlisted) => return Err("the list may be incomplete".to_owned()),
            Err(error) => return Err(format!("the look-up failed ({})", error.message)),
        }
    }
    Err("it still exists".to_owned())
}

/// Publishes a page. Sends the request again only if the page itself shows that it was not published.
///
/// # Errors
/// The API's refusal; `outcome_unknown`.
pub(super) async fn publish(api: &Adapter, publish: &Invocation, context: &CallContext) -> Result<WriteOutcome> {
    let is_public = |page: &Value| page.get("status").and_then(Value::as_str) == Some("published");
    let mut is_second = false;
    loop {
        let failed = match api.run(publish, context).await {
            Ok(done) => return Ok(WriteOutcome::answered(done.answer.into_json())),
            Err(failed) if failed.fate == Fate::NotExecuted && !is_second => return Err(failed.error),
            Err(failed) => failed,
        };
        match read_until(api, publish, context, is_public).await {
            Ok(Some(page)) => return Ok(WriteOutcome::read(page)),
            Ok(None) if failed.fate == Fate::AnsweredFailure && !is_second => is_second = true,
            Ok(None) => return Err(unknown(publish, &failed, "the page is not published")),
            Err(why) => return Err(unknown(publish, &failed, &why)),
        }
    }
}

fn unknown(write: &Invocation, failed: &SendError, seen: &str) -> Error {
    let id = write.id.as_ref().map_or("", |id| id.as_str());
    let done = match write.spec.effect {
        Effect::Delete => "deleted",
        Effect::Publish => "published",
        _ => "updated",
    };
    let check = write.spec.read_back.as_ref().map_or("HighLevel", |read_back| read_back.operation());
    let message = format!(
        "It is not known whether {id} was {done}: {} A read of it did not settle this: {seen}. Check with {check} before you repeat this call.",
        failed.error.message
    );
    Error::new(Code::OutcomeUnknown, message).with("check", check)
}
