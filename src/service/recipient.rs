//! The contact that a message or a workflow reaches. It is read before anybody is asked and before anything is sent: who
//! asked not to be disturbed is left alone, and a message needs an address.

use super::normal;
use crate::api::Adapter;
use chrono::{DateTime, Utc};
use highlevel_catalog::{
    Effect, Id, Invocation, Operation,
    contacts::GetContact,
    conversations::SendMessage,
    workflows::{AddToWorkflow, RemoveFromWorkflow},
};
use highlevel_core::context::CallContext;
use highlevel_core::error::{Code, Error, Result};
use serde_json::{Map, Value, json};

/// Channels: `(channel, the member of dndSettings, the contact's address)`.
const CHANNELS: [(&str, Option<&str>, Option<&str>); 8] = [
    ("SMS", Some("SMS"), Some("phone")),
    ("RCS", Some("SMS"), Some("phone")),
    ("Email", Some("Email"), Some("email")),
    ("WhatsApp", Some("WhatsApp"), Some("phone")),
    ("FB", Some("FB"), None),
    ("IG", None, None),
    ("Live_Chat", None, None),
    ("TIKTOK", None, None),
];

/// Whether a call reaches a contact that has to be read first.
pub(super) fn applies(invocation: &Invocation) -> bool {
    let spec = invocation.spec;
    spec.is::<SendMessage>() || spec.is::<AddToWorkflow>() || spec.is::<RemoveFromWorkflow>()
}

/// Reads the contact, and checks that the call may reach it. Returns the contact as the API shows it, and what a person
/// is shown of it.
///
/// # Errors
/// `policy_denied` for a contact who asked not to be disturbed. `invalid_arguments` without an address for the channel, or
/// for another person's. The error of the read.
pub(super) async fn checked(api: &Adapter, call: &Invocation, context: &CallContext) -> Result<(Value, Value)> {
    let id: Id = call
        .arguments
        .text("contactId")
        .unwrap_or_default()
        .parse()
        .map_err(|problem| Error::invalid("contactId", format!("`contactId` {problem}.")))?;
    let contact = api.object(&api.about(GetContact::NAME, id)?, context).await?;
    let shown = if call.spec.is::<SendMessage>() {
        check_time(call, Utc::now())?;
        check_disturbance(call.arguments.text("channel").unwrap_or_default(), &contact)?;
        message_to(call, &contact)?
    } else {
        // The person is shown which workflow it is, not what it was called.
        let resolved = api.resolve_names(call, context).await?;
        let text = |name: &str| resolved.arguments.get(name).cloned().unwrap_or_default();
        json!({"id": contact.get("id"), "name": name(&contact), "workflow": text("workflow"), "workflowId": text("workflowId")})
    };
    Ok((contact, shown))
}

/// Checks a message that `run_operation` sends: a contact who asked not to be disturbed is left alone here, too.
///
/// # Errors
/// `policy_denied` for such a contact. The error of the read.
pub(super) async fn check_operation(api: &Adapter, call: &Invocation, context: &CallContext) -> Result<()> {
    let reaches = call.spec.passthrough.as_ref().and_then(|form| form.marks.reaches.as_ref());
    // A draft reaches nobody.
    let is_sent = matches!(call.effect(), Effect::Send | Effect::Money | Effect::Start);
    let Some(reaches) = reaches.filter(|_| is_sent) else { return Ok(()) };
    let Some((id, channel)) = reaches.contact(&call.arguments) else { return Ok(()) };
    let argument = reaches.contact.as_ref();
    let id: Id = id.parse().map_err(|problem| Error::invalid(argument, format!("`{argument}` {problem}.")))?;
    let contact = api.object(&api.about(GetContact::NAME, id)?, context).await?;
    check_disturbance(channel, &contact)
}

fn name(contact: &Value) -> String {
    let text = |name: &str| contact.get(name).and_then(Value::as_str).unwrap_or_default().trim().to_owned();
    let full = format!("{} {}", text("firstName"), text("lastName")).trim().to_owned();
    let id = || text("id");
    [full, text("name"), text("companyName"), text("email")]
        .into_iter()
        .find(|name| !name.is_empty())
        .unwrap_or_else(id)
}

/// A message for later needs a moment in the future.
fn check_time(call: &Invocation, now: DateTime<Utc>) -> Result<()> {
    let Some(at) = call.arguments.text("at") else { return Ok(()) };
    match DateTime::parse_from_rfc3339(at) {
        Ok(at) if at.to_utc() > now => Ok(()),
        Ok(_) => Err(Error::invalid("at", "`at` is in the past. Leave it out to send now.")),
        Err(_) => {
            let message = "`at` must be a date and a time with its offset, such as 2026-03-01T09:00:00-05:00.";
            Err(Error::invalid("at", message))
        }
    }
}

/// Refuses a message to a contact who does not want to be disturbed by its channel.
fn check_disturbance(channel: &str, contact: &Value) -> Result<()> {
    let Some(why) = disturbance(channel, contact) else { return Ok(()) };
    let by = if channel.is_empty() { String::new() } else { format!(" by {channel}") };
    let message = format!(
        "{} does not want to be disturbed{by}: {why}. Nothing was sent. Use a channel that they allow, or have them agree and change it in HighLevel.",
        name(contact)
    );
    Err(Error::new(Code::PolicyDenied, message).with("doNotDisturb", why))
}

