//! The notes of contacts.

use super::errors::{not_found, unprocessable};
use super::organization::{renamed, text};
use crate::account::{Account, Fields, ObjectKind};
use crate::manners::Manners;
use crate::normalize::html_paragraphs;
use crate::operation::{Completed, HandlerResult, WriteKind, timestamp};
use crate::response::ApiResponse;
use crate::validate::{self, Field, Shape, optional, required};
use serde_json::{Value, json};
use std::time::Duration;

const BODY: &[Field] = &[
    required("body", Shape::Filled),
    optional("userId", Shape::Text),
    optional("title", Shape::Text),
    optional("color", Shape::Text),
    optional("pinned", Shape::Flag),
];

const UPDATE: &[Field] = &[
    optional("body", Shape::Text),
    optional("userId", Shape::Text),
    optional("title", Shape::Text),
    optional("color", Shape::Text),
    optional("pinned", Shape::Flag),
];

/// Stored names and official names.
const NAMES: &[(&str, &str)] = &[
    ("id", "id"),
    ("body", "body"),
    ("userId", "userId"),
    ("createdAt", "dateAdded"),
    ("contactId", "contactId"),
    ("title", "title"),
    ("color", "color"),
    ("pinned", "pinned"),
];

fn shown(note: &Fields, manners: &Manners) -> Value {
    let mut shown = renamed(note, NAMES);
    manners.on_read(ObjectKind::Notes, &mut shown);
    Value::Object(shown)
}

/// The contact of a path has to exist.
pub(crate) fn check_contact(account: &Account, contact: &str) -> Result<(), ApiResponse> {
    account.get(ObjectKind::Contacts, contact).map(|_| ()).ok_or_else(|| not_found("Contact"))
}

/// The note of this contact.
fn of_contact(account: &Account, contact: &str, id: &str) -> Result<Fields, ApiResponse> {
    check_contact(account, contact)?;
    let note = account.get(ObjectKind::Notes, id).filter(|note| text(note, "contactId") == contact);
    note.ok_or_else(|| not_found("Note"))
}

/// Every note of a contact, newest first.
pub(crate) fn list(account: &Account, contact: &str, manners: &Manners) -> HandlerResult {
    check_contact(account, contact)?;
    let notes = account.listed_of_contact(ObjectKind::Notes, contact);
    let shown: Vec<_> =
        notes.iter().rev().take(manners.list_limit(usize::MAX)).map(|note| shown(note, manners)).collect();
    Ok(Completed { response: ApiResponse::ok(json!({ "notes": shown })), write: None })
}

pub(crate) fn get(account: &Account, contact: &str, id: &str, manners: &Manners) -> HandlerResult {
    let note = of_contact(account, contact, id)?;
    Ok(Completed { response: ApiResponse::ok(json!({ "note": shown(&note, manners) })), write: None })
}

pub(crate) fn create(
    account: &mut Account,
    contact: &str,
    body: &Fields,
    now: Duration,
    manners: &Manners,
) -> HandlerResult {
    validate::creation(BODY, body).map_err(unprocessable)?;
    check_contact(account, contact)?;
    let id = account.new_id();
    let mut note = Fields::new();
    note.insert("id".into(), id.clone().into());
    note.insert("contactId".into(), contact.into());
    note.extend(body.clone());
    stored(&mut note, None, manners);
    note.insert("createdAt".into(), timestamp(now).into());
    account.put(ObjectKind::Notes, &id, &note);
    let answer = ApiResponse::created(json!({ "note": shown(&note, manners) }));
    Ok(Completed { response: answer, write: Some((WriteKind::Create, id)) })
}

pub(crate) fn update(
    account: &mut Account,
    (contact, id): (&str, &str),
    body: &Fields,
    manners: &Manners,
) -> HandlerResult {
    validate::creation(UPDATE, body).map_err(unprocessable)?;
    let before = of_contact(account, contact, id)?;
    let mut note = before.clone();
    note.extend(body.clone());
    stored(&mut note, Some(&before), manners);
    account.put(ObjectKind::Notes, id, &note);
    let answer = ApiResponse::ok(json!({ "note": shown(&note, manners) }));
    Ok(Completed { response: answer, write: Some((WriteKind::Update, id.to_owned())) })
}

pub(crate) fn delete(account: &mut Account, contact: &str, id: &str) -> HandlerResult {
    of_contact(account, contact, id)?;
    account.remove(ObjectKind::Notes, id);
    // The OpenAPI file spells it `succeded`.
    let answer = ApiResponse::ok(json!({ "succeded": true }));
    Ok(Completed { response: answer, write: Some((WriteKind::Delete, id.to_owned())) })
}

/// Turns a note that a write created or changed into what is stored of it. Live accounts store the text as HTML.
fn stored(note: &mut Fields, before: Option<&Fields>, manners: &Manners) {
    manners.on_write(before, note);
    if manners.normalize && before.map(|before| text(before, "body")) != Some(text(note, "body")) {
        let html = html_paragraphs(text(note, "body"));
        note.insert("body".into(), html.into());
    }
}
