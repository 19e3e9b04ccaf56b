//! Answers of lists and deletions.

use super::operation::{AnswerShape, Output};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use serde_with::skip_serializing_none;

/// The number of items in a page when the caller gives no `limit`.
pub const DEFAULT_LIMIT: u64 = 50;

/// At most `limit` items of a list, from index `offset`.
pub fn part<T>(items: Vec<T>, offset: u64, limit: u64) -> Vec<T> {
    let size = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    items.into_iter().skip(size(offset)).take(size(limit)).collect()
}

/// The arguments that every list takes.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct Paging {
    #[schemars(range(min = 1, max = 100))]
    pub limit: Option<u32>,
    pub offset: Option<u64>,
    /// Only these
    pub fields: Option<Vec<String>>,
}

/// A page of a list.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "List")]
pub struct List<T> {
    /// The items, in the API's order.
    pub data: Vec<T>,
    /// Where in the list they stand.
    #[serde(default)]
    pub meta: Meta,
    /// What was done to the list after reading it.
    pub note: Option<String>,
}

/// Where a page stands in its list.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Meta {
    /// How many items the whole list has, if the API says.
    pub total: Option<u64>,
    /// The most items that were asked for.
    pub limit: Option<u64>,
    /// How many items come before these.
    pub offset: Option<u64>,
    /// The `offset` to go on from; absent when this was the end.
    pub next_offset: Option<u64>,
    /// What else the API says.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl<T: Serialize + DeserializeOwned + JsonSchema + Send + 'static> Output for List<T> {
    const SHAPE: AnswerShape = AnswerShape::Many;
}

/// The answer to a deletion.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Deleted {
    /// The id of what is gone.
    pub id: String,
    /// Always true: a failed deletion is an error.
    pub deleted: bool,
    /// What the API said, if anything.
    pub message: Option<String>,
}

impl Output for Deleted {
    const SHAPE: AnswerShape = AnswerShape::Deleted;
}
