//! The sample agency's users and locations.

use super::{AsOf, add};
use crate::account::{Account, ObjectKind};
use serde_json::{Value, json};

/// First name, last name, role. The token belongs to the first user.
const USERS: &[(&str, &str, &str)] = &[
    ("Dana", "Whitlock", "admin"),
    ("Miguel", "Torres", "sales manager"),
    ("Keisha", "Bryant", "sales rep"),
    ("Tom", "Lindgren", "sales rep"),
    ("Anjali", "Rao", "sales rep"),
    ("Ben", "Archer", "marketing"),
];

const DAY: i64 = 24 * 60;

/// Adds users and locations. Returns the ids of the sales people.
pub(crate) fn fill(account: &mut Account, as_of: AsOf) -> Vec<String> {
    for location in locations() {
        add(account, ObjectKind::Locations, location);
    }
    let mut sellers = Vec::new();
    for (number, (first, last, role)) in (0..).zip(USERS) {
        let id = add(
            account,
            ObjectKind::Users,
            json!({
                "email": format!("{}@brightwater.example", first.to_lowercase()),
                "firstName": first,
                "lastName": last,
                "role": role,
                "createdAt": as_of.minutes_ago((900 - number * 110) * DAY),
            }),
        );
        if role.starts_with("sales") {
            sellers.push(id);
        }
    }
    sellers
}

/// The locations, with the default location first.
fn locations() -> [Value; 3] {
    [
        json!({
            "name": "Brightwater Digital",
            "address": "2100 Barton Springs Rd, Austin, TX 78704",
            "phone": "+1-512-555-0100",
            "email": "hello@brightwater.example",
            "timezone": "America/Chicago",
            "settings": { "currency": "USD", "businessHours": "9AM-5PM CST" },
        }),
        json!({
            "name": "Brightwater Digital – Denver",
            "address": "1550 Larimer St, Denver, CO 80202",
            "phone": "+1-303-555-0142",
            "email": "denver@brightwater.example",
            "timezone": "America/Denver",
            "settings": { "currency": "USD", "businessHours": "9AM-5PM MST" },
        }),
        json!({
            "name": "Brightwater Digital – Dublin",
            "address": "14 Fenian St, Dublin 2, D02 XY88",
            "phone": "+353-1-555-0188",
            "email": "dublin@brightwater.example",
            "timezone": "Europe/Dublin",
            "settings": { "currency": "EUR", "businessHours": "9AM-5:30PM GMT" },
        }),
    ]
}
