//! Notes on contacts. The text comes as HTML from the web application's editor. Pure functions.

use super::{
    endpoint::{List, Names, OfficialOperation, RequestBuilder},
    request,
};
use highlevel_catalog::{
    Id, Invocation, Route,
    notes::{CreateNote, ListNotes},
};
use highlevel_core::html;
use serde_json::{Map, Value};

/// The operations on notes.
pub(super) fn operations() -> Vec<OfficialOperation> {
    vec![
        OfficialOperation::new::<ListNotes>(
            Route::get("/contacts/{contactId}/notes"),
            "GET /contacts/{contactId}/notes",
            RequestBuilder::List(List::WholeOf {
                member: "notes",
                request: |list, _| request::get(of_contact(list, "notes"), &[]),
            }),
        )
        .converted_by(note, &[]),
        OfficialOperation::new::<CreateNote>(
            Route::post("/contacts/{contactId}/notes"),
            "POST /contacts/{contactId}/notes",
            RequestBuilder::Object(|create, _| request::create(of_contact(create, "notes"), fields(create))),
        )
        .converted_by(note, &[])
        .read_by(|create, id| request::get(one_of_contact(create, "notes", id), &[])),
    ]
}

/// The path of a contact's objects, such as its notes.
pub(super) fn of_contact(invocation: &Invocation, what: &str) -> String {
    format!("/contacts/{}/{what}", invocation.arguments.text("contactId").unwrap_or_default())
}

/// The path of one of a contact's objects.
pub(super) fn one_of_contact(invocation: &Invocation, what: &str, id: &Id) -> String {
    format!("{}/{id}", of_contact(invocation, what))
}

/// The arguments but the ids in the path. An empty text clears a field.
pub(super) fn fields(invocation: &Invocation) -> Map<String, Value> {
    let given = invocation.fields().filter(|(name, _)| *name != "contactId");
    given.map(|(name, value)| (name.to_owned(), if value.is_null() { "".into() } else { value.clone() })).collect()
}

/// Converts a note to the tools' form.
fn note(mut note: Map<String, Value>, _: &Names) -> Value {
    request::rename(&mut note, "dateAdded", "createdAt");
    plain_body(&mut note);
    note.into()
}

/// Replaces a body in HTML by its text.
pub(super) fn plain_body(object: &mut Map<String, Value>) {
    // A second form of the same.
    object.shift_remove("bodyText");
    if let Some(Value::String(body)) = object.get_mut("body")
        && html::is_html(body)
    {
        *body = html::text(body);
    }
}
