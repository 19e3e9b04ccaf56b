//! The tasks of contacts.

use super::of_contact::OfContact;
use crate::account::{Fields, ObjectKind};
use crate::manners::Manners;
use crate::operation::timestamp;
use crate::validate::{Shape, optional, required};
use std::time::Duration;

pub(super) const TASKS: OfContact = OfContact {
    kind: ObjectKind::Tasks,
    members: ("task", "tasks"),
    // Stored under the same names.
    names: &[
        ("id", "id"),
        ("title", "title"),
        ("body", "body"),
        ("assignedTo", "assignedTo"),
        ("dueDate", "dueDate"),
        ("completed", "completed"),
        ("contactId", "contactId"),
    ],
    create: &[
        required("title", Shape::Filled),
        required("dueDate", Shape::Date),
        required("completed", Shape::Flag),
        optional("body", Shape::Text),
        optional("assignedTo", Shape::Text),
    ],
    update: &[
        optional("title", Shape::Filled),
        optional("dueDate", Shape::Date),
        optional("completed", Shape::Flag),
        optional("body", Shape::Text),
        optional("assignedTo", Shape::Text),
    ],
    write,
};

/// Tasks, as the path that only completes them writes them.
pub(super) const COMPLETION: OfContact = OfContact { update: &[required("completed", Shape::Flag)], ..TASKS };

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
