//! Workflows, and the contacts that go through them.

use super::{
    id::Id,
    list::{List, Paging},
    operation::{AnswerShape, Effect, Operation, Output, Toolset},
    route::Route,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use serde_with::skip_serializing_none;
use std::borrow::Cow;

/// A workflow.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct Workflow {
    pub id: String,
    pub name: Option<String>,
    /// published or draft.
    pub status: Option<String>,
    pub version: Option<f64>,
    pub created_at: Option<String>,
    pub updated_at: Option<String>,
    /// Other fields of the API's answer.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Output for Workflow {
    const SHAPE: AnswerShape = AnswerShape::One(Cow::Borrowed("workflow"));
}

/// A contact in a workflow, or taken out of it.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are plain")]
pub struct Enrolment {
    /// The contact's.
    pub id: String,
    pub workflow_id: Option<String>,
    pub workflow: Option<String>,
    pub is_in_workflow: Option<bool>,
    /// Other fields of the API's answer.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Output for Enrolment {
    const SHAPE: AnswerShape = AnswerShape::One(Cow::Borrowed("enrolment"));
}

/// List workflows.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct ListWorkflows {
    #[serde(flatten)]
    pub paging: Paging,
}

impl Operation for ListWorkflows {
    type Output = List<Workflow>;
    const NAME: &'static str = "list_workflows";
    const TITLE: &'static str = "List workflows";
    const EFFECT: Effect = Effect::Read;
    const TOOLSET: Toolset = Toolset::Workflows;
    const LISTED: bool = false;
    const SESSION: Route = Route::Absent;
}

/// Start a workflow for a contact, once a person confirms.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct AddToWorkflow {
    pub contact_id: Id,
    /// Name or id
    pub workflow: String,
}

impl Operation for AddToWorkflow {
    type Output = Enrolment;
    const NAME: &'static str = "add_to_workflow";
    const TITLE: &'static str = "Add to workflow";
    const EFFECT: Effect = Effect::Start;
    const TOOLSET: Toolset = Toolset::Workflows;
    const SESSION: Route = Route::Absent;
}

/// Take a contact out of a workflow, once a person confirms.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct RemoveFromWorkflow {
    pub contact_id: Id,
    /// Name or id
    pub workflow: String,
}

impl Operation for RemoveFromWorkflow {
    type Output = Enrolment;
    const NAME: &'static str = "remove_from_workflow";
    const TITLE: &'static str = "Remove from workflow";
    const EFFECT: Effect = Effect::Start;
    const TOOLSET: Toolset = Toolset::Workflows;
    const LISTED: bool = false;
    const SESSION: Route = Route::Absent;
}
