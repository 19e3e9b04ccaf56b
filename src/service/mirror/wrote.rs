//! What a tool's own call means for the mirror, so that a question after a write knows of it.

use super::Mirroring;
use highlevel_catalog::{Effect, Invocation, Shape, find};
use highlevel_core::error::{Code, Error};
use highlevel_store::{TABLES, Table, Written};
use serde_json::{Map, Value};

impl Mirroring {
    /// Takes over what a call tells of an object: its answer, or that nobody knows whether it was written. Nothing is made
    /// for it: an account without a mirror gets none.
    pub(in crate::service) async fn note(&self, invocation: &Invocation, done: Result<&Value, &Error>) {
        let unknown = matches!(done, Err(error) if error.code == Code::OutcomeUnknown);
        if done.is_err() && !unknown {
            return;
        }
        let Some(table) = table(invocation) else { return };
        let known = self.mirror().await;
        let Ok(mirror) = known else { return };
        if !mirror.path().exists() {
            return;
        }
        let (effect, id) = (invocation.entry.effect, invocation.id.as_ref().map(|id| id.as_str()));
        let by = Written {
            tool: (effect != Effect::Read).then_some(invocation.entry.name),
            members: if effect == Effect::Update { invocation.arguments.keys().cloned().collect() } else { Vec::new() },
        };
        let noted = match (effect, done, id) {
            (Effect::Delete, Ok(_), Some(id)) => mirror.removed(table, id, by).await,
            (_, Ok(Value::Object(object)), _) if effect != Effect::Delete => {
                // What an update cleared is absent from its answer.
                let mut all = if effect == Effect::Update { cleared(&invocation.arguments) } else { Map::new() };
                all.extend(object.clone());
                mirror.wrote(table, all, by).await
            }
            (_, Err(_), Some(id)) if effect != Effect::Read => mirror.tried(table, id, by).await,
            _ => Ok(()),
        };
        if let Err(error) = noted {
            tracing::warn!("the mirror missed what {} did: {}", invocation.entry.name, error.message);
        }
    }
}

/// The arguments that empty a field.
fn cleared(arguments: &Map<String, Value>) -> Map<String, Value> {
    arguments.iter().filter(|(_, value)| value.is_null()).map(|(name, _)| (name.clone(), Value::Null)).collect()
}

/// The table of the one object that a call is about: whatever writes, and what reads users and locations, which no list
/// tells in full.
fn table(invocation: &Invocation) -> Option<&'static Table> {
    let entry = invocation.entry;
    if entry.shape == Shape::Many {
        return None;
    }
    let of_group = |table: &&Table| find(table.tool).is_some_and(|tool| tool.toolset == entry.toolset);
    let told = |table: &&Table| entry.effect != Effect::Read || !table.listed_whole || table.name == "users";
    TABLES.iter().find(of_group).filter(told)
}
