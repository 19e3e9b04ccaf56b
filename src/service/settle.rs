//! Updates, deletions and publications: what an answer leaves in doubt, the object itself decides.

use super::{
    applied,
    objects::{self, Seen},
};
use crate::api::Adapter;
use highlevel_api_client::{Fate, SendError};
use highlevel_catalog::{Effect, Invocation, ReadBack};
use highlevel_core::context::CallContext;
use highlevel_core::error::{Code, Error, Result};
use serde_json::{Value, json};
use std::time::Duration;

/// How long is waited before each look at an object: an effect may still be landing.
const LOOKS: [Duration; 3] = [Duration::ZERO, Duration::from_millis(500), Duration::from_millis(1500)];

/// The same for an object that only a list shows: lists lag behind writes.
const LIST_LOOKS: [Duration; 4] =
    [Duration::ZERO, Duration::from_millis(2000), Duration::from_millis(2000), Duration::from_millis(2000)];

/// What a write came to.
#[derive(Debug)]
pub(super) struct Written {
    /// The object, as the answer or a look at it shows it.
    pub(super) value: Value,
    /// It was read after the write.
    pub(super) is_read: bool,
    /// Arguments that the API refused after it had taken others, each with its reason.
    pub(super) refused: Vec<(String, Error)>,
}

impl Written {
    pub(super) fn answered(value: Value) -> Self {
        Self { value, is_read: false, refused: Vec::new() }
    }

    fn read(value: Value) -> Self {
        Self { value, is_read: true, refused: Vec::new() }
    }
}

/// Sends an update, part by part where the API takes it so.
///
/// # Errors
/// The API's refusal of the first part; `outcome_unknown` with what was applied by then.
pub(super) async fn update(
    api: &Adapter,
    update: &Invocation,
    before: Option<&Value>,
    context: &CallContext,
) -> Result<Written> {
    let mut written: Option<Written> = None;
    let mut applied: Vec<String> = Vec::new();
    for part in api.parts(update) {
        let names: Vec<String> = part.fields().map(|(name, _)| name.to_owned()).collect();
        match (part_of(api, &part, before, context).await, &mut written) {
            (Ok(part), Some(whole)) => {
                applied.extend(names);
                whole.take(part);
            }
            (Ok(part), none) => {
                applied.extend(names);
                *none = Some(part);
            }
            (Err(error), None) => return Err(error),
            (Err(error), Some(_)) if error.code == Code::OutcomeUnknown => {
                let message = format!("{} Applied by then: {}.", error.message, applied.join(", "));
                return Err(Error { message, ..error }.with("applied", applied));
            }
            (Err(error), Some(whole)) => {
                whole.refused.extend(names.into_iter().map(|name| (name, error.clone())));
            }
        }
    }
    written.ok_or_else(|| Error::new(Code::Internal, "An update without a request."))
}

impl Written {
    /// Adds what a later part of the same update shows: the tags, or the whole object where it was read.
    fn take(&mut self, later: Self) {
        if later.is_read {
            (self.value, self.is_read) = (later.value, true);
        } else if let (Some(object), Some(tags)) = (self.value.as_object_mut(), later.value.get("tags")) {
            object.insert("tags".to_owned(), tags.clone());
            self.is_read = false;
        }
    }
}

async fn part_of(api: &Adapter, update: &Invocation, before: Option<&Value>, context: &CallContext) -> Result<Written> {
    let failed = match api.run(update, context).await {
        Ok(done) => return Ok(Written::answered(done.answer.into_json())),
        Err(failed) if failed.fate == Fate::NotExecuted => return Err(failed.error),
        Err(failed) => failed,
    };
    let look = |object: &Value| applied::shows(update, before, object);
    match looked(api, update, context, look).await {
        Ok(Some(object)) => Ok(Written::read(object)),
        Ok(None) => Err(unknown(update, &failed, "it does not show what was sent")),
        Err(why) => Err(unknown(update, &failed, &why)),
    }
}

