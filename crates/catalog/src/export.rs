//! The rows of a question as a file (docs/mirror.md). The APIs do not have it.

use super::{
    operation::{AnswerShape, Effect, Operation, Output, Toolset},
    route::Route,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use serde_with::skip_serializing_none;
use std::borrow::Cow;

/// Write the rows of a SELECT, or of a table that sql names, into a file. Answers where it is.
#[skip_serializing_none]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct ExportCrm {
    pub sql: String,
    /// Name.csv, .xlsx, .jsonl or .tsv
    pub file: String,
}

/// The file of an export.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExportedFile {
    /// Where the file is.
    #[serde(default)]
    pub path: String,
    /// How many rows it has.
    #[serde(default)]
    pub rows: u64,
    /// The columns' names, at most 40.
    #[serde(default)]
    pub columns: Vec<String>,
    /// How many columns are not named.
    pub more_columns: Option<u64>,
    /// Since when each table that was read may lack changes; null if it was not read in full yet.
    #[serde(default)]
    pub as_of: Map<String, Value>,
    /// Whether every table was read in full.
    #[serde(default)]
    pub complete: bool,
    /// What the reader should know of the rows.
    pub note: Option<String>,
    /// What an answer may gain.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Output for ExportedFile {
    const SHAPE: AnswerShape = AnswerShape::One(Cow::Borrowed("answer"));
}

impl Operation for ExportCrm {
    type Output = ExportedFile;
    const NAME: &'static str = "export_crm";
    const TITLE: &'static str = "Export from the CRM";
    const EFFECT: Effect = Effect::Read;
    const TOOLSET: Toolset = Toolset::Insights;
    const SESSION: Route = Route::Mirror;
}
