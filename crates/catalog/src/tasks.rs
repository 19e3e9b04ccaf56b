//! Tasks of contacts. Only the official API has them.

use super::{
    id::Id,
    list::{List, Paging},
    meaning::{Inverse, Lookup, LookupField, LookupFilter, ReadBack},
    operation::{AnswerShape, Effect, Operation, Output, Toolset},
    route::Route,
    text::{DateOrTime, UserRef},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use serde_with::skip_serializing_none;
use std::borrow::Cow;

/// A task.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct Task {
    pub id: String,
    pub title: Option<String>,
    /// HTML comes as text.
    pub body: Option<String>,
    pub due_date: Option<String>,
    pub completed: Option<bool>,
    pub contact_id: Option<String>,
    pub contact_name: Option<String>,
    /// The id of the user who has to do it.
    pub assigned_to: Option<String>,
    pub created_at: Option<String>,
    pub updated_at: Option<String>,
    /// Other fields of the API's answer.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Output for Task {
    const SHAPE: AnswerShape = AnswerShape::One(Cow::Borrowed("task"));
}

/// List tasks of a contact or of the whole location. Overdue: completed false, dueUntil now.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct ListTasks {
    #[serde(flatten)]
    pub paging: Paging,
    pub contact_id: Option<Id>,
    pub assigned_to: Option<UserRef>,
    pub completed: Option<bool>,
    pub due_from: Option<DateOrTime>,
    pub due_until: Option<DateOrTime>,
}

impl Operation for ListTasks {
    type Output = List<Task>;
    const NAME: &'static str = "list_tasks";
    const TITLE: &'static str = "List tasks";
    const EFFECT: Effect = Effect::Read;
    const TOOLSET: Toolset = Toolset::Tasks;
    const SESSION: Route = Route::Absent;
}

/// Create a task for a contact.
#[skip_serializing_none]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct CreateTask {
    pub contact_id: Id,
    pub title: String,
    pub due_date: DateOrTime,
    pub body: Option<String>,
    pub assigned_to: Option<UserRef>,
}

impl Operation for CreateTask {
    type Output = Task;
    const NAME: &'static str = "create_task";
    const TITLE: &'static str = "Create task";
    const EFFECT: Effect = Effect::Create;
    const TOOLSET: Toolset = Toolset::Tasks;
    const SESSION: Route = Route::Absent;
    const LOOKUP: Option<Lookup> = Some(Lookup {
        list: Cow::Borrowed(ListTasks::NAME),
        fields: Cow::Borrowed(&[
            LookupField::filtered("contactId", LookupFilter::AsSent),
            LookupField::compared("title"),
            LookupField::compared("dueDate"),
        ]),
        any: false,
    });
    const READ_BACK: Option<ReadBack> = Some(ReadBack::own(ListTasks::NAME));
}

/// Update a task, such as completing it. Only the fields given change.
#[skip_serializing_none]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct UpdateTask {
    pub id: Id,
    pub contact_id: Id,
    pub title: Option<String>,
    pub due_date: Option<DateOrTime>,
    pub body: Option<String>,
    pub assigned_to: Option<UserRef>,
    pub completed: Option<bool>,
    /// Fields to empty
    pub clear: Option<Vec<String>>,
}

impl Operation for UpdateTask {
    type Output = Task;
    const NAME: &'static str = "update_task";
    const TITLE: &'static str = "Update task";
    const EFFECT: Effect = Effect::Update;
    const TOOLSET: Toolset = Toolset::Tasks;
    const SESSION: Route = Route::Absent;
    const ID: Option<fn(&Self) -> &Id> = Some(|task| &task.id);
    const CLEARABLE: &'static [&'static str] = &["body", "assignedTo"];
    const READ_BACK: Option<ReadBack> = Some(ReadBack::own(ListTasks::NAME));
    const INVERSE: Option<Inverse> = Some(Inverse::to_before(Self::NAME));
}
