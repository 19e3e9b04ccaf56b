//! Sample contacts: people at local businesses, as untidy as a real list.

use super::super::account::{Account, Kind, Traits, digits};
use super::lists::{FIRST, LAST, PLACES, SOURCES, STREETS, TAGS, TRADES};
use super::{AsOf, chance, pick, word};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

/// What opportunities need to know of a contact.
pub(super) struct Person {
    pub(super) id: String,
    /// The company, or the person's own name.
    pub(super) customer: String,
    pub(super) owner: Option<String>,
    /// Minutes before the base date.
    pub(super) since: i64,
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

/// Over how long the contacts came in: two years.
const SPAN_MINUTES: i64 = 2 * 365 * 24 * 60;

/// Adds so many contacts, oldest first.
pub(super) fn fill(
    account: &mut Account,
    dice: &mut ChaCha8Rng,
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
            // Real lists hold people twice: entered again with the same address and another spelling of the rest.
            Some(earlier) if number % 83 == 82 => twin(earlier),
            _ => contact(dice, users, count),
        };
        contact.id = account.new_id();
        contact.created_at = as_of.minutes_ago(since);
        contact.updated_at = as_of.minutes_ago(dice.random_range(0..=since));
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
    let traits = Traits {
        email: contact.email.to_lowercase(),
        phone: digits(contact.phone.as_deref().unwrap_or_default()),
        status: String::new(),
        tags: contact.tags.iter().map(|tag| (*tag).to_owned()).collect(),
    };
    let text = serde_json::to_string(contact).unwrap_or_default();
    account.put_text(Kind::Contacts, &contact.id, text, traits);
}

fn twin(earlier: &Contact) -> Contact {
    let mut twin = earlier.clone();
    twin.email = twin.email.to_uppercase();
    twin.phone = twin.phone.map(|phone| digits(&phone));
    twin.company_name = None;
    twin.tags = vec!["lead"];
    twin.source = "import";
    twin
}

fn contact(dice: &mut ChaCha8Rng, users: &[String], count: usize) -> Contact {
    let (first_name, last_name) = (word(dice, FIRST), word(dice, LAST));
    let place = pick(dice, PLACES).copied().unwrap_or_default();
    let company = chance(dice, 90).then(|| company(dice, count));
    let domain = match &company {
        Some((name, _)) => format!("{}.example", name.to_lowercase().replace(' ', "").replace('&', "and")),
        None => "mailbox.example".to_owned(),
    };
    let (first, last) = (first_name.to_lowercase(), last_name.to_lowercase());
    let email = match dice.random_range(0..10) {
        0 => format!("{first}@{domain}"),
        1 => format!("{}{last}@{domain}", first.get(..1).unwrap_or_default()),
        _ => format!("{first}.{last}@{domain}"),
    };
    let mut tags: Vec<&str> = (0..dice.random_range(0..4)).map(|_| word(dice, TAGS)).collect();
    tags.sort_unstable();
    tags.dedup();
    Contact {
        id: String::new(),
        first_name,
        last_name,
        email,
        phone: chance(dice, 92).then(|| phone(dice, place.3)),
        tags,
        source: word(dice, SOURCES),
        assigned_to: if chance(dice, 80) { pick(dice, users).cloned() } else { None },
        address: chance(dice, 75).then(|| Address {
            street: format!("{} {}", dice.random_range(100..9900), word(dice, STREETS)),
            city: place.0,
            state: place.1,
            postal_code: format!("{}{:02}", place.2, dice.random_range(0..100)),
            country: "USA",
        }),
        custom_fields: CustomFields {
            industry: company.as_ref().map(|(_, industry)| *industry),
            employees: company.as_ref().map(|_| dice.random_range(2..60)),
            preferred_contact: word(dice, &["email", "phone", "sms"]),
        },
        company_name: company.map(|(name, _)| name),
        created_at: String::new(),
        updated_at: String::new(),
    }
}

/// One of about a third as many companies as there are contacts, with its industry.
fn company(dice: &mut ChaCha8Rng, contacts: usize) -> (String, &'static str) {
    let number = dice.random_range(0..(contacts / 3).clamp(1, LAST.len() * TRADES.len()));
    let name = LAST.get(number % LAST.len()).copied().unwrap_or_default();
    let trade = (number / LAST.len() + number) % TRADES.len();
    let (word, industry) = TRADES.get(trade).copied().unwrap_or_default();
    (format!("{name} {word}"), industry)
}

/// A number of the range that belongs to nobody, in one of the forms people write.
fn phone(dice: &mut ChaCha8Rng, area: &str) -> String {
    let line = dice.random_range(100..200);
    match dice.random_range(0..6) {
        0 => format!("({area}) 555-0{line}"),
        1 => format!("{area}.555.0{line}"),
        2 => format!("+1{area}5550{line}"),
        3 => format!("{area} 555 0{line}"),
        _ => format!("+1-{area}-555-0{line}"),
    }
}
