//! What a tool's own call means for the mirror, so that a question after a write knows of it.

use super::Mirroring;
use highlevel_catalog::{Arguments, Effect, Invocation};
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
        let Some(table) = self.table_of(invocation) else { return };
        let known = self.mirror().await;
        let Ok(mirror) = known else { return };
        if !mirror.path().exists() {
            return;
        }
        let (effect, id) = (invocation.spec.effect, invocation.id.as_ref().map(|id| id.as_str()));
        let by = Written {
            tool: (effect != Effect::Read).then_some(invocation.spec.name.as_ref()),
            members: if effect == Effect::Update {
                invocation.arguments.names().map(str::to_owned).collect()
            } else {
                Vec::new()
            },
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
            tracing::warn!("the mirror missed what {} did: {}", invocation.spec.name, error.message);
        }
    }

    /// The table of the one object that a call is about: of whatever writes, and of what reads users and locations, which
    /// no list shows in full.
    fn table_of(&self, invocation: &Invocation) -> Option<&'static Table> {
        let spec = invocation.spec;
        if spec.is_list() {
            return None;
        }
        let is_its_resource =
            |table: &&Table| self.api.catalog().find(table.tool).is_some_and(|tool| tool.toolset == spec.toolset);
        let shows_more = |table: &&Table| spec.effect != Effect::Read || !table.listed_whole || table.name == "users";
        TABLES.iter().find(is_its_resource).filter(shows_more)
    }
}

/// The arguments that empty a field.
fn cleared(arguments: &Arguments) -> Map<String, Value> {
    let cleared = arguments.iter().filter(|(_, value)| value.is_null());
    cleared.map(|(name, _)| (name.to_owned(), Value::Null)).collect()
}
