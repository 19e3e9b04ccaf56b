//! The tasks of contacts.

use super::errors::{not_found, unprocessable};
use super::notes::check_contact;
use super::organization::{renamed, text};
use crate::account::{Account, Fields, ObjectKind};
use crate::manners::Manners;
use crate::operation::{Completed, HandlerResult, WriteKind, timestamp};
use crate::response::ApiResponse;
use crate::validate::{self, Field, Shape, optional, required};
use serde_json::{Value, json};
use std::time::Duration;

const CREATE: &[Field] = &[
    required("title", Shape::Filled),
    required("dueDate", Shape::Date),
    required("completed", Shape::Flag),
    optional("body", Shape::Text),
    optional("assignedTo", Shape::Text),
];

const UPDATE: &[Field] = &[
    optional("title", Shape::Filled),
    optional("dueDate", Shape::Date),
    optional("completed", Shape::Flag),
    optional("body", Shape::Text),
    optional("assignedTo", Shape::Text),
];

const COMPLETED: &[Field] = &[required("completed", Shape::Flag)];

/// The fields of an answer. They have the same names as those stored.
const NAMES: &[(&str, &str)] = &[
    ("id", "id"),
    ("title", "title"),
    ("body", "body"),
    ("assignedTo", "assignedTo"),
    ("dueDate", "dueDate"),
    ("completed", "completed"),
    ("contactId", "contactId"),
];

fn shown(task: &Fields, manners: &Manners) -> Value {
    let mut shown = renamed(task, NAMES);
    manners.on_read(ObjectKind::Tasks, &mut shown);
    Value::Object(shown)
}

/// The task of this contact.
fn of_contact(account: &Account, contact: &str, id: &str) -> Result<Fields, ApiResponse> {
    check_contact(account, contact)?;
    let task = account.get(ObjectKind::Tasks, id).filter(|task| text(task, "contactId") == contact);
    task.ok_or_else(|| not_found("Task"))
}

/// Every task of a contact, newest first.
pub(crate) fn list(account: &Account, contact: &str, manners: &Manners) -> HandlerResult {
    check_contact(account, contact)?;
    let tasks = account.listed_of_contact(ObjectKind::Tasks, contact);
    let shown: Vec<_> =
        tasks.iter().rev().take(manners.list_limit(usize::MAX)).map(|task| shown(task, manners)).collect();
    Ok(Completed { response: ApiResponse::ok(json!({ "tasks": shown })), write: None })
}

pub(crate) fn get(account: &Account, contact: &str, id: &str, manners: &Manners) -> HandlerResult {
    let task = of_contact(account, contact, id)?;
    Ok(Completed { response: ApiResponse::ok(json!({ "task": shown(&task, manners) })), write: None })
}

pub(crate) fn create(
    account: &mut Account,
    contact: &str,
    body: &Fields,
    now: Duration,
    manners: &Manners,
) -> HandlerResult {
    validate::creation(CREATE, body).map_err(unprocessable)?;
    check_contact(account, contact)?;
    let id = account.new_id();
    let mut task = Fields::new();
    task.insert("id".into(), id.clone().into());
    task.insert("contactId".into(), contact.into());
    write(&mut task, body, now, manners);
    task.insert("createdAt".into(), timestamp(now).into());
    account.put(ObjectKind::Tasks, &id, &task);
    let answer = ApiResponse::created(json!({ "task": shown(&task, manners) }));
    Ok(Completed { response: answer, write: Some((WriteKind::Create, id)) })
}

pub(crate) fn update(
    account: &mut Account,
    path: (&str, &str),
    body: &Fields,
    now: Duration,
    manners: &Manners,
) -> HandlerResult {
    validate::creation(UPDATE, body).map_err(unprocessable)?;
    save(account, path, body, now, manners)
}

pub(crate) fn update_completed(
    account: &mut Account,
    path: (&str, &str),
    body: &Fields,
    now: Duration,
    manners: &Manners,
) -> HandlerResult {
    validate::creation(COMPLETED, body).map_err(unprocessable)?;
    save(account, path, body, now, manners)
}

fn save(
    account: &mut Account,
    (contact, id): (&str, &str),
    body: &Fields,
    now: Duration,
    manners: &Manners,
) -> HandlerResult {
    let mut task = of_contact(account, contact, id)?;
    write(&mut task, body, now, manners);
    account.put(ObjectKind::Tasks, id, &task);
    let answer = ApiResponse::ok(json!({ "task": shown(&task, manners) }));
    Ok(Completed { response: answer, write: Some((WriteKind::Update, id.to_owned())) })
}

pub(crate) fn delete(account: &mut Account, contact: &str, id: &str) -> HandlerResult {
    of_contact(account, contact, id)?;
    account.remove(ObjectKind::Tasks, id);
    // The OpenAPI file spells it `succeded`.
    let answer = ApiResponse::ok(json!({ "succeded": true }));
    Ok(Completed { response: answer, write: Some((WriteKind::Delete, id.to_owned())) })
}

/// Writes the fields of a body into a stored task. An empty text clears an optional field.
fn write(task: &mut Fields, body: &Fields, now: Duration, manners: &Manners) {
    let before = task.clone();
    for (name, value) in body {
        match value.as_str() {
            Some("") => drop(task.shift_remove(name)),
            _ => drop(task.insert(name.clone(), value.clone())),
        }
    }
    manners.on_write(Some(&before), task);
    task.insert("updatedAt".into(), timestamp(now).into());
}