/// Looks at the object until it shows the effect. `None` if it does not.
async fn looked(
    api: &Adapter,
    write: &Invocation,
    context: &CallContext,
    shows: impl Fn(&Value) -> bool,
) -> Result<Option<Value>, String> {
    context.report("no clear answer: reading the object");
    for wait in LOOKS {
        context.bound(tokio::time::sleep(wait)).await.map_err(|error| error.message)?;
        match objects::look(api, write, context).await {
            Ok(Seen::There(object)) if shows(&object) => return Ok(Some(object)),
            Ok(Seen::There(_)) => {}
            Ok(Seen::Gone | Seen::Unlisted) => return Err("the account shows no such object now".to_owned()),
            Err(error) => return Err(format!("reading it failed ({})", error.message)),
        }
    }
    Ok(None)
}

/// Sends a deletion. After a doubt, an object that is gone was deleted.
///
/// # Errors
/// The API's refusal; `outcome_unknown`.
pub(super) async fn delete(api: &Adapter, delete: &Invocation, context: &CallContext) -> Result<Written> {
    let failed = match api.run(delete, context).await {
        Ok(done) => return Ok(Written::answered(done.answer.into_json())),
        Err(failed) if failed.fate == Fate::NotExecuted => return Err(failed.error),
        Err(failed) => failed,
    };
    context.report("no clear answer: looking whether it is gone");
    // The API itself says of the repetition that the object is not there.
    let is_said = failed.error.code == Code::NotFound;
    match is_gone(api, delete, is_said, context).await {
        Ok(()) => {
            let id = delete.id.as_ref().map(ToString::to_string);
            Ok(Written::read(json!({"id": id, "deleted": true})))
        }
        Err(why) => Err(unknown(delete, &failed, &why)),
    }
}

/// Whether the object is gone. A list that does not show it proves that only if it is whole, and together with the API's
/// own word or a second look.
async fn is_gone(api: &Adapter, delete: &Invocation, is_said: bool, context: &CallContext) -> Result<(), String> {
    let by_list = matches!(delete.spec.read_back, Some(ReadBack::List(_)));
    let looks: &[Duration] = if by_list { &LIST_LOOKS } else { &LOOKS };
    let mut is_witnessed = is_said || !by_list;
    for wait in looks {
        context.bound(tokio::time::sleep(*wait)).await.map_err(|error| error.message)?;
        match objects::look(api, delete, context).await {
            Ok(Seen::Gone) if is_witnessed => return Ok(()),
            Ok(Seen::Gone) => is_witnessed = true,
            Ok(Seen::There(_)) => is_witnessed = is_said || !by_list,
            Ok(Seen::Unlisted) => return Err("the list that was read may not be whole".to_owned()),
            Err(error) => return Err(format!("the look-up failed ({})", error.message)),
        }
    }
    Err("it is still there".to_owned())
}

/// Publishes a page: sent again only where the page itself shows that it was not published.
///
/// # Errors
/// The API's refusal; `outcome_unknown`.
pub(super) async fn publish(api: &Adapter, publish: &Invocation, context: &CallContext) -> Result<Written> {
    let is_public = |page: &Value| page.get("status").and_then(Value::as_str) == Some("published");
    let mut doubt: Option<SendError> = None;
    loop {
        let failed = match api.run(publish, context).await {
            Ok(done) => return Ok(Written::answered(done.answer.into_json())),
            Err(failed) if failed.fate == Fate::NotExecuted && doubt.is_none() => return Err(failed.error),
            Err(failed) => failed,
        };
        match looked(api, publish, context, is_public).await {
            Ok(Some(page)) => return Ok(Written::read(page)),
            Ok(None) if failed.fate == Fate::AnsweredFailure && doubt.is_none() => doubt = Some(failed),
            Ok(None) => return Err(unknown(publish, &failed, "the page does not show it")),
            Err(why) => return Err(unknown(publish, &failed, &why)),
        }
    }
}

fn unknown(write: &Invocation, failed: &SendError, seen: &str) -> Error {
    let id = write.id.as_ref().map_or("", |id| id.as_str());
    let doing = match write.spec.effect {
        Effect::Delete => "deleted",
        Effect::Publish => "published",
        _ => "updated",
    };
    let check = write.spec.read_back.as_ref().map_or("HighLevel", |read_back| read_back.operation());
    let message = format!(
        "It is not known whether {id} was {doing}: {} Looking at it did not tell: {seen}. Check with {check}, then decide.",
        failed.error.message
    );
    Error::new(Code::OutcomeUnknown, message).with("check", check)
}
