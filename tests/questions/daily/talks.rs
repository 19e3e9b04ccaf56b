//! Who said what to whom and when, from the books.

use super::{Books, name, text, time};
use crate::questions::{Rows, truth::written};
use chrono::{DateTime, Utc};
use serde_json::Value;
use std::collections::BTreeMap;

const MAIL: &str = "TYPE_EMAIL";

/// Whether a message is one that a person reads. Activities and internal comments are none, and neither is a message of ours
/// that failed.
fn is_said(message: &Value) -> bool {
    let (of, status) = (text(message, "messageType"), text(message, "status"));
    let is_lost = is_ours(message) && ["failed", "undelivered"].contains(&status.as_str());
    !of.contains("ACTIVITY") && !of.contains("INTERNAL") && !is_lost
}

fn is_ours(message: &Value) -> bool {
    message["direction"] == "outbound"
}

/// Whether a call was answered.
fn is_talk(message: &Value) -> bool {
    message["meta"]["callStatus"] == "completed"
}

fn at(message: &Value) -> DateTime<Utc> {
    time(message, "dateAdded")
}

fn millis(object: &Value, member: &str) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(object[member].as_i64().unwrap()).unwrap()
}

/// The messages of a contact or conversation with each e-mail of a thread by itself.
fn lines<'a>(books: &'a Books, member: &'static str, id: &'a Value) -> impl Iterator<Item = &'a Value> {
    let own = books.messages.iter().filter(|message| message["messageType"] != MAIL);
    own.chain(&books.emails).filter(move |message| message[member] == *id && is_said(message))
}

pub(super) fn waiting(books: &Books) -> Rows {
    let mut all = Vec::new();
    for conversation in &books.conversations {
        let Some(last) = lines(books, "conversationId", &conversation["id"]).max_by_key(|line| at(line)) else {
            continue;
        };
        if is_ours(last) || is_talk(last) {
            continue;
        }
        let ends_with_mail = conversation["lastMessageType"] == MAIL;
        let (of, since, words) = match (ends_with_mail, last["messageType"].as_str()) {
            (true, _) => (MAIL, millis(conversation, "lastMessageDate"), conversation["lastMessageBody"].clone()),
            // Lists have no texts of e-mails.
            (false, None) => (MAIL, at(last), Value::Null),
            (false, Some(of)) => (of, at(last), last["body"].clone()),
        };
        let contact = books.contact(&conversation["contactId"]);
        let row = row![
            conversation["contactId"],
            name(contact),
            of,
            written(since),
            words,
            books.user(&contact["assignedTo"]),
        ];
        all.push((since, text(conversation, "id"), row));
    }
    all.sort_by(|one, other| (one.0, &one.1).cmp(&(other.0, &other.1)));
    all.into_iter().take(50).map(|(_, _, row)| row).collect()
}

pub(super) fn answer_times(books: &Books) -> Rows {
    let mut asked: BTreeMap<String, DateTime<Utc>> = BTreeMap::new();
    let is_question = |message: &&Value| {
        message["direction"] == "inbound" && is_said(message) && !is_talk(message) && message["messageType"] != MAIL
    };
    for message in books.messages.iter().filter(is_question).filter(|message| at(message) >= books.since()) {
        let first = asked.entry(text(message, "contactId")).or_insert_with(|| at(message));
        *first = (*first).min(at(message));
    }
    let mut owners: BTreeMap<String, (u32, Vec<i64>)> = BTreeMap::new();
    for (id, asked) in asked {
        let is_answer = |message: &&Value| {
            message["contactId"] == id.as_str()
                && is_ours(message)
                && is_said(message)
                && !text(message, "userId").is_empty()
                && at(message) >= asked
        };
        let answer = books.messages.iter().filter(is_answer).map(at).min();
        let owner = owners.entry(text(books.contact(&id.into()), "assignedTo")).or_default();
        owner.0 += 1;
        owner.1.extend(answer.map(|answer| (answer - asked).num_seconds()));
    }
    let minutes = |seconds: f64| (seconds / 60.0).round();
    let row = |(owner, (contacts, seconds)): (String, (u32, Vec<i64>))| {
        let sum: i64 = seconds.iter().sum();
        let average = (!seconds.is_empty()).then(|| minutes(sum as f64 / seconds.len() as f64));
        let longest = seconds.iter().max().map(|longest| minutes(*longest as f64));
        let owner = books.user(&owner.into());
        let owner = if owner.is_null() { "nobody".into() } else { owner };
        row![owner, contacts, seconds.len(), average, longest]
    };
    let mut all: Vec<_> = owners.into_iter().map(row).collect();
    let minutes = |row: &[Value]| row[3].as_f64().unwrap_or(-1.0);
    all.sort_by(|one, other| {
        minutes(one).total_cmp(&minutes(other)).then_with(|| one[0].as_str().cmp(&other[0].as_str()))
    });
    all
}

pub(super) fn untouched(books: &Books) -> Rows {
    let is_untouched = |contact: &&Value| {
        let talked = lines(books, "contactId", &contact["id"]).any(|line| is_ours(line) || is_talk(line));
        let met = |one: &Value| one["contactId"] == contact["id"] && one["appointmentStatus"] == "showed";
        time(contact, "createdAt") >= books.since() && !talked && !books.appointments.iter().any(met)
    };
    let mut all: Vec<_> = books.contacts.values().filter(is_untouched).collect();
    all.sort_by_key(|contact| (std::cmp::Reverse(time(contact, "createdAt")), text(contact, "id")));
    let row = |contact: &&Value| {
        row![
            contact["id"],
            name(contact),
            contact["phone"],
            contact["email"],
            contact["source"],
            written(time(contact, "createdAt")),
            books.user(&contact["assignedTo"]),
        ]
    };
    all.iter().take(100).map(row).collect()
}
