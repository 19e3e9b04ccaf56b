//! `POST /contacts/upsert`, and the deletion of a contact with what belongs to it.

use super::checks::Query;
use super::contacts::{CREATE_ONLY, UPDATE, answered, create_from, has_no_address, write};
use super::deleted;
use super::errors::{not_found, unprocessable};
use super::organization::{check_location, text};
use crate::account::{Account, Fields, FilterFields, ObjectKind};
use crate::manners::Manners;
use crate::operation::{Completed, HandlerResult, WriteKind, timestamp};
use crate::response::ApiResponse;
use crate::validate::{self, Shape, optional};
use serde_json::json;
use std::time::Duration;

/// The kinds of objects that a contact's deletion removes with it.
const OF_CONTACT: &[ObjectKind] = &[
    ObjectKind::Opportunities,
    ObjectKind::Notes,
    ObjectKind::Tasks,
    ObjectKind::Appointments,
    ObjectKind::Conversations,
    ObjectKind::Messages,
    ObjectKind::Emails,
    ObjectKind::Enrolments,
];

/// Changes the contact that has the e-mail, else the one that has the phone, else creates one.
///
/// If two contacts match, the other one's field is left out, so that it stays the only one with it. An existing contact
/// keeps its gender, as users report (highlevel-api-docs#313).
pub(crate) fn upsert(
    account: &mut Account,
    body: &Fields,
    now: Duration,
    trace: &str,
    manners: &Manners,
) -> HandlerResult {
    let fields = [UPDATE, CREATE_ONLY, &[optional("createNewIfDuplicateAllowed", Shape::Flag)]].concat();
    validate::creation(&fields, body).map_err(unprocessable)?;
    check_location(account, text(body, "locationId"))?;
    let mut body = body.clone();
    let creates = body.shift_remove("createNewIfDuplicateAllowed").is_some_and(|flag| flag == true);
    if has_no_address(&body) {
        return Err(unprocessable("email or phone is required"));
    }
    let [by_email, by_phone] = matches(account, &body, manners);
    let found = if creates && !manners.no_duplicates { None } else { by_email.clone().or_else(|| by_phone.clone()) };
    let Some(id) = found else {
        let (id, contact) = create_from(account, &body, now, manners)?;
        return Ok(answer(account, true, &id, &contact, trace, manners));
    };
    if by_phone.is_some_and(|other| other != id) {
        body.shift_remove("phone");
    }
    body.shift_remove("gender");
    let mut contact = account.get(ObjectKind::Contacts, &id).ok_or_else(|| not_found("Contact"))?;
    write(account, &mut contact, &body, manners)?;
    contact.insert("updatedAt".into(), timestamp(now).into());
    account.put(ObjectKind::Contacts, &id, &contact);
    Ok(answer(account, false, &id, &contact, trace, manners))
}

/// The contacts with the e-mail and with the phone of a body. As lists do, they lag behind writes.
fn matches(account: &Account, body: &Fields, manners: &Manners) -> [Option<String>; 2] {
    let mut stored = body.clone();
    stored.retain(|name, _| matches!(name.as_str(), "email" | "phone"));
    manners.on_write(None, &mut stored);
    let wanted = FilterFields::of(&stored);
    let by = |value: &str, of: fn(&FilterFields) -> &str| {
        (!value.is_empty()).then(|| account.find_listed_id(ObjectKind::Contacts, |has| of(has) == value)).flatten()
    };
    [by(&wanted.email, |has| &has.email), by(&wanted.phone, |has| &has.phone)]
}

/// The contact that an upsert would change; null if there is none.
pub(crate) fn duplicate(account: &Account, query: &Query, trace: &str, manners: &Manners) -> HandlerResult {
    check_location(account, query.get("locationId").unwrap_or_default())?;
    let names = [("email", "email"), ("number", "phone")];
    let body: Fields =
        names.iter().filter_map(|(asked, name)| Some(((*name).to_owned(), query.get(asked)?.into()))).collect();
    if has_no_address(&body) {
        return Err(unprocessable("email or number is required"));
    }
    let [by_email, by_phone] = matches(account, &body, manners);
    let found = by_email.or(by_phone).and_then(|id| account.get(ObjectKind::Contacts, &id));
    let contact = found.map(|contact| answered(account, &contact, manners));
    Ok(Completed { response: ApiResponse::ok(json!({ "contact": contact, "traceId": trace })), write: None })
}

fn answer(account: &Account, is_new: bool, id: &str, contact: &Fields, trace: &str, manners: &Manners) -> Completed {
    let body = json!({ "new": is_new, "contact": answered(account, contact, manners), "traceId": trace });
    let write = if is_new { WriteKind::Create } else { WriteKind::Update };
    Completed { response: ApiResponse::ok(body), write: Some((write, id.to_owned())) }
}

/// Deletes a contact with what belongs to it.
pub(crate) fn delete(account: &mut Account, id: &str) -> HandlerResult {
    account.get(ObjectKind::Contacts, id).ok_or_else(|| not_found("Contact"))?;
    for kind in OF_CONTACT {
        for other in account.ids_of_contact(*kind, id) {
            account.remove(*kind, &other);
        }
    }
    account.remove(ObjectKind::Contacts, id);
    deleted(id)
}
