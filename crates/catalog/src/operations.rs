//! Every operation of the official API: search, description, call.

use crate::{
    operation::{AnswerShape, Effect, Operation, Output, Toolset},
    route::Route,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use serde_with::skip_serializing_none;
use std::borrow::Cow;

/// Find operations for a job in words, such as "text a client" or "who paid". Says what HighLevel cannot do.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct SearchOperations {
    pub query: String,
}

/// Show an operation's arguments, an example, effect and scopes.
#[skip_serializing_none]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct DescribeOperation {
    pub operation: String,
    /// Show this one in full
    pub argument: Option<String>,
}

/// Run an operation that search_operations found. Use a typed tool where there is one.
#[skip_serializing_none]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct RunOperation {
    pub operation: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Map<String, Value>>,
    /// Items of a list
    #[schemars(range(min = 1, max = 500))]
    pub limit: Option<u32>,
    pub offset: Option<u64>,
    /// Members to keep
    pub fields: Option<Vec<String>>,
}

/// An answer in the form that fits it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AnyAnswer {
    /// The members.
    #[serde(flatten)]
    pub members: Map<String, Value>,
}

impl Output for AnyAnswer {
    const SHAPE: AnswerShape = AnswerShape::One(Cow::Borrowed("answer"));
}

impl Operation for SearchOperations {
    type Output = AnyAnswer;
    const NAME: &'static str = "search_operations";
    const TITLE: &'static str = "Search operations";
    const EFFECT: Effect = Effect::Read;
    const TOOLSET: Toolset = Toolset::Operations;
    const SESSION: Route = Route::Absent;
}

impl Operation for DescribeOperation {
    type Output = AnyAnswer;
    const NAME: &'static str = "describe_operation";
    const TITLE: &'static str = "Describe operation";
    const EFFECT: Effect = Effect::Read;
    const TOOLSET: Toolset = Toolset::Operations;
    const SESSION: Route = Route::Absent;
}

impl Operation for RunOperation {
    type Output = AnyAnswer;
    const NAME: &'static str = "run_operation";
    const TITLE: &'static str = "Run operation";
    const EFFECT: Effect = Effect::Update;
    const TOOLSET: Toolset = Toolset::Operations;
    const SESSION: Route = Route::Absent;
}
