//! What a tool's own call means for the mirror, so that a question after a write knows of it.

use super::Mirroring;
use crate::{
    crm::{Effect, Invocation, Shape, find},
    store::{TABLES, Table},
};
use serde_json::{Map, Value};

impl Mirroring {
    /// Takes over what an answered call tells of an object. Nothing is made for it: an account without a mirror gets none.
    pub(in crate::account) async fn note(&self, invocation: &Invocation, answer: &Value) {
        let Some(table) = table(invocation) else { return };
        let known = self.mirror().await;
        let Ok(mirror) = known else { return };
        if !mirror.path().exists() {
            return;
        }
        let done = match (invocation.entry.effect, answer) {
            (Effect::Delete, _) => match &invocation.id {
                Some(id) => mirror.removed(table, id.as_str()).await,
                None => Ok(()),
            },
            (effect, Value::Object(object)) => {
                // What an update cleared is absent from its answer.
                let mut all = if effect == Effect::Update { cleared(&invocation.arguments) } else { Map::new() };
                all.extend(object.clone());
                mirror.wrote(table, all).await
            }
            _ => Ok(()),
        };
        if let Err(error) = done {
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