/// Why a contact is not to be disturbed by a channel.
fn disturbance(channel: &str, contact: &Value) -> Option<String> {
    let is_true = |value: Option<&Value>| match value {
        Some(Value::Bool(flag)) => *flag,
        Some(Value::String(text)) => text.eq_ignore_ascii_case("true"),
        _ => false,
    };
    if is_true(contact.get("dnd")) {
        return Some("dnd is set for all channels".to_owned());
    }
    let own = CHANNELS.iter().find(|(word, ..)| *word == channel).and_then(|(_, own, _)| *own);
    let settings = [("dndSettings", own), ("inboundDndSettings", Some("all"))];
    for (settings, member) in settings {
        let Some(setting) = member.and_then(|member| contact.get(settings)?.get(member)) else { continue };
        let status = setting.get("status").and_then(Value::as_str).unwrap_or_default();
        if ["active", "permanent"].iter().any(|known| status.eq_ignore_ascii_case(known)) {
            return Some(format!("{settings}.{} is {status}", member.unwrap_or_default()));
        }
    }
    let unsubscribed = channel == "Email" && is_true(contact.get("unsubscribeEmail"));
    unsubscribed.then(|| "they unsubscribed from e-mails".to_owned())
}

/// What a person is shown: to whom the message goes, and by what.
fn message_to(call: &Invocation, contact: &Value) -> Result<Value> {
    let channel = call.arguments.text("channel").unwrap_or_default();
    let address = CHANNELS.iter().find(|(word, ..)| *word == channel).and_then(|(.., address)| *address);
    let mut shown = Map::new();
    shown.insert("id".to_owned(), contact.get("id").cloned().unwrap_or_default());
    shown.insert("name".to_owned(), name(contact).into());
    shown.insert("channel".to_owned(), channel.into());
    if let Some(field) = address {
        let own = contact.get(field).and_then(Value::as_str).map(str::trim).filter(|own| !own.is_empty());
        let to = match call.arguments.text("to") {
            Some(to) => Some(to).filter(|to| is_of_contact(to, field, contact)).ok_or_else(|| {
                let message = format!("`to` is not among the contact's addresses. Leave it out to send to {}, or send to another contact.", own.unwrap_or("theirs"));
                Error::invalid("to", message)
            })?,
            None => own.ok_or_else(|| {
                let what = if field == "email" { "e-mail address" } else { "phone number" };
                let message = format!("{} has no {what}, so nothing was sent by {channel}. Add one with update_contact, or choose another channel.", name(contact));
                Error::invalid("channel", message)
            })?,
        };
        shown.insert("to".to_owned(), to.into());
    } else if call.arguments.has("to") {
        return Err(Error::invalid(
            "to",
            format!("`to` is for phone numbers and e-mail addresses, and {channel} has neither. Leave it out."),
        ));
    }
    Ok(shown.into())
}

/// Whether an address is the contact's own, or a further one.
fn is_of_contact(to: &str, field: &str, contact: &Value) -> bool {
    let further = if field == "email" { "additionalEmails" } else { "additionalPhones" };
    let sent = Value::from(to);
    let texts = contact.get(further).and_then(Value::as_array).into_iter().flatten().map(|one| match one {
        Value::Object(members) => members.get(field).unwrap_or(&Value::Null),
        other => other,
    });
    contact.get(field).into_iter().chain(texts).any(|own| normal::same(field, &sent, own))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_do_not_disturb_counts_for_its_channel_only() {
        for (contact, channel, expected) in [
            (json!({}), "SMS", false),
            (json!({"dnd": true}), "IG", true),
            (json!({"dnd": "true"}), "Email", true),
            (json!({"dnd": false, "dndSettings": {"SMS": {"status": "active"}}}), "SMS", true),
            (json!({"dndSettings": {"SMS": {"status": "active"}}}), "RCS", true),
            (json!({"dndSettings": {"SMS": {"status": "active"}}}), "Email", false),
            (json!({"dndSettings": {"Email": {"status": "Permanent"}}}), "Email", true),
            (json!({"dndSettings": {"Email": {"status": "inactive"}, "SMS": null}}), "Email", false),
            (json!({"dndSettings": {"FB": {"status": "active"}}}), "FB", true),
            (json!({"inboundDndSettings": {"all": {"status": "active"}}}), "WhatsApp", true),
            (json!({"inboundDndSettings": {"all": {"status": "inactive"}}}), "WhatsApp", false),
            (json!({"unsubscribeEmail": true}), "Email", true),
            (json!({"unsubscribeEmail": true}), "SMS", false),
            (json!({"dnd": null, "dndSettings": null, "inboundDndSettings": []}), "SMS", false),
        ] {
            assert_eq!(disturbance(channel, &contact).is_some(), expected, "{channel}: {contact}");
        }
    }

    #[test]
    fn an_address_is_the_contacts_own_in_any_form() {
        let contact = json!({"phone": "+15125550101", "email": "Ada@x.example",
            "additionalEmails": [{"email": "b@x.example"}, "c@x.example"], "additionalPhones": ["+15125550102"]});
        for (to, field, expected) in [
            ("(512) 555-0101", "phone", true),
            ("+1 512 555 0102", "phone", true),
            ("+15125550103", "phone", false),
            ("ada@X.example", "email", true),
            ("b@x.example", "email", true),
            ("c@x.example", "email", true),
            ("d@x.example", "email", false),
        ] {
            assert_eq!(is_of_contact(to, field, &contact), expected, "{to}");
        }
    }
}
