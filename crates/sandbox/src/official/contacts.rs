//! Contacts: flat where the stored ones are nested, with other names for their times.

use super::super::account::{Account, Fields, Kind};
use super::super::answer::Answer;
use super::super::duplicates;
use super::super::manners::Manners;
use super::super::routes::{Change, Done, Outcome, stamp};
use super::super::validate::{self, Field, Shape, optional, required};
use super::custom::{Dictionary, Model};
use super::errors::{missing, unprocessable};
use super::team::{home, is_home, renamed, text};
use serde_json::{Value, json};
use std::time::Duration;

const TEXT_OR_NULL: Shape = Shape::OrNull(&Shape::Text);

pub(super) const CUSTOM: &[Field] = &[
    optional("id", Shape::Filled),
    optional("key", Shape::Text),
    optional("field_value", Shape::Any),
    optional("fieldValue", Shape::Any),
];

/// `companyName` is missing from the file's body of updates, by mistake as its users say (highlevel-api-docs#314): the
/// live service takes it.
const UPDATE: &[Field] = &[
    optional("firstName", TEXT_OR_NULL),
    optional("lastName", TEXT_OR_NULL),
    optional("name", TEXT_OR_NULL),
    optional("email", Shape::OrNull(&Shape::Email)),
    optional("phone", TEXT_OR_NULL),
    optional("address1", TEXT_OR_NULL),
    optional("city", TEXT_OR_NULL),
    optional("state", TEXT_OR_NULL),
    optional("postalCode", Shape::Text),
    optional("website", TEXT_OR_NULL),
    optional("timezone", TEXT_OR_NULL),
    optional("dnd", Shape::Flag),
    optional("dndSettings", Shape::AnyObject),
    optional("inboundDndSettings", Shape::AnyObject),
    optional("tags", Shape::Texts),
    optional("customFields", Shape::Items(CUSTOM)),
    optional("source", TEXT_OR_NULL),
    optional("dateOfBirth", Shape::OrNull(&Shape::Date)),
    optional("country", Shape::Text),
    optional("companyName", TEXT_OR_NULL),
    optional("assignedTo", TEXT_OR_NULL),
];

const TAGS: &[Field] = &[required("tags", Shape::FilledTexts)];

const CREATE_ONLY: &[Field] = &[required("locationId", Shape::Filled), optional("gender", Shape::Text)];

/// Stored name, official name: what is the same but for its name.
const NAMES: &[(&str, &str)] = &[
    ("id", "id"),
    ("firstName", "firstName"),
    ("lastName", "lastName"),
    ("email", "email"),
    ("phone", "phone"),
    ("companyName", "companyName"),
    ("source", "source"),
    ("assignedTo", "assignedTo"),
    ("website", "website"),
    ("timezone", "timezone"),
    ("dateOfBirth", "dateOfBirth"),
    ("tags", "tags"),
    ("dnd", "dnd"),
    ("dndSettings", "dndSettings"),
    ("createdAt", "dateAdded"),
    ("updatedAt", "dateUpdated"),
];

/// Stored name within `address`, official name.
const ADDRESS: &[(&str, &str)] = &[
    ("street", "address1"),
    ("city", "city"),
    ("state", "state"),
    ("postalCode", "postalCode"),
    ("country", "country"),
];

/// A contact's first and last name as one.
pub(super) fn full_name(contact: &Fields) -> String {
    format!("{} {}", text(contact, "firstName"), text(contact, "lastName")).trim().to_owned()
}

/// A contact as its own answers show it.
pub(super) fn shown(contact: &Fields, home: &str, dictionary: &Dictionary<'_>) -> Fields {
    let mut shown = renamed(contact, NAMES);
    if let Some(address) = contact.get("address").and_then(Value::as_object) {
        shown.extend(renamed(address, ADDRESS));
    }
    // A test may have put it into another location.
    let location = contact.get("locationId").cloned().unwrap_or_else(|| home.into());
    shown.insert("locationId".into(), location);
    shown.insert("type".into(), "lead".into());
    shown.insert("name".into(), full_name(contact).into());
    for (name, lower) in
        [("firstName", "firstNameLowerCase"), ("lastName", "lastNameLowerCase"), ("email", "emailLowerCase")]
    {
        if let Some(value) = contact.get(name).and_then(Value::as_str) {
            shown.insert(lower.into(), value.to_lowercase().into());
        }
    }
    shown.insert("customFields".into(), dictionary.shown(contact));
    shown
}

fn answered(account: &Account, contact: &Fields, manners: &Manners) -> Fields {
    let mut shown = shown(contact, &home(account), &Dictionary::of(account, Model::Contact, manners));
    manners.show(Kind::Contacts, &mut shown);
    shown
}

pub(super) fn get(account: &Account, id: &str, manners: &Manners) -> Outcome {
    let contact = account.get(Kind::Contacts, id).ok_or_else(|| missing("Contact"))?;
    Ok(Done { answer: Answer::ok(json!({ "contact": answered(account, &contact, manners) })), change: None })
}

