//! Corrections of HighLevel's files: one JSON object a line, `{"name", "merge", "source"}`.

use super::Groups;
use anyhow::{Context, bail};
use serde::Deserialize;
use serde_json::Value;

/// The correction of one operation.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Correction {
    /// The operation's name.
    name: String,
    /// A JSON merge patch (RFC 7396) of its line in the catalogue.
    merge: Value,
    /// Where the right value comes from.
    #[serde(rename = "source")]
    _source: String,
}

/// Applies the corrections. One of an operation that is not there any more is an error, so that none is forgotten.
pub(super) fn apply(groups: &mut Groups, text: &str) -> anyhow::Result<()> {
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#')) {
        let place = || format!("line {} of corrections.jsonl", at + 1);
        let correction: Correction = serde_json::from_str(line).with_context(place)?;
        let mut all = groups.values_mut().flatten();
        let Some(operation) = all.find(|operation| operation["name"] == correction.name.as_str()) else {
            bail!("{}: there is no operation {}", place(), correction.name);
        };
        let before = operation.clone();
        json_patch::merge(operation, &correction.merge);
        if *operation == before {
            bail!("{}: it changes nothing at {}: the files are right now", place(), correction.name);
        }
    }
    Ok(())
}
