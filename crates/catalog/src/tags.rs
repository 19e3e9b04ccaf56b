//! Additions to and removals from a set of tags.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

/// The arguments by which an update adds and removes single tags.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct TagChanges {
    pub add_tags: Option<Vec<String>>,
    pub remove_tags: Option<Vec<String>>,
}
