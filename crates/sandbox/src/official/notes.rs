//! The notes of contacts.

use super::of_contact::OfContact;
use super::organization::text;
use crate::account::{Fields, ObjectKind};
use crate::manners::Manners;
use crate::normalize::html_paragraphs;
use crate::validate::{Shape, optional, required};
use std::time::Duration;

pub(super) const NOTES: OfContact = OfContact {
    kind: ObjectKind::Notes,
    members: ("note", "notes"),
    names: &[
        ("id", "id"),
        ("body", "body"),
        ("userId", "userId"),
        ("createdAt", "dateAdded"),
        ("contactId", "contactId"),
        ("title", "title"),
        ("color", "color"),
        ("pinned", "pinned"),
    ],
    create: &[
        required("body", Shape::Filled),
        optional("userId", Shape::Text),
        optional("title", Shape::Text),
        optional("color", Shape::Text),
        optional("pinned", Shape::Flag),
    ],
    update: &[
        optional("body", Shape::Text),
        optional("userId", Shape::Text),
        optional("title", Shape::Text),
        optional("color", Shape::Text),
        optional("pinned", Shape::Flag),
    ],
    write,
};

/// Writes the fields of a body into a stored note. Live accounts store the text as HTML.
fn write(note: &mut Fields, body: &Fields, _now: Duration, manners: &Manners) {
    let before = note.clone();
    note.extend(body.clone());
    manners.on_write(Some(&before), note);
    if manners.normalize && text(&before, "body") != text(note, "body") {
        let html = html_paragraphs(text(note, "body"));
        note.insert("body".into(), html.into());
    }
}
