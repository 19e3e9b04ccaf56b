//! Changes to a set of tags that leave its other tags alone.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

/// The arguments that an update of a tagged object takes beside `tags`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "a doc comment here is text that every conversation pays for")]
pub struct TagChanges {
    pub add_tags: Option<Vec<String>>,
    pub remove_tags: Option<Vec<String>>,
}
