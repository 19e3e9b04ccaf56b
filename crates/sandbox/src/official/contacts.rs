//! Contacts: translates between the stored shape and the official one, which is flat and names times differently.

use super::custom_fields::{FieldDefinitions, Model};
use super::errors::{not_found, unprocessable};
use super::organization::{check_location, own_location_id, renamed, text};
use crate::account::{Account, Fields, ObjectKind};
use crate::duplicates;
use crate::manners::Manners;
use crate::operation::{Completed, HandlerResult, WriteKind, timestamp};
use crate::response::ApiResponse;
use crate::validate::{self, Field, Shape, optional, required};
use serde_json::{Value, json};
use std::time::Duration;

const TEXT_OR_NULL: Shape = Shape::OrNull(&Shape::Text);

pub(crate) const CUSTOM: &[Field] = &[
    optional("id", Shape::Filled),
    optional("key", Shape::Text),
    optional("field_value", Shape::Any),
    optional("fieldValue", Shape::Any),
];

/// The OpenAPI file's body of updates has no `companyName`, which users report as a mistake (highlevel-api-docs#314): the
/// live service accepts it.
pub(super) const UPDATE: &[Field] = &[
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

pub(super) const CREATE_ONLY: &[Field] = &[required("locationId", Shape::Filled), optional("gender", Shape::Text)];

/// Stored names and official names of fields that have the same values.
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
    ("inboundDndSettings", "inboundDndSettings"),
    ("unsubscribeEmail", "unsubscribeEmail"),
    ("createdAt", "dateAdded"),
    ("updatedAt", "dateUpdated"),
];

/// Stored names within `address`, and official names.
const ADDRESS: &[(&str, &str)] = &[
    ("street", "address1"),
    ("city", "city"),
    ("state", "state"),
    ("postalCode", "postalCode"),
    ("country", "country"),
];

/// The first and last name as one text.
pub(crate) fn full_name(contact: &Fields) -> String {
    format!("{} {}", text(contact, "firstName"), text(contact, "lastName")).trim().to_owned()
}

/// A contact as answers show it.
pub(crate) fn shown(contact: &Fields, location_id: &str, definitions: &FieldDefinitions<'_>) -> Fields {
    let mut shown = renamed(contact, NAMES);
    if let Some(address) = contact.get("address").and_then(Value::as_object) {
        shown.extend(renamed(address, ADDRESS));
    }
    // A test can store a contact of another location.
    let location = contact.get("locationId").cloned().unwrap_or_else(|| location_id.into());
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
    shown.insert("customFields".into(), definitions.shown(contact));
    shown
}

pub(super) fn answered(account: &Account, contact: &Fields, manners: &Manners) -> Fields {
    let mut shown = shown(contact, &own_location_id(account), &FieldDefinitions::of(account, Model::Contact, manners));
    manners.on_read(ObjectKind::Contacts, &mut shown);
    shown
}

pub(crate) fn get(account: &Account, id: &str, manners: &Manners) -> HandlerResult {
    let contact = account.get(ObjectKind::Contacts, id).ok_or_else(|| not_found("Contact"))?;
    Ok(Completed { response: ApiResponse::ok(json!({ "contact": answered(account, &contact, manners) })), write: None })
}

pub(crate) fn create(account: &mut Account, body: &Fields, now: Duration, manners: &Manners) -> HandlerResult {
    let fields = [UPDATE, CREATE_ONLY].concat();
    validate::creation(&fields, body).map_err(unprocessable)?;
    check_location(account, text(body, "locationId"))?;
    let (id, contact) = create_from(account, body, now, manners)?;
    let mut shown = answered(account, &contact, manners);
    // In the OpenAPI file, the answer of a creation lacks these two fields.
    shown.retain(|name, _| !matches!(name.as_str(), "name" | "timezone"));
    let answer = ApiResponse::created(json!({ "contact": shown }));
    Ok(Completed { response: answer, write: Some((WriteKind::Create, id)) })
}

