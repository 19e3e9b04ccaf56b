//! The sample locations: the agency's own, and its clients' practices with names that are easy to confuse.

use serde_json::{Value, json};

/// What a location's account has of its own.
pub(crate) struct Home {
    /// The location objects, with the account's own first.
    pub(crate) locations: Vec<Value>,
    /// The domain of its users' addresses.
    pub(crate) domain: String,
}

/// The practices. Each name comes in every spelling of [`spelled`] before the next begins.
const PRACTICES: &[&str] = &[
    "Smile Dental",
    "Hartley Dental",
    "Lakeside Physio",
    "Oak Street Realty",
    "Summit Roofing",
    "Barton Law Group",
    "Mesa Fitness",
    "Juniper Accounting",
];

/// The number of spellings of a name.
const SPELLINGS: usize = 8;

/// A name in one of its spellings. The first and the fourth are equal.
fn spelled(name: &str, spelling: usize) -> String {
    match spelling {
        1 => format!("{name} North"),
        2 => name.to_lowercase(),
        4 => name.to_uppercase(),
        5 => format!("{name} – North"),
        6 => name.replace(' ', ""),
        7 => format!("{name} Northside"),
        _ => name.to_owned(),
    }
}

/// The name of the client's practice with this number.
fn practice(number: usize) -> String {
    let place = number / SPELLINGS;
    let name = PRACTICES.get(place % PRACTICES.len()).copied().unwrap_or_default();
    let spelled = spelled(name, number % SPELLINGS);
    // A second round over the list would only repeat names.
    if place < PRACTICES.len() { spelled } else { format!("{spelled} {}", place / PRACTICES.len() + 1) }
}

/// What the location with this number has of its own.
pub(crate) fn home(number: usize) -> Home {
    let Some(client) = number.checked_sub(1) else {
        return Home { locations: brightwater().into(), domain: "brightwater.example".to_owned() };
    };
    let domain = format!("practice{number}.example");
    let location = json!({
        "name": practice(client),
        "address": format!("{} Congress Ave, Austin, TX 78701", 100 + number),
        "phone": format!("+1-512-555-01{:02}", number % 100),
        "email": format!("desk@{domain}"),
        "timezone": "America/Chicago",
        "settings": { "currency": "USD", "businessHours": "9AM-5PM CST" },
    });
    Home { locations: vec![location], domain }
}

/// The agency's own location, which is the account's, and its offices without an account of their own.
fn brightwater() -> [Value; 3] {
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn near_equal_names_come_first() {
        let names: Vec<String> = (0..8).map(practice).collect();
        let expected = ["Smile Dental", "Smile Dental North", "smile dental", "Smile Dental", "SMILE DENTAL"];
        assert_eq!(names[..5], expected);
        assert_eq!(names[5..], ["Smile Dental – North", "SmileDental", "Smile Dental Northside"]);
        let all: Vec<String> = (0..200).map(practice).collect();
        let different: BTreeSet<&String> = all.iter().collect();
        assert_eq!(different.len(), 175, "one name in eight is there twice");
    }
}
