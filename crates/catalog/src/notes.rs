//! Notes on contacts. Only the official API has them, and no list of all notes of a location.

use super::{
    id::Id,
    list::{List, Paging},
    meaning::{Lookup, LookupField, LookupFilter, ReadBack},
    operation::{AnswerShape, Effect, Operation, Output, Toolset},
    route::Route,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use serde_with::skip_serializing_none;
use std::borrow::Cow;

/// A note.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct Note {
    pub id: String,
    pub contact_id: Option<String>,
    pub title: Option<String>,
    /// HTML comes as text.
    pub body: Option<String>,
    pub pinned: Option<bool>,
    /// The id of the user who wrote it.
    pub user_id: Option<String>,
    pub created_at: Option<String>,
    /// Other fields of the API's answer.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Output for Note {
    const SHAPE: AnswerShape = AnswerShape::One(Cow::Borrowed("note"));
}

/// List a contact's notes.
#[skip_serializing_none]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct ListNotes {
    pub contact_id: Id,
    #[serde(flatten)]
    pub paging: Paging,
}

impl Operation for ListNotes {
    type Output = List<Note>;
    const NAME: &'static str = "list_notes";
    const TITLE: &'static str = "List notes";
    const EFFECT: Effect = Effect::Read;
    const TOOLSET: Toolset = Toolset::Notes;
    const SESSION: Route = Route::Absent;
}

/// Add a note to a contact.
#[skip_serializing_none]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct CreateNote {
    pub contact_id: Id,
    pub body: String,
    pub title: Option<String>,
}

impl Operation for CreateNote {
    type Output = Note;
    const NAME: &'static str = "create_note";
    const TITLE: &'static str = "Create note";
    const EFFECT: Effect = Effect::Create;
    const TOOLSET: Toolset = Toolset::Notes;
    const SESSION: Route = Route::Absent;
    const LOOKUP: Option<Lookup> = Some(Lookup {
        list: Cow::Borrowed(ListNotes::NAME),
        fields: Cow::Borrowed(&[
            LookupField::filtered("contactId", LookupFilter::AsSent),
            LookupField::compared("body"),
        ]),
        any: false,
    });
    const READ_BACK: Option<ReadBack> = Some(ReadBack::own(ListNotes::NAME));
}
