//! The users of a sample account.

use super::locations::Home;
use super::{AsOf, add};
use crate::account::{Account, ObjectKind};
use serde_json::json;

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

/// Adds the locations and users of an account. Returns the ids of the sales people.
pub(crate) fn fill(account: &mut Account, home: &Home, as_of: AsOf) -> Vec<String> {
    for location in &home.locations {
        add(account, ObjectKind::Locations, location.clone());
    }
    let mut sellers = Vec::new();
    for (number, (first, last, role)) in (0..).zip(USERS) {
        let id = add(
            account,
            ObjectKind::Users,
            json!({
                "email": format!("{}@{}", first.to_lowercase(), home.domain),
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