/// Creates a contact from a checked body. Returns its id and what is stored.
pub(super) fn create_from(
    account: &mut Account,
    body: &Fields,
    now: Duration,
    manners: &Manners,
) -> Result<(String, Fields), ApiResponse> {
    let id = account.new_id();
    let mut contact = Fields::new();
    contact.insert("id".into(), id.clone().into());
    write(account, &mut contact, body, manners)?;
    if has_no_address(&contact) {
        return Err(unprocessable("email or phone is required"));
    }
    duplicates::check(account, manners, None, &contact)?;
    let now = timestamp(now);
    contact.insert("createdAt".into(), now.clone().into());
    contact.insert("updatedAt".into(), now.into());
    account.put(ObjectKind::Contacts, &id, &contact);
    Ok((id, contact))
}

/// Whether there is neither an e-mail address nor a phone number.
pub(super) fn has_no_address(contact: &Fields) -> bool {
    ["email", "phone"].iter().all(|name| text(contact, name).is_empty())
}

pub(crate) fn update(
    account: &mut Account,
    id: &str,
    body: &Fields,
    now: Duration,
    manners: &Manners,
) -> HandlerResult {
    validate::creation(UPDATE, body).map_err(unprocessable)?;
    let before = account.get(ObjectKind::Contacts, id).ok_or_else(|| not_found("Contact"))?;
    let mut contact = before.clone();
    write(account, &mut contact, body, manners)?;
    duplicates::check(account, manners, Some(&before), &contact)?;
    contact.insert("updatedAt".into(), timestamp(now).into());
    account.put(ObjectKind::Contacts, id, &contact);
    // The OpenAPI file spells it `succeded`.
    let answer = ApiResponse::ok(json!({ "succeded": true, "contact": answered(account, &contact, manners) }));
    Ok(Completed { response: answer, write: Some((WriteKind::Update, id.to_owned())) })
}

/// Adds tags to a contact, or removes them.
pub(crate) fn change_tags(
    account: &mut Account,
    id: &str,
    body: &Fields,
    adds: bool,
    now: Duration,
    manners: &Manners,
) -> HandlerResult {
    validate::creation(TAGS, body).map_err(unprocessable)?;
    let before = account.get(ObjectKind::Contacts, id).ok_or_else(|| not_found("Contact"))?;
    let tags = |object: &Fields| object.get("tags").and_then(Value::as_array).cloned().unwrap_or_default();
    // Normalized, a tag matches however it is spelled.
    let mut given = Fields::from_iter([("tags".to_owned(), tags(body).into())]);
    manners.on_write(None, &mut given);
    let (mut all, given) = (tags(&before), tags(&given));
    if adds {
        let new: Vec<_> = given.into_iter().filter(|tag| !all.contains(tag)).collect();
        all.extend(new);
    } else {
        all.retain(|tag| !given.contains(tag));
    }
    let mut contact = before.clone();
    contact.insert("tags".into(), all.into());
    manners.on_write(Some(&before), &mut contact);
    contact.insert("updatedAt".into(), timestamp(now).into());
    account.put(ObjectKind::Contacts, id, &contact);
    let body = json!({ "tags": contact.get("tags") });
    let answer = if adds { ApiResponse::created(body) } else { ApiResponse::ok(body) };
    Ok(Completed { response: answer, write: Some((WriteKind::Update, id.to_owned())) })
}

/// Writes the fields of a body into a stored contact. Tags are replaced.
pub(super) fn write(
    account: &Account,
    contact: &mut Fields,
    body: &Fields,
    manners: &Manners,
) -> Result<(), ApiResponse> {
    let before = contact.clone();
    for (name, value) in body {
        match name.as_str() {
            "locationId" => {}
            "customFields" => {
                let mut custom = inner(contact, "customFields");
                FieldDefinitions::of(account, Model::Contact, manners)
                    .write(value, &mut custom)
                    .map_err(unprocessable)?;
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
    manners.on_write(Some(&before), contact);
    if contact.get("address").is_some_and(|address| address == &json!({})) {
        contact.shift_remove("address");
    }
    Ok(())
}

/// Sets a field, or removes it if the value is null.
fn set(object: &mut Fields, name: &str, value: &Value) {
    if value.is_null() {
        object.shift_remove(name);
    } else {
        object.insert(name.to_owned(), value.clone());
    }
}

/// The object with this name, or an empty one.
fn inner(contact: &Fields, name: &str) -> Fields {
    contact.get(name).and_then(Value::as_object).cloned().unwrap_or_default()
}
