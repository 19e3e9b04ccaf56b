//! Sends of an existing object, such as an invoice. A send goes out once: calls take turns, each one is recorded before it
//! goes out, and after a doubt the object is read.

use super::reconcile::{self, WriteOutcome};
use crate::api::{Adapter, Done};
use chrono::{SecondsFormat, TimeDelta, Utc};
use highlevel_api_client::{Fate, SendError};
use highlevel_catalog::{Effect, Invocation};
use highlevel_core::context::CallContext;
use highlevel_core::error::{Code, Error, Result};
use serde_json::Value;

/// The time in which two sends of an object are taken for one: calls that were made at once.
const AT_ONCE: TimeDelta = TimeDelta::minutes(1);

/// The status of an object that nobody has sent.
const UNSENT: &str = "draft";

/// The refusal of a second send.
const AGAIN: &str = "To send it once more, give `again: true`.";

/// Whether the call sends an existing object that can be read.
pub(super) fn applies(invocation: &Invocation) -> bool {
    let spec = invocation.spec;
    spec.effect == Effect::Send && spec.passthrough.is_none() && spec.read_back.is_some() && invocation.id.is_some()
}

fn status(object: &Value) -> &str {
    object.get("status").and_then(Value::as_str).unwrap_or_default()
}

fn is_repeat(send: &Invocation) -> bool {
    send.arguments.get("again").and_then(Value::as_bool) == Some(true)
}

fn named(object: &Value) -> String {
    object.get("name").and_then(Value::as_str).map_or_else(|| "The object".to_owned(), |name| format!("\"{name}\""))
}

/// Checks the object before anybody is asked: it was not sent before, unless the call says so, and it has an address.
///
/// # Errors
/// `conflict` with what to do.
pub(super) fn check_object(send: &Invocation, object: &Value) -> Result<()> {
    if !applies(send) {
        return Ok(());
    }
    let (status, name) = (status(object), named(object));
    if status != UNSENT && !is_repeat(send) {
        let message = format!("{name} was sent before: its status is {status}. {AGAIN}");
        return Err(Error::new(Code::Conflict, message).with("status", status));
    }
    let by = send.arguments.text("by").unwrap_or_default();
    for (way, member, what) in [("email", "emails", "e-mail address"), ("sms", "phones", "phone number")] {
        let has_none = object.get(member).and_then(Value::as_array).is_none_or(Vec::is_empty);
        if by.contains(way) && has_none {
            let message = format!("{name} has no {what} to be sent to. Add it to the contact, or send it another way.");
            return Err(Error::new(Code::Conflict, message));
        }
    }
    Ok(())
}

/// The key under which the sends of an object are recorded.
fn key(send: &Invocation) -> String {
    format!("{} {}", send.spec.name, send.id.as_ref().map_or("", |id| id.as_str()))
}

/// Checks in turn that no other call has sent the object meanwhile. Its status may show a send late.
///
/// # Errors
/// `conflict` with the time of the earlier send.
pub(super) async fn check_earlier(api: &Adapter, send: &Invocation, context: &CallContext) -> Result<()> {
    let account = api.account_or_address().await?;
    let earlier = match api.store().latest_creation(&account, &key(send)).await {
        Ok(Some(earlier)) => earlier,
        Ok(None) => return Ok(()),
        Err(error) => {
            tracing::warn!("earlier sends could not be read: {}", error.message);
            return Ok(());
        }
    };
    let (begun_at, answered) = earlier;
    if is_repeat(send) && Utc::now() - begun_at > AT_ONCE {
        return Ok(());
    }
    let id = send.id.as_ref().map_or("", |id| id.as_str());
    let at = begun_at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let did = if answered { "sent" } else { "may have sent" };
    let advice = if is_repeat(send) { "Wait a minute before you send it once more." } else { AGAIN };
    context.report("sent before");
    Err(Error::new(Code::Conflict, format!("Another call {did} {id} at {at}. {advice}")).with("sentAt", at))
}

/// Sends the object. If the answer is unclear, reads the object until it shows that it was sent. The request is never sent
/// again.
///
/// # Errors
/// The API's refusal; `outcome_unknown` with what to check.
pub(super) async fn send(
    api: &Adapter,
    send: &Invocation,
    before: Option<&Value>,
    context: &CallContext,
) -> Result<WriteOutcome> {
    let account = api.account_or_address().await?;
    let number = match api.store().begin_creation(&account, &key(send)).await {
        Ok(number) => Some(number),
        Err(error) => {
            tracing::warn!("a send could not be recorded: {}", error.message);
            None
        }
    };
    let failed = match api.run(send, context).await {
        Ok(Done { answer, .. }) => {
            record(api, number, Some(key(send))).await;
            return Ok(WriteOutcome::answered(completed(answer.into_json(), before)));
        }
        Err(failed) if failed.fate == Fate::NotExecuted => {
            record(api, number, None).await;
            return Err(failed.error);
        }
        Err(failed) => failed,
    };
    // The status of an object that was sent before says nothing about this send.
    if before.map(status) != Some(UNSENT) {
        return Err(unknown(send, &failed, "its status was the same before"));
    }
    match reconcile::read_until(api, send, context, |object| status(object) != UNSENT).await {
        Ok(Some(object)) => {
            record(api, number, Some(key(send))).await;
            Ok(WriteOutcome::read(object))
        }
        Ok(None) => Err(unknown(send, &failed, "it is still a draft, although the send may still show")),
        Err(why) => Err(unknown(send, &failed, &why)),
    }
}

/// The object of the answer, which shows less than a read. A read right after the send may still show the old status.
fn completed(mut answer: Value, before: Option<&Value>) -> Value {
    let before = before.and_then(Value::as_object).into_iter().flatten();
    if let Some(members) = answer.as_object_mut() {
        for (name, value) in before {
            members.entry(name.as_str()).or_insert_with(|| value.clone());
        }
    }
    answer
}

async fn record(api: &Adapter, number: Option<i64>, sent: Option<String>) {
    let Some(number) = number else { return };
    if let Err(error) = api.store().end_creation(number, sent).await {
        tracing::warn!("the end of a send could not be recorded: {}", error.message);
    }
}

fn unknown(send: &Invocation, failed: &SendError, seen: &str) -> Error {
    let id = send.id.as_ref().map_or("", |id| id.as_str());
    let check = send.spec.read_back.as_ref().map_or("HighLevel", |read_back| read_back.operation());
    let said = failed.error.message.trim_end_matches('.');
    let message = format!(
        "It is not known whether {id} was sent: {said}. A read of it did not settle this: {seen}. It was not sent again. Check with {check} before you send it once more."
    );
    Error::new(Code::OutcomeUnknown, message).with("check", check)
}
