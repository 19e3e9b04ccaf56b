//! Sample opportunities: what the agency is selling to its contacts.

use super::super::account::{Account, Kind};
use super::contacts::Person;
use super::lists::SERVICES;
use super::{AsOf, add, chance, pick};
use chrono::Duration;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde_json::json;

/// A state of a deal: status, stage, probability, and in how many days it closes, or none if it has closed.
type State = (&'static str, &'static str, u32, Option<std::ops::Range<i64>>);

const STATES: &[State] = &[
    ("open", "qualification", 10, Some(30..120)),
    ("open", "discovery", 25, Some(25..100)),
    ("open", "proposal", 50, Some(10..70)),
    ("negotiation", "proposal", 60, Some(7..50)),
    ("negotiation", "contract sent", 80, Some(3..30)),
    ("won", "closed won", 100, None),
    ("won", "closed won", 100, None),
    ("lost", "closed lost", 0, None),
];

const DAY: i64 = 24 * 60;

/// Adds an opportunity for about every fifth contact.
pub(super) fn fill(account: &mut Account, dice: &mut ChaCha8Rng, users: &[String], people: &[Person], as_of: AsOf) {
    for person in people {
        if !chance(dice, 20) {
            continue;
        }
        let (service, least, most) = pick(dice, SERVICES).copied().unwrap_or_default();
        let Some((status, stage, probability, days)) = pick(dice, STATES).cloned() else { continue };
        // What is still open was begun in the last months; what has closed did so when it was last touched.
        let oldest = if days.is_some() { 150 * DAY } else { 500 * DAY };
        let created = dice.random_range(0..=person.since.min(oldest));
        let updated = dice.random_range(0..=created);
        let closes = match days {
            Some(days) => as_of.0 + Duration::days(dice.random_range(days)),
            None => as_of.0 - Duration::minutes(updated),
        };
        let tags: &[&str] = match dice.random_range(0..5) {
            0 => &["priority"],
            1 => &["upsell"],
            _ => &[],
        };
        let object = json!({
            "name": format!("{service} – {}", person.customer),
            "contactId": person.id,
            // Prices end in 50 or 00.
            "value": dice.random_range(least / 50..=most / 50) * 50,
            "currency": if chance(dice, 12) { "EUR" } else { "USD" },
            "status": status,
            "stage": stage,
            "probability": probability,
            "expectedCloseDate": closes.format("%Y-%m-%d").to_string(),
            "assignedTo": person.owner.as_ref().or_else(|| users.last()),
            "tags": tags,
            "createdAt": as_of.minutes_ago(created),
            "updatedAt": as_of.minutes_ago(updated),
        });
        add(account, Kind::Opportunities, object);
    }
}