pub(super) fn create(account: &mut Account, body: &Fields, now: Duration, manners: &Manners) -> Outcome {
    let fields = [UPDATE, CREATE_ONLY].concat();
    validate::creation(&fields, body).map_err(unprocessable)?;
    is_home(account, text(body, "locationId"))?;
    let id = account.new_id();
    let mut contact = Fields::new();
    contact.insert("id".into(), id.clone().into());
    write(account, &mut contact, body, manners)?;
    if ["email", "phone"].iter().all(|name| text(&contact, name).is_empty()) {
        return Err(unprocessable("email or phone is required"));
    }
    duplicates::judge(account, manners, None, &contact)?;
    let now = stamp(now);
    contact.insert("createdAt".into(), now.clone().into());
    contact.insert("updatedAt".into(), now.into());
    account.put(Kind::Contacts, &id, &contact);
    let mut shown = answered(account, &contact, manners);
    // The file's answer of a creation is the one without these two.
    shown.retain(|name, _| !matches!(name.as_str(), "name" | "timezone"));
    let answer = Answer::created(json!({ "contact": shown }));
    Ok(Done { answer, change: Some((Change::Create, id)) })
}

pub(super) fn update(account: &mut Account, id: &str, body: &Fields, now: Duration, manners: &Manners) -> Outcome {
    validate::creation(UPDATE, body).map_err(unprocessable)?;
    let before = account.get(Kind::Contacts, id).ok_or_else(|| missing("Contact"))?;
    let mut contact = before.clone();
    write(account, &mut contact, body, manners)?;
    duplicates::judge(account, manners, Some(&before), &contact)?;
    contact.insert("updatedAt".into(), stamp(now).into());
    account.put(Kind::Contacts, id, &contact);
    // `succeded` is how the file spells it.
    let answer = Answer::ok(json!({ "succeded": true, "contact": answered(account, &contact, manners) }));
    Ok(Done { answer, change: Some((Change::Update, id.to_owned())) })
}

/// Adds tags to a contact, or takes them from it.
pub(super) fn change_tags(
    account: &mut Account,
    id: &str,
    body: &Fields,
    adds: bool,
    now: Duration,
    manners: &Manners,
) -> Outcome {
    validate::creation(TAGS, body).map_err(unprocessable)?;
    let before = account.get(Kind::Contacts, id).ok_or_else(|| missing("Contact"))?;
    let tags = |object: &Fields| object.get("tags").and_then(Value::as_array).cloned().unwrap_or_default();
    // What is stored in a normal form is found by any spelling of it.
    let mut given = Fields::from_iter([("tags".to_owned(), tags(body).into())]);
    manners.settle(None, &mut given);
    let (mut all, given) = (tags(&before), tags(&given));
    if adds {
        let new: Vec<_> = given.into_iter().filter(|tag| !all.contains(tag)).collect();
        all.extend(new);
    } else {
        all.retain(|tag| !given.contains(tag));
    }
    let mut contact = before.clone();
    contact.insert("tags".into(), all.into());
    manners.settle(Some(&before), &mut contact);
    contact.insert("updatedAt".into(), stamp(now).into());
    account.put(Kind::Contacts, id, &contact);
    let body = json!({ "tags": contact.get("tags") });
    let answer = if adds { Answer::created(body) } else { Answer::ok(body) };
    Ok(Done { answer, change: Some((Change::Update, id.to_owned())) })
}

/// Writes the fields of a body into a stored contact. Tags take the place of those before.
fn write(account: &Account, contact: &mut Fields, body: &Fields, manners: &Manners) -> Result<(), Answer> {
    let before = contact.clone();
    for (name, value) in body {
        match name.as_str() {
            "locationId" => {}
            "customFields" => {
                let mut custom = inner(contact, "customFields");
                Dictionary::of(account, Model::Contact, manners).write(value, &mut custom).map_err(unprocessable)?;
                contact.insert("customFields".into(), custom.into());
            }
            "name" => {
                let (first, last) = value.as_str().and_then(|name| name.split_once(' ')).unwrap_or_default();
                let first = if first.is_empty() { value.as_str().unwrap_or_default() } else { first };
                for (name, part) in [("firstName", first), ("lastName", last)] {
                    if !body.contains_key(name) {
                        set(contact, name, &part.into());
                    }
                }
            }
            _ => match ADDRESS.iter().find(|(_, official)| official == name) {
                Some((stored, _)) => {
                    let mut address = inner(contact, "address");
                    set(&mut address, stored, value);
                    contact.insert("address".into(), address.into());
                }
                None => set(contact, name, value),
            },
        }
    }
    manners.settle(Some(&before), contact);
    if contact.get("address").is_some_and(|address| address == &json!({})) {
        contact.shift_remove("address");
    }
    Ok(())
}

/// Sets a field; null takes it away.
fn set(object: &mut Fields, name: &str, value: &Value) {
    if value.is_null() {
        object.shift_remove(name);
    } else {
        object.insert(name.to_owned(), value.clone());
    }
}

/// The object under a name, or an empty one.
fn inner(contact: &Fields, name: &str) -> Fields {
    contact.get(name).and_then(Value::as_object).cloned().unwrap_or_default()
}
