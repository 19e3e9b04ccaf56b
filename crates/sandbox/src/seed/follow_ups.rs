//! Sample notes and tasks of contacts, and the location's custom values. Only the official API shows them.
//!
//! Their ids come from a random stream of their own, so that they do not change the ids of other objects.

use super::contacts::Person;
use super::{AsOf, chance, new_id, pick, word};
use crate::account::{Account, Fields, ObjectKind};
use crate::official::custom_values;
use chrono::{Duration, SecondsFormat};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

/// What notes say. The web application's editor stores HTML.
const NOTES: &[&str] = &[
    "Asked for a quote by the end of the week.",
    "<p>Spoke on the phone. <strong>Wants the premium package</strong>, but not before the summer.</p>",
    "Left a voicemail.",
    "<p>Met at the trade show.</p><p>Budget: $8,000 &amp; up</p>",
    "Prefers to be contacted by text message.",
    "Sent the contract. Waiting for the signature.",
];

/// The titles of tasks, and their descriptions.
const TASKS: &[(&str, &str)] = &[
    ("Call back", "They asked for a call in the afternoon."),
    ("Send proposal", ""),
    ("Follow up on the quote", "Second reminder."),
    ("Prepare the kick-off", "Agenda, access to the website, brand files."),
    ("Ask for a review", ""),
];

const VALUES: &[(&str, &str)] = &[
    ("Booking link", "https://book.brightwater.example"),
    ("Office hours", "Mon–Fri, 9 AM to 5 PM"),
    ("Review link", "https://reviews.brightwater.example"),
];

const DAY: i64 = 24 * 60;

/// Adds notes and tasks for about every fourth contact each: overdue, done and coming tasks.
pub(crate) fn fill(account: &mut Account, mut rng: ChaCha8Rng, users: &[String], people: &[Person], as_of: AsOf) {
    let rng = &mut rng;
    for (name, value) in VALUES {
        let value = json!({ "name": name, "fieldKey": custom_values::key(name), "value": value });
        put(account, rng, ObjectKind::CustomValues, value);
    }
    for (number, person) in people.iter().enumerate() {
        if chance(rng, 25) || number == 0 {
            let note = json!({
                "contactId": person.id,
                "body": word(rng, NOTES),
                "userId": pick(rng, users),
                "createdAt": as_of.minutes_ago(rng.random_range(0..=person.since)),
            });
            put(account, rng, ObjectKind::Notes, note);
        }
        // The first contacts have one task each that is done, overdue and coming.
        if chance(rng, 25) || number < 3 {
            let done = number % 3 == 0;
            let due = if done || number % 3 == 1 { -rng.random_range(1..30) } else { rng.random_range(1..30) };
            let task = task(rng, users, person, as_of, done, due);
            put(account, rng, ObjectKind::Tasks, task);
        }
    }
}

/// A task that is due in so many days.
fn task(rng: &mut ChaCha8Rng, users: &[String], person: &Person, as_of: AsOf, done: bool, due: i64) -> Value {
    let (title, body) = pick(rng, TASKS).copied().unwrap_or_default();
    let created = rng.random_range(0..=person.since.min(60 * DAY));
    let mut task = json!({
        "contactId": person.id,
        "title": title,
        "dueDate": (as_of.0 + Duration::days(due)).to_rfc3339_opts(SecondsFormat::Millis, true),
        "completed": done,
        "createdAt": as_of.minutes_ago(created),
        "updatedAt": as_of.minutes_ago(rng.random_range(0..=created)),
    });
    if let Value::Object(task) = &mut task {
        task.extend((!body.is_empty()).then(|| ("body".to_owned(), body.into())));
        task.extend(person.owner.as_ref().or_else(|| users.first()).map(|id| ("assignedTo".to_owned(), json!(id))));
    }
    task
}

fn put(account: &mut Account, rng: &mut ChaCha8Rng, kind: ObjectKind, object: Value) {
    let id = new_id(rng);
    let mut fields = Fields::new();
    fields.insert("id".into(), id.clone().into());
    if let Value::Object(object) = object {
        fields.extend(object);
    }
    account.put(kind, &id, &fields);
}
