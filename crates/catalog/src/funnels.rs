//! Funnels. The API only lists them.

use super::{
    list::{List, Paging},
    operation::{AnswerShape, Effect, Operation, Output, Toolset},
    route::Route,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use serde_with::skip_serializing_none;
use std::borrow::Cow;

/// A funnel.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct Funnel {
    pub id: String,
    pub name: Option<String>,
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Its pages: `id`, `name` and `order` of each.
    pub pages: Option<Vec<Map<String, Value>>>,
    pub created_at: Option<String>,
    /// Other fields of the API's answer.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Output for Funnel {
    const SHAPE: AnswerShape = AnswerShape::One(Cow::Borrowed("funnel"));
}

/// List funnels with their pages in order.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct ListFunnels {
    #[serde(flatten)]
    pub paging: Paging,
}

impl Operation for ListFunnels {
    type Output = List<Funnel>;
    const NAME: &'static str = "list_funnels";
    const TITLE: &'static str = "List funnels";
    const EFFECT: Effect = Effect::Read;
    const TOOLSET: Toolset = Toolset::Funnels;
    const SESSION: Route = Route::get("/funnel");
}
