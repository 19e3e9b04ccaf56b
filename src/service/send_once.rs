//! Sends of an existing object, such as an invoice. A send goes out once: calls take turns, each one is recorded before it
//! goes out, and after a doubt the object is read.

use super::{
    found,
    reconcile::{self, WriteOutcome},
};
use crate::api::{Adapter, Done};
use chrono::{SecondsFormat, TimeDelta, Utc};
use highlevel_api_client::{Fate, SendError};
use highlevel_catalog::{Effect, Invocation, marks::AGAIN as AGAIN_ARGUMENT};
use highlevel_core::context::CallContext;
use highlevel_core::error::{Code, Error, Result};
use serde_json::Value;

/// The time in which two sends of an object are taken for one: calls that were made at once.
const AT_ONCE: TimeDelta = TimeDelta::minutes(1);

/// The statuses of an object that waits to be sent.
const UNSENT: [&str; 3] = ["draft", "cancelled", "paused"];

/// The members that hold an object's status.
const STATUSES: [&str; 2] = ["status", "estimateStatus"];

/// The refusal of a second send.
const AGAIN: &str = "To send it once more, give `again: true`.";

/// The object that a call sends.
struct Sent<'a> {
    /// What it is, such as `invoice`. A tool and an operation that send the same object use the same word.
    what: &'a str,
    id: &'a str,
}

impl Sent<'_> {
    /// The key under which the sends of the object are recorded.
    fn key(&self) -> String {
        format!("send_{} {}", self.what, self.id)
    }
}

/// The object that a call sends. `None` for a call that sends none, or none that exists.
fn sent(call: &Invocation) -> Option<Sent<'_>> {
    let spec = call.spec;
    match &spec.passthrough {
        Some(form) => {
            let sends = form.marks.sends.as_ref().filter(|_| reaches_somebody(call.effect()))?;
            Some(Sent { what: &sends.what, id: sends.id(&call.arguments)? })
        }
        None if spec.effect == Effect::Send && spec.read_back.is_some() => {
            Some(Sent { what: spec.name.strip_prefix("send_")?, id: call.id.as_ref()?.as_str() })
        }
        None => None,
    }
}

/// Whether a call with this effect sends what it is marked to send. Others only save it.
fn reaches_somebody(effect: Effect) -> bool {
    matches!(effect, Effect::Send | Effect::Money | Effect::Start)
}

/// Whether the call sends an existing object.
pub(super) fn applies(invocation: &Invocation) -> bool {
    sent(invocation).is_some()
}

/// The key of the turn in which an object is sent.
pub(super) fn turn(call: &Invocation) -> Option<String> {
    sent(call).map(|sent| format!("{:?} {}", call.spec.toolset, sent.id))
}

/// The status of an object. HighLevel's files show some as a list of one. Empty if the object shows none.
fn status(object: &Value) -> &str {
    let status = STATUSES.iter().find_map(|name| object.get(*name)).unwrap_or(&Value::Null);
    status.get(0).unwrap_or(status).as_str().unwrap_or_default()
}

fn is_unsent(object: &Value) -> bool {
    UNSENT.contains(&status(object))
}

fn is_repeat(send: &Invocation) -> bool {
    send.arguments.get(AGAIN_ARGUMENT).and_then(Value::as_bool) == Some(true)
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
    if !status.is_empty() && !is_unsent(object) && !is_repeat(send) {
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

/// Checks in turn that no other call has sent the object meanwhile. Its status may show a send late.
///
/// # Errors
/// `conflict` with the time of the earlier send.
pub(super) async fn check_earlier(api: &Adapter, send: &Invocation, context: &CallContext) -> Result<()> {
    let Some(sent) = sent(send) else { return Ok(()) };
    let account = api.account_or_address().await?;
    let earlier = match api.store().latest_creation(&account, &sent.key()).await {
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
    let id = sent.id;
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
    let key = sent(send).map(|sent| sent.key()).unwrap_or_default();
    let number = match api.store().begin_creation(&account, &key).await {
        Ok(number) => Some(number),
        Err(error) => {
            tracing::warn!("a send could not be recorded: {}", error.message);
            None
        }
    };
    let failed = match api.run(send, context).await {
        Ok(Done { answer, .. }) => {
            api.store().end_creations(number, Some(&key)).await;
            // An operation's answer keeps the API's own form.
            let before = before.filter(|_| send.spec.passthrough.is_none());
            return Ok(WriteOutcome::answered(completed(answer.into_json(), before)));
        }
        Err(failed) if failed.fate == Fate::NotExecuted => {
            api.store().end_creations(number, None).await;
            return Err(failed.error);
        }
        Err(failed) => failed,
    };
    // The status of an object that was sent before says nothing about this send.
    if !before.is_some_and(is_unsent) {
        return Err(unknown(send, &failed, "its status was the same before"));
    }
    let is_sent = |object: &Value| !status(object).is_empty() && !is_unsent(object);
    match reconcile::read_until(api, send, context, is_sent).await {
        Ok(Some(object)) => {
            api.store().end_creations(number, Some(&key)).await;
            Ok(WriteOutcome::read(object))
        }
        Ok(None) => Err(unknown(send, &failed, "it still waits to be sent, although the send may still show")),
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

fn unknown(send: &Invocation, failed: &SendError, seen: &str) -> Error {
    let id = sent(send).map_or("", |sent| sent.id);
    let check = check(send).unwrap_or_else(|| "HighLevel".to_owned());
    let said = failed.error.message.trim_end_matches('.');
    let message = format!(
        "It is not known whether {id} was sent: {said}. A read of it did not settle this: {seen}. It was not sent again. Check with {check} before you send it once more."
    );
    Error::new(Code::OutcomeUnknown, message).with("check", check)
}

/// The operation that shows the object.
fn check(send: &Invocation) -> Option<String> {
    match &send.spec.passthrough {
        Some(form) => Some(found::nearest(send, form).ok()??.operation().to_owned()),
        None => send.spec.read_back.as_ref().map(|read_back| read_back.operation().to_owned()),
    }
}
