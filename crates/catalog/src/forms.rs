//! Forms and surveys, and what people submitted.

use super::{
    list::{List, Paging},
    operation::{AnswerShape, Effect, Operation, Output, Toolset},
    route::Route,
    text::Day,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use serde_with::skip_serializing_none;
use std::borrow::Cow;

/// A form or survey.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct Form {
    pub id: String,
    pub name: Option<String>,
    /// form or survey
    pub kind: Option<String>,
    /// Other fields of the API's answer.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Output for Form {
    const SHAPE: AnswerShape = AnswerShape::One(Cow::Borrowed("form"));
}

/// What a person submitted by a form or survey.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct Submission {
    pub id: String,
    /// form or survey
    pub kind: Option<String>,
    pub form_id: Option<String>,
    pub form_name: Option<String>,
    pub contact_id: Option<String>,
    pub name: Option<String>,
    pub email: Option<String>,
    /// The answers by question, in the form's order.
    pub fields: Option<Map<String, Value>>,
    pub created_at: Option<String>,
    /// Other fields of the API's answer.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Output for Submission {
    const SHAPE: AnswerShape = AnswerShape::One(Cow::Borrowed("submission"));
}

/// A form or a survey.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(transform = super::schema::without_description)]
#[expect(missing_docs, reason = "the values say it")]
pub enum FormKind {
    Form,
    Survey,
}

/// List forms and surveys.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct ListForms {
    #[serde(flatten)]
    pub paging: Paging,
    pub kind: Option<FormKind>,
}

impl Operation for ListForms {
    type Output = List<Form>;
    const NAME: &'static str = "list_forms";
    const TITLE: &'static str = "List forms";
    const EFFECT: Effect = Effect::Read;
    const TOOLSET: Toolset = Toolset::Forms;
    const LISTED: bool = false;
    const SESSION: Route = Route::Absent;
}

/// List what people answered in forms and surveys, newest first.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct ListSubmissions {
    #[serde(flatten)]
    pub paging: Paging,
    pub kind: Option<FormKind>,
    /// Name or id
    pub form: Option<String>,
    /// Contact's id, name, email or phone
    pub search: Option<String>,
    pub since: Option<Day>,
    pub until: Option<Day>,
}

impl Operation for ListSubmissions {
    type Output = List<Submission>;
    const NAME: &'static str = "list_submissions";
    const TITLE: &'static str = "List form submissions";
    const EFFECT: Effect = Effect::Read;
    const TOOLSET: Toolset = Toolset::Forms;
    const LISTED: bool = false;
    const SESSION: Route = Route::Absent;
}
