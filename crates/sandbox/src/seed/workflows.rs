//! Sample workflows. Some names are easy to confuse, and one is there twice.

use super::{AsOf, add};
use crate::account::{Account, ObjectKind};
use rand_chacha::ChaCha8Rng;
use serde_json::json;

const DAY: i64 = 24 * 60;

/// Name, status, version.
const WORKFLOWS: &[(&str, &str, u32)] = &[
    ("New lead follow-up", "published", 7),
    ("No-show: rebook", "published", 3),
    ("Review request", "published", 2),
    ("Review request (old)", "draft", 9),
    ("Win back dormant clients", "published", 4),
    ("Onboarding", "published", 11),
    ("Onboarding", "published", 1),
    ("Birthday greeting", "draft", 1),
];

/// Adds the workflows. New ids come from a random stream of their own.
pub(crate) fn fill(account: &mut Account, rng: ChaCha8Rng, as_of: AsOf) {
    let former = account.swap_ids(rng);
    for (number, (name, status, version)) in (0..).zip(WORKFLOWS) {
        let age = (300 - number * 30) * DAY;
        let workflow = json!({
            "name": name,
            "status": status,
            "version": version,
            "createdAt": as_of.minutes_ago(age),
            "updatedAt": as_of.minutes_ago(age / 2),
        });
        add(account, ObjectKind::Workflows, workflow);
    }
    account.swap_ids(former);
}
