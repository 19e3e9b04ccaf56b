//! Sample contacts: people at local businesses, with the inconsistencies of a real list.

use super::lists::{FIRST, LAST, PLACES, SOURCES, STREETS, TAGS, TRADES};
use super::{AsOf, chance, pick, word};
use crate::account::{Account, FilterFields, ObjectKind, digits};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

/// The fields of a contact that opportunities use.
pub(crate) struct Person {
    pub(crate) id: String,
    /// The company, or the person's name.
    pub(crate) customer: String,
    pub(crate) owner: Option<String>,
    /// The time of creation, in minutes before the base date.
    pub(crate) since: i64,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Contact {
    id: String,
    first_name: &'static str,
    last_name: &'static str,
    email: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    company_name: Option<String>,
    tags: Vec<&'static str>,
    source: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    assigned_to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<Address>,
    custom_fields: CustomFields,
    created_at: String,
    updated_at: String,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Address {
    street: String,
    city: &'static str,
    state: &'static str,
    postal_code: String,
    country: &'static str,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct CustomFields {
    #[serde(skip_serializing_if = "Option::is_none")]
    industry: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    employees: Option<u32>,
    preferred_contact: &'static str,
}

/// The time over which contacts were created: two years.
const SPAN_MINUTES: i64 = 2 * 365 * 24 * 60;

/// Adds contacts, oldest first.
pub(crate) fn fill(
    account: &mut Account,
    rng: &mut ChaCha8Rng,
    users: &[String],
    count: usize,
    as_of: AsOf,
) -> Vec<Person> {
    let mut people = Vec::with_capacity(count);
    let total = i64::try_from(count.max(1)).unwrap_or(i64::MAX);
    let mut latest: Option<Contact> = None;
    for (_, number) in (0..count).zip(0_i64..) {
        let since = SPAN_MINUTES - SPAN_MINUTES.saturating_mul(number) / total;
        let mut contact = match &latest {
            // Real lists have duplicates: the same address with another spelling of the rest.
            Some(earlier) if number % 83 == 82 => duplicate(earlier),
            _ => contact(rng, users, count),
        };
        contact.id = account.new_id();
        contact.created_at = as_of.minutes_ago(since);
        contact.updated_at = as_of.minutes_ago(rng.random_range(0..=since));
        people.push(Person {
            id: contact.id.clone(),
            customer: contact
                .company_name
                .clone()
                .unwrap_or_else(|| format!("{} {}", contact.first_name, contact.last_name)),
            owner: contact.assigned_to.clone(),
            since,
        });
        put(account, &contact);
        latest = Some(contact);
    }
    people
}

fn put(account: &mut Account, contact: &Contact) {
    let filter_fields = FilterFields {
        email: contact.email.to_lowercase(),
        phone: digits(contact.phone.as_deref().unwrap_or_default()),
        status: String::new(),
        tags: contact.tags.iter().map(|tag| (*tag).to_owned()).collect(),
    };
    let text = serde_json::to_string(contact).unwrap_or_default();
    account.put_text(ObjectKind::Contacts, &contact.id, text, filter_fields);
}

fn duplicate(earlier: &Contact) -> Contact {
    let mut duplicate = earlier.clone();
    duplicate.email = duplicate.email.to_uppercase();
    duplicate.phone = duplicate.phone.map(|phone| digits(&phone));
    duplicate.company_name = None;
    duplicate.tags = vec!["lead"];
    duplicate.source = "import";
    duplicate
}

fn contact(rng: &mut ChaCha8Rng, users: &[String], count: usize) -> Contact {
    let (first_name, last_name) = (word(rng, FIRST), word(rng, LAST));
    let place = pick(rng, PLACES).copied().unwrap_or_default();
    let company = chance(rng, 90).then(|| company(rng, count));
    let domain = match &company {
        Some((name, _)) => format!("{}.example", name.to_lowercase().replace(' ', "").replace('&', "and")),
        None => "mailbox.example".to_owned(),
    };
    let (first, last) = (first_name.to_lowercase(), last_name.to_lowercase());
    let email = match rng.random_range(0..10) {
        0 => format!("{first}@{domain}"),
        1 => format!("{}{last}@{domain}", first.get(..1).unwrap_or_default()),
        _ => format!("{first}.{last}@{domain}"),
    };
    let mut tags: Vec<&str> = (0..rng.random_range(0..4)).map(|_| word(rng, TAGS)).collect();
    tags.sort_unstable();
    tags.dedup();
    Contact {
        id: String::new(),
        first_name,
        last_name,
        email,
        phone: chance(rng, 92).then(|| phone(rng, place.3)),
        tags,
        source: word(rng, SOURCES),
        assigned_to: if chance(rng, 80) { pick(rng, users).cloned() } else { None },
        address: chance(rng, 75).then(|| Address {
            street: format!("{} {}", rng.random_range(100..9900), word(rng, STREETS)),
            city: place.0,
            state: place.1,
            postal_code: format!("{}{:02}", place.2, rng.random_range(0..100)),
            country: "USA",
        }),
        custom_fields: CustomFields {
            industry: company.as_ref().map(|(_, industry)| *industry),
            employees: company.as_ref().map(|_| rng.random_range(2..60)),
            preferred_contact: word(rng, &["email", "phone", "sms"]),
        },
        company_name: company.map(|(name, _)| name),
        created_at: String::new(),
        updated_at: String::new(),
    }
}

/// A company with its industry. There are about three contacts per company.
fn company(rng: &mut ChaCha8Rng, contacts: usize) -> (String, &'static str) {
    let number = rng.random_range(0..(contacts / 3).clamp(1, LAST.len() * TRADES.len()));
    let name = LAST.get(number % LAST.len()).copied().unwrap_or_default();
    let trade = (number / LAST.len() + number) % TRADES.len();
    let (word, industry) = TRADES.get(trade).copied().unwrap_or_default();
    (format!("{name} {word}"), industry)
}

/// A number of the range reserved for fiction, in one of the common notations.
fn phone(rng: &mut ChaCha8Rng, area: &str) -> String {
    let line = rng.random_range(100..200);
    match rng.random_range(0..6) {
        0 => format!("({area}) 555-0{line}"),
        1 => format!("{area}.555.0{line}"),
        2 => format!("+1{area}5550{line}"),
        3 => format!("{area} 555 0{line}"),
        _ => format!("+1-{area}-555-0{line}"),
    }
}
