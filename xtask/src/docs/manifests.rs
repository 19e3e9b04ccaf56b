//! manifest.json (the bundle for desktop hosts) and server.json (the registry): version and tools come from here.

use anyhow::Context;
use highlevel_catalog::Catalog;
use serde_json::{Value, json};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The bundle's manifest with this version and these tools.
pub(super) fn bundle(text: &str) -> anyhow::Result<String> {
    let tools: Value = Catalog::session()
        .iter()
        .map(|entry| json!({"name": entry.name, "description": entry.description()}))
        .collect();
    rewritten(text, &[("/version", VERSION.into()), ("/tools", tools)])
}

/// The registry's entry with this version, of itself and of its package.
pub(super) fn registry(text: &str) -> anyhow::Result<String> {
    rewritten(text, &[("/version", VERSION.into()), ("/packages/0/version", VERSION.into())])
}

/// The document with these members set. They have to be there, so that each keeps its place.
fn rewritten(text: &str, members: &[(&str, Value)]) -> anyhow::Result<String> {
    let mut document: Value = serde_json::from_str(text)?;
    for (pointer, value) in members {
        *document.pointer_mut(pointer).with_context(|| format!("{pointer} is missing"))? = value.clone();
    }
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}
