//! A tool as the protocol shows it, made from an entry of the catalogue.

use highlevel_catalog::{CONFIRMATION_TOKEN, Effect, OperationSpec, Schemas};
pub use rmcp::model::Tool;
use rmcp::model::{MetaObject, ToolAnnotations};
use serde_json::json;
use std::sync::Arc;

/// The most that hosts take for the size of a result.
const MOST_CHARS: usize = 500_000;

/// The tool of an operation in this API. `confirms` says whether it takes a confirmation, `most` how many bytes its answer
/// may have.
pub fn tool(entry: &'static OperationSpec, confirms: bool, most: usize) -> Tool {
    let Schemas { description, mut input, output } = entry.make_schemas();
    if confirms && let Some(properties) = input.get_mut("properties").and_then(|all| all.as_object_mut()) {
        properties.insert(
            CONFIRMATION_TOKEN.to_owned(),
            json!({"type": "string", "description": "Only if an answer gave one"}),
        );
    }
    let mut tool = Tool::new(entry.name.as_ref(), description, Arc::new(input))
        .with_title(entry.title.as_ref())
        .with_raw_output_schema(Arc::new(output));
    tool.annotations = Some(annotations(entry));
    tool.meta = hints(entry, confirms, most);
    tool
}

/// What Anthropic's hosts take from a tool's `_meta`: that a person is asked whatever the host's own settings say, and how
/// large a result may be before the host puts it aside.
fn hints(entry: &OperationSpec, confirms: bool, most: usize) -> Option<MetaObject> {
    let mut meta = MetaObject::default();
    if confirms {
        meta.insert("anthropic/requiresUserInteraction".to_owned(), true.into());
    }
    let is_large = entry.is_list() || entry.is_local() || entry.long_text.is_some();
    if entry.effect == Effect::Read && is_large {
        meta.insert("anthropic/maxResultSizeChars".to_owned(), most.min(MOST_CHARS).into());
    }
    (!meta.is_empty()).then_some(meta)
}

/// All four hints. What talks to a live account beyond this machine works in an open world.
fn annotations(entry: &OperationSpec) -> ToolAnnotations {
    let (read_only, destructive, idempotent) = match entry.effect {
        Effect::Read => (true, false, true),
        Effect::Create => (false, false, false),
        Effect::Update | Effect::Publish | Effect::Delete => (false, true, true),
        Effect::Send | Effect::Access => (false, true, false),
    };
    ToolAnnotations::new()
        .read_only(read_only)
        .destructive(destructive)
        .idempotent(idempotent)
        .open_world(!entry.is_local())
}
