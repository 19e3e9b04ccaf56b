//! Why an entry cannot be taken back, and what is possible instead. Pure.

use super::image;
use highlevel_catalog::{Effect, OperationSpec};
use highlevel_store::JournalEntry;
use serde_json::Value;

/// What is possible where a tool's effect has no inverse that a tool could run.
const INSTEAD: [(&str, &str); 9] = [
    ("create_task", "update_task with `completed` closes it; the operation contacts.delete-task deletes it."),
    ("create_note", "The operation contacts.delete-note deletes it."),
    ("book_appointment", "update_appointment with the status cancelled cancels it."),
    ("create_invoice", "It can be voided in HighLevel, or with the operation invoices.void-invoice."),
    ("create_campaign", "It can be deleted in HighLevel."),
    ("publish_page", "It can be taken off line in HighLevel."),
    ("add_to_workflow", "remove_from_workflow takes the contact out; what the workflow did stays."),
    ("remove_from_workflow", "add_to_workflow starts the workflow again from its beginning."),
    ("create_webhook", "delete_webhook deletes it."),
];

/// The arguments that say whom a message reached.
const RECIPIENTS: [&str; 6] = ["to", "email", "phone", "contactId", "cc", "bcc"];

/// Why the entry has no inverse, by its effect.
pub(super) fn irrevocable(entry: &JournalEntry, spec: &OperationSpec) -> String {
    let tool = entry.text("tool");
    let why = match spec.effect {
        Effect::Delete => "What was deleted cannot be brought back.".to_owned(),
        Effect::Publish => "It became public, and the API takes nothing off line.".to_owned(),
        Effect::Send => sent(entry),
        Effect::Money => "It moved money. Only a refund in HighLevel gives it back.".to_owned(),
        Effect::Start => "It started or stopped what acts by itself, and that is not called back.".to_owned(),
        Effect::Access => "It gave others access, and what they saw since stays seen.".to_owned(),
        Effect::Read => "It changed nothing.".to_owned(),
        Effect::Create | Effect::Update => format!("{tool} names no operation that takes it back."),
    };
    let advice = match instead(tool) {
        Some(advice) => advice.to_owned(),
        None if matches!(spec.effect, Effect::Create | Effect::Update) => {
            format!("`highlevel-mcp journal show {}` has what was written, and what was there before.", entry.seq())
        }
        None => String::new(),
    };
    format!("{why} {advice}").trim().to_owned()
}

/// Why a created object is not deleted: the API or the settings have no tool for it.
pub(super) fn not_deletable(tool: &str, why: &str) -> String {
    let advice = instead(tool).unwrap_or("A tag can mark it for a person who deletes it in HighLevel.");
    format!("What was created cannot be deleted here: {} {advice}", why.trim_end_matches('.').to_owned() + ".")
}

fn instead(tool: &str) -> Option<&'static str> {
    INSTEAD.iter().find(|(of, _)| *of == tool).map(|(_, advice)| *advice)
}

/// Who got a message.
fn sent(entry: &JournalEntry) -> String {
    let arguments = entry.members.get("arguments").unwrap_or(&Value::Null);
    let named = RECIPIENTS.iter().filter_map(|name| match arguments.get(name)? {
        Value::String(text) if *name == "contactId" => Some(format!("the contact {text}")),
        Value::String(text) => Some(text.clone()),
        Value::Array(items) => {
            let texts: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            (!texts.is_empty()).then(|| texts.join(", "))
        }
        _ => None,
    });
    let named: Vec<String> = named.collect();
    let to = match (named.is_empty(), entry.text("object")) {
        (false, _) => format!(" to {}", named.join(", ")),
        (true, "") => String::new(),
        (true, id) => format!(": {id}"),
    };
    if entry.text("outcome") == "done" {
        format!("It was sent{to}, and is not called back.")
    } else {
        format!("It may have been sent{to}, and is not called back.")
    }
}

/// Why the object before a write is not known.
pub(super) fn no_before(entry: &JournalEntry) -> String {
    match image::of(entry, "before") {
        image::Image::Gone(why) => format!("What was there before is not in the journal any more: it was {why}."),
        _ => "The journal does not have what was there before (`--journal-before off`).".to_owned(),
    }
}

/// Why a create of unknown outcome is not taken back.
pub(super) fn unknown_create(entry: &JournalEntry) -> String {
    let candidates = entry.members.get("candidates").and_then(Value::as_array).into_iter().flatten();
    let ids: Vec<&str> = candidates.filter_map(|one| one.as_str().or_else(|| one.get("id")?.as_str())).collect();
    let looked = if ids.is_empty() { String::new() } else { format!(" It may be one of {}.", ids.join(", ")) };
    format!("It is not known whether it was created, or which object it is.{looked} Look in the account.")
}
