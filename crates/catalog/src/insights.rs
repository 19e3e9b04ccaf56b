//! Queries over the whole account, answered from the mirror (docs/mirror.md). The APIs do not have them.

use super::{
    operation::{AnswerShape, Effect, Operation, Output, Toolset},
    route::Route,
    text::Date,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use serde_with::skip_serializing_none;
use std::borrow::Cow;

/// Answer a question over the whole account with one SQLite SELECT over a local mirror: exact, and with next to no requests.
/// describe_crm tells the tables.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct QueryCrm {
    pub sql: String,
    /// Texts for each ?; write numbers into sql
    pub params: Option<Vec<String>>,
    /// Seconds
    #[schemars(range(min = 0))]
    pub max_age: Option<u64>,
    /// Answer from a first reading still under way
    #[serde(rename = "allowPartial")]
    pub allow_partial: Option<bool>,
}

/// The rows of an answer.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rows {
    /// The columns' names.
    #[serde(default)]
    pub columns: Vec<String>,
    /// One array a row, in the order of the columns.
    #[serde(default)]
    pub rows: Vec<Vec<Value>>,
    /// Since when each table that was read may lack changes; null if it was not read in full yet.
    #[serde(default)]
    pub as_of: Map<String, Value>,
    /// Whether every table was read in full.
    #[serde(default)]
    pub complete: bool,
    /// What the reader should know of the answer.
    pub note: Option<String>,
    /// What an answer may gain.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Output for Rows {
    const SHAPE: AnswerShape = AnswerShape::One(Cow::Borrowed("answer"));
}

impl Operation for QueryCrm {
    type Output = Rows;
    const NAME: &'static str = "query_crm";
    const TITLE: &'static str = "Query the CRM";
    const EFFECT: Effect = Effect::Read;
    const TOOLSET: Toolset = Toolset::Insights;
    const SESSION: Route = Route::Mirror;
}

/// A kind of chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(transform = super::schema::without_description)]
#[expect(missing_docs, reason = "the values name the kinds")]
pub enum ChartKind {
    Bar,
    Line,
    Pie,
    Funnel,
}

/// A chart's colour theme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(transform = super::schema::without_description)]
#[expect(missing_docs, reason = "the values name the themes")]
pub enum ChartTheme {
    Light,
    Dark,
}

/// Draw a query's rows as a picture, and give the numbers: first the column of labels, then numbers.
#[skip_serializing_none]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct ChartCrm {
    #[serde(flatten)]
    pub query: QueryCrm,
    pub kind: ChartKind,
    pub title: Option<String>,
    pub theme: Option<ChartTheme>,
}

impl Operation for ChartCrm {
    type Output = Rows;
    const NAME: &'static str = "chart_crm";
    const TITLE: &'static str = "Chart the CRM";
    const EFFECT: Effect = Effect::Read;
    const TOOLSET: Toolset = Toolset::Insights;
    const SESSION: Route = Route::Mirror;
}

/// What query_crm can read: tables, columns, row counts, stages, tags, custom fields, freshness. Call it once before the first
/// query.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct DescribeCrm {
    /// Only these
    pub tables: Option<Vec<String>>,
}

/// What the mirror holds.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Description {
    /// Each table: rows, since when it may lack changes, columns.
    #[serde(default)]
    pub tables: Map<String, Value>,
    /// The words in columns that hold few, the most frequent first.
    #[serde(default)]
    pub words: Map<String, Value>,
    /// Tables that are only named.
    pub more: Option<String>,
    /// How dates and money are kept.
    pub note: Option<String>,
    /// What an answer may gain.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Output for Description {
    const SHAPE: AnswerShape = AnswerShape::One(Cow::Borrowed("description"));
}

impl Operation for DescribeCrm {
    type Output = Description;
    const NAME: &'static str = "describe_crm";
    const TITLE: &'static str = "Describe the CRM";
    const EFFECT: Effect = Effect::Read;
    const TOOLSET: Toolset = Toolset::Insights;
    const SESSION: Route = Route::Mirror;
}

/// Find contacts, deals, pages, users and more by part of a name, e-mail, company or phone number; messages by their words, with
/// table messages.
#[skip_serializing_none]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct SearchCrm {
    pub text: String,
    pub table: Option<String>,
    #[schemars(range(min = 1, max = 100))]
    pub limit: Option<u32>,
}

/// A list of what was found in the mirror.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Findings {
    /// What was found, the best or newest first.
    pub data: Vec<Map<String, Value>>,
    /// Since when the oldest of the tables that were read may lack changes.
    pub as_of: Option<String>,
    /// Whether every table was read in full.
    #[serde(default)]
    pub complete: bool,
    /// What the reader should know of the answer.
    pub note: Option<String>,
    /// What an answer may gain.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Output for Findings {
    const SHAPE: AnswerShape = AnswerShape::Many;
}

impl Operation for SearchCrm {
    type Output = Findings;
    const NAME: &'static str = "search_crm";
    const TITLE: &'static str = "Search the CRM";
    const EFFECT: Effect = Effect::Read;
    const TOOLSET: Toolset = Toolset::Insights;
    const SESSION: Route = Route::Mirror;
}

/// List pairs of contacts that are likely one person's, the likeliest first, with reasons.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct FindDuplicates {
    #[schemars(range(min = 1, max = 100))]
    pub limit: Option<u32>,
    pub offset: Option<u64>,
}

impl Operation for FindDuplicates {
    type Output = Findings;
    const NAME: &'static str = "find_duplicates";
    const TITLE: &'static str = "Find duplicate contacts";
    const EFFECT: Effect = Effect::Read;
    const TOOLSET: Toolset = Toolset::Insights;
    const SESSION: Route = Route::Mirror;
}

/// List what was added, changed (old and new values) or removed since a time, newest first, with the tool.
#[skip_serializing_none]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct ChangesSince {
    /// Date or RFC 3339 time
    pub since: Date,
    pub table: Option<String>,
    #[schemars(range(min = 1, max = 500))]
    pub limit: Option<u32>,
    pub offset: Option<u64>,
}

impl Operation for ChangesSince {
    type Output = Findings;
    const NAME: &'static str = "changes_since";
    const TITLE: &'static str = "Changes since a time";
    const EFFECT: Effect = Effect::Read;
    const TOOLSET: Toolset = Toolset::Insights;
    const SESSION: Route = Route::Mirror;
}
