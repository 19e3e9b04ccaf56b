//! A tool as the protocol shows it, made from an entry of the catalogue.

use crate::crm::{CONFIRMATION_TOKEN, Effect, Entry};
pub use rmcp::model::Tool;
use rmcp::model::ToolAnnotations;
use serde_json::json;
use std::sync::Arc;

/// The tool of an operation. `confirms` says whether it takes a confirmation.
pub fn tool(entry: &'static Entry, confirms: bool) -> Tool {
    let mut input = entry.input_schema().clone();
    if confirms && let Some(properties) = input.get_mut("properties").and_then(|all| all.as_object_mut()) {
        properties.insert(
            CONFIRMATION_TOKEN.to_owned(),
            json!({"type": "string", "description": "Only if an answer gave one"}),
        );
    }
    let mut tool = Tool::new(entry.name, entry.description(), Arc::new(input))
        .with_title(entry.title)
        .with_raw_output_schema(Arc::new(entry.output_schema().clone()));
    tool.annotations = Some(annotations(entry));
    tool
}

/// All four hints. What talks to a live account beyond this machine works in an open world.
fn annotations(entry: &Entry) -> ToolAnnotations {
    let (read_only, destructive, idempotent) = match entry.effect {
        Effect::Read => (true, false, true),
        Effect::Create => (false, false, false),
        Effect::Update | Effect::Publish | Effect::Delete => (false, true, true),
    };
    ToolAnnotations::new()
        .read_only(read_only)
        .destructive(destructive)
        .idempotent(idempotent)
        .open_world(!entry.is_local)
}
