//! Sample opportunities: the agency's sales to its contacts.

use super::contacts::Person;
use super::lists::SERVICES;
use super::{AsOf, add, chance, pick};
use crate::account::{Account, ObjectKind};
use chrono::Duration;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde_json::json;

/// A deal's status, stage, probability, and the days until it closes, or `None` if it has closed.
type DealState = (&'static str, &'static str, u32, Option<std::ops::Range<i64>>);

const DEAL_STATES: &[DealState] = &[
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
pub(crate) fn fill(account: &mut Account, rng: &mut ChaCha8Rng, users: &[String], people: &[Person], as_of: AsOf) {
    for person in people {
        if !chance(rng, 20) {
            continue;
        }
        let (service, least, most) = pick(rng, SERVICES).copied().unwrap_or_default();
        let Some((status, stage, probability, days)) = pick(rng, DEAL_STATES).cloned() else { continue };
        // Open deals were created in the last months. Closed deals were closed at their last update.
        let oldest = if days.is_some() { 150 * DAY } else { 500 * DAY };
        let created = rng.random_range(0..=person.since.min(oldest));
        let updated = rng.random_range(0..=created);
        let closes = match days {
            Some(days) => as_of.0 + Duration::days(rng.random_range(days)),
            None => as_of.0 - Duration::minutes(updated),
        };
        let tags: &[&str] = match rng.random_range(0..5) {
            0 => &["priority"],
            1 => &["upsell"],
            _ => &[],
        };
        let object = json!({
            "name": format!("{service} – {}", person.customer),
            "contactId": person.id,
            // Prices end in 50 or 00.
            "value": rng.random_range(least / 50..=most / 50) * 50,
            "currency": if chance(rng, 12) { "EUR" } else { "USD" },
            "status": status,
            "stage": stage,
            "probability": probability,
            "expectedCloseDate": closes.format("%Y-%m-%d").to_string(),
            "assignedTo": person.owner.as_ref().or_else(|| users.last()),
            "tags": tags,
            "createdAt": as_of.minutes_ago(created),
            "updatedAt": as_of.minutes_ago(updated),
        });
        add(account, ObjectKind::Opportunities, object);
    }
}
